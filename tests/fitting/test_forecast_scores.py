"""Scores of forecasts: the closed forms are the integrals that they stand for."""

import numpy as np
import pytest
from scipy.stats import norm

from mmm.forecast_scores import (
    DrawnForecast,
    NormalForecast,
    crps_of_draws,
    crps_of_normal,
    joined,
    score_periods,
    standard_error_of_mean,
)

GRID = np.linspace(-60.0, 60.0, 1_200_001)


def integrated(distribution: np.ndarray, actual: float) -> float:
    """The integral of (F(x) - 1{actual <= x})² over the grid."""
    return float(np.trapezoid((distribution - (actual <= GRID)) ** 2, GRID))


@pytest.mark.parametrize("actual", [-9.0, 0.3, 2.0, 14.0])
def test_the_score_of_draws_is_the_integral_over_their_distribution(actual: float) -> None:
    draws = np.random.default_rng(1).gamma(2.0, 2.0, size=37)
    distribution = np.searchsorted(np.sort(draws), GRID, side="right") / len(draws)
    assert crps_of_draws(draws[:, None], np.array([actual]))[0] == pytest.approx(
        integrated(distribution, actual), abs=2e-4
    )


@pytest.mark.parametrize("actual", [-9.0, 0.3, 2.0, 14.0])
def test_the_score_of_a_normal_is_the_integral_over_its_distribution(actual: float) -> None:
    score = crps_of_normal(np.array([1.5]), np.array([3.0]), np.array([actual]))[0]
    assert score == pytest.approx(integrated(norm.cdf(GRID, 1.5, 3.0), actual), abs=2e-4)


def test_many_normal_draws_score_as_their_normal_does() -> None:
    mean, spread, actual = np.array([10.0, 20.0]), np.array([2.0, 5.0]), np.array([11.0, 33.0])
    draws = mean + spread * np.random.default_rng(2).standard_normal((40_000, 2))
    np.testing.assert_allclose(crps_of_draws(draws, actual), crps_of_normal(mean, spread, actual), rtol=0.02)


def test_a_forecast_without_doubt_is_scored_by_its_absolute_error() -> None:
    actual = np.array([4.0])
    assert crps_of_draws(np.array([[7.0]]), actual) == pytest.approx(3.0)
    assert crps_of_normal(np.array([7.0]), np.array([0.0]), actual) == pytest.approx(3.0)


def test_the_interval_holds_nine_of_ten_periods_that_come_as_forecast() -> None:
    rng = np.random.default_rng(3)
    actual, mean = rng.standard_normal(4000), np.zeros(4000)
    normal = NormalForecast(mean, np.ones(4000))
    drawn = DrawnForecast(mean, rng.standard_normal((400, 4000)))
    for forecast in (normal, drawn):
        assert score_periods(forecast, actual).is_covered.mean() == pytest.approx(0.9, abs=0.02)


def test_the_error_over_windows_weighs_each_by_its_outcome() -> None:
    certain = [NormalForecast(np.array([mean]), np.zeros(1)) for mean in (90.0, 20.0)]
    scores = [score_periods(one, np.array([actual])) for one, actual in zip(certain, (100.0, 10.0), strict=True)]
    assert joined(scores).error == pytest.approx(20.0 / 110.0)


def test_neighbours_that_are_alike_make_a_mean_less_certain() -> None:
    rng = np.random.default_rng(4)
    apart = rng.standard_normal(400)
    alike = np.repeat(rng.standard_normal(100), 4)
    assert standard_error_of_mean(apart) == pytest.approx(0.05, rel=0.2)
    assert standard_error_of_mean(alike) > 1.4 * standard_error_of_mean(apart)
