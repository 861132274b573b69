"""Is what a fit leaves unexplained still ordered in time? Autocorrelation at several lags, against chance."""

import math
from statistics import NormalDist

import numpy as np

from mmm.checks.verdicts import unless_passed
from mmm.manifest import Gate
from mmm.noise_paths import whitening
from mmm.posterior import Posterior
from mmm.sentence import Number, sentence
from mmm.vocabulary import FloatArray, Verdict

LAGS = 4
"""Lags that are looked at: what is missing and lasts a month or a season shows at the first few."""

SHARED_LIMIT = 1.5
"""Largest ratio of a country's noise to that of the sum of independent geos that passes."""

FALSE_ALARMS = 0.01
"""Chance that noise without any order is sent to review, over all lags together."""


def residual_autocorrelation(posterior: Posterior) -> FloatArray:
    """Correlation of one period's mean residual with that of each of the next `LAGS`. Shape (`LAGS`,).

    What each draw expects of its shocks is taken out: what is left should be of its own period.
    """
    design, noise = posterior.design, posterior.noise
    seen = design.observed > 0
    filters = whitening(noise.paths, design.observed)
    residual = (noise.scale[:, None] * filters.run(posterior.residual)[0]).mean(axis=0)[seen]
    centered = residual - residual.mean()
    total = float(centered @ centered)
    if total <= 0:
        return np.zeros(LAGS)
    return np.array([float(centered[lag:] @ centered[:-lag]) / total for lag in range(1, LAGS + 1)])


def judge_shared_noise(found: float | None) -> list[Gate]:
    """The gate of a panel: geos do not move together beyond what the model explains; `found` as `Posterior` has it."""
    if found is None:
        return []
    verdict: Verdict = "pass" if found <= SHARED_LIMIT else "review"
    return [
        Gate(
            name="shared_noise",
            verdict=verdict,
            value=found,
            limit=SHARED_LIMIT,
            text=sentence(
                "What the model leaves unexplained is {ratio} times as large in the sum of all geos as if each geo had "
                "its own (limit {limit}).",
                ratio=Number(amount=found, digits=1),
                limit=Number(amount=SHARED_LIMIT, digits=1),
            ),
            action=unless_passed(
                verdict,
                sentence(
                    "All geos rise and fall together for a reason that no column names: add a control for it, and read "
                    "intervals of effects as too narrow until then."
                ),
            ),
        )
    ]


def autocorrelation_limit(periods: int) -> float:
    """Largest correlation that chance explains: of white noise its spread is one over the root of T (Bartlett 1946)."""
    return NormalDist().inv_cdf(1.0 - FALSE_ALARMS / (2 * LAGS)) / math.sqrt(periods)


def judge_residuals(found: FloatArray, periods: int) -> Gate:
    """The gate: no lag is beyond chance."""
    worst = int(np.abs(found).argmax())
    limit = autocorrelation_limit(periods)
    value = float(found[worst])
    verdict: Verdict = "pass" if abs(value) <= limit else "review"
    return Gate(
        name="residuals",
        verdict=verdict,
        value=value,
        limit=limit,
        text=sentence(
            "What the model leaves unexplained correlates by {correlation} with itself at a lag of {lag}; chance "
            "explains up to {limit}.",
            correlation=Number(amount=value, digits=2),
            lag=Number(amount=worst + 1),
            limit=Number(amount=limit, digits=2),
        ),
        action=unless_passed(
            verdict, sentence("Something slow is missing: add a control for it; until then intervals are too narrow.")
        ),
    )
