"""Saturations that the model does not have, to see what a fit makes of them.

Each maps the stock over its scale, ``u = stock / scale >= 0``, to a response that is zero at zero
and rises; a shape is the curve's second parameter.

- ``logarithm``: ``log(1 + u)``, without a ceiling (the semi-logarithmic response of Little 1979;
  Hanssens, Parsons and Schultz 2001, chapter 3).
- ``power``: ``u ** shape`` with 0 < shape < 1, a constant elasticity: without a ceiling, and the
  first unit is worth the most (the same).
- ``reach``: ``1 - (1 + u / shape) ** -shape``, the part of an audience reached at least once when
  its contacts are Poisson and its habits gamma, thus negative binomial (Ehrenberg 1959): the fewer
  heavy users have most contacts (small shape), the later it bends.
- ``threshold``: a Gompertz curve ``exp(-shape ** (1 - u))``, from zero and over its own range: hardly
  anything happens before ``u`` nears one, its steepest point.
"""

from typing import Literal, assert_never

import numpy as np

from mmm.simulation.worlds import Range
from mmm.vocabulary import FloatArray

type OtherSaturationKind = Literal["logarithm", "power", "reach", "threshold"]

OTHER_SATURATIONS: tuple[OtherSaturationKind, ...] = ("logarithm", "power", "reach", "threshold")
SHAPES: dict[OtherSaturationKind, Range] = {
    "logarithm": Range(1.0, 1.0),
    "power": Range(0.35, 0.65),
    "reach": Range(0.3, 1.0),
    "threshold": Range(6.0, 15.0),
}
"""Ranges of the shape; the logarithm has none."""
FULLNESS: dict[OtherSaturationKind, Range] = {
    "logarithm": Range(0.3, 1.2),
    "power": Range(1.0, 1.0),
    "reach": Range(0.3, 1.0),
    "threshold": Range(0.55, 0.85),
}
"""Scale over the channel's mean stock while it works; a threshold is passed, or nobody would have kept the channel."""


def saturate_otherwise(kind: OtherSaturationKind, stock: FloatArray, scale: float, shape: float) -> FloatArray:
    """Response to a stock, zero at zero. `stock` of any shape, money per period, >= 0."""
    u = stock / scale
    match kind:
        case "logarithm":
            return np.asarray(np.log1p(u))
        case "power":
            return np.asarray(u**shape)
        case "reach":
            return np.asarray(1.0 - (1.0 + u / shape) ** -shape)
        case "threshold":
            nothing = np.exp(-shape)
            return np.asarray((np.exp(-(shape ** (1.0 - u))) - nothing) / (1.0 - nothing))
        case _:
            assert_never(kind)


def steepness_otherwise(kind: OtherSaturationKind, stock: FloatArray, scale: float, shape: float) -> FloatArray:
    """Derivative of `saturate_otherwise` with respect to the stock; infinite for a power at zero."""
    u = stock / scale
    match kind:
        case "logarithm":
            slope = 1.0 / (1.0 + u)
        case "power":
            with np.errstate(divide="ignore"):
                slope = shape * u ** (shape - 1.0)
        case "reach":
            slope = (1.0 + u / shape) ** (-shape - 1.0)
        case "threshold":
            inner = shape ** (1.0 - u)
            slope = np.log(shape) * inner * np.exp(-inner) / (1.0 - np.exp(-shape))
        case _:
            assert_never(kind)
    return np.asarray(slope / scale)
