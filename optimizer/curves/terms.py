"""Terms of a response, one a draw and period: saturation and its slope in one pass, for many evaluations.

Exposure is in units of its half saturation. The same curves as `mmm.saturation`, which is written
for readers and for gradients; a test holds the two together. Both functions here round alike, so
that a budget of nothing adds exactly nothing.
"""

import numpy as np

from mmm.saturation import LOGISTIC_HALF
from mmm.vocabulary import FloatArray, SaturationKind

_OVERFLOW = 1e300


def saturated(kind: SaturationKind, relative: FloatArray, slope: FloatArray) -> FloatArray:
    """Response of one kind, in [0, 1] but for `reach`; `slope` counts for Hill alone. Shapes broadcast."""
    match kind:
        case "logistic":
            return np.asarray(np.tanh(0.5 * LOGISTIC_HALF * relative))
        case "michaelis_menten":
            return relative / (1.0 + relative)
        case "reach":
            return relative
        case "hill":
            with np.errstate(over="ignore", invalid="ignore"):
                powered = _powered(relative, slope)
                return np.where(powered < _OVERFLOW, powered / (1.0 + powered), 1.0)


def saturated_with_slope(
    kind: SaturationKind, relative: FloatArray, slope: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Response of one kind, and its slope per half saturation, infinite at zero for Hill slopes below one."""
    match kind:
        case "logistic":
            response = np.tanh(0.5 * LOGISTIC_HALF * relative)
            return response, 0.5 * LOGISTIC_HALF * (1.0 - response**2)
        case "michaelis_menten":
            return relative / (1.0 + relative), 1.0 / (1.0 + relative) ** 2
        case "reach":
            return relative, np.ones_like(relative)
        case "hill":
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                powered = _powered(relative, slope)
                response = powered / (1.0 + powered)
                if not powered.max(initial=0.0) < _OVERFLOW:
                    response = np.where(powered < _OVERFLOW, response, 1.0)
                steep = slope * response / (relative * (1.0 + powered))
            if not relative.min(initial=1.0) > 0:
                at_zero = np.where(slope > 1.0, 0.0, np.where(slope < 1.0, np.inf, 1.0))
                steep = np.where(relative > 0, steep, at_zero)
            return response, steep


def _powered(relative: FloatArray, slope: FloatArray) -> FloatArray:
    """Power of exposures that is quicker than `**`: logarithm and exponential are vectorised, the power is not."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(slope * np.log(relative)))
