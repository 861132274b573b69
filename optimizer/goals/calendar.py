"""The days of an annual goal: what each carries by the season, and which of them a horizon works for."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import forecast_baseline
from mmm.periods import period_range, periods_between, shift_period
from mmm.vocabulary import FloatArray, PeriodName
from optimizer.scenario.annual_goal import AnnualGoal
from optimizer.scenario.document import Horizon


@dataclass(frozen=True, slots=True)
class GoalCalendar:
    """The goal's days: `weights` of shape (days,), the first on `start`; `ends` has the first day after each period."""

    start: date
    ends: tuple[date, ...]
    weights: FloatArray

    def between(self, first: date, after: date) -> float:
        """Weight of the days from `first` on and before `after`, those outside of the goal left out."""
        low, high = ((day - self.start).days for day in (first, after))
        return float(self.weights[max(low, 0) : max(high, 0)].sum())


def goal_ends(goal: AnnualGoal) -> tuple[date, ...]:
    """First day after each period of the goal."""
    return tuple(shift_period(goal.start, step, goal.by) for step in range(1, goal.count + 1))


def horizon_window(goal: AnnualGoal, horizon: Horizon, period: PeriodName, periods: int) -> tuple[date, date]:
    """Days of the goal, first and the one after the last, for which the first periods of the horizon count."""
    first = shift_period(horizon.start, goal.lead_time, period)
    return first, shift_period(first, periods, period)


def goal_calendar(goal: AnnualGoal, artifact: ResponseArtifact) -> GoalCalendar:
    """The goal's days with their weights: as given, or those of the forecast of the baseline."""
    ends = goal_ends(goal)
    starts = (goal.start, *ends[:-1])
    if goal.weights is not None:
        spans = [(end - start).days for start, end in zip(starts, ends, strict=True)]
        given = np.repeat(np.array(goal.weights) / spans, spans)
        return GoalCalendar(goal.start, ends, given)
    manifest = artifact.manifest
    offset = periods_between(manifest.window_start, goal.start, manifest.period)
    count = periods_between(manifest.window_start, ends[-1] - timedelta(days=1), manifest.period) - offset + 1
    first = shift_period(manifest.window_start, offset, manifest.period)
    expected = forecast_baseline(artifact, first, count).mean(axis=0)
    days = np.diff([day.toordinal() for day in period_range(first, count + 1, manifest.period)])
    daily = np.repeat(expected / days, days)
    skipped = (goal.start - first).days
    return GoalCalendar(goal.start, ends, daily[skipped : skipped + (ends[-1] - goal.start).days])


def period_weights(calendar: GoalCalendar) -> list[float]:
    """Weight of each period of the goal."""
    return [calendar.between(start, end) for start, end in pairwise((calendar.start, *calendar.ends))]
