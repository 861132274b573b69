"""Concave hulls of saturation above what carryover has reached already: the least concave curve that is never below.

A Hill curve with a slope above one is convex up to its inflection. Its hull from the carry on is the line from the
carry's point that touches the curve, and the curve after that. Where the rules keep the adstock below the touching
point, the hull is the chord to the highest adstock that there can be. Concave kinds are their own hull.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, SaturationKind
from optimizer.curves.terms import saturated, saturated_with_slope

_STEPS = 30
"""Halvings of an interval about a touching point: to 1e-9 of it, and the line is off by the square of that."""


@dataclass(frozen=True, slots=True)
class Hull:
    """Where each term leaves its line, and the line's slope and height at no exposure. Shapes (S, P).

    Exposure in half saturations; heights are above the response to the carry. `touching` is zero where a term is
    concave from its carry on.
    """

    touching: FloatArray
    slope: FloatArray
    height: FloatArray


def hull_of(kind: SaturationKind, carry: FloatArray, slope: FloatArray, highest: FloatArray) -> Hull | None:
    """The hull of each term from `carry` to `highest`, or None where all terms are concave.

    Parameters
    ----------
    kind
        Kind of the curve.
    carry, highest
        Least and highest adstock that there can be, in half saturations. Shape (S, P).
    slope
        Slope of the Hill curve. Shape (S, 1).
    """
    if kind != "hill" or not (slope > 1.0).any():
        return None
    steep = np.maximum(slope, 1.0)
    inflection = ((steep - 1.0) / (steep + 1.0)) ** (1.0 / steep)
    touching = np.where(carry < inflection, (steep - 1.0) ** (1.0 / steep), 0.0)
    rows, columns = np.nonzero((carry < inflection) & (carry > 0))
    touching[rows, columns] = _touching(
        carry[rows, columns], slope[rows, 0], inflection[rows, 0], touching[rows, columns]
    )
    is_line = (touching > carry) & (highest > carry)
    end = np.minimum(touching, highest)
    with np.errstate(invalid="ignore", divide="ignore"):
        rise = saturated(kind, end, slope) - saturated(kind, carry, slope)
        line = np.where(is_line, rise / (end - carry), 0.0)
    # Below the touching point the chord holds up to the highest adstock, and nothing lies beyond that.
    return Hull(np.where(is_line, np.where(highest < touching, np.inf, touching), 0.0), line, -line * carry)


def _touching(carry: FloatArray, slope: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where a line from the carry touches the curve: between its inflection and where one from zero does."""
    before = saturated("hill", carry, slope)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        response, steep = saturated_with_slope("hill", middle, slope)
        is_before = response - before < steep * (middle - carry)
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    return 0.5 * (low + high)
