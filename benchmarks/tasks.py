"""Random task sets: whether each task is as probable as asked, and how near the budget is to the smallest.

`uv run python benchmarks/tasks.py --count 200`. Markets of four channels, one to three tasks each (media alone or in
total, some by a date, with probabilities from one half to 0.95) at targets that are within reach, under a brand band.
Every probability is recounted on the draws by a search of its own (`tests/rivals.py`), which then looks for a split of
0.5 % and of 1 % less money that reaches all tasks. `--free` leaves the band out. Exit code 1 when a task is missed or a
budget is more than 0.5 % above one that was found.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from builders import make_artifact
from rivals import best_rival, shares_reached

BAND = (0.35, 0.45)
LESS = (0.995, 0.99)


def main() -> int:
    """Plan the task sets and print how many miss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--draws", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--free", action="store_true", help="no band: sets of one task come from the engine for ranges")
    arguments = parser.parse_args()
    started, missed, solved = time.process_time(), 0, 0
    cheaper = dict.fromkeys(LESS, 0)
    allowed = is_any if arguments.free else is_allowed
    for number in range(arguments.count):
        rng = np.random.default_rng([arguments.seed, number])
        artifact = make_artifact(draws=arguments.draws, seed=int(rng.integers(1, 10_000)))
        planner = Planner({"orders": PlanningModel(artifact)})
        changes = {"business": "none"} if arguments.free else {}
        asked = question(tasks_within_reach(planner, rng), **changes)
        found = planner.plan(asked)
        if found.status == "infeasible":
            print(f"set {number}: called out of reach, which it is not", flush=True)
            missed += 1
            continue
        solved += 1
        spend = [channel.spend for channel in found.channels]
        if min(shares_reached(artifact, asked, spend)) < 1.0 - 1e-9:
            print(f"set {number}: a task is less probable than asked", flush=True)
            missed += 1
        for less in LESS:
            is_cheaper = best_rival(artifact, asked, less * found.budget, allowed, spend) >= 1.0
            cheaper[less] += is_cheaper
            if is_cheaper:
                print(f"set {number}: {len(asked.tasks)} tasks are reached with {1 - less:.1%} less", flush=True)
    print(f"{solved} of {arguments.count} task sets sized, {time.process_time() - started:.0f} CPU s")
    print(f"TASK MISSED OR CALLED OUT OF REACH: {missed}")
    for less, count in cheaper.items():
        print(f"A SPLIT WITH {1 - less:.1%} LESS WAS FOUND: {count}")
    return int(bool(missed or any(cheaper.values())))


def is_allowed(shares: np.ndarray) -> bool:
    """Whether shares of the budget by channel keep the band: the first two channels are brand."""
    return bool(BAND[0] - 1e-9 <= shares[0] + shares[1] <= BAND[1] + 1e-9)


def is_any(_: np.ndarray) -> bool:
    """Without a band every split is allowed."""
    return True


def question(tasks: list[dict[str, Any]], **changes: object) -> Scenario:
    """A quarter to be sized for some tasks."""
    return Scenario.model_validate(
        {
            "name": "tasks",
            "market": "testland",
            "kpi": "orders",
            "objective": "size",
            "business": "b2c",
            "horizon": {"start": "2027-01-04", "periods": 13},
            "tasks": tasks,
            **changes,
        }
    )


def tasks_within_reach(planner: Planner, rng: np.random.Generator) -> list[dict[str, Any]]:
    """One to three tasks that a random budget reaches, a little less than it does."""
    budget = float(rng.uniform(200_000.0, 900_000.0))
    reached = planner.plan(question([], objective="maximize", budget=budget))
    outcome = reached.outcomes[0]
    tasks: list[dict[str, Any]] = []
    for _ in range(int(rng.integers(1, 4))):
        probability = float(rng.choice([0.5, 0.7, 0.8, 0.9, 0.95]))
        part = float(rng.uniform(0.7, 0.95))
        kind = rng.integers(0, 3)
        if kind == 0:
            low = outcome.total.p05 - outcome.base.p95
            at_least = outcome.base.p95 + part * max(low, 0.2 * outcome.incremental.mean)
            tasks.append(
                {"kpi": "orders", "at_least": at_least, "counts": "total", "probability": min(probability, 0.8)}
            )
        elif kind == 1:
            at_least = 0.25 * part * outcome.incremental.p05
            tasks.append({"kpi": "orders", "at_least": at_least, "by": "2027-02-08", "probability": probability})
        else:
            tasks.append({"kpi": "orders", "at_least": part * outcome.incremental.p05, "probability": probability})
    return tasks


if __name__ == "__main__":
    sys.exit(main())
