"""Calendar of a market: period starts, steps and positions.

A period is named by the date on which it starts. Weeks keep the weekday of the first
date in the data; months, quarters and years start on the first day of the month.
"""

from datetime import date, timedelta

from mmm.vocabulary import PeriodName

_MONTHS: dict[PeriodName, int] = {"month": 1, "quarter": 3, "year": 12}
_DAYS: dict[PeriodName, int] = {"day": 1, "week": 7}

PLURALS: dict[PeriodName, str] = {
    "day": "days",
    "week": "weeks",
    "month": "months",
    "quarter": "quarters",
    "year": "years",
}
"""Plural of each period, as a term."""


def shift_period(start: date, periods: int, period: PeriodName) -> date:
    """Start of the period that lies `periods` periods after `start` (before, when negative).

    Raises
    ------
    OverflowError
        When the result leaves the years 1 to 9999.
    """
    if period in _DAYS:
        return start + timedelta(days=_DAYS[period] * periods)
    month = start.year * 12 + start.month - 1 + _MONTHS[period] * periods
    if not 12 <= month < 120_000:
        raise OverflowError(f"date out of range: {start} shifted by {periods} periods ({period})")
    return start.replace(year=month // 12, month=month % 12 + 1)


def period_range(start: date, periods: int, period: PeriodName) -> tuple[date, ...]:
    """Starts of `periods` consecutive periods, the first of which is `start`."""
    return tuple(shift_period(start, step, period) for step in range(periods))


def periods_between(start: date, end: date, period: PeriodName) -> int:
    """Whole periods from `start` to `end`: the position of the period that contains `end`.

    Negative when `end` lies before `start`. Zero when `end` lies inside the period of `start`.
    """
    if period in _DAYS:
        return (end - start).days // _DAYS[period]
    months = (end.year - start.year) * 12 + end.month - start.month
    return months // _MONTHS[period]


def is_period_start(day: date, anchor: date, period: PeriodName) -> bool:
    """Whether `day` starts a period on the calendar that has `anchor` as one of its starts."""
    return shift_period(anchor, periods_between(anchor, day, period), period) == day
