"""What is missed by other optimisers on the same curves: `uv run python benchmarks/peer_optimizers.py --count 40`.

Random budgets for 20 channels with Hill curves that are known: *S-shaped* ones (slopes 1.3 to 4), *half* of them
S-shaped and the others concave (slope 1, to which Meridian's default prior fixes media), *concave* ones. No rule but
the budget.
PyMC-Marketing's `BudgetOptimizer` and Meridian's `OptimizationGrid` answer by their own code and with their own
defaults, each in an environment of its own (`peers/`). Meridian's default keeps every channel within 30 % of its part
of the spend so far, here an even split: its answer is held against the best split within these limits, and once more
without them against the best of all.

An answer's shortfall is (bound - value) / bound, on the exact curves, with the bound of a certificate of 1e-6. Printed
by kind of curve: how many answers miss more than 0.1, 1 and 5 %, the mean and largest shortfall, the mean share of the
budget that is left unspent, and median milliseconds of CPU time of the search alone, warm: what building and compiling
its problem and its first answer take is said beside it, and Meridian's grid, which comes from a fitted model, is filled
beforehand. Mixplan's time is to a certified gap of 1e-4. Amounts are of the size of millions, for which a grid of whole
money is made.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from peers.environment import MERIDIAN, PYMC_MARKETING, child_environment, peer_environment, versions

from mmm.curves import ChannelResponse
from optimizer.curves.expected import ExpectedCurve
from optimizer.separable.problem import SeparableCurves, SeparableProblem
from optimizer.separable.ranges import SpendRange
from optimizer.separable.search import separable_allocation

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from further_rules import FurtherRules
from instances import Instance

SCRIPTS = Path(__file__).parent / "peers"
CHANNELS = 20
KINDS = ("S-shaped", "half", "concave")
MISSED = (0.001, 0.01, 0.05)
LONGEST_SECONDS = 3600
ROUND = 10_000
"""An even part of the budget is a multiple of this, so that no grid has to round it or its limits."""

DEFAULT_LIMIT = 0.3
"""Meridian's default: how far a channel's spend may be from its part so far, relative."""


def main() -> int:
    """Draw, ask, and print the table; exit code 1 when a peer's split beats a bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="instances of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "mixplan-peers")
    arguments = parser.parse_args()
    instances = {
        kind: [draw(np.random.default_rng([arguments.seed, place, index]), kind) for index in range(arguments.count)]
        for place, kind in enumerate(KINDS)
    }
    flat = [instance for each in instances.values() for instance in each]
    slsqp = asked(flat, PYMC_MARKETING.name, arguments.environments)
    grid = asked(flat, MERIDIAN.name, arguments.environments)
    heads = f"{'>0.1 %':>8}{'>1 %':>8}{'>5 %':>8}{'mean':>9}{'largest':>9}{'unspent':>9}{'ms':>9}"
    print(f"{'curves':<10}{'optimiser':<34}{heads}")
    is_wrong = False
    for place, (kind, each) in enumerate(instances.items()):
        span = slice(place * arguments.count, (place + 1) * arguments.count)
        free, near = [best(instance) for instance in each], [best(instance, DEFAULT_LIMIT) for instance in each]
        rows: list[tuple[str, list[Mapping[str, Any]], list[float]]] = [
            ("Mixplan", [own(instance) for instance in each], free),
            ("PyMC-Marketing", slsqp[span], free),
            ("Meridian, without limits", [found["free"] for found in grid[span]], free),
            ("Meridian, its default limits", [found["default"] for found in grid[span]], near),
            ("Mixplan, the same limits", [own(instance, DEFAULT_LIMIT) for instance in each], near),
        ]
        for name, answers, bounds in rows:
            missed = shortfalls(each, answers, bounds)
            is_wrong |= bool((missed < -1e-6).any())
            print_row(kind, name, missed, answers, unspent(each, answers))
    building = np.median([found["build"] for found in slsqp])
    print(f"\nPyMC-Marketing builds and compiles a problem in {building:.1f} s beside that (median).")
    return int(is_wrong)


def draw(rng: np.random.Generator, kind: str) -> Instance:
    """A random budget for channels with curves of a kind, in money of the size of a million."""
    even = float(np.exp(rng.normal(np.log(50_000.0), 0.5)))
    steep = rng.uniform(1.3, 4.0, CHANNELS)
    part = max(ROUND, round(even * float(rng.uniform(0.2, 2.0)) / ROUND) * ROUND)
    is_steep = {"S-shaped": True, "half": np.arange(CHANNELS) % 2 == 0, "concave": False}[kind]
    none, endless = np.zeros(CHANNELS), np.full(CHANNELS, np.inf)
    return Instance(
        kind=kind,
        budget=float(part * CHANNELS),
        half=even * np.exp(rng.normal(0.0, 0.8, CHANNELS)),
        slope=np.where(is_steep, steep, 1.0),
        ceiling=1000.0 * np.exp(rng.normal(0.0, 0.8, CHANNELS)),
        carry=none,
        most=endless,
        viable=none,
        is_brand=np.arange(CHANNELS) % 2 == 0,
        band=None,
        further=FurtherRules.none(CHANNELS),
    )


