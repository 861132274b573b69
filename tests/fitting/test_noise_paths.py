"""Noise whose shocks fade: the filter against the covariance that it stands for, and forecasts against exact ones."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from mmm.noise_paths import (
    NoiseDraws,
    NoisePaths,
    draw_forecast_noise,
    draw_noise,
    normal_quantiles,
    sampled_whitening,
    sum_deviation,
    usual_paths,
    whitening,
)
from mmm.vocabulary import PeriodName

OBSERVED = np.array([1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1.0])


def covariance(paths: NoisePaths, place: int, periods: int) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    share = paths.share[place]
    return (1.0 - share) * np.eye(periods) + share * paths.persistence[place] ** apart


def test_white_residuals_have_the_density_of_the_covariance_where_something_is_missing_too() -> None:
    paths, seen = usual_paths("week"), OBSERVED > 0
    filters, rng = whitening(paths, OBSERVED), np.random.default_rng(1)
    residual = rng.standard_normal(len(OBSERVED))
    white = filters.apply(residual)
    for place in range(len(paths)):
        exact = multivariate_normal(cov=covariance(paths, place, len(OBSERVED))[np.ix_(seen, seen)])
        independent = -0.5 * (white[place] @ white[place] + seen.sum() * np.log(2 * np.pi))
        assert independent + filters.log_determinant[place] == pytest.approx(exact.logpdf(residual[seen]), rel=1e-10)
        np.testing.assert_allclose(filters.matrix[place] @ residual, white[place], atol=1e-12)
        assert (white[place][~seen] == 0).all()


def test_a_forecast_is_the_normal_one_given_what_was_seen() -> None:
    ahead, size, path = 3, 40_000, 6
    paths = usual_paths("week")
    observed = np.concatenate([OBSERVED, np.zeros(ahead)])
    seen = observed > 0
    residual = np.random.default_rng(2).standard_normal(len(observed))
    noise = NoiseDraws(np.full(size, 2.0), np.full(size, paths.persistence[path]), np.full(size, paths.share[path]))
    expected, drawn = draw_forecast_noise(noise, np.tile(2.0 * residual, (size, 1)), observed, np.random.default_rng(3))
    whole = covariance(paths, path, len(observed))
    after = slice(len(OBSERVED), None)
    gain = whole[after][:, seen] @ np.linalg.inv(whole[np.ix_(seen, seen)])
    left = whole[after, after] - gain @ whole[seen][:, after]
    np.testing.assert_allclose(expected[0], 2.0 * gain @ residual[seen], rtol=1e-9)
    np.testing.assert_allclose(drawn.mean(axis=0), expected[0], atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), 4.0 * left, atol=0.1)


def test_drawn_noise_and_its_sum_have_the_variance_that_the_path_says() -> None:
    paths, size = NoisePaths(np.array([0.8]), np.array([0.6])), 40_000
    noise = NoiseDraws(np.full(size, 3.0), np.full(size, 0.8), np.full(size, 0.6))
    drawn = draw_noise(noise, 6, np.random.default_rng(4))
    np.testing.assert_allclose(np.cov(drawn.T), 9.0 * covariance(paths, 0, 6), atol=0.25)
    assert drawn.sum(axis=1).std() == pytest.approx(sum_deviation(noise, 6)[0], rel=0.02)


@pytest.mark.parametrize(("period", "lives"), [("day", 3), ("week", 3), ("month", 2), ("year", 0)])
def test_periods_have_those_shocks_that_outlive_them(period: PeriodName, lives: int) -> None:
    paths = usual_paths(period)
    assert len(paths) == 1 + 3 * lives
    assert paths.share[0] == 0.0


def test_a_surprise_is_what_a_long_past_leaves_and_the_sampled_unit() -> None:
    paths = usual_paths("week")
    last = whitening(paths, np.ones(400)).precision[:, -1]
    np.testing.assert_allclose(paths.surprise, last**-2, rtol=1e-9)
    np.testing.assert_allclose(sampled_whitening(paths, np.ones(400)).precision[:, -1], 1.0, rtol=1e-9)


@pytest.mark.parametrize("parts", [1, 8, 999])
def test_normal_quantiles_stand_in_the_middle_of_equal_parts(parts: int) -> None:
    assert norm.cdf(normal_quantiles(parts)) == pytest.approx((np.arange(parts) + 0.5) / parts, abs=1e-12)
