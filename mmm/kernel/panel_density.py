"""The density of a panel, as the C function that nutpie calls; the counterpart of `mmm.kernel.density`.

`mmm.panel.model` is its specification in PyMC, and a test holds densities and gradients equal to rounding.
"""

from functools import cache
from typing import Any

import numba
import numpy as np

from mmm.kernel.compiling import keep_on_disk
from mmm.kernel.lift import lift_density
from mmm.kernel.media import LAYOUT_END_ROW, LAYOUT_FIRST_ROW, RESPONSE, SERIES, pull_back, respond
from mmm.kernel.panel_data import (
    BEND_SPREAD,
    BENDS,
    CENTER,
    COLUMNS,
    COMMON,
    EFFECT_SPREAD,
    EXCESS_SPREAD,
    EXPOSURE,
    GRAM,
    LAGS,
    LAYOUT,
    LOCAL,
    LOG_FREQUENCY,
    LOG_SIZE,
    NOISE_EXPONENT,
    NOISE_PLACE,
    OBSERVED,
    PIECE_SIZE,
    PIECES,
    POOLED,
    POOLING,
    PRIOR,
    SCALARS,
    SEGMENTS,
    STRETCH,
    TARGET,
    TESTS,
    VARIES,
    WEIGHT,
)
from mmm.kernel.panel_normal import panel_normal
from mmm.kernel.positions import ACCEPTED, REJECTED, WRONG_SIZE, parameters_at, slope_at_position
from mmm.kernel.prior import limit_share, normal_prior
from mmm.kernel.tables import table_of


@cache
def compiled_panel_density() -> Any:
    """The density as a C function that nutpie calls; compiled once a machine, then read from disk."""
    pointer = numba.types.CPointer(numba.types.double)
    integer, size = numba.types.int64, numba.types.uint64
    return keep_on_disk(_c_panel_density, integer(size, pointer, pointer, pointer, numba.types.voidptr))


def _c_panel_density(size: Any, position: Any, gradient: Any, density: Any, data: Any) -> int:
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
    target, observed = table_of(vector, TARGET), table_of(vector, OBSERVED)[0]
    media, geos, periods = layout.shape[1], target.shape[0], target.shape[1]
    noise_place = int(scalars[NOISE_PLACE])
    series = np.empty((SERIES, layout[LAYOUT_END_ROW, media - 1]))
    ceiling = np.empty(media)
    lags = int(scalars[LAGS])
    respond(parameters, layout, segments, exposure, log_frequency, lags, weight, False, series, ceiling)
    contribution = np.empty((geos, media, periods))
    for m in range(media):
        first, height = layout[LAYOUT_FIRST_ROW, m], ceiling[m]
        for g in range(geos):
            found, reached = contribution[g, m], series[RESPONSE, first + g * periods : first + (g + 1) * periods]
            for t in range(periods):
                found[t] = observed[t] * height * reached[t]

    pooled, bends, varies = table_of(vector, POOLED)[0], table_of(vector, BENDS)[0], table_of(vector, VARIES)[0]
    log_size = table_of(vector, LOG_SIZE)[0]
    terms = pooled.shape[0]
    pooling, bend = np.exp(parameters[noise_place + POOLING]), np.exp(parameters[noise_place + BEND_SPREAD])
    common, local = np.empty(terms), np.empty(terms + media)
    for k in range(terms):
        bent = bend if bends[k] > 0.0 else 1.0
        common[k] = table_of(vector, COMMON)[0, k] * bent
        local[k] = table_of(vector, LOCAL)[0, k] * bent * (pooling if pooled[k] > 0.0 else 1.0)
    for m in range(media):
        local[terms + m] = varies[m] * np.exp(parameters[noise_place + EFFECT_SPREAD])
    noise = np.empty(geos)
    for g in range(geos):
        noise[g] = np.exp(parameters[noise_place] - parameters[noise_place + NOISE_EXPONENT] * log_size[g])
    pull = np.empty((geos, media, periods))
    by_noise, by_common, by_local = np.empty(geos), np.empty(terms), np.empty(terms + media)
    value = panel_normal(
        target,
        table_of(vector, COLUMNS).reshape(geos, terms, periods),
        table_of(vector, GRAM).reshape(geos, terms, terms),
        contribution,
        observed.sum(),
        noise,
        common,
        local,
        pull,
        by_noise,
        by_common,
        by_local,
    )
    for g in range(geos):
        slope[noise_place] += by_noise[g]
        slope[noise_place + NOISE_EXPONENT] -= by_noise[g] * log_size[g]
    for k in range(terms):
        slope[noise_place + POOLING] += pooled[k] * by_local[k]
        slope[noise_place + BEND_SPREAD] += bends[k] * (by_local[k] + by_common[k])
    for m in range(media):
        slope[noise_place + EFFECT_SPREAD] += by_local[terms + m]

    pulls = np.zeros(series.shape[1])
    for m in range(media):
        first = layout[LAYOUT_FIRST_ROW, m]
        for g in range(geos):
            found = pull[g, m]
            for t in range(periods):
                pulls[first + g * periods + t] = observed[t] * found[t]
    tests = table_of(vector, TESTS)
    if tests.shape[0] > 0:
        pieces = table_of(vector, PIECES).astype(np.int64)
        value += lift_density(pieces, table_of(vector, PIECE_SIZE)[0], tests, layout, ceiling, series, pulls)
    for m in range(media):
        of_medium = pulls[layout[LAYOUT_FIRST_ROW, m] : layout[LAYOUT_END_ROW, m]]
        pull_back(layout, m, ceiling[m], weight, False, of_medium, series, slope)
    value += limit_share(parameters, media, scalars[EXCESS_SPREAD], slope)
    value += normal_prior(parameters, table_of(vector, PRIOR), slope)
    is_finite = slope_at_position(slope, stretch, numba.carray(gradient, (size,)))
    numba.carray(density, (1,))[0] = value
    return ACCEPTED if is_finite and np.isfinite(value) else REJECTED
