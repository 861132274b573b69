"""Contradictory scenarios: whether the conflict named is irreducible, and the relaxation named ends it.

`uv run python benchmarks/conflicts.py --count 300`. Random scenarios whose rules of all kinds ask for too much, until
so many are infeasible. Of each answer: the rules named alone are infeasible together, without any one of them they are
feasible, and relaxed as said the whole scenario is. `--tasks` has rules that hold together instead, and a task that is
beyond what they allow. Exit code 1 when an answer is wrong.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from clashes import judged, judged_with_a_task


def main() -> int:
    """Judge the answers and print how many are wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="infeasible scenarios")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tasks", action="store_true", help="a task out of reach instead of rules that clash")
    arguments = parser.parse_args()
    judge = judged_with_a_task if arguments.tasks else judged
    started, number, infeasible = time.process_time(), 0, 0
    wrong = {"CONFLICT FEASIBLE": 0, "CONFLICT NOT IRREDUCIBLE": 0, "RELAXATION FAILS": 0}
    while infeasible < arguments.count:
        found, number = judge([arguments.seed, number]), number + 1
        infeasible += found.is_infeasible
        wrong["CONFLICT FEASIBLE"] += found.needed_alone_is_feasible
        wrong["CONFLICT NOT IRREDUCIBLE"] += bool(found.not_needed)
        wrong["RELAXATION FAILS"] += found.relaxation_fails
        if not found.is_right:
            print(f"scenario {number - 1}: {found}", flush=True)
    print(f"{infeasible} infeasible of {number} scenarios, {time.process_time() - started:.0f} CPU s")
    for name, count in wrong.items():
        print(f"{name}: {count}")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
