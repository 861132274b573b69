"""What the media bring, and its derivatives by their parameters.

A medium's exposure comes in *segments*, each led by L - 1 periods before it: the window of each geo, and one more for
each lift test, in which spend is what it would have been without the test. Row by row of all of its segments a
medium has a stock, a response and their derivatives. Σ over rows of weight times response, which only the window's rows
have, is what its share of the outcome refers to.

The sampler may walk in a medium's *amplitude*, its share times the coefficient of variation of its response, in the
place of the share (`mmm.coordinates`); then `respond` turns the one into the other, and `pull_back` back.

Of media with reach and frequency people respond to frequency before the carryover, and the stock is the response: their
rows of `LOG_STOCK` and `ELASTICITY` hold its derivative by log slope, and minus that by log half-saturation.
"""

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.saturation import LOGISTIC_HALF
from mmm.vector_math import exponential, logarithm
from mmm.vocabulary import AdstockKind, FloatArray, IntArray, SaturationKind

SATURATION_CODES: dict[SaturationKind, int] = {"hill": 0, "logistic": 1, "michaelis_menten": 2, "reach": 3}
"""Codes of the kinds of saturation in a layout."""

ADSTOCK_CODES: dict[AdstockKind, int] = {"geometric": 0, "delayed": 1, "weibull": 2}
"""Codes of the kinds of carryover in a layout."""

LAYOUT_SHAPE, LAYOUT_SLOPE, LAYOUT_SATURATION, LAYOUT_ADSTOCK, LAYOUT_FIRST_ROW, LAYOUT_END_ROW = range(6)
"""Rows of a layout: a medium's places in the parameters, its kinds, its rows."""

SEGMENT_MEDIUM, SEGMENT_EXPOSURE, SEGMENT_ROW, SEGMENT_LENGTH = range(4)
"""Columns of the table of segments: medium, place of the first lead period's exposure, first row, rows."""

STOCK, STOCK_BY_RETENTION, STOCK_BY_SHAPE, LOG_STOCK, RESPONSE, ELASTICITY, SERIES = range(7)
"""Rows of what is worked out for a medium, and their number."""

SMALLEST_STOCK = 1e-300
"""Added to adstock where it is divided by or taken the logarithm of: nothing but zero notices."""

SMALLEST_VARIATION = 1e-2
"""Added in squares to the coefficient of variation of a response: of a medium that hardly varies it is next to none."""

_REACH = SATURATION_CODES["reach"]
_LOGISTIC = SATURATION_CODES["logistic"]
_DELAYED, _WEIBULL = ADSTOCK_CODES["delayed"], ADSTOCK_CODES["weibull"]


