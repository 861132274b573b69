"""Certificates against an exact method on random instances: `uv run python benchmarks/certificates.py --count 600`.

Each instance is solved to a gap of 1e-4; the bound is held against the best split that dynamic
programming and pairwise polishing find (code that the optimiser does not share), the split
against the rules. Every other instance has rules of all kinds (fees, ceilings on CPA, cash a period,
order and counts of channels, limits of extrapolation), the others bounds and a brand band. Then
plans of realistic size are timed: 10 channels whose curves are means over 1000 draws, 13 weeks and
their carryover, under a brand band, off-or-at-least and at-most-K rules.
Prints counts of what must be zero and the distribution of gap and time.
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from optimizer.answer.split import answer
from optimizer.question.answered import Answer
from optimizer.question.asked import Desk, PlanningModel
from optimizer.tree.allocate import allocate

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from exact_method import best_known
from instances import draw_instance, draw_market


def main() -> int:
    """Run the instances and print the table; exit code 1 when a bound or a split is invalid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--realistic", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=np.inf, help="stop comparing after so many")
    parser.add_argument("--alone", action="store_true", help="without the exact method: bounds are not compared")
    arguments = parser.parse_args()
    counts: dict[str, int] = defaultdict(int)
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    begun = time.perf_counter()
    for index in range(arguments.count):
        if time.perf_counter() - begun > 60.0 * arguments.minutes:
            break
        is_ruled = index % 2 == 1
        rng = np.random.default_rng([arguments.seed, index])
        instance = draw_instance(rng, sizes=(2, 3, 5, 10, 20), is_ruled=is_ruled)
        started = time.perf_counter()
        found = allocate(instance.problem(), gap=1e-4, seconds=10)
        elapsed = time.perf_counter() - started
        if arguments.alone and found is None:
            counts["said to be infeasible"] += 1
            continue
        known = None if arguments.alone else best_known(instance, 600 if len(instance.half) <= 5 else 300)
        if found is None:
            counts[
                "infeasible, and the exact method agrees" if known is None else "INFEASIBLE, BUT A SPLIT EXISTS"
            ] += 1
            continue
        spend = np.array([found.spend[name] for name in instance.names])
        seconds[instance.kind, len(instance.half)].append(elapsed)
        counts["solved"] += 1
        counts["solved under rules of every kind"] += is_ruled
        counts["RULES BROKEN"] += not instance.is_allowed(spend)
        counts["VALUE DIFFERS FROM THE CURVES"] += abs(instance.value(spend) / found.value - 1) > 1e-9
        counts["gap above 1e-4"] += found.gap > 1e-4
        if known is not None:
            counts["compared with the exact method"] += 1
            counts["INVALID BOUND"] += instance.value(known) > found.bound * (1 + 1e-9)
            counts["exact method better than the plan by more than 1e-4"] += instance.value(known) > found.value * (
                1 + 1e-4
            )
    for name, count in counts.items():
        print(f"{count:6d}  {name}")
    print("\nseconds to a gap of 1e-4: median, 90 %, longest")
    for (kind, size), values in sorted(seconds.items()):
        middle, high = np.quantile(values, (0.5, 0.9))
        print(f"{kind:>9} {size:3d} channels ({len(values):3d} instances): {middle:.3f} {high:.3f} {max(values):.3f}")
    print_realistic_times(arguments.realistic)
    return int(any(count for name, count in counts.items() if name.isupper()))


def print_realistic_times(count: int) -> None:
    """Time the split of ten posterior-like channels, and say how many ended within the gap asked."""
    seconds, gaps = [], []
    for index in range(count):
        artifact, scenario = draw_market(np.random.default_rng([3, index]), channels=10, draws=1000)
        question = Desk({scenario.kpi: PlanningModel(artifact)}).question(scenario, None)
        started = time.perf_counter()
        found = answer(question)
        if isinstance(found, Answer):
            seconds.append(time.perf_counter() - started)
            gaps.append(found.allocation.gap)
    if seconds:
        middle, high = np.quantile(seconds, (0.5, 0.9))
        print(f"\n10 channels of 1000 draws x 20 periods, with rules ({len(seconds)} plans of {count} scenarios):")
        print(f"{middle:.3f} {high:.3f} {max(seconds):.3f} seconds; largest gap {max(gaps):.1e}")


if __name__ == "__main__":
    raise SystemExit(main())
