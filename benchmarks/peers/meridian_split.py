"""Meridian's `OptimizationGrid` on given curves, in a process of its own environment: questions in, splits out.

Its `BudgetOptimizer` asks a fitted model for the outcome of every spend of a grid and hands the grid over to
`OptimizationGrid.optimize`, which searches it. A model cannot be given curves, so the grid is filled here from the
curves, in the steps that it would have (`get_round_factor` with the default `gtol`), and its own search answers, with
its default limits (each channel 30 % about its part of the spend so far, here an even split) or with none.
"""

import json
import sys
import time
import warnings
from typing import Any

import numpy as np
import xarray as xr
from meridian.analysis.optimizer import (
    FixedBudgetScenario,
    OptimizationGrid,
    get_optimization_bounds,
    get_round_factor,
)

GTOL = 1e-4
"""The default of `BudgetOptimizer.optimize`."""


def main() -> None:
    """Answer every question of a file (first argument) into another one (second)."""
    warnings.simplefilter("ignore")
    with open(sys.argv[1]) as file:
        questions = json.load(file)
    with open(sys.argv[2], "w") as file:
        json.dump([answered(each) for each in questions], file)


def answered(question: dict[str, Any]) -> dict[str, Any]:
    """Spend by channel with the default limits and without, and the CPU seconds of both searches."""
    count = len(question["half"])
    found = {}
    for name, limits in (("default", {}), ("free", {"lower": 1.0, "upper": count - 1.0})):
        grid = grid_of(question, limits.get("lower", 0.3), limits.get("upper", 0.3))
        started = time.process_time()
        split = grid.optimize(
            FixedBudgetScenario(total_budget=question["budget"]),
            spend_constraint_lower=limits.get("lower"),
            spend_constraint_upper=limits.get("upper"),
        )
        seconds = time.process_time() - started
        found[name] = {"spend": split.optimized.values.astype(float).tolist(), "seconds": seconds}
    return found


def grid_of(question: dict[str, Any], lower: float, upper: float) -> OptimizationGrid:
    """The grid over the spend that the limits allow."""
    budget, half = question["budget"], np.array(question["half"])
    count = len(half)
    spend = np.full(count, budget / count)
    digits = get_round_factor(budget, GTOL)
    low, high = get_optimization_bounds(count, spend, digits, lower, upper)
    step = 10 ** (-digits)
    rows = int((high - low).max() // step + 1)
    spends = np.full((rows, count), np.nan)
    for channel in range(count):
        column = np.arange(low[channel], high[channel] + step, step)[:rows]
        spends[: len(column), channel] = column
    with np.errstate(divide="ignore"):
        outcomes = np.array(question["ceiling"]) / (1.0 + (half / spends) ** np.array(question["slope"]))
    names = [f"c{index}" for index in range(count)]
    dataset = xr.Dataset(
        {
            "spend_grid": (("grid_spend_index", "channel"), spends),
            "incremental_outcome_grid": (("grid_spend_index", "channel"), outcomes),
        },
        coords={"grid_spend_index": np.arange(rows), "channel": names},
        attrs={"spend_step_size": step},
    )
    return OptimizationGrid(
        _grid_dataset=dataset,
        historical_spend=spend,
        use_kpi=True,
        use_posterior=True,
        use_optimal_frequency=False,
        start_date=None,
        end_date=None,
        gtol=GTOL,
        round_factor=digits,
        optimal_frequency=None,
        selected_geos=None,
        selected_times=None,
    )


if __name__ == "__main__":
    main()
