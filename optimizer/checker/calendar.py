"""Periods counted on a calendar, without the code that plans are made with."""

from datetime import date, timedelta

from mmm.vocabulary import PeriodName

_MONTHS: dict[PeriodName, int] = {"month": 1, "quarter": 3, "year": 12}
_DAYS: dict[PeriodName, int] = {"day": 1, "week": 7}


def periods_from(start: date, count: int, period: PeriodName) -> list[date]:
    """Starts of `count` periods, the first one at `start`."""
    if period in _DAYS:
        return [start + timedelta(days=_DAYS[period] * step) for step in range(count)]
    months = [start.year * 12 + start.month - 1 + _MONTHS[period] * step for step in range(count)]
    return [date(month // 12, month % 12 + 1, start.day) for month in months]


def periods_between(first: date, later: date, period: PeriodName) -> int:
    """How many periods lie between the starts of two of them."""
    if period in _DAYS:
        return (later - first).days // _DAYS[period]
    return ((later.year - first.year) * 12 + later.month - first.month) // _MONTHS[period]
