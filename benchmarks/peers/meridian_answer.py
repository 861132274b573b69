"""Google Meridian's answers for `accuracy.py`, in one process of its own environment.

Contributions, curves and forecasts are of its `Analyzer`: `incremental_outcome` of the window and of the spend that is
asked about, `expected_outcome` of the periods kept out, to which the noise that it estimated is added.
"""

from typing import Any

import numpy as np
import pandas as pd
from meridian.analysis.analyzer import Analyzer
from meridian.analysis.tensors import DataTensors
from meridian.model.model import Meridian
from peers.measure import Clock, largest_rhat
from peers.meridian_model import SATURATIONS, build_model, contributions_of, divergences_of, sample
from peers.question import Answer, Question, read_question, read_task, tried_curves, tried_spend, write_answer


def main() -> None:
    """Fit to the whole window and without its end; write the answer."""
    task = read_task(__doc__)
    if task.saturation not in SATURATIONS:
        raise SystemExit(f"saturation: expected one of {', '.join(SATURATIONS)}, got {task.saturation!r}")
    question = read_question(task.folder)
    full = build_model(task.folder, task.saturation)
    sample(full, task.chains, task.draws, task.tune, task.seed)
    contributions = contributions_of(full)
    curves = response_curves(full, question)
    held = build_model(task.folder, task.saturation, question.holdout)
    sample(held, task.chains, task.draws, task.tune, task.seed + 1)
    answer = Answer(
        contributions=contributions.reshape(-1, contributions.shape[-1]),
        curves=curves,
        predictions=forecast(held, question, np.random.default_rng(task.seed)),
        rhat=largest_rhat(contributions),
        divergences=divergences_of(full) + divergences_of(held),
        cpu_seconds=Clock.now().cpu,
    )
    write_answer(answer, task.answer)


def response_curves(model: Meridian, question: Question) -> Any:
    """Mean over draws of what each budget adds. Shape (C, N)."""
    tried = tried_spend(question, np.asarray(model.input_data.media)[0])
    first = pd.Timestamp(str(np.asarray(model.input_data.time)[-1])) + pd.Timedelta(weeks=1)
    dates = pd.date_range(first, periods=len(tried), freq="7D").strftime("%Y-%m-%d")
    worth = float(np.asarray(model.input_data.revenue_per_kpi).mean())
    ahead = DataTensors(
        media=np.asarray(tried[None], dtype=np.float64),
        revenue_per_kpi=np.full((1, len(tried)), worth),
        time=list(dates),
    )
    found = analyzer_of(model).incremental_outcome(
        new_data=ahead, use_kpi=True, include_non_paid_channels=False, aggregate_times=False
    )
    brought = np.asarray(found, dtype=np.float64)
    return tried_curves(question, brought.reshape(-1, *brought.shape[2:]))


def forecast(model: Meridian, question: Question, rng: np.random.Generator) -> Any:
    """Draws of the periods kept out. Shape (S, H)."""
    found = analyzer_of(model).expected_outcome(use_kpi=True, aggregate_times=False)
    expected = np.asarray(found, dtype=np.float64)
    expected = expected.reshape(-1, expected.shape[-1])[:, -question.holdout :]
    sigma = np.asarray(model.inference_data["posterior"]["sigma"], dtype=np.float64).reshape(-1)
    scale = float(np.asarray(model.model_context.kpi_transformer.population_scaled_stdev))
    return expected + scale * sigma[:, None] * rng.standard_normal(expected.shape)


def analyzer_of(model: Meridian) -> Analyzer:
    """What Meridian says of a fitted model."""
    return Analyzer(model_context=model.model_context, inference_data=model.inference_data)


if __name__ == "__main__":
    main()
