"""Do chains agree, and how many independent draws are they worth? Vehtari et al. (2021).

The numbers are ArviZ's, to rounding, and a test holds them to it. ArviZ itself is not imported by a fit: it takes two
CPU seconds and 110 MB in every new process, more than the fit of a small market.

Chains have at least four draws and move; values have shape (chains, draws, D), results one number a parameter, (D,).
"""

import numpy as np
from scipy.special import ndtri

from mmm.vocabulary import FloatArray

_BLOM = 3.0 / 8.0
"""Fraction of a rank that makes normal scores of ranks nearly unbiased (Blom 1958)."""


def agreement(values: FloatArray) -> FloatArray:
    """Rank-normalised split R-hat, the larger of that of the values and that of their distance from the median."""
    halves = _split(values)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return np.asarray(np.maximum(_rhat(_normal_scores(halves)), _rhat(_normal_scores(folded))))


def bulk_draws(values: FloatArray) -> FloatArray:
    """Effective draws of the bulk: of the rank-normalised values."""
    return _effective_draws(_normal_scores(_split(values)))


def tail_draws(values: FloatArray, tails: tuple[float, float]) -> FloatArray:
    """Effective draws of the tails: the fewer of those behind two quantiles."""
    below = (values <= np.quantile(values, tail, axis=(0, 1)) for tail in tails)
    fewest = [_effective_draws(_split(is_below.astype(np.float64))) for is_below in below]
    return np.asarray(np.minimum(*fewest))


def _split(values: FloatArray) -> FloatArray:
    """First and second halves of the chains, as chains of their own; the middle draw of an odd number is left out."""
    half = values.shape[1] // 2
    return np.concatenate([values[:, :half], values[:, -half:]])


def _normal_scores(values: FloatArray) -> FloatArray:
    """Normal quantiles of the ranks of each parameter's values, over all chains; equal values share their mean rank."""
    scores = np.empty_like(values)
    count = values.shape[0] * values.shape[1]
    for place in range(values.shape[2]):
        _, which, times = np.unique(values[:, :, place], return_inverse=True, return_counts=True)
        rank = np.cumsum(times) - (times - 1) / 2.0
        scores[:, :, place] = ndtri((rank - _BLOM) / (count - 2.0 * _BLOM + 1.0))[which]
    return scores


def _rhat(chains: FloatArray) -> FloatArray:
    draws = chains.shape[1]
    between, within = chains.mean(axis=1).var(axis=0, ddof=1), chains.var(axis=1, ddof=1).mean(axis=0)
    return np.asarray(np.sqrt((draws * between / within + draws - 1) / draws))


def _effective_draws(chains: FloatArray) -> FloatArray:
    """Draws over their autocorrelation time, summed by Geyer's initial monotone sequence (Geyer 1992)."""
    count, draws, _ = chains.shape
    covariance = _autocovariance(chains).mean(axis=1)
    within = covariance[0] * draws / (draws - 1.0)
    total = covariance[0] + (chains.mean(axis=1).var(axis=0, ddof=1) if count > 1 else 0.0)
    correlation = 1.0 - (within - covariance) / total
    correlation[0] = 1.0
    # Sums of pairs of neighbouring lags are positive and fall; from the first that is not, all is noise.
    last = max((draws - 1) // 2 - 1, 0)
    pairs = correlation[0 : 2 * last + 2 : 2] + correlation[1 : 2 * last + 2 : 2]
    is_noise = pairs <= 0.0
    ended = np.where(is_noise.any(axis=0), is_noise.argmax(axis=0), last)
    counted = np.arange(len(pairs))[:, None] < ended
    summed = (np.minimum.accumulate(pairs, axis=0) * counted).sum(axis=0)
    half_counted = np.maximum(np.take_along_axis(correlation, 2 * ended[None], axis=0)[0], 0.0)
    size = count * draws
    return np.asarray(size / np.maximum(2.0 * summed - 1.0 + half_counted, 1.0 / np.log10(size)))


def _autocovariance(chains: FloatArray) -> FloatArray:
    """Autocovariance of each chain at every lag. Shape (draws, chains, D)."""
    draws = chains.shape[1]
    centered = (chains - chains.mean(axis=1, keepdims=True)).transpose(1, 0, 2)
    # Twice the length and zeros beyond the draws, or the end would be correlated with the beginning.
    spectrum = np.fft.rfft(centered, n=2 * draws, axis=0)
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2, n=2 * draws, axis=0)[:draws] / draws)