def asked(instances: Sequence[Instance], peer: str, environments: Path) -> list[Any]:
    """Answers of a peer's own code in its own process."""
    known = {each.name: each for each in (PYMC_MARKETING, MERIDIAN)}[peer]
    python = peer_environment(known, environments)
    print(versions(python, *known.shown), file=sys.stderr)
    script = SCRIPTS / f"{peer.replace('-', '_')}_split.py"
    with tempfile.TemporaryDirectory() as folder:
        questions, answers = Path(folder) / "questions.json", Path(folder) / "answers.json"
        questions.write_text(json.dumps([question_of(instance) for instance in instances]))
        subprocess.run(
            [python, str(script), str(questions), str(answers)],
            env=child_environment(environments / "caches"),
            check=True,
            timeout=LONGEST_SECONDS,
        )
        return list(json.loads(answers.read_text()))


def question_of(instance: Instance) -> dict[str, Any]:
    """An instance as a peer's process reads it."""
    return {
        "budget": instance.budget,
        "half": instance.half.tolist(),
        "slope": instance.slope.tolist(),
        "ceiling": instance.ceiling.tolist(),
    }


def own(instance: Instance, limit: float | None = None) -> dict[str, Any]:
    """Mixplan's split to a gap of 1e-4, and what it takes, from the curves on."""
    problem = separable(instance, limit)
    started = time.process_time()
    found = separable_allocation(problem, gap=1e-4, seconds=10.0)
    seconds = time.process_time() - started
    spend = None if found is None else [found.spend[name] for name in instance.names]
    return {"spend": spend, "seconds": seconds}


def best(instance: Instance, limit: float | None = None) -> float:
    """What no split brings more than."""
    found = separable_allocation(separable(instance, limit), gap=1e-6, seconds=60.0)
    if found is None:
        raise SystemExit("a budget without rules had no best split")
    return found.bound


def separable(instance: Instance, limit: float | None) -> SeparableProblem:
    """The budget over curves, each channel within `limit` of an even split where there is one."""
    even = instance.budget / len(instance.names)
    least, most = (0.0, np.inf) if limit is None else ((1.0 - limit) * even, (1.0 + limit) * even)
    curves = {}
    for index, name in enumerate(instance.names):
        one = np.ones((1, 1))
        response = ChannelResponse(
            name, "hill", 0.0 * one, one, instance.half[[index]], instance.slope[[index]], instance.ceiling[[index]], 1
        )
        curves[name] = ExpectedCurve(response)
    ranges = {name: SpendRange(least, most, may_be_off=False) for name in instance.names}
    costs = dict.fromkeys(instance.names, 1.0)
    return SeparableProblem.of(SeparableCurves(curves), ranges, costs, instance.budget)


def shortfalls(
    instances: Sequence[Instance], answers: Sequence[Mapping[str, Any]], bounds: Sequence[float]
) -> np.ndarray:
    """Share of the bound that each answer misses; all of it where there was none. Spend above the budget is scaled."""
    missed = []
    for instance, found, bound in zip(instances, answers, bounds, strict=True):
        if found["spend"] is None:
            missed.append(1.0)
            continue
        spend = np.array(found["spend"])
        spend *= min(1.0, instance.budget / spend.sum())
        missed.append(1.0 - instance.value(spend) / bound)
    return np.array(missed)


def unspent(instances: Sequence[Instance], answers: Sequence[Mapping[str, Any]]) -> float:
    """Mean share of the budget that the answers which were given leave unspent."""
    pairs = zip(instances, answers, strict=True)
    left = [1.0 - sum(found["spend"]) / instance.budget for instance, found in pairs if found["spend"] is not None]
    return float(np.mean(np.maximum(left, 0.0)))


def print_row(kind: str, name: str, missed: np.ndarray, answers: Sequence[Mapping[str, Any]], left: float) -> None:
    """One optimiser on one kind of curves; answers that were not given count as missed, and are no part of the mean."""
    is_given = np.array([found["spend"] is not None for found in answers])
    shares = "".join(f"{100 * (missed > each).mean():7.0f}%" for each in MISSED)
    seconds = 1000.0 * float(np.median([found["seconds"] for found in answers]))
    given = missed[is_given]
    said = "" if is_given.all() else f"   no answer: {int((~is_given).sum())}"
    figures = f"{shares}{100 * given.mean():8.3f}%{100 * given.max():8.2f}%{100 * left:8.2f}%{seconds:9.2f}"
    print(f"{kind:<10}{name:<34}{figures}{said}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
