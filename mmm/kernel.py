"""The integrated posterior density and its gradient as compiled machine code, for the sampler.

`mmm.model.build_integrated` states the density with the formulas of `mmm.adstock`, `mmm.saturation` and
`mmm.marginal`; PyTensor needs tens of seconds to differentiate and compile that graph in a new process and then
evaluates it several times slower than a loop over the media does. So what is sampled is this loop, with its
gradient by the chain rule, kept on disk by numba. The PyMC model is its specification: a test holds densities
and gradients equal to rounding.

All arrays reach the compiled code as one vector (`pack`), so one compiled function serves every market.
"""

from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

import numba
import numpy as np

from mmm.saturation import LOGISTIC_HALF
from mmm.vocabulary import FloatArray, IntArray, SaturationKind

SATURATION_CODES: dict[SaturationKind, int] = {"hill": 0, "logistic": 1, "michaelis_menten": 2}
"""Codes of the kinds of saturation in a layout."""

LAYOUT_PEAK, LAYOUT_SLOPE, LAYOUT_SATURATION = 0, 1, 2
"""Rows of a layout."""

HEADER = 9
"""Entries of a packed vector before the arrays: its length, then D, M, L - 1 + T, R, T, J, K, excess spread."""

ACCEPTED, REJECTED, WRONG_SIZE = 0, 4, -1
"""What a compiled function tells the sampler: fine, not finite, unrecoverable."""

SMALLEST_STOCK = 1e-300
"""Added to adstock where it is divided by or taken the logarithm of: nothing but zero notices."""

_LOGISTIC = SATURATION_CODES["logistic"]


@dataclass(frozen=True, slots=True)
class KernelData:
    """Every array that the density reads.

    D parameters, M media, L lags, T periods, J prior scales, K linear terms of rank R.

    Attributes
    ----------
    excess_spread
        Sd of the share by which media together may exceed the whole outcome (`mmm.priors`).
    prior
        Location, own sd and shared sd of every sampled parameter, as in `mmm.parameters.ParameterPrior`. Shape (3, D).
    layout
        Per medium the place of its logit peak (-1: geometric), of its log slope (-1: none), and the code of its
        saturation. Shape (3, M).
    exposure
        In multiples of its scale, led by L - 1 zeros. Shape (M, L - 1 + T).
    target
        Outcome less the baseline's prior mean, in mean outcomes, zero where not observed. Shape (T,).
    observed
        One where the outcome is seen, else zero. Shape (T,).
    basis
        Orthonormal basis of the linear terms' columns, zero where not observed, which all prior scales share; R is
        its rank. Shape (R, T).
    rotation
        `basis` transposed, times this, is `mmm.marginal.LinearTerms.left`. Shape (J, R, K).
    variance, log_weights
        As in `mmm.marginal.LinearTerms`.
    """

    excess_spread: float
    prior: FloatArray
    layout: IntArray
    exposure: FloatArray
    target: FloatArray
    observed: FloatArray
    basis: FloatArray
    rotation: FloatArray
    variance: FloatArray
    log_weights: FloatArray


def pack(data: KernelData) -> FloatArray:
    """The arrays as one vector that begins with its own length and theirs."""
    sizes = (data.prior.shape[1], *data.exposure.shape, *data.basis.shape, len(data.variance), data.variance.shape[1])
    header, arrays = np.array((0.0, *sizes)), [np.ravel(values) for values in astuple(data)]
    vector = np.concatenate([header, *arrays])
    vector[0] = len(vector)
    return vector


def evaluate(parameters: FloatArray, data: KernelData) -> tuple[float, FloatArray]:
    """Log posterior density of the sampled parameters, up to a constant of the prior, and its gradient (D,)."""
    density, gradient = _unpacked_density_and_gradient(parameters, pack(data))
    return float(density), gradient


def _compile[Function](function: Function) -> Function:
    # "ninf" and "nnan" stay off: a density that is not finite must be seen, so that the step can be rejected.
    # Inlined, the density is one function: in parts, a process that compiles them rounds differently from one that
    # reads them from disk, and equal seeds would not give equal draws.
    compiled: Function = numba.njit(
        function, fastmath={"arcp", "contract", "afn", "reassoc", "nsz"}, error_model="numpy", inline="always"
    )
    return compiled


