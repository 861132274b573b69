"""What comes without a plan's media, and the noise of its sum, by formulas written out here. T periods, S draws."""

from datetime import date
from statistics import NormalDist

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.manifest import BaselineInfo
from mmm.vocabulary import COMMON_DEMAND_NAMES, DAYS_PER_WEEK, SEASON_LAG, FloatArray
from optimizer.checker.calendar import periods_between, repeated
from optimizer.checker.value import lag_weights, saturated_medium

_NORMAL = NormalDist()


def forecast(artifact: ResponseArtifact, start: date, periods: int) -> FloatArray:
    """Outcome of each period from `start` on without any paid media, without noise. Shape (T, S).

    Controls and organic media do what they did a year before; demand that budgets follow is as on average.
    """
    manifest, draws = artifact.manifest, artifact.draws
    season, lags = SEASON_LAG[manifest.period], manifest.carryover_periods
    first = periods_between(manifest.window_start, start, manifest.period)
    controls = repeated(draws.controls, range(first, first + periods), season)
    columns = [_columns(manifest.baseline, first + row, controls[row]) for row in range(periods)]
    base = np.array(columns) @ draws.baseline.T
    for place, medium in enumerate(manifest.organic):
        known = [position for position in range(first - lags, first + periods) if position >= 0]
        exposure = np.zeros(lags + periods)
        exposure[len(exposure) - len(known) :] = repeated(draws.organic[:, place], known, season)
        weights = lag_weights(
            medium.adstock, lags, draws.organic_retention[:, place], draws.organic_peak_delay[:, place]
        )
        half, slope = draws.organic_half_saturation[:, place], draws.organic_slope[:, place]
        level = saturated_medium(medium.saturation, exposure, weights, half, slope)
        base = base + draws.organic_ceiling[:, place] * level
    return np.asarray(base)


def noise_of_sum(artifact: ResponseArtifact, periods: int) -> FloatArray:
    """Noise of the outcome of so many periods together, one value a draw. Shape (S,).

    With variance one a period, of which a share fades by a factor each, n of them have n + 2 share Σ (n - d) factor^d
    over the distances d. The draws have normal quantiles in an order that the model's digest decides.
    """
    draws = artifact.draws
    size = len(draws.noise_scale)
    factor = np.zeros(size) if draws.noise_persistence is None else draws.noise_persistence
    share = np.zeros(size) if draws.noise_share is None else draws.noise_share
    together = sum(((periods - apart) * factor**apart for apart in range(1, periods)), np.zeros(size))
    shuffler = np.random.default_rng([int(artifact.digest[:8], 16), periods])
    scores = np.array([_NORMAL.inv_cdf((place + 0.5) / size) for place in range(size)])
    deviation = draws.noise_scale * np.sqrt(periods + 2.0 * share * together)
    return np.asarray(deviation * shuffler.permutation(scores))


def _columns(info: BaselineInfo, position: int, controls: FloatArray) -> list[float]:
    """What the coefficients of the baseline are multiplied by in one period. Length K."""
    row = [1.0]
    row += [position / info.trend_unit] if info.has_slope else []
    row += [max(0.0, position - knot) / info.trend_unit for knot in info.knots]
    row += _waves(position, info.season_length, info.fourier_pairs)
    for name, value, mean, scale in zip(
        info.controls, controls.tolist(), info.control_means, info.control_scales, strict=True
    ):
        row.append(0.0 if name in COMMON_DEMAND_NAMES.values() else (value - mean) / scale)
    row += [float(event.start <= position < event.start + event.periods) for event in info.events]
    row += _waves(position, DAYS_PER_WEEK, info.week_pairs)
    row += [
        float(sum(days for place, days in zip(each.positions, each.days, strict=True) if place == position))
        for each in info.holidays
    ]
    row += [info.brand[min(position, len(info.brand) - 1)]] if info.brand else []
    return row


def _waves(position: int, length: float, pairs: int) -> list[float]:
    """Sine and cosine of the first harmonics of a cycle of so many periods."""
    angles = [2.0 * np.pi * pair * position / length for pair in range(1, pairs + 1)]
    return [float(wave(angle)) for angle in angles for wave in (np.sin, np.cos)]