@compile_inline
def respond(
    parameters: FloatArray,
    layout: IntArray,
    segments: IntArray,
    exposure: FloatArray,
    log_frequency: FloatArray,
    lags: int,
    weight: FloatArray,
    is_amplitude: bool,
    series: FloatArray,
    ceiling: FloatArray,
) -> None:
    """Fill `series` with each medium's rows, and `ceiling` with the height at which it brings its share.

    Shapes: parameters (D,), layout (6, M), segments (segments, 4), exposure and log_frequency flat, weight (N,) of
    the window's rows, which every medium has first, series (6, rows of all media), ceiling (M,), zero where there is
    no exposure. Where `is_amplitude`, the parameters hold log amplitudes in the places of log shares, and hold log
    shares afterwards.
    """
    media = layout.shape[1]
    weights, by_lag = np.empty((3, lags)), np.zeros((2, lags))
    scratch = np.empty((2, series.shape[1]))
    window = weight.sum()
    for m in range(media):
        first, end = layout[LAYOUT_FIRST_ROW, m], layout[LAYOUT_END_ROW, m]
        is_reach = layout[LAYOUT_SATURATION, m] == _REACH
        _carryover(parameters, layout, m, weights, by_lag)
        for segment in range(segments.shape[0]):
            if segments[segment, SEGMENT_MEDIUM] == m:
                place, row = segments[segment, SEGMENT_EXPOSURE], segments[segment, SEGMENT_ROW]
                length = segments[segment, SEGMENT_LENGTH]
                worked = exposure[place : place + lags - 1 + length]
                if is_reach:
                    responding = np.empty((3, lags - 1 + length))
                    _respond_to_frequency(
                        parameters, layout, m, worked, log_frequency[place : place + lags - 1 + length], responding
                    )
                    worked = responding[0]
                    _add_up(weights[0], responding[1], series[ELASTICITY, row : row + length])
                    _add_up(weights[0], responding[2], series[LOG_STOCK, row : row + length])
                _spread(
                    layout[LAYOUT_ADSTOCK, m] != 0,
                    weights,
                    worked,
                    series[STOCK, row : row + length],
                    series[STOCK_BY_RETENTION, row : row + length],
                    series[STOCK_BY_SHAPE, row : row + length],
                )
        reached = series[RESPONSE, first:end]
        if is_reach:
            reached[:] = series[STOCK, first:end]
        else:
            _saturate(
                parameters,
                layout,
                m,
                series[STOCK, first:end],
                series[LOG_STOCK, first:end],
                reached,
                series[ELASTICITY, first:end],
                scratch[0, : end - first],
                scratch[1, : end - first],
            )
        total = 0.0
        for n in range(weight.shape[0]):
            total += weight[n] * reached[n]
        if is_amplitude and total > 0.0:
            relative = _squared_variation(weight, reached, window, total) + SMALLEST_VARIATION**2
            parameters[2 * media + m] -= 0.5 * np.log(relative)
        ceiling[m] = np.exp(parameters[2 * media + m]) * window / total if total > 0.0 else 0.0


@compile_inline
def pull_back(
    layout: IntArray,
    m: int,
    ceiling: float,
    weight: FloatArray,
    is_amplitude: bool,
    pull: FloatArray,
    series: FloatArray,
    gradient: FloatArray,
) -> None:
    """Add a medium's part of the gradient; `pull` is the density's derivative by each row's contribution.

    `gradient` already holds everything else by the medium's log share, because where `is_amplitude` a share moves with
    the response.
    """
    if ceiling <= 0.0:
        return
    media, first, rows = layout.shape[1], layout[LAYOUT_FIRST_ROW, m], pull.shape[0]
    stock, reached = series[STOCK, first : first + rows], series[RESPONSE, first : first + rows]
    elasticity, log_relative = series[ELASTICITY, first : first + rows], series[LOG_STOCK, first : first + rows]
    by_retention = series[STOCK_BY_RETENTION, first : first + rows]
    by_shape = series[STOCK_BY_SHAPE, first : first + rows]
    total, contribution = 0.0, 0.0
    for n in range(weight.shape[0]):
        total += weight[n] * reached[n]
    for n in range(rows):
        contribution += pull[n] * reached[n]
    contribution *= ceiling
    gradient[2 * media + m] += contribution
    # The share fixes the weighted sum of contributions, so a response counts against the mean of all.
    common = contribution / total
    bent, level = 0.0, 0.0
    if is_amplitude:
        window = weight.sum()
        squared = _squared_variation(weight, reached, window, total)
        bent = gradient[2 * media + m] * window / (total * total * (squared + SMALLEST_VARIATION**2))
        level = (1.0 + squared) * total / window
    half_part, slope_part, retention_part, shape_part = 0.0, 0.0, 0.0, 0.0
    if layout[LAYOUT_SATURATION, m] == _REACH:
        for n in range(rows):
            counted = weight[n] * (common + bent * (reached[n] - level)) if n < weight.shape[0] else 0.0
            by_stock = ceiling * pull[n] - counted
            half_part += by_stock * elasticity[n]
            slope_part += by_stock * log_relative[n]
            retention_part += by_stock * by_retention[n]
            shape_part += by_stock * by_shape[n]
    else:
        for n in range(rows):
            counted = weight[n] * (common + bent * (reached[n] - level)) if n < weight.shape[0] else 0.0
            by_log_stock = (ceiling * pull[n] - counted) * elasticity[n]
            by_stock = by_log_stock / (stock[n] + SMALLEST_STOCK)
            half_part += by_log_stock
            slope_part += by_log_stock * log_relative[n]
            retention_part += by_stock * by_retention[n]
            shape_part += by_stock * by_shape[n]
    gradient[m] += retention_part
    gradient[media + m] -= half_part
    if layout[LAYOUT_SLOPE, m] >= 0:
        gradient[layout[LAYOUT_SLOPE, m]] += slope_part
    if layout[LAYOUT_SHAPE, m] >= 0:
        gradient[layout[LAYOUT_SHAPE, m]] += shape_part