@cache
def compiled_functions() -> tuple[Any, Any]:
    """Density and expansion as C functions that nutpie calls; compiled once a machine, then read from disk."""
    pointer = numba.types.CPointer(numba.types.double)
    integer, size = numba.types.int64, numba.types.uint64
    density = numba.cfunc(integer(size, pointer, pointer, pointer, numba.types.voidptr), cache=True)(_c_density)
    expand = numba.cfunc(integer(size, size, pointer, pointer, numba.types.voidptr), cache=True)(_c_expand)
    return density, expand


@_compile
def _density_and_gradient(
    parameters: FloatArray,
    excess_spread: float,
    prior: FloatArray,
    layout: IntArray,
    exposure: FloatArray,
    target: FloatArray,
    observed: FloatArray,
    basis: FloatArray,
    rotation: FloatArray,
    variance: FloatArray,
    log_weights: FloatArray,
) -> tuple[float, FloatArray]:
    media, periods = exposure.shape[0], target.shape[0]
    lags = exposure.shape[1] - periods + 1
    gradient = np.zeros(parameters.shape[0])
    weights = np.empty((media, lags))
    weights_by_retention = np.empty((media, lags))
    weights_by_peak = np.zeros((media, lags))
    stock = np.empty((media, periods))
    reached = np.zeros((media, periods))
    elasticity = np.zeros((media, periods))
    log_relative = np.zeros((media, periods))
    ceiling = np.zeros(media)
    residual = target.copy()

    for m in range(media):
        _carryover(parameters, layout, m, weights[m], weights_by_retention[m], weights_by_peak[m])
        _spread(weights[m], exposure[m], stock[m])
        total = _saturation(parameters, layout, m, stock[m], reached[m], elasticity[m], log_relative[m])
        if total > 0.0:
            ceiling[m] = np.exp(parameters[2 * media + m]) * periods / total
        for t in range(periods):
            residual[t] -= observed[t] * ceiling[m] * reached[m, t]

    pull = np.empty(periods)
    density, by_noise = _gaussian(
        residual, np.exp(parameters[-1]), observed.sum(), basis, rotation, variance, log_weights, pull
    )
    gradient[-1] = by_noise
    for t in range(periods):
        pull[t] *= observed[t]
    for m in range(media):
        _pull_back(
            layout, m, ceiling[m], pull, exposure[m], stock[m], reached[m], elasticity[m], log_relative[m],
            weights[m], weights_by_retention[m], weights_by_peak[m], gradient,
        )  # fmt: skip
    density += _limit_share(parameters, media, excess_spread, gradient)
    return density + _prior_density(parameters, prior, gradient), gradient


@_compile
def _carryover(
    parameters: FloatArray,
    layout: IntArray,
    m: int,
    weights: FloatArray,
    by_retention: FloatArray,
    by_peak: FloatArray,
) -> None:
    """Normalised weights, and their derivatives with respect to logit retention and logit peak."""
    lags = weights.shape[0]
    retention = 1.0 / (1.0 + np.exp(-parameters[m]))
    log_retention = np.log(retention)
    place = layout[LAYOUT_PEAK, m]
    peak, peak_slope = 0.0, 0.0
    if place >= 0:
        share = 1.0 / (1.0 + np.exp(-parameters[place]))
        peak = share * (lags - 1)
        peak_slope = share * (1.0 - share) * (lags - 1)
    total = 0.0
    for lag in range(lags):
        distance = (lag - peak) ** 2 if place >= 0 else float(lag)
        weights[lag] = np.exp(distance * log_retention)
        # d/dlogit of retention**distance: distance * retention**distance * (1 - retention)
        by_retention[lag] = distance * weights[lag] * (1.0 - retention)
        if place >= 0:
            by_peak[lag] = -2.0 * (lag - peak) * log_retention * weights[lag] * peak_slope
        total += weights[lag]
    sum_by_retention, sum_by_peak = by_retention.sum(), by_peak.sum()
    for lag in range(lags):
        weights[lag] /= total
        by_retention[lag] = (by_retention[lag] - weights[lag] * sum_by_retention) / total
        by_peak[lag] = (by_peak[lag] - weights[lag] * sum_by_peak) / total


@_compile
def _spread(
    weights: FloatArray,
    exposure: FloatArray,
    stock: FloatArray,
) -> None:
    """Adstock of one medium, written to `stock`."""
    periods, lags = stock.shape[0], weights.shape[0]
    stock[:] = 0.0
    for lag in range(lags):
        weight, earlier = weights[lag], exposure[lags - 1 - lag : lags - 1 - lag + periods]
        for t in range(periods):
            stock[t] += weight * earlier[t]


