"""Does a fit that is wrong say so? `uv run python benchmarks/nothing_silent.py --markets 100`.

Markets of every world of `mmm.simulation` are fitted with short effort. A fit is *bad* where fewer than 70 % of its
channels have their true contribution inside the 90 % interval, or where the plan it leads to loses 10 % or more of what
the truly best one brings. Printed a market: verdict, coverage, regret, health and the gates that did not pass; then, a
world: how many fits were bad and how many of these were flagged, at all and by a gate that names a cause (`CAUSES`);
then how often each gate did not pass in each world. The world `model` is right by construction: what is flagged there
by a gate of `CAUSES` is a false alarm.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.checks.health import health
from mmm.curves import historical_contributions
from mmm.fit import fit_outcome
from mmm.market import Market
from mmm.periods import shift_period
from mmm.simulation.outlook import Outlook, look_ahead
from mmm.simulation.simulate import simulate_market
from mmm.simulation.world_names import WORLDS, WorldName
from mmm.simulation.worlds import BusinessKind
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

FEWEST_INSIDE = 0.7
LARGEST_REGRET = 0.10
CAUSES = (
    "predictive",
    "residuals",
    "common_cause",
    "drift",
    "alike",
    "bend",
    "split",
    "learned",
    "baseline",
    "holdout_coverage",
)
"""Gates that say what may be wrong about effects; the others are about the sampler, the forecast and the file."""

BUSINESSES: tuple[BusinessKind, ...] = ("b2c", "b2b")

KINDS: tuple[tuple[BusinessKind, WorldName], ...] = tuple(
    (business, world)
    for world in WORLDS
    for business in BUSINESSES
    if not (world == "sparse_b2b" and business == "b2c")
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One market: what the fit said and what is true."""

    business: BusinessKind
    world: WorldName
    seed: int
    verdict: str
    health: float
    flagged: tuple[str, ...]
    inside: float
    regret: float

    @property
    def is_bad(self) -> bool:
        """Whether effects or the plan are wrong."""
        return self.inside < FEWEST_INSIDE or self.regret >= LARGEST_REGRET


def main() -> None:
    """Simulate, fit, plan and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markets", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    arguments = parser.parse_args()
    found = []
    for number in range(arguments.markets):
        business, world = KINDS[number % len(KINDS)]
        started = time.perf_counter()
        judged = judge(business, world, arguments.first_seed + number // len(KINDS))
        found.append(judged)
        print(
            f"{judged.business} {judged.world} {judged.seed}: {judged.verdict}, health {judged.health:.0f}, inside "
            f"{judged.inside:.0%}, regret {judged.regret:.1%}{', BAD' if judged.is_bad else ''}; not passed: "
            f"{', '.join(judged.flagged) or 'none'} ({time.perf_counter() - started:.1f} s)",
            flush=True,
        )
    summarise(found)


def judge(business: BusinessKind, world: WorldName, seed: int) -> Judged:
    """One market, fitted with short effort and planned at last year's spend under its preset's band."""
    simulated = simulate_market(business, seed=seed, world=world)
    market = short(simulated.market)
    outcome = market.spec.outcomes[0].name
    fitted = fit_outcome(market, outcome)
    low, high = np.quantile(historical_contributions(fitted).sum(axis=1), (0.05, 0.95), axis=0)
    true = simulated.truth.contributions.sum(axis=(0, 2))
    measured = health(fitted.manifest.gates)
    return Judged(
        business=business,
        world=world,
        seed=seed,
        verdict=fitted.manifest.verdict,
        health=0.0 if measured is None else measured.score,
        flagged=tuple(dict.fromkeys(gate.name for gate in fitted.manifest.gates if gate.verdict != "pass")),
        inside=float(((low <= true) & (true <= high)).mean()),
        regret=regret(fitted, look_ahead(simulated), business),
    )


def short(market: Market) -> Market:
    """The market with short effort asked for, as a benchmark of gates needs no more."""
    choices = market.spec.model.model_copy(update={"draws": 250, "tune": 300, "chains": 4})
    return replace(market, spec=market.spec.model_copy(update={"model": choices}))


def regret(fitted: ResponseArtifact, outlook: Outlook, business: BusinessKind) -> float:
    """What the plan from a fit loses, in truth, of what the best split of the same money brings."""
    manifest = fitted.manifest
    budget = float(outlook.reference_spend.sum())
    scenario = Scenario.model_validate(
        {
            "name": "at last year's spend",
            "market": manifest.market,
            "kpi": manifest.outcome.name,
            "budget": budget,
            "business": business,
            "horizon": {
                "start": shift_period(manifest.window_start, manifest.window_periods, manifest.period),
                "periods": outlook.periods,
            },
            "flighting": {"pattern": "even"},
        }
    )
    plan = Planner({manifest.outcome.name: PlanningModel(fitted)}).plan(scenario)
    spend = {channel.channel: channel.spend for channel in plan.channels}
    brought = outlook.judge(np.array([spend[name] for name in outlook.channels])).incremental
    return 1.0 - brought / outlook.best(budget, outlook.band).incremental


def summarise(found: list[Judged]) -> None:
    """Bad fits and what flagged them, by world; then how often each gate did not pass."""
    print("\nbusiness world: fits, bad, of these flagged by any gate, by a gate that names a cause; mean health")
    for business, world in KINDS:
        of_kind = [one for one in found if (one.business, one.world) == (business, world)]
        if of_kind:
            print(f"  {business} {world}: {_counts(of_kind)}")
    print(f"  all: {_counts(found)}")
    print("\nnot passed, by business and world")
    for business, world in KINDS:
        of_kind = [one for one in found if (one.business, one.world) == (business, world)]
        counted = Counter(name for one in of_kind for name in one.flagged)
        if of_kind:
            said = ", ".join(f"{name} {count}" for name, count in counted.most_common())
            print(f"  {business} {world} (of {len(of_kind)}): {said or 'none'}")
    silent = [one for one in found if one.is_bad and not one.flagged]
    print(f"\nbad and silent: {len(silent)} of {sum(one.is_bad for one in found)} bad, of {len(found)} fits")
    for one in silent:
        print(f"  {one.business} {one.world} {one.seed}: inside {one.inside:.0%}, regret {one.regret:.1%}")


def _counts(found: list[Judged]) -> str:
    bad = [one for one in found if one.is_bad]
    flagged = sum(bool(one.flagged) for one in bad)
    named = sum(bool(set(one.flagged) & set(CAUSES)) for one in bad)
    return f"{len(found)}, {len(bad)}, {flagged}, {named}; {np.mean([one.health for one in found]):.0f}"


if __name__ == "__main__":
    main()
