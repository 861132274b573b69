"""The part of the outcome that no paid channel brings: its design, and its forecast.

One function builds the columns for the fit and for the forecast alike, so that the two
cannot disagree.
"""

from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.curves import medium_contribution
from mmm.manifest import BaselineInfo
from mmm.periods import periods_between
from mmm.vocabulary import COMMON_DEMAND_NAMES, DAYS_PER_WEEK, SEASON_LAG, FloatArray, IntArray


def baseline_design(info: BaselineInfo, positions: IntArray, controls: FloatArray) -> FloatArray:
    """Columns of the baseline at some positions in time.

    Parameters
    ----------
    info
        Which terms there are.
    positions
        Periods since the first period of the window; beyond the window it extrapolates. Shape (T,).
    controls
        Controls as in the file at these positions. Shape (T, number of controls).

    Returns
    -------
    FloatArray
        Intercept, slope, hinges max(0, t - knot), Fourier pairs (sine, cosine) of the year, standardised
        controls, event indicators, Fourier pairs of the week (daily data), days of each holiday, level of the brand.
        Shape (T, K).
    """
    time = positions.astype(np.float64)
    columns = [np.ones_like(time)]
    if info.has_slope:
        columns.append(time / info.trend_unit)
    columns += [np.maximum(0.0, time - knot) / info.trend_unit for knot in info.knots]
    for pair in range(1, info.fourier_pairs + 1):
        angle = 2.0 * np.pi * pair * time / info.season_length
        columns += [np.sin(angle), np.cos(angle)]
    for index, (mean, scale) in enumerate(zip(info.control_means, info.control_scales, strict=True)):
        columns.append((controls[:, index] - mean) / scale)
    for event in info.events:
        columns.append(((positions >= event.start) & (positions < event.start + event.periods)).astype(np.float64))
    for pair in range(1, info.week_pairs + 1):
        angle = 2.0 * np.pi * pair * time / DAYS_PER_WEEK
        columns += [np.sin(angle), np.cos(angle)]
    for holiday in info.holidays:
        days = dict(zip(holiday.positions, holiday.days, strict=True))
        columns.append(np.array([float(days.get(int(position), 0)) for position in positions]))
    if info.brand:
        columns.append(np.array(info.brand)[np.clip(positions, 0, len(info.brand) - 1)])
    return np.stack(columns, axis=1)


def control_places(info: BaselineInfo) -> range:
    """Columns of `baseline_design` that are controls, in the order of `info.controls`."""
    first = 1 + info.has_slope + len(info.knots) + 2 * info.fourier_pairs
    return range(first, first + len(info.controls))


def repeat_last_season(history: FloatArray, positions: IntArray, season: int) -> FloatArray:
    """History at some positions; later ones repeat the same season of the last year that history has.

    Parameters
    ----------
    history
        Values per period. Shape (T, ...).
    positions
        Periods since the first of history, >= 0. Shape (P,).
    season
        Periods a year. With less than a year of history the mean of history is repeated.

    Returns
    -------
    FloatArray
        Shape (P, ...).
    """
    periods = history.shape[0]
    values = np.empty((len(positions), *history.shape[1:]))
    for row, position in enumerate(positions):
        if position < periods:
            values[row] = history[position]
        elif periods < season:
            values[row] = history.mean(axis=0)
        else:
            years_back = -(-(position - periods + 1) // season)
            values[row] = history[position - years_back * season]
    return values


def forecast_baseline(artifact: ResponseArtifact, start: date, periods: int) -> FloatArray:
    """Outcome without this plan's or any earlier paid media over a horizon, per draw, without noise.

    Controls and organic media repeat the last year of history; demand that budgets follow is what it usually is
    (`mmm.common_demand`), and the brand holds its last level, as if what feeds it went on. Spend before the horizon is
    not in it (see `mmm.curves.carry_in`).

    Returns
    -------
    FloatArray
        Outcome units per period. Shape (S, T) with T = `periods`.
    """
    manifest, draws = artifact.manifest, artifact.draws
    season = SEASON_LAG[manifest.period]
    first = periods_between(manifest.window_start, start, manifest.period)
    positions = np.arange(first, first + periods)
    controls = repeat_last_season(draws.controls, positions, season)
    for place, name in enumerate(manifest.baseline.controls):
        if name in COMMON_DEMAND_NAMES.values():
            controls[:, place] = manifest.baseline.control_means[place]
    base = draws.baseline @ baseline_design(manifest.baseline, positions, controls).T
    if manifest.organic:
        reached = np.arange(max(0, first - manifest.carryover_periods), first + periods)
        organic = repeat_last_season(draws.organic, reached, season)
        for index, medium in enumerate(manifest.organic):
            base = (
                base
                + medium_contribution(
                    medium.adstock,
                    medium.saturation,
                    manifest.carryover_periods,
                    organic[:, index],
                    draws.organic_retention[:, index],
                    draws.organic_peak_delay[:, index],
                    draws.organic_half_saturation[:, index],
                    draws.organic_slope[:, index],
                    draws.organic_ceiling[:, index],
                )[:, -periods:]
            )
    return base