@compile_inline
def _squared_variation(weight: FloatArray, reached: FloatArray, window: float, total: float) -> float:
    """Squared coefficient of variation of a response over the window."""
    mean, squares = total / window, 0.0
    for n in range(weight.shape[0]):
        squares += weight[n] * (reached[n] - mean) ** 2
    return squares / (window * mean * mean)


@compile_inline
def _carryover(parameters: FloatArray, layout: IntArray, m: int, weights: FloatArray, by_lag: FloatArray) -> None:
    """Normalised weights, and their derivatives by logit retention and the shape's parameter, as rows of `weights`."""
    lags = weights.shape[1]
    retention = 1.0 / (1.0 + np.exp(-parameters[m]))
    log_retention = np.log(retention)
    kind, place = layout[LAYOUT_ADSTOCK, m], layout[LAYOUT_SHAPE, m]
    if kind == _WEIBULL:
        exponent = np.exp(parameters[place])
        # Survival to the end of each lag, and its derivatives; the weight is what is lost in between.
        before, before_by_retention, before_by_shape = 1.0, 0.0, 0.0
        for lag in range(lags):
            power = (lag + 1.0) ** exponent
            survival = np.exp(power * log_retention)
            by_retention = power * survival * (1.0 - retention)
            by_shape = survival * log_retention * power * np.log(lag + 1.0) * exponent
            weights[0, lag] = before - survival
            weights[1, lag] = before_by_retention - by_retention
            weights[2, lag] = before_by_shape - by_shape
            before, before_by_retention, before_by_shape = survival, by_retention, by_shape
    else:
        peak, peak_slope = 0.0, 0.0
        if kind == _DELAYED:
            share = 1.0 / (1.0 + np.exp(-parameters[place]))
            peak = share * (lags - 1)
            peak_slope = share * (1.0 - share) * (lags - 1)
        for lag in range(lags):
            by_lag[0, lag] = (lag - peak) ** 2 if kind == _DELAYED else float(lag)
            by_lag[1, lag] = by_lag[0, lag] * log_retention
        exponential(by_lag[1], weights[0], weights[1])
        for lag in range(lags):
            weight = weights[0, lag]
            # d/dlogit of retention**distance: distance * retention**distance * (1 - retention)
            weights[1, lag] = by_lag[0, lag] * weight * (1.0 - retention)
            weights[2, lag] = -2.0 * (lag - peak) * log_retention * weight * peak_slope
    total, sum_by_retention, sum_by_shape = 0.0, 0.0, 0.0
    for lag in range(lags):
        total += weights[0, lag]
        sum_by_retention += weights[1, lag]
        sum_by_shape += weights[2, lag]
    for lag in range(lags):
        weights[0, lag] /= total
        weights[1, lag] = (weights[1, lag] - weights[0, lag] * sum_by_retention) / total
        weights[2, lag] = (weights[2, lag] - weights[0, lag] * sum_by_shape) / total


