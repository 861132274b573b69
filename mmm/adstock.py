"""Carryover: how the effect of one period's exposure spreads over the periods that follow.

Plain operators on arrays: every function runs on NumPy arrays and on PyTensor variables alike,
because it uses nothing but arithmetic operators. Sources: geometric and delayed weights from
Jin et al. (2017), "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects",
section 2.1; all are normalised to sum to one, so that adstock conserves exposure.
"""

from typing import Any

import numpy as np

from mmm.vocabulary import FloatArray, PeriodName

CARRYOVER_PERIODS: dict[PeriodName, int] = {"day": 42, "week": 13, "month": 6, "quarter": 3, "year": 2}
"""Default number of lags L over which an exposure may act, its own period included."""


def geometric_weights(retention: Any, lags: Any) -> Any:
    """Share of an exposure's effect that lands in each later period, falling by a constant factor.

    Parameters
    ----------
    retention
        Fraction of effect kept from one period to the next, in [0, 1). Shape (..., 1), last axis free for lags.
    lags
        Periods since exposure, 0 first. Shape (L,).

    Returns
    -------
    array
        Weights retention**lag, normalised to sum to one along the last axis. Shape (..., L).
    """
    raw = retention**lags
    return raw / raw.sum(axis=-1, keepdims=True)


def delayed_weights(retention: Any, peak_delay: Any, lags: Any) -> Any:
    """Share of an exposure's effect that lands in each later period, with a peak after `peak_delay` periods.

    Parameters
    ----------
    retention
        Fraction kept one period away from the peak, in (0, 1). Shape (..., 1).
    peak_delay
        Periods from exposure to the peak of its effect, >= 0. Shape (..., 1).
    lags
        Periods since exposure, 0 first. Shape (L,).

    Returns
    -------
    array
        Weights retention**((lag - peak_delay)**2), normalised along the last axis. Shape (..., L).
    """
    raw = retention ** ((lags - peak_delay) ** 2)
    return raw / raw.sum(axis=-1, keepdims=True)


def weibull_weights(survival: Any, exponent: Any, lags: Any) -> Any:
    """Share of an exposure's effect that lands in each later period, its age distributed as Weibull's.

    The effect that is still to come after age a is survival**(a**exponent): exact for whole periods, geometric for an
    exponent of one, with a long tail below and a peak after some periods above. The discrete Weibull distribution of
    Nakagawa and Osaki (1975).

    Parameters
    ----------
    survival
        Fraction of the effect that is still to come after one period, in (0, 1). Shape (..., 1).
    exponent
        Above zero. Shape (..., 1).
    lags
        Periods since exposure, 0 first. Shape (L,).

    Returns
    -------
    array
        Weights survival**(lag**exponent) - survival**((lag + 1)**exponent), normalised. Shape (..., L).
    """
    raw = survival ** (lags**exponent) - survival ** ((lags + 1.0) ** exponent)
    return raw / raw.sum(axis=-1, keepdims=True)


def lagged_exposure(exposure: FloatArray, lags: int) -> FloatArray:
    """The exposure of the present and of each earlier period, zero before the first.

    Parameters
    ----------
    exposure
        Exposure per period. Shape (T, ...), time first.
    lags
        Number of lags L, at least one.

    Returns
    -------
    FloatArray
        Entry [t, ..., l] is the exposure of period t - l. Shape (T, ..., L).
    """
    periods = exposure.shape[0]
    lagged = np.zeros((*exposure.shape, lags))
    for lag in range(min(lags, periods)):
        lagged[lag:, ..., lag] = exposure[: periods - lag]
    return lagged
