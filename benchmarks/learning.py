"""Does a refit tell channels better from a phasing to learn from? `uv run python benchmarks/learning.py --seeds 8`.

Simulated markets of 156 weeks are fitted without their last quarter, and that quarter is planned with last year's
money. It is then spent three times on the true curves, with the same base and noise: phased as planned (evenly), as
`mixplan explain` proposes, and as it proposes where more may be lost. Each time the market is fitted again. Printed:
how much narrower the interval of what each channel brings gets by each refit (mean over channels of one less the ratio
of standard deviations), what the explanation said it would, the median error of what a channel brings in shares of the
truth, and the true and the expected loss.
"""

import argparse
import time
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from recovery import HORIZON, Business

from mmm.artifact import ResponseArtifact
from mmm.backtest.rolling_origin import Origin, known_at
from mmm.curves import channel_response, historical_contributions
from mmm.fit import fit_outcome
from mmm.market import Market, with_data_digest
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket, truth_artifact
from mmm.vocabulary import FloatArray
from optimizer.horizon.outlook import planned_spend
from optimizer.learning.phasing import learning_phasing
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

EFFORT = {"draws": 1000, "tune": 400, "chains": 4}

PHASINGS: dict[str, dict[str, float] | None] = {
    "as planned": None,
    "1 %, half": {},
    "5 %, on and off": {"lost_at_most": 0.05, "variation": 1.0},
}
"""Name of a phasing, and what `[learning]` says of it; None for the plan's own."""


@dataclass(frozen=True)
class Learned:
    """What a refit came to, over the channels on air. Shape (C,) each; losses are shares of what media bring."""

    phasing: str
    narrower: FloatArray
    said: FloatArray
    error: FloatArray
    error_before: FloatArray
    lost: float
    said_lost: float


def main() -> None:
    """Simulate, fit, plan, spend, fit again and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first-seed", type=int, default=1)
    arguments = parser.parse_args()
    for business in get_args(Business.__value__):
        found: list[Learned] = []
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            started = time.process_time()
            learned = learned_of(business, seed)
            found += learned
            told = "; ".join(f"{one.phasing} {one.narrower.mean():.1%} (said {one.said.mean():.1%})" for one in learned)
            print(f"{business} seed {seed}: narrower {told}; {time.process_time() - started:.0f} CPU s", flush=True)
        for name in PHASINGS:
            summarize(business, [one for one in found if one.phasing == name])


def learned_of(business: Business, seed: int) -> list[Learned]:
    """The refits of one market."""
    simulated = simulate_market(business, periods=156, seed=seed)
    market = simulated.market
    choices = market.spec.model.model_copy(update=EFFORT)
    market = replace(market, spec=market.spec.model_copy(update={"model": choices}))
    outcome, truth = market.spec.outcomes[0].name, truth_artifact(simulated)
    champion = fit_outcome(with_data_digest(known_at(market, Origin(len(market.dates) - HORIZON, 0))), outcome)
    planner = Planner({outcome: PlanningModel(champion)})
    scenario = asked(market, champion, outcome, {})
    plan = planner.plan(scenario)
    planned = planned_spend(plan, champion)
    is_on = planned.sum(axis=0) > 0
    before, true = brought(champion, planned), brought(truth, planned)[0]
    whole = float(truth_of(simulated, truth, planned)[1])
    found = []
    for name, learning in PHASINGS.items():
        spend, said, said_lost = phased(planner, plan, asked(market, champion, outcome, learning or {}), planned)
        if learning is None:
            spend, said, said_lost = planned, said_as_planned(planner, plan, scenario, planned), 0.0
        spent, added = truth_of(simulated, truth, spend)
        after = brought(fit_outcome(with_data_digest(as_spent(market, outcome, spend, spent)), outcome), planned)
        found.append(
            Learned(
                name,
                (1.0 - after.std(axis=0) / before.std(axis=0))[is_on],
                said[is_on],
                (np.abs(after.mean(axis=0) - true) / true)[is_on],
                (np.abs(before.mean(axis=0) - true) / true)[is_on],
                1.0 - added / whole,
                said_lost,
            )
        )
    return found


def asked(market: Market, champion: ResponseArtifact, outcome: str, learning: dict[str, float]) -> Scenario:
    """Last year's money for the quarter that the champion has not seen, at least half of it in each channel."""
    last_year = champion.draws.spend[-52 : HORIZON - 52].sum(axis=0)
    return Scenario.model_validate(
        {
            "name": "to learn from",
            "market": market.name,
            "kpi": outcome,
            "budget": float(last_year.sum()),
            "horizon": {"start": market.dates[-HORIZON], "periods": HORIZON},
            "channels": {
                name: {"min": 0.5 * float(amount)} for name, amount in zip(champion.channels, last_year, strict=True)
            },
            "learning": learning,
        }
    )


