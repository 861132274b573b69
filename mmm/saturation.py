"""Saturation: diminishing returns of adstocked exposure, in [0, 1).

Each kind is parametrised by `half_saturation`, the exposure at which the response is half
of its ceiling, so that kinds can be compared. Plain operators: the functions run on NumPy
arrays and on PyTensor variables alike. Sources: Hill (1910); logistic as in Jin et al. (2017)
and PyMC-Marketing's documentation, rescaled to half-saturation; Michaelis and Menten (1913).

The kind `reach` is of media with reach and frequency (Zhang et al. 2023, "Bayesian hierarchical media mix model
incorporating reach and frequency data"): a person responds to the frequency of contacts, by Hill, and the outcome
to the people reached in proportion. Its half-saturation and slope bend each impression before the carryover
(`effect_of_impression`), and nothing bends after it.
"""

from typing import Any

import numpy as np

from mmm.vocabulary import FloatArray, SaturationKind

LOGISTIC_HALF = float(np.log(3.0))
"""Where (1 - exp(-z)) / (1 + exp(-z)) equals one half."""


def hill(exposure: Any, half_saturation: Any, slope: Any) -> Any:
    """Hill response z**slope / (1 + z**slope) with z = exposure / half_saturation.

    `exposure` >= 0, `half_saturation` > 0 in the unit of the exposure, `slope` > 0 (above one
    the curve is an S: a threshold before it works). Shapes broadcast.
    """
    powered = (exposure / half_saturation) ** slope
    return powered / (1.0 + powered)


def michaelis_menten(exposure: Any, half_saturation: Any) -> Any:
    """Michaelis-Menten response exposure / (half_saturation + exposure); Hill with slope one."""
    return exposure / (half_saturation + exposure)


def logistic(exposure: Any, half_saturation: Any) -> Any:
    """Logistic response (1 - exp(-z)) / (1 + exp(-z)) with z = ln(3) * exposure / half_saturation."""
    decayed = np.exp(-LOGISTIC_HALF * exposure / half_saturation)
    return (1.0 - decayed) / (1.0 + decayed)


def effect_of_impression(frequency: Any, half_saturation: Any, slope: Any) -> Any:
    """What one impression does among people who get `frequency` of them: hill(frequency) / frequency.

    `frequency` and `half_saturation` in contacts a person and period, above zero; people reached are impressions over
    frequency. Shapes broadcast.
    """
    return hill(frequency, half_saturation, slope) / frequency


def best_frequency(half_saturation: FloatArray, slope: FloatArray, least: float = 1.0) -> FloatArray:
    """Frequency at which an impression does most: half_saturation * (slope - 1)**(1 / slope), but at least `least`.

    There the derivative of hill(frequency) / frequency vanishes; for slopes of one or less it falls from the first
    contact on. NumPy only; shapes broadcast.
    """
    steep = np.maximum(slope, 1.0)
    return np.asarray(np.maximum(half_saturation * (steep - 1.0) ** (1.0 / steep), least), dtype=np.float64)


def saturate(kind: SaturationKind, exposure: Any, half_saturation: Any, slope: Any) -> Any:
    """Response of one kind, in [0, 1); `slope` counts for Hill alone. Shapes broadcast.

    Of `reach` the exposure itself, whose impressions were weighed before.
    """
    match kind:
        case "hill":
            return hill(exposure, half_saturation, slope)
        case "logistic":
            return logistic(exposure, half_saturation)
        case "michaelis_menten":
            return michaelis_menten(exposure, half_saturation)
        case "reach":
            return exposure


def saturation_derivative(
    kind: SaturationKind, exposure: FloatArray, half_saturation: FloatArray, slope: FloatArray
) -> FloatArray:
    """Derivative of `saturate` with respect to exposure, per unit of exposure. NumPy only.

    At zero exposure the Hill derivative is infinite for slopes below one, 1 / half_saturation
    for slope one and zero above.
    """
    match kind:
        case "hill":
            relative = exposure / half_saturation
            with np.errstate(divide="ignore", over="ignore"):
                powered = relative**slope
                steep: FloatArray = slope * relative ** (slope - 1.0) / (1.0 + powered) ** 2 / half_saturation
            return steep
        case "logistic":
            response = logistic(exposure, half_saturation)
            flat: FloatArray = LOGISTIC_HALF / (2.0 * half_saturation) * (1.0 - response**2)
            return flat
        case "michaelis_menten":
            falling: FloatArray = half_saturation / (half_saturation + exposure) ** 2
            return falling
        case "reach":
            return np.ones(np.broadcast_shapes(np.shape(exposure), np.shape(half_saturation)))


def inflection(kind: SaturationKind, half_saturation: FloatArray, slope: FloatArray) -> FloatArray:
    """Exposure at which the response turns from convex to concave; zero where it is concave throughout.

    For Hill with slope s > 1: half_saturation * ((s - 1) / (s + 1)) ** (1 / s), where the second
    derivative of z**s / (1 + z**s) vanishes.
    """
    if kind != "hill":
        return np.zeros(np.broadcast_shapes(half_saturation.shape, slope.shape))
    steep = np.maximum(slope, 1.0)
    return np.asarray(half_saturation * ((steep - 1.0) / (steep + 1.0)) ** (1.0 / steep), dtype=np.float64)
