"""Straight lines above Hill curves between two exposures, near the curve at a third.

A Hill curve is convex up to its inflection and concave after it. So a tangent after the inflection is above the curve
between two ends where it is not below it at the lower one; where not even the tangent at the upper end is, the chord is
above the curve; else a tangent further on serves, at best the one that starts at the lower end.
"""

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.term_numbers import LEAST, response_to

_HALVINGS = 5
"""Halvings between a point whose tangent is too low and one whose tangent holds: the line is that of the latter."""


def lines_above(low: FloatArray, at: FloatArray, high: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Heights at zero and slopes of lines above the curves, exposure in half saturations. Shapes (N, n).

    Parameters
    ----------
    low, at, high
        The ends, and where the line is to be near the curve. Shapes (N, n).
    slope
        Slope of the Hill curves. Shape (n,).
    """
    slope = np.broadcast_to(slope, at.shape)
    start = response_to("hill", np.maximum(low, LEAST[8]), slope)
    response, steep = _tangent(at, slope)
    is_above = _is_above(response, steep, at, low, start, slope)
    height = response - steep * at
    rest = np.nonzero(~is_above)
    if len(rest[0]):
        height[rest], steep[rest] = _further(low[rest], at[rest], high[rest], slope[rest], start[rest])
    return height, steep


def _further(
    low: FloatArray, at: FloatArray, high: FloatArray, slope: FloatArray, start: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lines where the tangent at a point does not hold: further tangents, or chords. Shapes (m,)."""
    end, at_end = _tangent(high, slope)
    chord = np.where(high > low, (end - start) / np.maximum(high - low, 1e-300), at_end)
    height = start - chord * low
    holds = np.flatnonzero(_is_above(end, at_end, high, low, start, slope))
    if len(holds) == 0:
        return height, chord
    low, slope, start = low[holds], slope[holds], start[holds]
    before, after = at[holds], high[holds]
    response, steep = end[holds], at_end[holds]
    for _ in range(_HALVINGS):
        middle = 0.5 * (before + after)
        there, along = _tangent(middle, slope)
        is_above = _is_above(there, along, middle, low, start, slope)
        response, steep = np.where(is_above, there, response), np.where(is_above, along, steep)
        before, after = np.where(is_above, before, middle), np.where(is_above, middle, after)
    height[holds], chord[holds] = response - steep * after, steep
    return height, chord


def _tangent(at: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
    at = np.maximum(at, LEAST[8])
    response = response_to("hill", at, slope)
    return response, slope * response * (1.0 - response) / at


def _is_above(
    response: FloatArray, steep: FloatArray, at: FloatArray, low: FloatArray, start: FloatArray, slope: FloatArray
) -> np.ndarray:
    """Whether a tangent after the inflection is not below the curve at the lower end."""
    return (response >= (slope - 1.0) / (2.0 * slope)) & (response + steep * (low - at) >= start)
