"""The arrays of one channel's terms, in double and in single precision, and its curve evaluated in place.

Much faster than `optimizer.curves.terms`, to whose curves a test holds these, because exposures are above zero, arrays
are reused, and single precision does where a step is only looked for.
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.saturation import LOGISTIC_HALF
from mmm.vocabulary import BendKind, FloatArray, IntArray
from optimizer.flight.hull import Hull
from optimizer.flight.tail import Tail

LEAST = {8: 1e-30, 4: 1e-20}
"""Smallest exposure, in half saturations, by size of a number in bytes: slopes stay finite."""


_WEIGHTLESS = 1e-20
"""Weight that is none in single precision, in which products with it are slow: they have no leading digit."""


@dataclass(frozen=True, slots=True)
class TermNumbers:
    """The arrays of one channel in one precision. S draws, P periods, L lags, money in half saturations.

    `carry` (S, P) and `weights` (S, L) are adstock; `pairs` are the products of two weights, shape (S, L (L + 1) / 2);
    `slope` and `weight` of shape (S, 1); `before` (S, P) is the response to the carry.
    """

    carry: FloatArray
    weights: FloatArray
    pairs: FloatArray
    slope: FloatArray
    weight: FloatArray
    before: FloatArray
    hull: Hull | None
    tail: Tail | None = None


def of_draws(numbers: TermNumbers, draws: IntArray) -> TermNumbers:
    """The numbers of some of the draws, each counted as many times more."""
    share = len(numbers.weight) / len(draws)
    hull = numbers.hull
    return TermNumbers(
        numbers.carry[draws],
        numbers.weights[draws],
        numbers.pairs[draws],
        numbers.slope[draws],
        numbers.weight[draws] * share,
        numbers.before[draws],
        None if hull is None else Hull(hull.touching[draws], hull.slope[draws], hull.height[draws]),
        None if numbers.tail is None else numbers.tail.among(draws),
    )


def weighed(numbers: TermNumbers, weights: FloatArray) -> TermNumbers:
    """The numbers of the draws that have a weight, in a weighted mean. `weights` of shape (S,), of sum one."""
    draws = np.flatnonzero(weights > 0)
    part = of_draws(numbers, draws)
    return replace(part, weight=part.weight * (weights[draws, None] * len(draws)))


def in_single_precision(numbers: TermNumbers) -> TermNumbers:
    """The same numbers in single precision."""

    def single(array: FloatArray) -> FloatArray:
        return array.astype(np.float32)

    def weighing(array: FloatArray) -> FloatArray:
        return single(np.where(array > _WEIGHTLESS, array, 0.0))

    hull, tail = numbers.hull, numbers.tail
    slope = single(numbers.slope)
    return TermNumbers(
        single(numbers.carry),
        weighing(numbers.weights),
        weighing(numbers.pairs),
        slope,
        single(numbers.weight),
        single(numbers.before),
        None if hull is None else Hull(single(hull.touching), single(hull.slope), single(hull.height)),
        None
        if tail is None
        else replace(
            tail,
            ratios=single(tail.ratios),
            weights=single(tail.weights),
            touching=single(tail.touching),
            slope=single(tail.slope),
        ),
    )


def response_to(kind: BendKind, reached: FloatArray, slope: FloatArray) -> FloatArray:
    """Response in [0, 1] to exposures above zero, in half saturations."""
    match kind:
        case "hill":
            powered = np.log(reached)
            powered *= -slope
            with np.errstate(over="ignore"):
                np.exp(powered, out=powered)
            powered += 1.0
            return np.reciprocal(powered, out=powered)
        case "logistic":
            return np.asarray(np.tanh(0.5 * LOGISTIC_HALF * reached))
        case "michaelis_menten":
            return np.asarray(reached / (1.0 + reached))


def response_with_slopes(
    kind: BendKind, reached: FloatArray, slope: FloatArray, has_second: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Response, its slope per half saturation, and the slope of that (empty unless asked)."""
    response = response_to(kind, reached, slope)
    second = np.zeros((0, 0), dtype=response.dtype)
    match kind:
        case "hill":
            inverse = np.reciprocal(reached)
            first = 1.0 - response
            first *= response
            first *= slope
            first *= inverse
            if has_second:
                second = response * -2.0
                second += 1.0
                second *= slope
                second -= 1.0
                second *= first
                second *= inverse
        case "logistic":
            first = (0.5 * LOGISTIC_HALF) * (1.0 - response * response)
            if has_second:
                second = -LOGISTIC_HALF * response * first
        case "michaelis_menten":
            rest = 1.0 - response
            first = rest * rest
            if has_second:
                second = -2.0 * first * rest
    return response, first, second
