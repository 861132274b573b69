"""How planners spend: the shapes of spend over time that real media plans have.

Each habit returns a shape, spend per week relative to the channel's mean; its level is set
elsewhere. Budgets step between years, drift between quarters, follow the season a little and
pause now and then, so that a channel's spend varies for reasons that are not the outcome.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from mmm.simulation.worlds import SpendHabit
from mmm.vocabulary import FloatArray

_YEAR_STEP = 0.18
"""Standard deviation of the log of a year's budget against the usual."""
_QUARTER_STEP = 0.16
"""The same of a quarter's."""
_SEASON_PULL = 0.35
"""How far always-on budgets follow the promotions of the calendar."""
_CAMPAIGN_LIFT, _FLIGHT_CAMPAIGN_LIFT = 0.3, 0.8
"""How much more a channel spends while a joint campaign runs."""
_FAIR_WEEKS = (9, 16, 22, 37, 41, 46)
"""Weeks of the year in which the industry's fairs usually are."""


def spend_shape(
    rng: np.random.Generator,
    habit: SpendHabit,
    weeks: Sequence[date],
    promotions: FloatArray,
    campaigns: FloatArray,
) -> FloatArray:
    """Spend per week relative to the mean of the series, which is one; not negative.

    Parameters
    ----------
    rng
        Source of everything that varies.
    habit
        How the channel is bought.
    weeks
        Mondays. Length T.
    promotions
        Strength of trade promotions, in [0, 1], that shop media follow. Shape (T,).
    campaigns
        Joint campaigns, 0 or 1, in which all channels do more. Shape (T,).

    Returns
    -------
    FloatArray
        Shape (T,).
    """
    periods = len(weeks)
    match habit:
        case "always_on":
            shape = _wandering(rng, periods, 0.28, 0.6) * (1.0 + _SEASON_PULL * promotions) * _pauses(rng, periods)
        case "flights":
            shape = _flights(rng, periods)
        case "promotions":
            shape = _wandering(rng, periods, 0.35, 0.4) * (0.6 + 1.6 * promotions) * _pauses(rng, periods)
        case "fairs":
            shape = _fairs(rng, weeks)
        case "series":
            shape = _series(rng, periods)
    lift = _FLIGHT_CAMPAIGN_LIFT if habit == "flights" else _CAMPAIGN_LIFT
    shape = shape * (1.0 + lift * campaigns) * _budget_steps(rng, weeks)
    return np.asarray(shape / shape.mean(), dtype=np.float64)


def joint_campaigns(rng: np.random.Generator, periods: int) -> FloatArray:
    """Ones in the weeks of a joint campaign, about two of four to six weeks a year, zeros elsewhere. Shape (T,)."""
    running = np.zeros(periods)
    week = int(rng.integers(3, 20))
    while week < periods:
        running[week : week + int(rng.integers(4, 7))] = 1.0
        week += int(rng.integers(18, 34))
    return running


def autocorrelated(rng: np.random.Generator, periods: int, persistence: float) -> FloatArray:
    """A stationary first-order autoregressive series of mean zero and standard deviation one. Shape (T,)."""
    steps = rng.standard_normal(periods)
    series = np.empty(periods)
    series[0] = steps[0]
    fresh = np.sqrt(1.0 - persistence**2)
    for period in range(1, periods):
        series[period] = persistence * series[period - 1] + fresh * steps[period]
    return series


def _wandering(rng: np.random.Generator, periods: int, spread: float, persistence: float) -> FloatArray:
    return np.asarray(np.exp(spread * autocorrelated(rng, periods, persistence)))


def _pauses(rng: np.random.Generator, periods: int) -> FloatArray:
    """Ones, with about one pause or near-pause of two to four weeks a year: stock-outs, frozen budgets, tests."""
    level = np.ones(periods)
    for _ in range(max(1, round(periods / 52))):
        start = int(rng.integers(0, periods))
        level[start : start + int(rng.integers(2, 5))] = rng.uniform(0.0, 0.3)
    return level


def _flights(rng: np.random.Generator, periods: int) -> FloatArray:
    """Bursts of three to six weeks, two to seven weeks apart, nothing in between."""
    level = np.zeros(periods)
    week = int(rng.integers(0, 4))
    while week < periods:
        length = int(rng.integers(3, 7))
        burst = np.exp(0.3 * rng.standard_normal()) * np.exp(0.12 * rng.standard_normal(length))
        level[week : week + length] = burst[: periods - week]
        week += length + int(rng.integers(2, 8))
    return level


def _fairs(rng: np.random.Generator, weeks: Sequence[date]) -> FloatArray:
    """A handful of fairs a year: something before, most in the week itself, a little after.

    Dates move by a week, sizes differ, now and then one is skipped.
    """
    level = np.zeros(len(weeks) + 2)
    sizes = np.exp(0.45 * rng.standard_normal(len(_FAIR_WEEKS)))
    for position, week in enumerate(weeks):
        number = week.isocalendar().week
        if number not in _FAIR_WEEKS:
            continue
        moved = int(np.clip(position + rng.integers(-1, 2), 0, len(weeks) - 1))
        size = sizes[_FAIR_WEEKS.index(number)] * np.exp(0.35 * rng.standard_normal())
        if rng.uniform() < 0.15:
            continue
        level[max(0, moved - 1)] += 0.3 * size
        level[moved] += size
        level[moved + 1] += 0.1 * size
    return level[: len(weeks)]


def _series(rng: np.random.Generator, periods: int) -> FloatArray:
    """One larger issue every two to five weeks over a small base."""
    level = 0.15 * _wandering(rng, periods, 0.2, 0.3)
    week = int(rng.integers(0, 3))
    while week < periods:
        size = np.exp(0.4 * rng.standard_normal())
        level[week] += size
        if week + 1 < periods:
            level[week + 1] += 0.5 * size
        week += int(rng.integers(2, 6))
    return level


def _budget_steps(rng: np.random.Generator, weeks: Sequence[date]) -> FloatArray:
    years = sorted({week.year for week in weeks})
    yearly = dict(zip(years, np.exp(_YEAR_STEP * rng.standard_normal(len(years))), strict=True))
    quarterly = np.exp(_QUARTER_STEP * rng.standard_normal((len(years), 4)))
    return np.array([yearly[week.year] * quarterly[years.index(week.year), (week.month - 1) // 3] for week in weeks])
