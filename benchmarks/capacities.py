"""Plans within capacities against every split of a grid: `uv run python benchmarks/capacities.py --count 24`.

Markets of four channels with posterior-like draws, eight weeks, a budget, and a capacity of 50 to 98 % of what the
fullest week would bring without it (increments count). The plan must keep it in every week, and no split of a grid of
thirtieths of the budget that keeps it, spent whole or not, may be above the plan's bound. The grid is judged by
responses of `mmm.curves`, and shares nothing else with the search.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.planning import Planner
from optimizer.question.asked import Desk, PlanningModel
from optimizer.scenario.document import Scenario

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from builders import make_artifact

CELLS = 30
PERIODS = 8
GAP = 1e-3


def main() -> int:
    """Draw, plan, compare; exit code 1 where a bound or a capacity does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    gaps, seconds, wrong = [], [], 0
    for index in range(arguments.count):
        rng = np.random.default_rng([arguments.seed, index])
        models = {"orders": PlanningModel(make_artifact(draws=20, seed=int(rng.integers(1, 10_000))))}
        budget, share = float(rng.uniform(5e5, 1.5e6)), float(rng.uniform(0.5, 0.98))
        capacity = share * fullest(models, budget)
        found = Planner(models).plan(asked(budget, capacity))
        if found.certificate is None:
            print(f"{index}: no plan", flush=True)
            wrong += 1
            continue
        best = best_of_grid(models, budget, capacity)
        is_kept = max(period.expected for period in found.capacity) <= capacity * (1.0 + 1e-6)
        wrong += best > found.certificate.bound or not is_kept
        gaps.append(found.certificate.gap)
        seconds.append(found.certificate.seconds)
        print(
            f"{index}: plan {found.certificate.value:.1f}, bound {found.certificate.bound:.1f}, grid {best:.1f}, "
            f"gap {gaps[-1]:.1e}, {seconds[-1]:.1f} s",
            flush=True,
        )
    for name, values in (("gap", gaps), ("seconds", seconds)):
        middle, high = np.quantile(values, (0.5, 0.9))
        print(f"{name}: median {middle:.2g}, 90 % {high:.2g}, largest {max(values):.2g}")
    print(f"{wrong} BOUNDS OR CAPACITIES THAT DO NOT HOLD of {arguments.count}")
    return int(wrong > 0)


def asked(budget: float, capacity: float | None) -> Scenario:
    """The scenario of one market."""
    rules: list[dict[str, Any]] = []
    if capacity is not None:
        rules.append({"kpi": "orders", "at_most": capacity, "counts": "incremental"})
    return Scenario.model_validate(
        {
            "name": "capacity",
            "market": "testland",
            "kpi": "orders",
            "budget": budget,
            "horizon": {"start": "2027-01-04", "periods": PERIODS},
            "capacity": rules,
            "solve": {"gap": GAP},
        }
    )


def fullest(models: dict[str, PlanningModel], budget: float) -> float:
    """What the fullest period brings without a capacity."""
    found = Planner(models).plan(asked(budget, 1e12))
    return max(period.expected for period in found.capacity)


def best_of_grid(models: dict[str, PlanningModel], budget: float, capacity: float) -> float:
    """The most that a split of the grid which keeps the capacity brings."""
    responses = Desk(models).question(asked(budget, None), None).kpi.responses
    money = np.linspace(0.0, budget, CELLS + 1)
    added = [np.array([each.per_period(float(at)).mean(axis=0) for at in money]) for each in responses.values()]
    cells = np.indices((CELLS + 1,) * len(added)).reshape(len(added), -1).T
    cells = cells[cells.sum(axis=1) <= CELLS]
    best = 0.0
    for chunk in np.array_split(cells, 20):
        periods = np.sum([each[chunk[:, place]] for place, each in enumerate(added)], axis=0)
        is_kept = (periods[:, :PERIODS] <= capacity).all(axis=1)
        best = max(best, float(periods[is_kept].sum(axis=1).max(initial=0.0)))
    return best


if __name__ == "__main__":
    raise SystemExit(main())
