"""The density of a market that is no panel, as the C function that nutpie calls.

`mmm.model` states the density with the formulas of `mmm.adstock`, `mmm.saturation` and `mmm.marginal`; PyTensor needs
tens of seconds to differentiate and compile that graph in a new process and then evaluates it several times slower
than loops over the media do. So what is sampled is these loops, with their gradient by the chain rule, kept on disk by
numba. The PyMC model is their specification: a test holds densities and gradients equal to rounding.

One compiled function serves every market: all arrays reach it as one vector. The sampler walks in coordinates
of its own (`mmm.coordinates`), which the compiled function translates.
"""

from functools import cache
from typing import Any

import numba
import numpy as np

from mmm.kernel.compiling import keep_on_disk
from mmm.kernel.data import (
    BASIS,
    CENTER,
    COEFFICIENT_PLACE,
    COLUMNS,
    DECAY,
    EXCESS_SPREAD,
    EXPOSURE,
    FEED,
    IS_AMPLITUDE,
    LAGS,
    LAYOUT,
    LIKELIHOOD,
    LOG_FREQUENCY,
    LOG_WEIGHTS,
    NOISE_PLACE,
    OBSERVED,
    OUTCOME_SCALE,
    PIECE_SIZE,
    PIECES,
    PRECISION,
    PRIOR,
    ROTATION,
    SCALARS,
    SCALES,
    SEGMENTS,
    SHAPE_PLACE,
    STRETCH,
    TARGET,
    TESTS,
    VARIANCE,
    WEIGHT,
)
from mmm.kernel.integrated import integrated_normal
from mmm.kernel.lift import lift_density
from mmm.kernel.media import LAYOUT_END_ROW, LAYOUT_FIRST_ROW, RESPONSE, SERIES, pull_back, respond
from mmm.kernel.noise import count_density, student_t_density
from mmm.kernel.positions import ACCEPTED, REJECTED, WRONG_SIZE, parameters_at, slope_at_position
from mmm.kernel.prior import limit_share, normal_prior
from mmm.kernel.tables import table_of
from mmm.outcome_noise import LIKELIHOOD_CODES

_NORMAL, _STUDENT_T = LIKELIHOOD_CODES["normal"], LIKELIHOOD_CODES["student_t"]


@cache
def compiled_functions() -> tuple[Any, Any]:
    """Density, and shares of amplitudes, as C functions; compiled once a machine, then read from disk."""
    pointer = numba.types.CPointer(numba.types.double)
    integer, size = numba.types.int64, numba.types.uint64
    return (
        keep_on_disk(_c_density, integer(size, pointer, pointer, pointer, numba.types.voidptr)),
        keep_on_disk(_c_shares, integer(size, size, pointer, numba.types.voidptr)),
    )