@_compile
def _saturation(
    parameters: FloatArray,
    layout: IntArray,
    m: int,
    stock: FloatArray,
    reached: FloatArray,
    elasticity: FloatArray,
    log_relative: FloatArray,
) -> float:
    """Response, its derivative with respect to log stock, and log stock relative to half-saturation; returns Σ."""
    media, periods = layout.shape[1], stock.shape[0]
    log_half = parameters[media + m]
    kind, place = layout[LAYOUT_SATURATION, m], layout[LAYOUT_SLOPE, m]
    half = np.exp(log_half)
    # No branch on a stock of nothing: a loop without one is much faster, and SMALLEST_STOCK responds with zero.
    if kind == _LOGISTIC:
        for t in range(periods):
            relative = LOGISTIC_HALF * stock[t] / half
            decayed = np.exp(-relative)
            reached[t] = (1.0 - decayed) / (1.0 + decayed)
            elasticity[t] = relative * 0.5 * (1.0 - reached[t] ** 2)
    elif place < 0:
        for t in range(periods):
            reached[t] = stock[t] / (half + stock[t])
            elasticity[t] = reached[t] * (1.0 - reached[t])
    else:
        slope = np.exp(parameters[place])
        for t in range(periods):
            log_relative[t] = np.log(stock[t] + SMALLEST_STOCK) - log_half
        for t in range(periods):
            reached[t] = 1.0 / (1.0 + np.exp(-slope * log_relative[t]))
        for t in range(periods):
            elasticity[t] = slope * reached[t] * (1.0 - reached[t])
    return reached.sum()


@_compile
def _gaussian(
    residual: FloatArray,
    noise_scale: float,
    count: float,
    basis: FloatArray,
    rotation: FloatArray,
    variance: FloatArray,
    log_weights: FloatArray,
    pull: FloatArray,
) -> tuple[float, float]:
    """Log density of `mmm.marginal.log_marginal`, its derivative by log noise; writes that by the mean to `pull`."""
    rank, periods = basis.shape
    scales, _, terms = rotation.shape
    noise = noise_scale**2
    squares = (residual * residual).sum()
    seen = np.empty(rank)
    for i in range(rank):
        total = 0.0
        for t in range(periods):
            total += basis[i, t] * residual[t]
        seen[i] = total
    projected = np.zeros((scales, terms))
    density = np.empty(scales)
    by_noise = np.empty(scales)
    for j in range(scales):
        for i in range(rank):
            for k in range(terms):
                projected[j, k] += rotation[j, i, k] * seen[i]
        log_determinant, explained, trace, explained_twice = count * np.log(noise), 0.0, 0.0, 0.0
        for k in range(terms):
            total = noise + variance[j, k]
            kept = variance[j, k] / total
            square = projected[j, k] ** 2
            log_determinant += np.log(total / noise)
            explained += square * kept
            trace += kept
            explained_twice += square * kept * noise / total
            projected[j, k] *= kept
        quadratic = (squares - explained) / noise
        density[j] = -0.5 * (count * np.log(2.0 * np.pi) + log_determinant + quadratic) + log_weights[j]
        # By log noise scale: d log det = 2 (n - trace); d quadratic = -2 (quadratic - Σ p² s² / (σ² + s²)² ).
        by_noise[j] = -(count - trace) + quadratic - explained_twice / noise
    largest = density.max()
    probability = np.exp(density - largest)
    total_probability = probability.sum()
    probability /= total_probability
    for t in range(periods):
        pull[t] = residual[t] / noise
    for i in range(rank):
        fitted = 0.0
        for j in range(scales):
            for k in range(terms):
                fitted += probability[j] * rotation[j, i, k] * projected[j, k]
        for t in range(periods):
            pull[t] -= fitted / noise * basis[i, t]
    return largest + np.log(total_probability), (probability * by_noise).sum()


