"""How well a fit that has not seen the last periods forecasts them, against a forecast that needs no model."""

from dataclasses import dataclass

import numpy as np

from mmm.baseline import repeat_last_season
from mmm.outcome_noise import noisy
from mmm.posterior import Posterior
from mmm.vocabulary import SEASON_LAG, FloatArray, PeriodName

INTERVAL = 0.9
"""Probability of the intervals whose coverage is counted."""


@dataclass(frozen=True, slots=True)
class HoldoutScore:
    """Forecast of the periods kept out.

    Attributes
    ----------
    periods
        How many.
    error, naive_error
        Sum of absolute errors over sum of outcomes (WAPE) of the model's mean forecast, given the actual spend and
        controls, and of the seasonal-naive forecast: the same period a year before.
    covered
        Number of periods inside the model's 90 % interval.
    """

    periods: int
    error: float
    naive_error: float
    covered: int

    @property
    def relative_error(self) -> float:
        """Model's error in naive errors; below one the model is the better forecast."""
        return self.error / self.naive_error if self.naive_error > 0 else float(self.error > 0)

    @property
    def coverage(self) -> float:
        """Share of periods inside the interval."""
        return self.covered / self.periods


def score_holdout(posterior: Posterior, period: PeriodName, rng: np.random.Generator) -> HoldoutScore:
    """The score of a fit whose design keeps periods out at the end.

    Parameters
    ----------
    posterior
        Draws of that fit.
    period
        Kind of period, for the naive forecast.
    rng
        Source of the noise of the predictive interval.
    """
    design = posterior.design
    held = np.flatnonzero(design.observed == 0)
    actual = design.outcome[held]
    expected = posterior.expected[:, held]
    media = posterior.media
    predicted = noisy(design.likelihood, expected, media.noise_scale, media.noise_shape, rng)
    tail = (1.0 - INTERVAL) / 2.0
    lower, upper = np.quantile(predicted, [tail, 1.0 - tail], axis=0)
    naive = repeat_last_season(design.outcome[: held[0]], held, SEASON_LAG[period])
    return HoldoutScore(
        periods=len(held),
        error=_weighted_error(actual, expected.mean(axis=0)),
        naive_error=_weighted_error(actual, naive),
        covered=int(((actual >= lower) & (actual <= upper)).sum()),
    )


def _weighted_error(actual: FloatArray, forecast: FloatArray) -> float:
    total = float(np.abs(actual).sum())
    return float(np.abs(actual - forecast).sum()) / total if total > 0 else 0.0
