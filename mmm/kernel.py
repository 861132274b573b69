"""The integrated posterior density and its gradient as compiled machine code, for the sampler.

`mmm.model.build_integrated` states the density with the formulas of `mmm.adstock`, `mmm.saturation` and
`mmm.marginal`; PyTensor needs tens of seconds to differentiate and compile that graph in a new process and then
evaluates it several times slower than a loop over the media does. So what is sampled is this loop, with its
gradient by the chain rule, kept on disk by numba. The PyMC model is its specification: a test holds densities
and gradients equal to rounding.

All arrays reach the compiled code as one vector (`pack`), so one compiled function serves every market. The sampler
walks in coordinates of its own (`mmm.coordinates`), which the compiled functions translate.
"""

from ctypes import POINTER, c_double
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

import numba
import numpy as np

from mmm.coordinates import Coordinates, Density
from mmm.marginal import LOG_TWO_PI
from mmm.saturation import LOGISTIC_HALF
from mmm.vector_math import exponential, logarithm
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

STOCK, STOCK_BY_RETENTION, STOCK_BY_PEAK, LOG_STOCK, RESPONSE, ELASTICITY = range(6)
"""Rows of what the density works out for a medium."""

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
        `basis` transposed, times this transposed, is `mmm.marginal.LinearTerms.left`. Shape (J, K, R).
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


def pack(data: KernelData, coordinates: Coordinates) -> FloatArray:
    """The arrays as one vector that begins with its own length and theirs, and ends with the coordinates."""
    sizes = (data.prior.shape[1], *data.exposure.shape, *data.basis.shape, len(data.variance), data.variance.shape[1])
    header, arrays = np.array((0.0, *sizes)), [np.ravel(values) for values in astuple(data)]
    vector = np.concatenate([header, *arrays, coordinates.center, np.ravel(coordinates.stretch)])
    vector[0] = len(vector)
    return vector


def density_of(data: KernelData) -> Density:
    """Log posterior density of sampled parameters (D,), up to a constant of the prior, and its gradient (D,).

    Where either is not finite, the density is minus infinity.
    """
    size = data.prior.shape[1]
    vector = pack(data, Coordinates(np.zeros(size), np.eye(size)))
    compiled = compiled_functions()[0].ctypes

    def evaluate(parameters: FloatArray) -> tuple[float, FloatArray]:
        place = np.ascontiguousarray(parameters, dtype=np.float64)
        gradient, value = np.empty(size), np.empty(1)
        code = compiled(
            size, *(values.ctypes.data_as(POINTER(c_double)) for values in (place, gradient, value)), vector.ctypes.data
        )
        return (float(value[0]) if code == ACCEPTED else -np.inf), gradient

    return evaluate


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
    weights = np.empty((3, lags))
    by_lag = np.zeros((2, lags))
    # Of each medium: stock, its derivatives by logit retention and logit peak, response, elasticity, log stock.
    series = np.empty((media, 6, periods))
    scratch = np.empty((2, periods))
    ceiling = np.zeros(media)
    residual = target.copy()

    for m in range(media):
        _carryover(parameters, layout, m, weights, by_lag)
        _spread(layout, m, weights, exposure[m], series[m])
        total = _saturation(parameters, layout, m, series[m], scratch)
        if total > 0.0:
            ceiling[m] = np.exp(parameters[2 * media + m]) * periods / total
        reached, height = series[m, RESPONSE], ceiling[m]
        for t in range(periods):
            residual[t] -= height * reached[t]
    for t in range(periods):
        residual[t] *= observed[t]

    pull = scratch[0]
    density, by_noise = _gaussian(
        residual, np.exp(parameters[-1]), observed.sum(), basis, rotation, variance, log_weights, pull
    )
    gradient[-1] = by_noise
    for t in range(periods):
        pull[t] *= observed[t]
    for m in range(media):
        _pull_back(layout, m, ceiling[m], pull, series[m], gradient)
    density += _limit_share(parameters, media, excess_spread, gradient)
    return density + _prior_density(parameters, prior, gradient), gradient


