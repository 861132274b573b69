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
    basis: FloatArray,
    rotation: FloatArray,
    variance: FloatArray,
    log_weights: FloatArray,
    pull: FloatArray,
) -> tuple[float, float]:
    """Log density of `mmm.marginal.log_marginal`, its derivative by log noise; writes that by the mean to `pull`.

    What the linear terms explain is taken out of `residual`.
    """
    rank, periods = basis.shape
    scales, terms, _ = rotation.shape
    noise = noise_scale**2
    squares = 0.0
    for t in range(periods):
        squares += residual[t] * residual[t]
    seen = np.empty(rank)
    for i in range(rank):
        row, total = basis[i], 0.0
        for t in range(periods):
            total += row[t] * residual[t]
        seen[i] = total
    projected = np.empty((scales, terms))
    relative, logs, scratch = np.empty(terms), np.empty(terms), np.empty(terms)
    density, by_noise = np.empty(scales), np.empty(scales)
    log_noise = np.log(noise)
    for j in range(scales):
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
    fitted = np.zeros(rank)
    for j in range(scales):
        for k in range(terms):
            row, value = rotation[j, k], probability[j] * projected[j, k]
            for i in range(rank):
                fitted[i] += row[i] * value
    for i in range(rank):
        row, value = basis[i], fitted[i]
        for t in range(periods):
            residual[t] -= value * row[t]
    for t in range(periods):
        pull[t] = residual[t] / noise
    return largest + np.log(total_probability), (probability * by_noise).sum()
