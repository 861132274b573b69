"""The forecast that needs no model: the same period a year before, as uncertain as it has been so far."""

import numpy as np

from mmm.baseline import repeat_last_season
from mmm.forecast_scores import NormalForecast
from mmm.vocabulary import SEASON_LAG, FloatArray, PeriodName


def forecast_by_last_year(history: FloatArray, periods: int, period: PeriodName) -> NormalForecast:
    """The seasonal-naive forecast of the periods that follow a history.

    Its spread is the root mean square of its own errors in history, times the square root of the years that it reaches
    back (Hyndman and Athanasopoulos 2021, "Forecasting: Principles and Practice", section 5.5).

    Parameters
    ----------
    history
        Outcome per period, more than a year of it. Shape (T,).
    periods
        Number of periods to forecast.
    period
        Kind of period.
    """
    season, known = SEASON_LAG[period], len(history)
    mean = repeat_last_season(history, np.arange(known, known + periods), season)
    error = history[season:] - history[:-season]
    years_back = np.arange(periods) // season + 1
    return NormalForecast(mean, np.sqrt((error**2).mean() * years_back))
