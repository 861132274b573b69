"""Does a refit that is sound get through, and one that is not get held? `uv run python benchmarks/refits.py --seeds 6`.

Simulated markets of 156 weeks are fitted without their last quarter: that is the champion. Then a refit comes with the
quarter, as it was or with something wrong, and is judged by the rules of docs/refits.md with one standing scenario.
Printed per case: how many were held and by which rules; decision regret on the true curves of the champion's plan and
of the challenger's, on average over all and over those that were promoted; what the limits of the rules are about.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from recovery import Business, question, spend_of

from mmm.artifact import ResponseArtifact, seal
from mmm.backtest.rolling_origin import Origin, known_at
from mmm.errors import MarketRefused
from mmm.fit import fit_outcome
from mmm.market import Market, with_data_digest
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket, truth_artifact
from optimizer.planning import Planner
from optimizer.question.asked import Desk, PlanningModel
from optimizer.scenario.document import Scenario
from service.refits.judging import judged_refit
from service.refits.report import RefitReport
from service.refits.split_stability import StandingScenario

QUARTER = 13
EFFORT = {"draws": 400, "tune": 300, "chains": 2}


@dataclass(frozen=True)
class Refit:
    """What a refit came to: decision, rules that held it, regret of the old plan and of the new one, what was measured.

    `crps` is the challenger's over the champion's, less one; `move` the largest move of a channel's ROAS or mROAS in
    sds; `beyond` the share of spend of channels that moved beyond both intervals; `lost` what the old split loses.
    """

    case: str
    decision: str
    rules: tuple[str, ...]
    before: float
    after: float
    crps: float | None = None
    move: float | None = None
    beyond: float | None = None
    lost: float | None = None


type Change = Callable[[SimulatedMarket, Market], Market]


def as_it_was(_simulated: SimulatedMarket, market: Market) -> Market:
    """The quarter as it came."""
    return market


def slipped_spend(simulated: SimulatedMarket, market: Market) -> Market:
    """The quarter's spend of the largest channel written with its decimal point one place too far right."""
    spend = market.spend.copy()
    spend[-QUARTER:, largest_channel(simulated)] *= 10.0
    return replace(market, spend=spend)


def lost_orders(_simulated: SimulatedMarket, market: Market) -> Market:
    """Half of the quarter's outcome not recorded."""
    outcomes = {name: values.copy() for name, values in market.outcomes.items()}
    for values in outcomes.values():
        values[-QUARTER:] = np.round(0.5 * values[-QUARTER:])
    return replace(market, outcomes=outcomes)


def no_season(_simulated: SimulatedMarket, market: Market) -> Market:
    """A market.toml without season and trend."""
    model = market.spec.model.model_copy(update={"seasonality": 0, "trend": "none"})
    return replace(market, spec=market.spec.model_copy(update={"model": model}))


def no_controls(_simulated: SimulatedMarket, market: Market) -> Market:
    """A market.toml without controls."""
    return replace(market, spec=market.spec.model_copy(update={"controls": ()}), controls={})


def halved_effect(simulated: SimulatedMarket, market: Market) -> Market:
    """The effect of the largest channel truly halves with the quarter."""
    lost = 0.5 * simulated.truth.contributions[-QUARTER:, largest_channel(simulated)]
    outcomes = {name: values.copy() for name, values in market.outcomes.items()}
    for values in outcomes.values():
        values[-QUARTER:] = np.round(np.maximum(values[-QUARTER:] - lost, 0.0))
    return replace(market, outcomes=outcomes)


CASES: tuple[Change, ...] = (as_it_was, halved_effect, no_season, no_controls, slipped_spend, lost_orders)


