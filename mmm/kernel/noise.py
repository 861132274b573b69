"""Log densities of outcomes whose linear terms cannot be integrated out: heavy tails and counts.

Every function writes the derivative by each period's mean, and returns the density and its derivatives by the
parameters of the noise. `mmm.outcome_noise` says what those parameters are.
"""

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.outcome_noise import LEAST_DEGREES, SMALLEST_MEAN
from mmm.vector_math import compile_strictly
from mmm.vocabulary import FloatArray

_FAR_BELOW = -36.0
"""From here down log(1 + exp(x)) and exp(x) are the same number to rounding."""

_SHIFTED = 8.0
"""From here on Stirling's series is exact to rounding with the terms that are used."""


@compile_inline
def student_t_density(
    target: FloatArray, observed: FloatArray, mean: FloatArray, log_noise: float, log_shape: float, pull: FloatArray
) -> tuple[float, float, float]:
    """Student's t with scale exp(log_noise) and LEAST_DEGREES + exp(log_shape) degrees of freedom.

    Arrays of shape (T,); returns the density and its derivatives by log noise and log shape.
    """
    scale, excess = np.exp(log_noise), np.exp(log_shape)
    degrees = LEAST_DEGREES + excess
    half = 0.5 * degrees
    constant = _log_gamma(half + 0.5) - _log_gamma(half) - 0.5 * np.log(np.pi * degrees) - log_noise
    constant_slope = 0.5 * _digamma(half + 0.5) - 0.5 * _digamma(half) - 0.5 / degrees
    density, by_noise, by_degrees = 0.0, 0.0, 0.0
    for t in range(target.shape[0]):
        standard = (target[t] - mean[t]) / scale
        spread = 1.0 + standard * standard / degrees
        weight = (degrees + 1.0) / (degrees * spread)
        density += observed[t] * (constant - 0.5 * (degrees + 1.0) * np.log(spread))
        pull[t] = observed[t] * weight * standard / scale
        by_noise += observed[t] * (weight * standard * standard - 1.0)
        by_degrees += observed[t] * (constant_slope - 0.5 * np.log(spread) + 0.5 * weight * standard**2 / degrees)
    return density, by_noise, by_degrees * excess


@compile_inline
def count_density(
    counts: FloatArray, observed: FloatArray, mean: FloatArray, scale: float, log_shape: float, pull: FloatArray
) -> tuple[float, float]:
    """Negative binomial of `counts` with mean `scale` times the positive part of `mean` and size exp(log_shape).

    Arrays of shape (T,); returns the density, up to a constant of the counts, and its derivative by log shape.
    """
    size, unit = np.exp(log_shape), scale * SMALLEST_MEAN
    constant, constant_slope = _log_gamma(size), _digamma(size)
    density, by_size = 0.0, 0.0
    for t in range(counts.shape[0]):
        ratio = mean[t] / SMALLEST_MEAN
        slope = 1.0 / (1.0 + np.exp(-ratio))
        positive = max(ratio, 0.0) + np.log1p(np.exp(-abs(ratio)))
        # Far below zero log(1 + exp(x)) is exp(x): its logarithm is x, however soon exp(x) is zero in the computer.
        is_far = ratio < _FAR_BELOW
        log_positive = ratio if is_far else np.log(positive)
        relative_slope = 1.0 if is_far else slope / positive
        expected = unit * positive
        together = expected + size
        log_together, missed = np.log(together), (counts[t] + size) / together
        density += observed[t] * (
            _log_gamma(counts[t] + size)
            - constant
            + size * (log_shape - log_together)
            + counts[t] * (np.log(unit) + log_positive - log_together)
        )
        pull[t] = observed[t] * (counts[t] * relative_slope - missed * unit * slope) / SMALLEST_MEAN
        by_size += observed[t] * (_digamma(counts[t] + size) - constant_slope + log_shape - log_together + 1.0 - missed)
    return density, by_size * size


@compile_strictly
def _log_gamma(value: float) -> float:
    """Logarithm of the gamma function of a number above zero, by recurrence and Stirling's series (DLMF 5.11.1)."""
    product, shifted = 1.0, value
    while shifted < _SHIFTED:
        product *= shifted
        shifted += 1.0
    inverse = 1.0 / (shifted * shifted)
    series = (
        1.0 / 12.0
        - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse * (1.0 / 1680.0 - inverse * (1.0 / 1188.0))))
    ) / shifted
    found: float = (shifted - 0.5) * np.log(shifted) - shifted + 0.9189385332046727 + series - np.log(product)
    return found


@compile_strictly
def _digamma(value: float) -> float:
    """Derivative of the logarithm of the gamma function, likewise (DLMF 5.11.2)."""
    total, shifted = 0.0, value
    while shifted < _SHIFTED:
        total -= 1.0 / shifted
        shifted += 1.0
    inverse = 1.0 / (shifted * shifted)
    series = inverse * (
        1.0 / 12.0
        - inverse * (1.0 / 120.0 - inverse * (1.0 / 252.0 - inverse * (1.0 / 240.0 - inverse * (5.0 / 660.0))))
    )
    found: float = total + np.log(shifted) - 0.5 / shifted - series
    return found