@_compile
def _pull_back(
    layout: IntArray,
    m: int,
    ceiling: float,
    pull: FloatArray,
    exposure: FloatArray,
    stock: FloatArray,
    reached: FloatArray,
    elasticity: FloatArray,
    log_relative: FloatArray,
    weights: FloatArray,
    by_retention: FloatArray,
    by_peak: FloatArray,
    gradient: FloatArray,
) -> None:
    """Add the medium's part of the gradient; `pull` is the density's derivative with respect to the mean."""
    media, periods, lags = layout.shape[1], stock.shape[0], weights.shape[0]
    total = reached.sum()
    if total <= 0.0:
        return
    contribution = 0.0
    for t in range(periods):
        contribution += pull[t] * ceiling * reached[t]
    gradient[2 * media + m] += contribution
    by_half, by_slope = 0.0, 0.0
    by_stock = np.zeros(periods)
    for t in range(periods):
        # The share fixes the sum of contributions, so a response counts against the mean of all.
        by_log_stock = (ceiling * pull[t] - contribution / total) * elasticity[t]
        by_half -= by_log_stock
        by_slope += by_log_stock * log_relative[t]
        by_stock[t] = by_log_stock / (stock[t] + SMALLEST_STOCK)
    gradient[media + m] += by_half
    if layout[LAYOUT_SLOPE, m] >= 0:
        gradient[layout[LAYOUT_SLOPE, m]] += by_slope
    for lag in range(lags):
        by_weight = 0.0
        earlier = exposure[lags - 1 - lag : lags - 1 - lag + periods]
        for t in range(periods):
            by_weight += by_stock[t] * earlier[t]
        gradient[m] += by_weight * by_retention[lag]
        if layout[LAYOUT_PEAK, m] >= 0:
            gradient[layout[LAYOUT_PEAK, m]] += by_weight * by_peak[lag]


@_compile
def _prior_density(parameters: FloatArray, prior: FloatArray, gradient: FloatArray) -> float:
    """Normal log density up to a constant, its gradient added; the shared spread by the Sherman-Morrison formula."""
    standard = (parameters - prior[0]) / prior[1]
    loading = prior[2] / prior[1]
    common = (loading * standard).sum() / (1.0 + (loading * loading).sum())
    gradient -= (standard - common * loading) / prior[1]
    density: float = -0.5 * ((standard * standard).sum() - common * (loading * standard).sum())
    return density


@_compile
def _limit_share(parameters: FloatArray, media: int, excess_spread: float, gradient: FloatArray) -> float:
    """Penalty of `mmm.priors.excess_share_density`, its gradient added."""
    total = 0.0
    for m in range(media):
        total += np.exp(parameters[2 * media + m])
    excess = (total - 1.0) / excess_spread
    if excess <= 0.0:
        return 0.0
    for m in range(media):
        gradient[2 * media + m] -= excess / excess_spread * np.exp(parameters[2 * media + m])
    return -0.5 * excess**2


@_compile
def _unpacked_density_and_gradient(
    parameters: FloatArray,
    vector: FloatArray,
) -> tuple[float, FloatArray]:
    size, media, padded = int(vector[1]), int(vector[2]), int(vector[3])
    rank, periods, scales, terms = int(vector[4]), int(vector[5]), int(vector[6]), int(vector[7])
    excess_spread = vector[HEADER - 1]
    start = HEADER
    prior = vector[start : start + 3 * size].reshape(3, size)
    start += 3 * size
    layout = vector[start : start + 3 * media].astype(np.int64).reshape(3, media)
    start += 3 * media
    exposure = vector[start : start + media * padded].reshape(media, padded)
    start += media * padded
    target = vector[start : start + periods]
    start += periods
    observed = vector[start : start + periods]
    start += periods
    basis = vector[start : start + periods * rank].reshape(rank, periods)
    start += periods * rank
    rotation = vector[start : start + scales * rank * terms].reshape(scales, rank, terms)
    start += scales * rank * terms
    variance = vector[start : start + scales * terms].reshape(scales, terms)
    log_weights = vector[start + scales * terms :]
    return _density_and_gradient(
        parameters, excess_spread, prior, layout, exposure, target, observed, basis, rotation, variance, log_weights
    )


def _c_density(
    size: Any,
    parameters: Any,
    gradient: Any,
    density: Any,
    data: Any,
) -> int:
    length = int(numba.carray(data, (1,), np.float64)[0])
    vector = numba.carray(data, (length,), np.float64)
    if size != int(vector[1]):
        return WRONG_SIZE
    value, slope = _unpacked_density_and_gradient(numba.carray(parameters, (size,)), vector)
    found = numba.carray(gradient, (size,))
    is_finite = np.isfinite(value)
    for place in range(size):
        found[place] = slope[place]
        is_finite = is_finite and np.isfinite(slope[place])
    numba.carray(density, (1,))[0] = value
    return ACCEPTED if is_finite else REJECTED


def _c_expand(
    size: Any,
    expanded: Any,
    parameters: Any,
    values: Any,
    _data: Any,
) -> int:
    if size != expanded:
        return WRONG_SIZE
    source, found = numba.carray(parameters, (size,)), numba.carray(values, (size,))
    for place in range(size):
        found[place] = source[place]
    return ACCEPTED
