"""PyMC-Marketing's `BudgetOptimizer` on given curves, in a process of its own environment: questions in, splits out.

The optimiser takes any PyMC model with channel data and any posterior: here one period without carryover whose
contributions are the given Hill curves, and one posterior draw that holds their parameters. Everything of the optimiser
is left at its defaults: SLSQP from an even split, bounds from nothing to the whole budget.
"""

import json
import sys
import time
import warnings
from typing import Any

import numpy as np
import pymc as pm
import pymc.dims as pmd
import xarray as xr
from pymc_marketing.mmm.budget_optimizer import BudgetOptimizer, MinimizeException


def main() -> None:
    """Answer every question of a file (first argument) into another one (second)."""
    warnings.simplefilter("ignore")
    with open(sys.argv[1]) as file:
        questions = json.load(file)
    with open(sys.argv[2], "w") as file:
        json.dump([answered(each) for each in questions], file)


def answered(question: dict[str, Any]) -> dict[str, Any]:
    """Spend by channel, None where the optimiser gives up; CPU seconds to build and compile, and of a warm answer."""
    started = time.process_time()
    optimizer = optimizer_of(question)
    allocated(optimizer, 0.9 * question["budget"])  # compiles on its first call
    built = time.process_time()
    spend = allocated(optimizer, question["budget"])
    return {"spend": spend, "build": built - started, "seconds": time.process_time() - built}


def allocated(optimizer: BudgetOptimizer, budget: float) -> list[float] | None:
    """Spend by channel."""
    try:
        found = optimizer.allocate_budget(total_budget=budget)
    except MinimizeException:
        return None
    return [float(amount) for amount in np.asarray(found.budgets)]


def optimizer_of(question: dict[str, Any]) -> BudgetOptimizer:
    """The optimiser of one question; spend is scaled by an even split, as its own models scale theirs."""
    names = [f"c{index}" for index in range(len(question["half"]))]
    unit = question["budget"] / len(names)
    curves = {
        "half_saturation": np.array(question["half"]) / unit,
        "slope": np.array(question["slope"]),
        "ceiling": np.array(question["ceiling"]),
    }
    with pm.Model(coords={"date": [0], "channel": names}) as model:
        spend = pmd.Data("channel_data", np.ones((1, len(names))), dims=("date", "channel"))
        half, slope, ceiling = (pmd.HalfNormal(name, sigma=1.0, dims="channel") for name in curves)
        reached = ceiling * spend**slope / (spend**slope + half**slope)
        contribution = pmd.Deterministic("channel_contribution", reached)
        pmd.Deterministic("total_media_contribution_original_scale", contribution.sum())
    posterior = xr.Dataset(
        {name: (("chain", "draw", "channel"), values[None, None]) for name, values in curves.items()}
        | {"channel_contribution": (("chain", "draw", "date", "channel"), np.ones((1, 1, 1, len(names))))},
        coords={"chain": [0], "draw": [0], "date": [0], "channel": names},
    )
    idata = xr.DataTree.from_dict({"posterior": posterior})
    return BudgetOptimizer(model=model, idata=idata, num_periods=1, channel_scales=unit)


if __name__ == "__main__":
    main()
