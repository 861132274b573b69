"""How well a fit that has not seen the last periods forecasts them, against a forecast that needs no model."""

from dataclasses import dataclass

import numpy as np

from mmm.baseline import repeat_last_season
from mmm.forecast_scores import DrawnForecast, score_periods, weighted_error
from mmm.noise_paths import draw_forecast_noise
from mmm.posterior import Posterior
from mmm.vocabulary import SEASON_LAG, PeriodName


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
    held = np.flatnonzero(design.held_out)
    actual = design.outcome[held]
    scores = score_periods(forecast_held_out(posterior, rng), actual)
    naive = repeat_last_season(design.outcome[: held[0]], held, SEASON_LAG[period])
    return HoldoutScore(
        periods=len(held),
        error=scores.error,
        naive_error=weighted_error(np.abs(actual - naive), actual),
        covered=int(scores.is_covered.sum()),
    )


def forecast_held_out(posterior: Posterior, rng: np.random.Generator) -> DrawnForecast:
    """The forecast of the periods that a fit's design keeps out, given their spend and controls.

    `rng` is the source of the noise of its draws.
    """
    design = posterior.design
    held = design.held_out
    expected = posterior.expected[:, held]
    if design.likelihood != "normal":
        return DrawnForecast(expected.mean(axis=0), posterior.noisy(rng)[:, held])
    # Shocks that have not faded by the end of what was seen are forecast with it.
    shock, noise = draw_forecast_noise(posterior.noise, posterior.residual, design.observed, rng)
    return DrawnForecast((expected + shock).mean(axis=0), expected + noise)
