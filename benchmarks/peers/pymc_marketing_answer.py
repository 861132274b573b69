"""PyMC-Marketing's answers for `accuracy.py`, in one process of its own environment.

Curves and forecasts are the package's: `sample_posterior_predictive` with the spend and the controls of the periods
that are asked about. Curves are those of its channel contributions, without noise.
"""

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
from peers.measure import Clock, largest_rhat
from peers.predictors import read_predictors
from peers.pymc_marketing_model import SATURATIONS, build_model
from peers.question import Answer, Question, Task, read_question, read_task, tried_curves, tried_spend, write_answer
from pymc_marketing.mmm import MMM


def main() -> None:
    """Fit to the whole window and without its end; write the answer."""
    task = read_task(__doc__)
    if task.saturation not in SATURATIONS:
        raise SystemExit(f"saturation: expected one of {', '.join(SATURATIONS)}, got {task.saturation!r}")
    warnings.simplefilter("ignore")
    question = read_question(task.folder)
    columns = json.loads((task.folder / "columns.json").read_text())
    predictors, outcome = read_predictors(task.folder / "data.csv", columns)
    model, trace = fit(predictors, outcome, columns, task, task.seed)
    contributions = in_units(model, trace["posterior"]["channel_contribution"].sum("date"), "channel")
    curves = response_curves(model, predictors, columns, question)
    divergences = int(trace["sample_stats"]["diverging"].sum())
    predictions, more_divergences = holdout_forecast(task, columns, question)
    answer = Answer(
        contributions=contributions.reshape(-1, contributions.shape[-1]),
        curves=curves,
        predictions=predictions,
        rhat=largest_rhat(contributions),
        divergences=divergences + more_divergences,
        cpu_seconds=Clock.now().cpu,
    )
    write_answer(answer, task.answer)


def fit(
    predictors: pd.DataFrame, outcome: pd.Series, columns: dict[str, Any], task: Task, seed: int
) -> tuple[MMM, Any]:
    """A fitted model and its trace."""
    model = build_model(predictors, columns, task.saturation)
    trace = model.fit(
        predictors,
        outcome,
        random_seed=seed,
        progressbar=False,
        nuts_sampler="nutpie",
        chains=task.chains,
        draws=task.draws,
        tune=task.tune,
        cores=2,
    )
    return model, trace


def in_units(model: MMM, values: Any, *dims: str) -> Any:
    """Contributions, which the package keeps in multiples of the largest outcome, in outcome units."""
    scale = float(model.get_scales_as_xarray()["target_scale"])
    return values.transpose("chain", "draw", *dims).values * scale


def response_curves(model: MMM, predictors: pd.DataFrame, columns: dict[str, Any], question: Question) -> Any:
    """Mean over draws of what each budget adds. Shape (C, N)."""
    dates, channels = columns["date"], columns["channels"]
    tried = tried_spend(question, predictors[channels].to_numpy(dtype=float))
    first = predictors[dates].iloc[-1] + pd.Timedelta(weeks=1)
    ahead = pd.DataFrame(tried, columns=channels)
    ahead[dates] = pd.date_range(first, periods=len(ahead), freq="7D")
    # What is no medium does not change what media bring.
    for name in predictors:
        if name not in ahead:
            ahead[name] = 0.0
    found = model.sample_posterior_predictive(
        ahead[list(predictors)],
        extend_idata=False,
        combined=False,
        var_names=["channel_contribution"],
        progressbar=False,
    )
    brought = in_units(model, found["channel_contribution"], "date", "channel")
    return tried_curves(question, brought.reshape(-1, *brought.shape[2:]))


def holdout_forecast(task: Task, columns: dict[str, Any], question: Question) -> tuple[Any, int]:
    """Draws of the periods kept out, (S, H), from a fit that has not seen them, and its divergences."""
    table, outcome = read_predictors(task.folder / "data.csv", columns)
    seen = len(table) - question.holdout
    predictors, _ = read_predictors(task.folder / "data.csv", columns, seen)
    model, trace = fit(predictors[:seen], outcome[:seen], columns, task, task.seed + 1)
    found = model.sample_posterior_predictive(
        predictors[seen:].reset_index(drop=True),
        extend_idata=False,
        combined=False,
        include_last_observations=True,
        random_seed=task.seed,
        progressbar=False,
    )
    # `y` is in multiples of the largest outcome, as contributions are.
    draws = in_units(model, found["y"], "date")
    return draws.reshape(-1, np.shape(draws)[-1]), int(trace["sample_stats"]["diverging"].sum())


if __name__ == "__main__":
    main()
