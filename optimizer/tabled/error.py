"""How far a polynomial that interpolates a response in the logarithm of its budget can be from it.

On an interval of half width h a function that is analytic within the ellipse whose half axes are h (r + 1/r) / 2 and
h (r - 1/r) / 2, and at most M there, is at most 4 M r**(1 - N) / (r - 1) from its interpolation at N Chebyshev nodes
(Trefethen, "Approximation Theory and Approximation Practice", theorem 8.2). The budget is exp(t), so that an exposure
u = carry + gain exp(t), in half saturations, has an angle of at most |Im t|:

- Hill: z = u**slope has at most the angle slope |Im t|, and |z / (1 + z)| <= min(|z|, 1), over the sine of the angle
  where that is beyond a quarter turn; analytic below half a turn. Michaelis-Menten is Hill of slope one.
- logistic: |tanh(x + iy)| <= max(1, tan |y|) for |y| below pi / 2, and |1 - tanh(x + iy)| <= 2 exp(-2 x), over
  sin(2 |y|) where |y| is beyond pi / 4.
- reach: |u| itself.

Each term takes the ellipse that is best for it; constants do not matter, as they are interpolated exactly.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mmm.saturation import LOGISTIC_HALF
from mmm.vocabulary import FloatArray, SaturationKind
from optimizer.tabled.polynomials import NODES

_BELOW_HALF_TURN = 0.97
_EXPOSURES = np.geomspace(1e-6, 1e6, 1201)
"""Logistic exposures at the middle of an interval between which errors are looked up, in half saturations."""


def interpolation_errors(
    kind: SaturationKind, carry: FloatArray, gain: FloatArray, slope: FloatArray, middle: float, half_width: float
) -> FloatArray:
    """Upper limits, per draw, for the error of the saturated exposure of any of its periods. Shape (S,).

    Parameters
    ----------
    kind
        Of the curve.
    carry, gain
        Largest carry of a draw's periods and largest gain of a unit of money, in half saturations. Shape (S,).
    slope
        Hill exponents. Shape (S,).
    middle, half_width
        Of the interval of the natural logarithm of the budget.
    """
    if kind == "logistic":
        return np.asarray(_logistic_errors(half_width)[np.searchsorted(_EXPOSURES, gain * np.exp(middle))])
    ellipses = _Ellipses.of(half_width, 6)
    most = carry + gain * np.exp(middle + ellipses.wide)
    if kind == "reach":
        return np.asarray((ellipses.factors * most).min(axis=0))
    exponent = slope if kind == "hill" else np.ones_like(slope)
    turned = exponent * ellipses.high
    is_analytic = (turned < _BELOW_HALF_TURN * np.pi) & (ellipses.high < 0.5 * np.pi)
    sine = np.where(turned <= 0.5 * np.pi, 1.0, np.sin(np.minimum(turned, _BELOW_HALF_TURN * np.pi)))
    with np.errstate(divide="ignore"):
        largest = np.exp(np.minimum(exponent * np.log(most), 0.0)) / sine
    return np.asarray(np.where(is_analytic, ellipses.factors * largest, np.inf).min(axis=0))


def most_of_period(kind: SaturationKind, exposure: FloatArray, slope: FloatArray) -> FloatArray:
    """What no saturated exposure is above. Shapes broadcast."""
    match kind:
        case "hill":
            with np.errstate(divide="ignore"):
                return np.asarray(np.exp(np.minimum(slope * np.log(exposure), 0.0)))
        case "reach":
            return exposure
        case "logistic" | "michaelis_menten":
            return np.minimum(exposure, 1.0)


@dataclass(frozen=True, slots=True)
class _Ellipses:
    """Half axes of some ellipses and their factors of M in the error. Shape (ellipses, 1)."""

    wide: FloatArray
    high: FloatArray
    factors: FloatArray

    @classmethod
    def of(cls, half_width: float, count: int) -> "_Ellipses":
        sizes = np.exp(np.linspace(0.35, 2.0, count))[:, None]
        factors = 4.0 * sizes ** (1.0 - NODES) / (sizes - 1.0)
        return cls(half_width * 0.5 * (sizes + 1.0 / sizes), half_width * 0.5 * (sizes - 1.0 / sizes), factors)


@lru_cache(maxsize=64)
def _logistic_errors(half_width: float) -> FloatArray:
    """Limits for all exposures at the middle of the interval up to each of `_EXPOSURES`, and one for any above them.

    Between two of them the exposure counts as the larger one where it turns, as the smaller one where it is saturated.
    """
    rate, ellipses = 0.5 * LOGISTIC_HALF, _Ellipses.of(half_width, 24)
    angle = np.minimum(ellipses.high, 0.5 * np.pi)
    high, low = np.append(_EXPOSURES, np.inf), np.concatenate(([0.0], _EXPOSURES))
    turned = rate * high * np.exp(ellipses.wide) * np.sin(angle)
    least = rate * low * np.exp(-ellipses.wide) * np.cos(angle)
    is_analytic = (turned < 0.5 * _BELOW_HALF_TURN * np.pi) & (ellipses.high < 0.5 * np.pi)
    within = np.minimum(turned, 0.5 * _BELOW_HALF_TURN * np.pi)
    left = 2.0 * np.exp(-2.0 * least) / np.where(within <= 0.25 * np.pi, 1.0, np.sin(2.0 * within))
    largest = np.minimum(np.maximum(1.0, np.tan(within)), left)
    errors = np.where(is_analytic, ellipses.factors * largest, np.inf).min(axis=0)
    # The sum of the sizes of the weights of an interpolation at these nodes is below 1 + (2 / pi) log(N + 1).
    flat = (2.0 + 2.0 / np.pi * np.log(NODES + 1.0)) * 2.0 * np.exp(-2.0 * rate * low * np.exp(-half_width))
    return np.asarray(np.maximum.accumulate(np.minimum(errors, flat)))