@_compile
def _carryover(parameters: FloatArray, layout: IntArray, m: int, weights: FloatArray, by_lag: FloatArray) -> None:
    """Normalised weights, and their derivatives by logit retention and logit peak, as rows of `weights`."""
    lags = weights.shape[1]
    retention = 1.0 / (1.0 + np.exp(-parameters[m]))
    log_retention = np.log(retention)
    place = layout[LAYOUT_PEAK, m]
    peak, peak_slope = 0.0, 0.0
    if place >= 0:
        share = 1.0 / (1.0 + np.exp(-parameters[place]))
        peak = share * (lags - 1)
        peak_slope = share * (1.0 - share) * (lags - 1)
    for lag in range(lags):
        by_lag[0, lag] = (lag - peak) ** 2 if place >= 0 else float(lag)
        by_lag[1, lag] = by_lag[0, lag] * log_retention
    exponential(by_lag[1], weights[0], weights[1])
    total, sum_by_retention, sum_by_peak = 0.0, 0.0, 0.0
    for lag in range(lags):
        weight = weights[0, lag]
        # d/dlogit of retention**distance: distance * retention**distance * (1 - retention)
        weights[1, lag] = by_lag[0, lag] * weight * (1.0 - retention)
        weights[2, lag] = -2.0 * (lag - peak) * log_retention * weight * peak_slope
        total += weight
        sum_by_retention += weights[1, lag]
        sum_by_peak += weights[2, lag]
    for lag in range(lags):
        weights[0, lag] /= total
        weights[1, lag] = (weights[1, lag] - weights[0, lag] * sum_by_retention) / total
        weights[2, lag] = (weights[2, lag] - weights[0, lag] * sum_by_peak) / total


@_compile
def _spread(layout: IntArray, m: int, weights: FloatArray, exposure: FloatArray, series: FloatArray) -> None:
    """Adstock of one medium and its derivatives, written to `series`."""
    periods, lags = series.shape[1], weights.shape[1]
    series[:LOG_STOCK] = 0.0
    stock, by_retention, by_peak = series[STOCK], series[STOCK_BY_RETENTION], series[STOCK_BY_PEAK]
    # Two lags at a time halve the traffic; the last of an odd number goes alone.
    for lag in range(0, lags - 1, 2):
        earlier = exposure[lags - 2 - lag : lags - 1 - lag + periods]
        weight, slope, next_weight, next_slope = (
            weights[0, lag],
            weights[1, lag],
            weights[0, lag + 1],
            weights[1, lag + 1],
        )
        for t in range(periods):
            stock[t] += weight * earlier[t + 1] + next_weight * earlier[t]
            by_retention[t] += slope * earlier[t + 1] + next_slope * earlier[t]
    if lags % 2:
        weight, slope = weights[0, lags - 1], weights[1, lags - 1]
        for t in range(periods):
            stock[t] += weight * exposure[t]
            by_retention[t] += slope * exposure[t]
    if layout[LAYOUT_PEAK, m] >= 0:
        for lag in range(lags):
            earlier = exposure[lags - 1 - lag : lags - 1 - lag + periods]
            slope = weights[2, lag]
            for t in range(periods):
                by_peak[t] += slope * earlier[t]


@_compile
def _saturation(parameters: FloatArray, layout: IntArray, m: int, series: FloatArray, scratch: FloatArray) -> float:
    """Response, its derivative by log stock, and log stock relative to half-saturation; returns the response's sum."""
    media, periods = layout.shape[1], series.shape[1]
    stock, reached, elasticity, log_relative = series[STOCK], series[RESPONSE], series[ELASTICITY], series[LOG_STOCK]
    log_half = parameters[media + m]
    kind, place = layout[LAYOUT_SATURATION, m], layout[LAYOUT_SLOPE, m]
    half = np.exp(log_half)
    total = 0.0
    # No branch on a stock of nothing: a loop without one is much faster, and SMALLEST_STOCK responds with zero.
    if kind == _LOGISTIC:
        for t in range(periods):
            log_relative[t] = -LOGISTIC_HALF * stock[t] / half
        exponential(log_relative, elasticity, scratch[0])
        for t in range(periods):
            response = (1.0 - elasticity[t]) / (1.0 + elasticity[t])
            elasticity[t] = -0.5 * log_relative[t] * (1.0 - response**2)
            reached[t] = response
            total += response
    elif place < 0:
        for t in range(periods):
            response = stock[t] / (half + stock[t])
            elasticity[t] = response * (1.0 - response)
            reached[t] = response
            total += response
    else:
        slope = np.exp(parameters[place])
        for t in range(periods):
            scratch[0, t] = stock[t] + SMALLEST_STOCK
        logarithm(scratch[0], log_relative, scratch[1])
        for t in range(periods):
            log_relative[t] -= log_half
            scratch[0, t] = -slope * log_relative[t]
        exponential(scratch[0], reached, scratch[1])
        for t in range(periods):
            response = 1.0 / (1.0 + reached[t])
            elasticity[t] = slope * response * (1.0 - response)
            reached[t] = response
            total += response
    return total


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


