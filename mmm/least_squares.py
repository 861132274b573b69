"""What least squares on other series leave of a series. Arrays of R rows."""

import numpy as np

from mmm.vocabulary import FloatArray

FEWEST_SPARE_ROWS = 5
"""Rows beyond the number of columns below which a regression says nothing."""


def unexplained(series: FloatArray, others: FloatArray) -> float:
    """Share of a series' variance that others leave unexplained, in [0, 1], adjusted for their number.

    One over it is the series' variance inflation. Centered arrays of shape (R,) and (R, K); one where there are too
    few rows to tell.
    """
    rows, total = len(series), float((series**2).sum())
    spare = rows - 1 - others.shape[1]
    if total == 0.0 or spare < FEWEST_SPARE_ROWS:
        return 1.0
    left = float((residual(series, others) ** 2).sum()) / total
    return float(min(left * (rows - 1) / spare, 1.0))


def residual(series: FloatArray, others: FloatArray) -> FloatArray:
    """What least squares on other columns leave of a series (or of several). Shape as `series`."""
    scale = np.abs(others).max(axis=0, initial=0.0)
    scaled = others / np.where(scale > 0, scale, 1.0)
    return np.asarray(series - scaled @ np.linalg.lstsq(scaled, series, rcond=None)[0])
