"""The Gaussian linear terms, integrated out of the likelihood and drawn back exactly.

With residuals r = target - media (observed periods only), linear coefficients b ~ N(0, D_j^2)
under one of J prior scales D_j with probability w_j, and noise of standard deviation sigma,

    r ~ N(0, sigma^2 I + Z_j Z_j'),   Z_j = columns * D_j = U S V'   (singular values S)

so that log p(r | sigma) needs ||r||^2 and U'r alone, and no Cholesky factor:

    -2 log N = n log(2 pi) + (n - K) log sigma^2 + sum_k log(sigma^2 + s_k^2)
               + (||r||^2 - sum_k p_k^2) / sigma^2 + sum_k p_k^2 / (sigma^2 + s_k^2),   p = U'r.

Given j, sigma and r, the coefficients are Gaussian with mean D V diag(s / (s^2 + sigma^2)) p and
covariance D V diag(sigma^2 / (s^2 + sigma^2)) V' D. Bayesian linear regression as in Gelman et al.
(2013), "Bayesian Data Analysis", section 14.8, in the coordinates of the singular value decomposition.

The J scales let the data choose how flexible the trend is: a grid, summed over exactly.

Noise whose shocks fade (`mmm.noise_paths`) has covariance sigma^2 C_p, sigma the sd of a surprise. With W_p' W_p =
inverse of C_p, residuals W_p r and columns W_p Z are as above, and the density is multiplied by |W_p|. Paths and
scales form one grid: axis J counts its points, scale after scale within path after path, and axis P counts paths.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmm.noise_paths import WITHOUT_SHOCKS, NoisePaths, sampled_whitening
from mmm.vocabulary import FloatArray, IntArray

LOG_TWO_PI = float(np.log(2.0 * np.pi))

DRAWS_AT_ONCE = 500
"""Draws whose coefficients are drawn together: every grid point of each is held in memory."""


@dataclass(frozen=True, slots=True)
class LinearTerms:
    """Linear terms in the coordinates in which they are integrated. J grid points, P paths, T periods, K terms.

    Attributes
    ----------
    paths
        Paths that the noise may take.
    path
        Place of each grid point's path on axis P. Shape (J,).
    whitening
        W of each path, zero in periods that are not observed. Shape (P, T, T).
    left
        U of each grid point, zero in periods that are not observed. Shape (J, T, K).
    variance
        Squared singular values s^2. Shape (J, K), >= 0.
    right
        D V, which leads back to coefficients. Shape (J, K, K).
    log_weights
        Log prior probability of each grid point, the path's |W| counted in. Shape (J,).
    """

    paths: NoisePaths
    path: IntArray
    whitening: FloatArray
    left: FloatArray
    variance: FloatArray
    right: FloatArray
    log_weights: FloatArray


def decompose(
    columns: FloatArray,
    observed: FloatArray,
    scales: FloatArray,
    log_weights: FloatArray,
    paths: NoisePaths = WITHOUT_SHOCKS,
) -> LinearTerms:
    """Linear terms ready to be integrated out.

    Parameters
    ----------
    columns
        Design, in any unit. Shape (T, K).
    observed
        One where the outcome is seen, else zero. Shape (T,).
    scales
        Prior standard deviation of each coefficient under each scale. Shape (scales, K), > 0.
    log_weights
        Log prior probability of each scale. Shape (scales,).
    paths
        Paths that the noise may take, all as likely.
    """
    periods, terms = columns.shape
    left, variance, right = [], [], []
    # Rows of zeros let K exceed T: the directions that no data touch get singular value zero.
    padding = np.zeros((max(terms - periods, 0), terms))
    filters = sampled_whitening(paths, observed)
    turned = filters.matrix
    for of_path in turned:
        for scale in scales:
            padded = np.vstack([of_path @ columns * scale, padding])
            rotation, singular, transposed = np.linalg.svd(padded, full_matrices=False)
            left.append(rotation[:periods])
            variance.append(singular**2)
            right.append(scale[:, None] * transposed.T)
    of_paths = filters.log_determinant - np.log(len(paths))
    return LinearTerms(
        paths=paths,
        path=np.repeat(np.arange(len(paths)), len(scales)),
        whitening=turned,
        left=np.stack(left),
        variance=np.stack(variance),
        right=np.stack(right),
        log_weights=(of_paths[:, None] + log_weights).ravel(),
    )


def log_marginal(residual: Any, noise_scale: Any, count: Any, terms: LinearTerms) -> Any:
    """Log density of the residuals with the linear terms integrated out; `residual` and noise of NumPy or PyTensor.

    Parameters
    ----------
    residual
        Target minus media, zero where not observed. Shape (T,).
    noise_scale
        Standard deviation of the noise, > 0.
    count
        Number of observed periods n.
    terms
        The linear terms.
    """
    log_density = log_marginal_by_point(residual, noise_scale, count, terms) + terms.log_weights
    largest = log_density.max()
    return largest + np.log(np.exp(log_density - largest).sum())


def log_marginal_by_point(residual: Any, noise_scale: Any, count: Any, terms: LinearTerms) -> Any:
    """Log density of the residuals at each grid point, but for its weight. Shape (J,)."""
    white = (terms.whitening[terms.path] * residual[None, None, :]).sum(axis=-1)
    projected = (terms.left * white[:, :, None]).sum(axis=1) ** 2
    return _log_density((white**2).sum(axis=-1), projected, noise_scale**2, noise_scale**2, count, terms.variance)


def _log_density(squares: Any, projected: Any, noise: Any, noise_by_term: Any, count: Any, variance: Any) -> Any:
    """Log density at each grid point from ||r||^2 and (U'r)^2; axis K is the last of `projected` and `variance`."""
    total = noise_by_term + variance
    determinant = np.log(total / noise_by_term).sum(axis=-1) + count * np.log(noise)
    quadratic = (squares - (projected * (variance / total)).sum(axis=-1)) / noise
    return -0.5 * (count * LOG_TWO_PI + determinant + quadratic)


def draw_coefficients(
    residual: FloatArray, noise_scale: FloatArray, count: int, terms: LinearTerms, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """One exact draw of the coefficients, and of the noise's path, for each draw of everything else.

    Parameters
    ----------
    residual
        Target minus media, zero where not observed. Shape (S, T).
    noise_scale
        Shape (S,), > 0.
    count
        Number of observed periods.
    terms
        The linear terms.
    rng
        Source of randomness.

    Returns
    -------
    FloatArray
        Coefficients of the design. Shape (S, K).
    IntArray
        Place of each draw's path on axis P. Shape (S,).
    """
    draws, width = len(residual), terms.variance.shape[1]
    uniform, normal = rng.random(draws), rng.standard_normal((draws, width))
    coefficients, path = np.empty((draws, width)), np.empty(draws, dtype=np.int64)
    for start in range(0, draws, DRAWS_AT_ONCE):
        some = slice(start, start + DRAWS_AT_ONCE)
        coefficients[some], path[some] = _drawn(
            residual[some], noise_scale[some], count, terms, uniform[some], normal[some]
        )
    return coefficients, path


def _drawn(
    residual: FloatArray,
    noise_scale: FloatArray,
    count: int,
    terms: LinearTerms,
    uniform: FloatArray,
    normal: FloatArray,
) -> tuple[FloatArray, IntArray]:
    """Coefficients and places of paths from uniform (S,) and standard normal numbers (S, K)."""
    noise = noise_scale[:, None] ** 2
    white = [residual @ of_path.T for of_path in terms.whitening]
    projected = np.stack([white[path] @ left for path, left in zip(terms.path, terms.left, strict=True)], axis=1)
    squares = np.stack([(values**2).sum(axis=1) for values in white], axis=1)[:, terms.path]
    log_density = _log_density(squares, projected**2, noise, noise[:, :, None], count, terms.variance)
    log_density += terms.log_weights
    weights = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    reached = weights.cumsum(axis=1)
    chosen = np.minimum((reached < uniform[:, None] * reached[:, -1:]).sum(axis=1), len(terms.variance) - 1)
    coefficients = np.empty_like(normal)
    for scale, right in enumerate(terms.right):
        of_scale = chosen == scale
        mean, spread = _rotated_posterior(projected[of_scale, scale], noise[of_scale], terms.variance[scale])
        coefficients[of_scale] = (mean + spread * normal[of_scale]) @ right.T
    return coefficients, terms.path[chosen]


def point_probabilities(residual: FloatArray, noise_scale: float, count: int, terms: LinearTerms) -> FloatArray:
    """Posterior probability of each grid point given residuals and noise. Shape (J,), sums to one."""
    return np.asarray(np.exp(_log_probabilities(residual, noise_scale, count, terms)))


def _log_probabilities(residual: FloatArray, noise_scale: float, count: int, terms: LinearTerms) -> FloatArray:
    log_density = log_marginal_by_point(residual, noise_scale, count, terms) + terms.log_weights
    return np.asarray(log_density - np.logaddexp.reduce(log_density))


def log_conditional(
    coefficients: FloatArray, residual: FloatArray, noise_scale: float, count: int, terms: LinearTerms
) -> float:
    """Log density of coefficients given residuals and noise, the part that `log_marginal` integrates over.

    Parameters
    ----------
    coefficients
        Shape (K,).
    residual, noise_scale, count, terms
        As in `draw_coefficients`, of one draw.
    """
    densities = []
    for chosen, log_weight in enumerate(_log_probabilities(residual, noise_scale, count, terms)):
        white = terms.whitening[terms.path[chosen]] @ residual
        mean, spread = _rotated_posterior(white @ terms.left[chosen], noise_scale**2, terms.variance[chosen])
        standard = (np.linalg.solve(terms.right[chosen], coefficients) - mean) / spread
        volume = np.linalg.slogdet(terms.right[chosen])[1] + np.log(spread).sum()
        densities.append(log_weight - volume - 0.5 * (standard @ standard + len(coefficients) * LOG_TWO_PI))
    return float(np.logaddexp.reduce(densities))


def _rotated_posterior(
    projected: FloatArray, noise: FloatArray | float, variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and spread of the coefficients in singular coordinates, from U'r and the noise's variance."""
    mean = np.sqrt(variance) / (variance + noise) * projected
    return mean, np.sqrt(noise / (variance + noise))
