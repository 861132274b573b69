"""Certificates against a global solver: `uv run python benchmarks/global_solver.py --count 200`.

Small random budgets (2 to 5 channels, S-shaped Hill curves with slopes 1.3 to 4, bounds, off-or-at-least, carry-in,
and a brand band in most) are answered by Mixplan to a gap of 1e-4 and by SCIP, a solver for mixed-integer nonlinear
programs with relaxations and branching of its own (package pyscipopt, in an environment of its own; gap 1e-5, 30 s).
Both must agree within their gaps: what SCIP's split brings on the exact curves is no more than Mixplan's bound, and
what Mixplan's split brings no more than SCIP's. SCIP keeps rows to 1e-8, so its split may be better by what that is
worth: 1e-6 is let pass.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from peers.environment import SCIP, child_environment, peer_environment, versions

from optimizer.tree.allocate import allocate

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from instances import Instance, draw_instance

SCRIPT = Path(__file__).parent / "peers" / "scip_split.py"
LONGEST_SECONDS = 7200
ROUNDING = 1e-6


def main() -> int:
    """Draw, ask both, print what agrees; exit code 1 where they contradict each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "mixplan-peers")
    arguments = parser.parse_args()
    instances = [draw(np.random.default_rng([arguments.seed, index])) for index in range(arguments.count)]
    counts: dict[str, int] = defaultdict(int)
    seconds: dict[str, list[float]] = defaultdict(list)
    for instance, other in zip(instances, answers(instances, arguments.environments), strict=True):
        started = time.perf_counter()
        found = allocate(instance.problem(), gap=1e-4, seconds=10)
        seconds["Mixplan"].append(time.perf_counter() - started)
        seconds["SCIP"].append(other["seconds"])
        judge(instance, found, other, counts)
    for name, count in counts.items():
        print(f"{count:6d}  {name}")
    for name, values in seconds.items():
        print(f"{name}: median {np.median(values):.2f} s, longest {max(values):.2f} s")
    return int(any(count for name, count in counts.items() if name.isupper()))


def draw(rng: np.random.Generator) -> Instance:
    """A small instance whose curves SCIP can be given: none is nearly a step."""
    instance = draw_instance(rng, (2, 3, 4, 5))
    return replace(instance, kind="s-shaped", slope=rng.uniform(1.3, 4.0, len(instance.half)))


def answers(instances: list[Instance], environments: Path) -> list[Any]:
    """SCIP's answers, from a process of its own."""
    python = peer_environment(SCIP, environments)
    print(versions(python, *SCIP.shown), file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder) / "questions.json", Path(folder) / "answers.json"
        asked.write_text(json.dumps([question_of(instance) for instance in instances]))
        command = [python, str(SCRIPT), str(asked), str(told)]
        environment = child_environment(environments / "caches")
        subprocess.run(command, env=environment, check=True, timeout=LONGEST_SECONDS)
        return list(json.loads(told.read_text()))


def question_of(instance: Instance) -> dict[str, Any]:
    """An instance in shares of its budget and of its largest ceiling."""
    budget = instance.budget
    return {
        "half": (instance.half / budget).tolist(),
        "slope": instance.slope.tolist(),
        "carry": (instance.carry / budget).tolist(),
        "ceiling": (instance.ceiling / instance.ceiling.max()).tolist(),
        "most": np.minimum(instance.most / budget, 1.0).tolist(),
        "viable": (instance.viable / budget).tolist(),
        "band": instance.band,
        "is_brand": instance.is_brand.tolist(),
    }


def judge(instance: Instance, found: Any, other: dict[str, Any], counts: dict[str, int]) -> None:
    """Count whether both agree."""
    unit = float(instance.ceiling.max())
    if found is None or other["spend"] is None:
        is_both = found is None and other["status"] == "infeasible"
        counts["infeasible for both" if is_both else "ONE HAS AN ANSWER AND THE OTHER NONE"] += 1
        return
    counts["answered by both"] += 1
    spend = np.array(other["spend"]) * instance.budget
    value, bound = instance.value(np.maximum(spend, 0.0)), other["bound"] * unit
    is_closed = bound - value <= 1e-4 * value
    counts["closed by SCIP to 1e-4 in its time"] += is_closed
    counts["closed by Mixplan to 1e-4"] += found.gap <= 1e-4
    counts["SCIP'S SPLIT ABOVE MIXPLAN'S BOUND"] += value > found.bound * (1 + ROUNDING)
    counts["MIXPLAN'S SPLIT ABOVE SCIP'S BOUND"] += found.value > bound * (1 + ROUNDING)
    counts["values within 1e-4 of each other"] += abs(value - found.value) <= 1e-4 * value
    counts["Mixplan's split better by more than 1e-4"] += found.value > value * (1 + 1e-4)
    counts["SCIP's split better by more than 1e-4"] += value > found.value * (1 + 1e-4)


if __name__ == "__main__":
    raise SystemExit(main())
