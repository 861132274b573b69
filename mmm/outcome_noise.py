"""How the outcome scatters around its mean: normal, Student's t, negative binomial.

The mean is additive under each of them, so that a channel's curve is one function of its spend whatever the noise. A
count's mean cannot be negative: what is added up is passed through SMALLEST_MEAN * log(1 + exp(mean / SMALLEST_MEAN)),
which leaves every mean above a few times SMALLEST_MEAN as it is.
"""

from typing import Any

import numpy as np

from mmm.vocabulary import FloatArray, LikelihoodKind

LEAST_DEGREES = 2.0
"""Degrees of freedom of Student's t are above this: below, the outcome would have no variance to plan with."""

SMALLEST_MEAN = 0.02
"""Where the mean of a count bends away from zero, in mean outcomes."""

LIKELIHOOD_CODES: dict[LikelihoodKind, int] = {"normal": 0, "student_t": 1, "negative_binomial": 2}
"""Codes of the kinds of noise in the kernel."""


def positive_mean(mean: Any) -> Any:
    """Mean of a count from what is added up, both in mean outcomes; runs on NumPy and PyTensor."""
    ratio = mean / SMALLEST_MEAN
    return SMALLEST_MEAN * (ratio * (ratio > 0) + np.log1p(np.exp(-abs(ratio))))


def noisy(
    likelihood: LikelihoodKind,
    expected: FloatArray,
    noise_scale: FloatArray,
    shape: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """One draw of the outcome around each expected value.

    Parameters
    ----------
    likelihood
        Kind of the noise.
    expected
        Mean, in outcome units. Shape (S, T).
    noise_scale
        Of normal and Student's t, in outcome units. Shape (S,).
    shape
        Degrees of freedom of Student's t, size of the negative binomial. Shape (S,).
    rng
        Source of randomness.
    """
    match likelihood:
        case "normal":
            return np.asarray(expected + noise_scale[:, None] * rng.standard_normal(expected.shape))
        case "student_t":
            return np.asarray(expected + noise_scale[:, None] * rng.standard_t(shape[:, None], expected.shape))
        case "negative_binomial":
            return rng.poisson(expected * rng.gamma(shape[:, None], 1.0 / shape[:, None], expected.shape)).astype(float)


def standard_deviation(
    likelihood: LikelihoodKind, noise_scale: FloatArray, shape: FloatArray, outcome_scale: float
) -> FloatArray:
    """Standard deviation of one period's noise at the mean outcome, in outcome units. Shape (S,)."""
    match likelihood:
        case "normal":
            return noise_scale
        case "student_t":
            return np.asarray(noise_scale * np.sqrt(shape / (shape - 2.0)))
        case "negative_binomial":
            return np.asarray(np.sqrt(outcome_scale + outcome_scale**2 / shape))
