"""SCIP's answers to small budgets, in a process of its own environment: questions in, values and bounds out.

A global solver for mixed-integer nonlinear programs: spatial branch and bound with relaxations of its own. A channel's
Hill curve is given to it as y (1 + p) = p with p = u^slope, u the exposure in half saturations.
"""

import json
import sys
import time
from typing import Any

from pyscipopt import Model

GAP = 1e-5
SECONDS = 30.0
FEASIBLE = 1e-8


def main() -> None:
    """Answer every question of a file (first argument) into another one (second)."""
    with open(sys.argv[1]) as file:
        questions = json.load(file)
    with open(sys.argv[2], "w") as file:
        json.dump([answered(each) for each in questions], file)


def answered(question: dict[str, Any]) -> dict[str, Any]:
    """Spend by channel as shares of the budget (None where it found none), SCIP's bound, its status and seconds."""
    model = Model("split")
    model.hideOutput()
    model.setParam("limits/gap", GAP)
    model.setParam("limits/time", SECONDS)
    model.setParam("numerics/feastol", FEASIBLE)
    shares, brought = [], []
    for index, ceiling in enumerate(question["ceiling"]):
        half, slope, carry = (question[name][index] for name in ("half", "slope", "carry"))
        most = min(question["most"][index], 1.0)
        share = model.addVar(f"share{index}", lb=0.0, ub=most)
        exposure = model.addVar(f"exposure{index}", lb=carry / half, ub=(carry + most) / half)
        power = model.addVar(f"power{index}", lb=0.0, ub=((carry + most) / half) ** slope)
        height = model.addVar(f"height{index}", lb=0.0, ub=1.0)
        model.addCons(exposure == (share + carry) / half)
        model.addCons(power == exposure**slope)
        model.addCons(height * (1.0 + power) == power)
        if question["viable"][index] > 0:
            is_on = model.addVar(f"on{index}", vtype="B")
            model.addCons(share <= most * is_on)
            model.addCons(share >= question["viable"][index] * is_on)
        before = 1.0 / (1.0 + (half / carry) ** slope) if carry > 0 else 0.0
        shares.append(share)
        brought.append(ceiling * (height - before))
    model.addCons(sum(shares) == 1.0)
    if question["band"] is not None:
        low, high = question["band"]
        brand = sum(share for share, is_brand in zip(shares, question["is_brand"], strict=True) if is_brand)
        model.addCons(brand >= low)
        model.addCons(brand <= high)
    # SCIP's objective is linear: what is brought is a variable of its own.
    total = model.addVar("total", lb=None)
    model.addCons(total <= sum(brought))
    model.setObjective(total, "maximize")
    started = time.perf_counter()
    model.optimize()
    seconds = time.perf_counter() - started
    found = [model.getVal(share) for share in shares] if model.getNSols() else None
    return {"spend": found, "bound": model.getDualbound(), "status": model.getStatus(), "seconds": seconds}


if __name__ == "__main__":
    main()
