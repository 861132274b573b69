"""The compiled code's own exponential and logarithm are those of the C library."""

from collections.abc import Callable

import numpy as np
import pytest

from mmm.vector_math import LARGEST_EXPONENT, exponential, logarithm

TINY = 4.0 * np.finfo(float).eps


def written(function: Callable[..., None], values: np.ndarray) -> np.ndarray:
    found, scratch = np.empty_like(values), np.empty_like(values)
    function(values, found, scratch)
    return found


@pytest.mark.parametrize("reach", [1e-300, 1e-9, 1.0, 40.0, LARGEST_EXPONENT])
def test_exponentials_agree_over_every_range(reach: float) -> None:
    values = np.random.default_rng(1).uniform(-reach, reach, 1001)
    np.testing.assert_allclose(written(exponential, values), np.exp(values), rtol=TINY)


def test_beyond_its_range_an_exponential_stays_finite_and_positive() -> None:
    found = written(exponential, np.array([-1e308, -np.inf, 1e308, np.inf]))
    np.testing.assert_allclose(found, np.exp(LARGEST_EXPONENT * np.array([-1.0, -1.0, 1.0, 1.0])), rtol=TINY)


def test_logarithms_agree_from_the_smallest_to_the_largest_number() -> None:
    values = np.exp(np.random.default_rng(2).uniform(-700.0, 700.0, 1001))
    np.testing.assert_allclose(written(logarithm, values), np.log(values), rtol=TINY)


def test_logarithms_next_to_one_lose_no_digit() -> None:
    values = 1.0 + np.random.default_rng(3).uniform(-1e-6, 1e-6, 1001)
    np.testing.assert_allclose(written(logarithm, values), np.log(values), rtol=TINY)
