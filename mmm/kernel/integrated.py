"""Normal noise with the linear terms integrated out: `mmm.marginal.log_marginal` and its derivatives."""

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.marginal import LOG_TWO_PI
from mmm.vector_math import logarithm
from mmm.vocabulary import FloatArray


@compile_inline
def integrated_normal(
    residual: FloatArray,
    noise_scale: float,
    count: float,
    decay: FloatArray,
    feed: FloatArray,
    precision: FloatArray,
    basis: FloatArray,
    rotation: FloatArray,
    variance: FloatArray,
    log_weights: FloatArray,
    pull: FloatArray,
) -> tuple[float, float]:
    """Log density of `mmm.marginal.log_marginal`, its derivative by log noise; writes that by the mean to `pull`.

    Arrays are those of `mmm.kernel.data.KernelData`; `residual` and `pull` have shape (T,).
    """
    paths, rank, periods = basis.shape
    points, terms, _ = rotation.shape
    scales = points // paths
    noise = noise_scale**2
    log_noise = np.log(noise)
    white = np.empty((paths, periods))
    projected = np.empty((points, terms))
    seen, relative, logs, scratch = np.empty(rank), np.empty(terms), np.empty(terms), np.empty(terms)
    density, by_noise = np.empty(points), np.empty(points)
    for p in range(paths):
        squares = _whiten(residual, decay[p], feed[p], precision[p], white[p])
        for i in range(rank):
            row, total = basis[p, i], 0.0
            for t in range(periods):
                total += row[t] * white[p, t]
            seen[i] = total
        for j in range(p * scales, (p + 1) * scales):
            turned = projected[j]
            for k in range(terms):
                row, total = rotation[j, k], 0.0
                for i in range(rank):
                    total += row[i] * seen[i]
                turned[k] = total
                relative[k] = 1.0 + variance[j, k] / noise
            logarithm(relative, logs, scratch)
            log_determinant, explained, trace, explained_twice = count * log_noise, 0.0, 0.0, 0.0
            for k in range(terms):
                lost = 1.0 / relative[k]
                kept = 1.0 - lost
                square = turned[k] * turned[k] * kept
                log_determinant += logs[k]
                explained += square
                trace += kept
                explained_twice += square * lost
                turned[k] *= kept
            quadratic = (squares - explained) / noise
            density[j] = -0.5 * (count * LOG_TWO_PI + log_determinant + quadratic) + log_weights[j]
            # By log noise scale: d log det = 2 (n - trace); d quadratic = -2 (quadratic - Σ p² s² / (σ² + s²)² ).
            by_noise[j] = -(count - trace) + quadratic - explained_twice / noise
    largest = density.max()
    probability = np.exp(density - largest)
    total_probability = probability.sum()
    probability /= total_probability
    for t in range(periods):
        pull[t] = 0.0
    fitted = seen
    for p in range(paths):
        of_path = white[p]
        counted = 0.0
        for i in range(rank):
            fitted[i] = 0.0
        for j in range(p * scales, (p + 1) * scales):
            counted += probability[j]
            for k in range(terms):
                row, value = rotation[j, k], probability[j] * projected[j, k]
                for i in range(rank):
                    fitted[i] += row[i] * value
        for t in range(periods):
            of_path[t] *= counted
        for i in range(rank):
            row, value = basis[p, i], fitted[i]
            for t in range(periods):
                of_path[t] -= value * row[t]
        _unwhiten(of_path, decay[p], feed[p], precision[p], pull)
    for t in range(periods):
        pull[t] /= noise
    return largest + np.log(total_probability), (probability * by_noise).sum()


@compile_inline
def _whiten(
    residual: FloatArray, decay: FloatArray, feed: FloatArray, precision: FloatArray, white: FloatArray
) -> float:
    """Independent residuals of one path (`mmm.noise_paths`), and the sum of their squares."""
    expected, squares = 0.0, 0.0
    for t in range(residual.shape[0]):
        value = precision[t] * (residual[t] - expected)
        expected = decay[t] * expected + feed[t] * residual[t]
        white[t] = value
        squares += value * value
    return squares


@compile_inline
def _unwhiten(
    by_white: FloatArray, decay: FloatArray, feed: FloatArray, precision: FloatArray, pull: FloatArray
) -> None:
    """Add to `pull` the derivative by residuals that belongs to that by independent residuals: the filter backwards."""
    by_expected = 0.0
    for t in range(by_white.shape[0] - 1, -1, -1):
        now = precision[t] * by_white[t]
        pull[t] += now + feed[t] * by_expected
        by_expected = decay[t] * by_expected - now