def _c_density(size: Any, position: Any, gradient: Any, density: Any, data: Any) -> int:
    """Write the log density and its gradient; all in one function, see `compile_inline`."""
    vector = numba.carray(data, (int(numba.carray(data, (1,), np.float64)[0]),), np.float64)
    stretch = table_of(vector, STRETCH)
    if size != stretch.shape[0]:
        return WRONG_SIZE
    parameters = parameters_at(numba.carray(position, (size,)), table_of(vector, CENTER)[0], stretch)
    slope = np.zeros(size)
    scalars = table_of(vector, SCALARS)[0]
    layout, segments = table_of(vector, LAYOUT).astype(np.int64), table_of(vector, SEGMENTS).astype(np.int64)
    exposure, weight = table_of(vector, EXPOSURE)[0], table_of(vector, WEIGHT)[0]
    log_frequency = table_of(vector, LOG_FREQUENCY)[0]
    target, observed = table_of(vector, TARGET)[0], table_of(vector, OBSERVED)[0]
    media, periods = layout.shape[1], weight.shape[0]
    lags = int(scalars[LAGS])
    noise_place, shape_place = int(scalars[NOISE_PLACE]), int(scalars[SHAPE_PLACE])
    first_coefficient = int(scalars[COEFFICIENT_PLACE])
    series = np.empty((SERIES, layout[LAYOUT_END_ROW, media - 1]))
    ceiling = np.empty(media)
    is_amplitude = scalars[IS_AMPLITUDE] > 0.0
    respond(parameters, layout, segments, exposure, log_frequency, lags, weight, is_amplitude, series, ceiling)
    brought = np.zeros(periods)
    for m in range(media):
        first, height = layout[LAYOUT_FIRST_ROW, m], ceiling[m]
        reached = series[RESPONSE, first : first + periods]
        for t in range(periods):
            brought[t] += height * reached[t]

    pull = np.empty(periods)
    if int(scalars[LIKELIHOOD]) == _NORMAL:
        variance, decay, basis = table_of(vector, VARIANCE), table_of(vector, DECAY), table_of(vector, BASIS)
        points, terms, paths = variance.shape[0], variance.shape[1], decay.shape[0]
        rank = basis.shape[0] // paths
        for t in range(periods):
            brought[t] = target[t] - observed[t] * brought[t]
        value, by_noise = integrated_normal(
            brought,
            np.exp(parameters[noise_place]),
            observed.sum(),
            decay,
            table_of(vector, FEED),
            table_of(vector, PRECISION),
            basis.reshape(paths, rank, periods),
            table_of(vector, ROTATION).reshape(points, terms, rank),
            variance,
            table_of(vector, LOG_WEIGHTS)[0],
            pull,
        )
        slope[noise_place] += by_noise
        for t in range(periods):
            pull[t] *= observed[t]
    else:
        columns, scales = table_of(vector, COLUMNS), table_of(vector, SCALES)[0]
        terms = columns.shape[0] - 1
        for k in range(terms):
            column, coefficient = columns[k], parameters[first_coefficient + k] * scales[k]
            for t in range(periods):
                brought[t] += coefficient * column[t]
        if int(scalars[LIKELIHOOD]) == _STUDENT_T:
            value, by_noise, by_shape = student_t_density(
                target, observed, brought, parameters[noise_place], parameters[shape_place], pull
            )
            slope[noise_place] += by_noise
            slope[shape_place] += by_shape
        else:
            expected = columns[terms]
            for t in range(periods):
                brought[t] += expected[t]
            value, by_shape = count_density(
                target, observed, brought, scalars[OUTCOME_SCALE], parameters[shape_place], pull
            )
            slope[shape_place] += by_shape
        for k in range(terms):
            column, total = columns[k], 0.0
            for t in range(periods):
                total += pull[t] * column[t]
            slope[first_coefficient + k] += total * scales[k]

    pulls = np.zeros(series.shape[1])
    for m in range(media):
        first = layout[LAYOUT_FIRST_ROW, m]
        for t in range(periods):
            pulls[first + t] = pull[t]
    tests = table_of(vector, TESTS)
    if tests.shape[0] > 0:
        pieces = table_of(vector, PIECES).astype(np.int64)
        value += lift_density(pieces, table_of(vector, PIECE_SIZE)[0], tests, layout, ceiling, series, pulls)
    value += limit_share(parameters, media, scalars[EXCESS_SPREAD], slope)
    value += normal_prior(parameters, table_of(vector, PRIOR), slope)
    for m in range(media):
        of_medium = pulls[layout[LAYOUT_FIRST_ROW, m] : layout[LAYOUT_END_ROW, m]]
        pull_back(layout, m, ceiling[m], weight, is_amplitude, of_medium, series, slope)
    is_finite = slope_at_position(slope, stretch, numba.carray(gradient, (size,)))
    numba.carray(density, (1,))[0] = value
    return ACCEPTED if is_finite and np.isfinite(value) else REJECTED


def _c_shares(count: Any, size: Any, walked: Any, data: Any) -> int:
    """Write log shares over the log amplitudes of parameters (count, D)."""
    vector = numba.carray(data, (int(numba.carray(data, (1,), np.float64)[0]),), np.float64)
    layout, segments = table_of(vector, LAYOUT).astype(np.int64), table_of(vector, SEGMENTS).astype(np.int64)
    exposure, weight = table_of(vector, EXPOSURE)[0], table_of(vector, WEIGHT)[0]
    log_frequency = table_of(vector, LOG_FREQUENCY)[0]
    media, lags = layout.shape[1], int(table_of(vector, SCALARS)[0, LAGS])
    series, ceiling = np.empty((SERIES, layout[LAYOUT_END_ROW, media - 1])), np.empty(media)
    draws = numba.carray(walked, (count, size))
    for draw in range(count):
        respond(draws[draw], layout, segments, exposure, log_frequency, lags, weight, True, series, ceiling)
    return ACCEPTED