@_compile
def _pull_back(
    layout: IntArray, m: int, ceiling: float, pull: FloatArray, series: FloatArray, gradient: FloatArray
) -> None:
    """Add the medium's part of the gradient; `pull` is the density's derivative with respect to the mean."""
    if ceiling <= 0.0:
        return
    media, periods = layout.shape[1], series.shape[1]
    stock, reached, elasticity, log_relative = series[STOCK], series[RESPONSE], series[ELASTICITY], series[LOG_STOCK]
    by_retention, by_peak = series[STOCK_BY_RETENTION], series[STOCK_BY_PEAK]
    total, contribution = 0.0, 0.0
    for t in range(periods):
        contribution += pull[t] * reached[t]
        total += reached[t]
    contribution *= ceiling
    gradient[2 * media + m] += contribution
    # The share fixes the sum of contributions, so a response counts against the mean of all.
    common = contribution / total
    half_part, slope_part, retention_part, peak_part = 0.0, 0.0, 0.0, 0.0
    for t in range(periods):
        by_log_stock = (ceiling * pull[t] - common) * elasticity[t]
        by_stock = by_log_stock / (stock[t] + SMALLEST_STOCK)
        half_part += by_log_stock
        slope_part += by_log_stock * log_relative[t]
        retention_part += by_stock * by_retention[t]
        peak_part += by_stock * by_peak[t]
    gradient[m] += retention_part
    gradient[media + m] -= half_part
    if layout[LAYOUT_SLOPE, m] >= 0:
        gradient[layout[LAYOUT_SLOPE, m]] += slope_part
    if layout[LAYOUT_PEAK, m] >= 0:
        gradient[layout[LAYOUT_PEAK, m]] += peak_part


@_compile
def _prior_density(parameters: FloatArray, prior: FloatArray, gradient: FloatArray) -> float:
    """Normal log density up to a constant, its gradient added; the shared spread by the Sherman-Morrison formula."""
    size = parameters.shape[0]
    squares, products, loadings = 0.0, 0.0, 0.0
    for i in range(size):
        standard, loading = (parameters[i] - prior[0, i]) / prior[1, i], prior[2, i] / prior[1, i]
        squares += standard * standard
        products += loading * standard
        loadings += loading * loading
    common = products / (1.0 + loadings)
    for i in range(size):
        standard, loading = (parameters[i] - prior[0, i]) / prior[1, i], prior[2, i] / prior[1, i]
        gradient[i] -= (standard - common * loading) / prior[1, i]
    return -0.5 * (squares - common * products)


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
    rotation = vector[start : start + scales * rank * terms].reshape(scales, terms, rank)
    start += scales * rank * terms
    variance = vector[start : start + scales * terms].reshape(scales, terms)
    log_weights = vector[start + scales * terms : start + scales * terms + scales]
    return _density_and_gradient(
        parameters, excess_spread, prior, layout, exposure, target, observed, basis, rotation, variance, log_weights
    )


@_compile
def _parameters_at(position: FloatArray, vector: FloatArray) -> FloatArray:
    """The sampled parameters at a position of the sampler."""
    size = position.shape[0]
    end = vector.shape[0]
    stretch = vector[end - size * size :].reshape(size, size)
    parameters = vector[end - size * size - size : end - size * size].copy()
    for i in range(size):
        row, total = stretch[i], 0.0
        for j in range(size):
            total += row[j] * position[j]
        parameters[i] += total
    return parameters


def _c_density(
    size: Any,
    position: Any,
    gradient: Any,
    density: Any,
    data: Any,
) -> int:
    vector = numba.carray(data, (int(numba.carray(data, (1,), np.float64)[0]),), np.float64)
    if size != int(vector[1]):
        return WRONG_SIZE
    parameters = _parameters_at(numba.carray(position, (size,)), vector)
    value, slope = _unpacked_density_and_gradient(parameters, vector)
    stretch = vector[vector.shape[0] - size * size :].reshape(size, size)
    found = numba.carray(gradient, (size,))
    for j in range(size):
        found[j] = 0.0
    is_finite = np.isfinite(value)
    for i in range(size):
        row, by_parameter = stretch[i], slope[i]
        is_finite = is_finite and np.isfinite(by_parameter)
        for j in range(size):
            found[j] += row[j] * by_parameter
    numba.carray(density, (1,))[0] = value
    return ACCEPTED if is_finite else REJECTED


def _c_expand(
    size: Any,
    expanded: Any,
    position: Any,
    values: Any,
    data: Any,
) -> int:
    if size != expanded:
        return WRONG_SIZE
    vector = numba.carray(data, (int(numba.carray(data, (1,), np.float64)[0]),), np.float64)
    parameters, found = _parameters_at(numba.carray(position, (size,)), vector), numba.carray(values, (size,))
    for i in range(size):
        found[i] = parameters[i]
    return ACCEPTED