def main() -> None:
    """Simulate, fit, refit, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=1)
    arguments = parser.parse_args()
    for business in get_args(Business.__value__):
        found: list[Refit] = []
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            started = time.perf_counter()
            refits = refits_of(business, seed)
            found += refits
            told = "; ".join(f"{one.case} {one.decision} {','.join(one.rules)}".strip() for one in refits)
            print(f"{business} seed {seed}: {told}; {time.perf_counter() - started:.0f} s", flush=True)
        for case in CASES:
            summarize(business, [one for one in found if one.case == case.__name__])
        print(flush=True)


def refits_of(business: Business, seed: int) -> list[Refit]:
    """One champion, and every case of a refit."""
    simulated = simulate_market(business, periods=156, seed=seed)
    market = simulated.market
    choices = market.spec.model.model_copy(update=EFFORT)
    market = replace(market, spec=market.spec.model_copy(update={"model": choices}))
    outcome = market.spec.outcomes[0].name
    truth = truth_artifact(simulated)
    scenario = question(truth, outcome, business)
    earlier = with_data_digest(known_at(market, Origin(len(market.dates) - QUARTER, 0)))
    champion = fit_outcome(earlier, outcome)
    found = []
    for case in CASES:
        true = halved_truth(simulated, truth) if case is halved_effect else truth
        changed = with_data_digest(case(simulated, market))
        before = regret(true, champion, outcome, scenario)
        try:
            challenger = fit_outcome(changed, outcome)
        except MarketRefused:
            found.append(Refit(case.__name__, "refused", (), before, before))
            continue
        report = judged_refit(
            {outcome: champion}, {outcome: challenger}, changed, [StandingScenario("standing", scenario)], seed=seed
        )
        rules = tuple(dict.fromkeys(reason.rule for reason in report.judgement.holding))
        after = regret(true, challenger, outcome, scenario)
        found.append(Refit(case.__name__, report.judgement.decision, rules, before, after, *measured(report)))
    return found


def measured(report: RefitReport) -> tuple[float | None, float, float, float | None]:
    """What the limits of the rules are about."""
    curves, splits, (quarter,) = report.curves, report.splits, report.backtests
    if curves is None or splits is None:
        raise ValueError("a refit with a champion has curves and splits")
    old, new = quarter.score("champion"), quarter.score("challenger")
    figures = [figure for move in curves.channels for figure in (move.roas, move.mroas) if figure is not None]
    return (
        None if old is None or new is None else new.crps / old.crps - 1.0,
        max(abs(figure.standardised or 0.0) for figure in figures),
        sum(move.spend_share for move in curves.channels if move.is_beyond),
        splits.moves[0].lost_share if splits.moves else None,
    )


def summarize(business: str, refits: list[Refit]) -> None:
    """Two lines about a case."""
    held = [one for one in refits if one.decision != "promote"]
    rules = Counter(rule for one in held for rule in one.rules or (one.decision,))
    promoted = [one for one in refits if one.decision == "promote"]
    named = ", ".join(f"{rule} {count}" for rule, count in rules.most_common())
    print(
        f"{business} {refits[0].case}: held {len(held)} of {len(refits)} ({named or 'none'}); "
        f"regret old {mean([one.before for one in refits])}, new {mean([one.after for one in refits])}; "
        f"of those promoted {mean([one.before for one in promoted])}, {mean([one.after for one in promoted])}\n"
        f"    least, median, most: CRPS {spread([one.crps for one in refits], '+.1%')}; "
        f"largest move {spread([one.move for one in refits], '.1f')} sds; "
        f"spend beyond {spread([one.beyond for one in refits], '.0%')}; "
        f"old split loses {spread([one.lost for one in refits], '.1%')}",
        flush=True,
    )


def mean(values: list[float]) -> str:
    """A mean in percent."""
    return f"{np.mean(values):.1%}" if values else "none"


def spread(values: list[float | None], pattern: str) -> str:
    """Least, median and most of what was measured."""
    known = [value for value in values if value is not None]
    return " / ".join(format(float(value), pattern) for value in np.quantile(known, (0, 0.5, 1))) if known else "none"


def regret(truth: ResponseArtifact, model: ResponseArtifact, outcome: str, scenario: Scenario) -> float:
    """What a model's plan loses on the true curves against the truly best one."""
    responses = Desk({outcome: PlanningModel(truth)}).question(scenario, None).kpi

    def earned(by: ResponseArtifact) -> float:
        plan = Planner({outcome: PlanningModel(by)}, is_strict=False).plan(scenario)
        return float(responses.media_draws(spend_of(plan)).mean())

    return 1.0 - earned(model) / earned(truth)


def largest_channel(simulated: SimulatedMarket) -> int:
    """The channel that brought most over the last year."""
    return int(simulated.truth.contributions[-52:].sum(axis=(0, 2)).argmax())


def halved_truth(simulated: SimulatedMarket, truth: ResponseArtifact) -> ResponseArtifact:
    """The truth from which on the largest channel brings half."""
    ceiling = truth.draws.ceiling.copy()
    ceiling[:, largest_channel(simulated)] *= 0.5
    return seal(truth.manifest, replace(truth.draws, ceiling=ceiling))


if __name__ == "__main__":
    main()