def phased(
    planner: Planner, plan: Plan, scenario: Scenario, planned: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Spend (T, C) of the phasing to learn from, how much narrower it is said to make each channel, and its loss."""
    found, notes = learning_phasing(planner.question(scenario), plan)
    if found is None:
        raise ValueError(f"no phasing to learn from: {notes}")
    spend, said = planned.copy(), np.full(planned.shape[1], np.nan)
    names = [channel.channel for channel in plan.channels]
    for channel in found.channels:
        spend[:, names.index(channel.channel)] = channel.spend
        said[names.index(channel.channel)] = channel.narrower
    return spend, said, found.lost_share


def said_as_planned(planner: Planner, plan: Plan, scenario: Scenario, planned: FloatArray) -> FloatArray:
    """How much narrower the phasing as planned is said to make each channel. Shape (C,)."""
    found, _ = learning_phasing(planner.question(scenario), plan)
    said = np.full(planned.shape[1], np.nan)
    names = [channel.channel for channel in plan.channels]
    for channel in found.channels if found is not None else ():
        said[names.index(channel.channel)] = channel.narrower_as_planned
    return said


def brought(artifact: ResponseArtifact, planned: FloatArray) -> FloatArray:
    """What each channel brings with the planned spend, the quarter alone, per draw. Shape (S, C)."""
    parts = []
    for place, name in enumerate(artifact.channels):
        response = channel_response(artifact, name, planned[:, place], np.zeros(0))
        parts.append(response.per_draw(1.0))
    return np.stack(parts, axis=1)


def truth_of(simulated: SimulatedMarket, truth: ResponseArtifact, spend: FloatArray) -> tuple[FloatArray, float]:
    """What paid media truly bring week by week if the last quarter is spent so, and what its spend adds in all."""
    history = truth.draws.spend.copy()
    history[-HORIZON:] = spend
    changed = replace(truth, draws=replace(truth.draws, spend=history))
    media = historical_contributions(changed)[0].sum(axis=1)
    rest = simulated.truth.base + simulated.truth.organic + simulated.truth.shock + simulated.truth.noise
    added = 0.0
    for place, name in enumerate(truth.channels):
        earlier = history[:-HORIZON, place]
        added += float(channel_response(truth, name, spend[:, place], earlier).per_draw(1.0)[0])
    return np.asarray(media + rest[:, 0]), added


def as_spent(market: Market, outcome: str, spend: FloatArray, came: FloatArray) -> Market:
    """The market with its last quarter spent and come so."""
    whole, outcomes = market.spend.copy(), market.outcomes[outcome].copy()
    whole[-HORIZON:, :, 0] = spend
    outcomes[-HORIZON:, 0] = np.maximum(np.round(came[-HORIZON:]), 0.0)
    return replace(market, spend=whole, outcomes={**market.outcomes, outcome: outcomes})


def summarize(business: str, found: list[Learned]) -> None:
    """One line for all refits after a phasing."""
    narrower, said, error, before = (
        np.concatenate([getattr(one, name) for one in found]) for name in ("narrower", "said", "error", "error_before")
    )
    print(
        f"{business}, {found[0].phasing}: narrower {narrower.mean():.1%} (said {np.nanmean(said):.1%}) over "
        f"{len(narrower)} channels; error {np.median(error):.1%} after {np.median(before):.1%} (medians); "
        f"truly lost {np.mean([one.lost for one in found]):.2%} (said {np.mean([one.said_lost for one in found]):.2%})",
        flush=True,
    )


if __name__ == "__main__":
    main()