@compile_inline
def _spread(
    has_shape: bool,
    weights: FloatArray,
    exposure: FloatArray,
    stock: FloatArray,
    by_retention: FloatArray,
    by_shape: FloatArray,
) -> None:
    """Adstock of one segment and its derivatives."""
    periods, lags = stock.shape[0], weights.shape[1]
    for t in range(periods):
        stock[t], by_retention[t], by_shape[t] = 0.0, 0.0, 0.0
    # Two lags at a time halve the traffic; the last of an odd number goes alone.
    for lag in range(0, lags - 1, 2):
        earlier = exposure[lags - 2 - lag : lags - 1 - lag + periods]
        weight, next_weight = weights[0, lag], weights[0, lag + 1]
        slope, next_slope = weights[1, lag], weights[1, lag + 1]
        for t in range(periods):
            stock[t] += weight * earlier[t + 1] + next_weight * earlier[t]
            by_retention[t] += slope * earlier[t + 1] + next_slope * earlier[t]
    if lags % 2:
        weight, slope = weights[0, lags - 1], weights[1, lags - 1]
        for t in range(periods):
            stock[t] += weight * exposure[t]
            by_retention[t] += slope * exposure[t]
    if has_shape:
        for lag in range(lags):
            earlier, slope = exposure[lags - 1 - lag : lags - 1 - lag + periods], weights[2, lag]
            for t in range(periods):
                by_shape[t] += slope * earlier[t]


@compile_inline
def _respond_to_frequency(
    parameters: FloatArray,
    layout: IntArray,
    m: int,
    people: FloatArray,
    log_frequency: FloatArray,
    responding: FloatArray,
) -> None:
    """People reached who respond, minus the derivative by log half-saturation, and that by log slope: three rows."""
    log_half, slope = parameters[layout.shape[1] + m], np.exp(parameters[layout[LAYOUT_SLOPE, m]])
    for n in range(people.shape[0]):
        log_relative = log_frequency[n] - log_half
        response = 1.0 / (1.0 + np.exp(-slope * log_relative))
        responding[0, n] = people[n] * response
        responding[1, n] = people[n] * slope * response * (1.0 - response)
        responding[2, n] = responding[1, n] * log_relative


@compile_inline
def _add_up(weights: FloatArray, series: FloatArray, stock: FloatArray) -> None:
    """Weighted sum of a series and its earlier periods."""
    lags = weights.shape[0]
    for t in range(stock.shape[0]):
        total = 0.0
        for lag in range(lags):
            total += weights[lag] * series[lags - 1 - lag + t]
        stock[t] = total


@compile_inline
def _saturate(
    parameters: FloatArray,
    layout: IntArray,
    m: int,
    stock: FloatArray,
    log_relative: FloatArray,
    reached: FloatArray,
    elasticity: FloatArray,
    first_scratch: FloatArray,
    second_scratch: FloatArray,
) -> None:
    """Response, its derivative by log stock, and log stock relative to half-saturation, of a medium's rows."""
    media, rows = layout.shape[1], stock.shape[0]
    log_half = parameters[media + m]
    kind, place = layout[LAYOUT_SATURATION, m], layout[LAYOUT_SLOPE, m]
    half = np.exp(log_half)
    # No branch on a stock of nothing: a loop without one is much faster, and SMALLEST_STOCK responds with zero.
    if kind == _LOGISTIC:
        for n in range(rows):
            log_relative[n] = -LOGISTIC_HALF * stock[n] / half
        exponential(log_relative, elasticity, first_scratch)
        for n in range(rows):
            response = (1.0 - elasticity[n]) / (1.0 + elasticity[n])
            elasticity[n] = -0.5 * log_relative[n] * (1.0 - response**2)
            reached[n] = response
    elif place < 0:
        for n in range(rows):
            response = stock[n] / (half + stock[n])
            elasticity[n] = response * (1.0 - response)
            reached[n] = response
            log_relative[n] = 0.0
    else:
        slope = np.exp(parameters[place])
        for n in range(rows):
            first_scratch[n] = stock[n] + SMALLEST_STOCK
        logarithm(first_scratch, log_relative, second_scratch)
        for n in range(rows):
            log_relative[n] -= log_half
            first_scratch[n] = -slope * log_relative[n]
        exponential(first_scratch, reached, second_scratch)
        for n in range(rows):
            response = 1.0 / (1.0 + reached[n])
            elasticity[n] = slope * response * (1.0 - response)
            reached[n] = response
