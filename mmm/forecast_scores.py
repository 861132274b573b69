"""How good a forecast was: its error, the score of its whole distribution, and how often its interval held.

A forecast is either draws or a normal distribution a period; both are scored by the same rules. Axis P counts
forecast periods.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from mmm.vocabulary import BoolArray, FloatArray

INTERVAL = 0.9
"""Probability of the intervals whose coverage is counted."""


class Forecast(Protocol):
    """A distribution of the outcome in each forecast period."""

    @property
    def mean(self) -> FloatArray:
        """Expected outcome. Shape (P,)."""

    @property
    def interval(self) -> tuple[FloatArray, FloatArray]:
        """Ends of the central interval of probability `INTERVAL`. Each of shape (P,)."""

    def crps(self, actual: FloatArray) -> FloatArray:
        """Continuous ranked probability score of each period, outcome units. Shape (P,)."""


@dataclass(frozen=True, slots=True)
class DrawnForecast:
    """A forecast by draws. `mean` (P,) is the expected outcome, `draws` (S, P) are outcomes, noise included."""

    mean: FloatArray
    draws: FloatArray

    @property
    def interval(self) -> tuple[FloatArray, FloatArray]:
        """Quantiles of the draws."""
        tail = (1.0 - INTERVAL) / 2.0
        lower, upper = np.quantile(self.draws, [tail, 1.0 - tail], axis=0)
        return lower, upper

    def crps(self, actual: FloatArray) -> FloatArray:
        """Score of the draws' empirical distribution."""
        return crps_of_draws(self.draws, actual)


@dataclass(frozen=True, slots=True)
class NormalForecast:
    """A forecast by a normal distribution a period; `mean` and `spread` (its sd, >= 0) of shape (P,)."""

    mean: FloatArray
    spread: FloatArray

    @property
    def interval(self) -> tuple[FloatArray, FloatArray]:
        """Quantiles of the normal distribution."""
        reach = float(ndtri((1.0 + INTERVAL) / 2.0)) * self.spread
        return self.mean - reach, self.mean + reach

    def crps(self, actual: FloatArray) -> FloatArray:
        """Score of the normal distribution."""
        return crps_of_normal(self.mean, self.spread, actual)


@dataclass(frozen=True, slots=True)
class PeriodScores:
    """A forecast beside what came, period by period; outcome units, each of shape (P,)."""

    actual: FloatArray
    absolute_error: FloatArray
    crps: FloatArray
    is_covered: BoolArray

    @property
    def error(self) -> float:
        """Sum of absolute errors over sum of outcomes (WAPE)."""
        return weighted_error(self.absolute_error, self.actual)


def score_periods(forecast: Forecast, actual: FloatArray) -> PeriodScores:
    """The scores of a forecast given the outcomes `actual`, shape (P,)."""
    lower, upper = forecast.interval
    return PeriodScores(
        actual=actual,
        absolute_error=np.abs(actual - forecast.mean),
        crps=forecast.crps(actual),
        is_covered=(actual >= lower) & (actual <= upper),
    )


def joined(scores: list[PeriodScores]) -> PeriodScores:
    """Scores of several windows as those of one."""
    return PeriodScores(
        actual=np.concatenate([one.actual for one in scores]),
        absolute_error=np.concatenate([one.absolute_error for one in scores]),
        crps=np.concatenate([one.crps for one in scores]),
        is_covered=np.concatenate([one.is_covered for one in scores]),
    )


def weighted_error(absolute_error: FloatArray, actual: FloatArray) -> float:
    """Sum of absolute errors over sum of outcomes (WAPE); zero where there are no outcomes. Shapes (P,)."""
    total = float(np.abs(actual).sum())
    return float(absolute_error.sum()) / total if total > 0 else 0.0


def crps_of_draws(draws: FloatArray, actual: FloatArray) -> FloatArray:
    """Continuous ranked probability score of the empirical distribution of some draws.

    The integral of (F(x) - 1{actual <= x})² over x, in closed form from the S sorted draws x_1 <= … <= x_S:

        2 / S² · Σ_i (x_i - actual) (S · 1{actual < x_i} - i + 1/2)

    (Jordan, Krüger and Lerch 2019, "Evaluating Probabilistic Forecasts with scoringRules"). For a single draw it is
    the absolute error.

    Parameters
    ----------
    draws
        Shape (S, P).
    actual
        What came. Shape (P,).

    Returns
    -------
    FloatArray
        In the unit of the draws, >= 0. Shape (P,).
    """
    count = len(draws)
    ordered = np.sort(draws, axis=0)
    place = np.arange(1, count + 1)[:, None]
    return np.asarray(2.0 / count**2 * ((ordered - actual) * (count * (actual < ordered) - place + 0.5)).sum(axis=0))


def crps_of_normal(mean: FloatArray, spread: FloatArray, actual: FloatArray) -> FloatArray:
    """Continuous ranked probability score of a normal distribution.

    spread · (z (2 Φ(z) - 1) + 2 φ(z) - 1/√π) with z = (actual - mean) / spread (Gneiting and Raftery 2007, "Strictly
    Proper Scoring Rules, Prediction, and Estimation", section 4.2, with its sign turned); the absolute error where the
    spread is zero. Shapes broadcast.
    """
    is_certain = spread <= 0
    scale = np.where(is_certain, 1.0, spread)
    standard = (actual - mean) / scale
    density = np.exp(-0.5 * standard**2) / np.sqrt(2.0 * np.pi)
    spread_out = scale * (standard * (2.0 * ndtr(standard) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi))
    return np.where(is_certain, np.abs(actual - mean), spread_out)


def standard_error_of_mean(differences: FloatArray) -> float:
    """Standard error of the mean of a series whose neighbours may be alike.

    Bartlett-weighted autocovariances up to the cube root of the length (Newey and West 1987), as Diebold and Mariano
    (1995), "Comparing Predictive Accuracy", judge the mean difference of two forecasts' losses.

    Parameters
    ----------
    differences
        Shape (P,), in time order.
    """
    count = len(differences)
    centered = differences - differences.mean()
    lags = int(np.cbrt(count))
    variance = float(centered @ centered)
    for lag in range(1, lags + 1):
        variance += 2.0 * (1.0 - lag / (lags + 1.0)) * float(centered[lag:] @ centered[:-lag])
    return float(np.sqrt(max(variance, 0.0)) / count)
