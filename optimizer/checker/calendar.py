"""Periods counted on a calendar, and history beyond its end, without the code that plans are made with."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np

from mmm.vocabulary import FloatArray, PeriodName

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


def repeated(history: FloatArray, positions: Iterable[int], season: int) -> FloatArray:
    """History at some positions >= 0, of shape (any, ...).

    After its end it is what the same season of its last year had, or its mean where it has no year of `season` periods.
    """
    rows = []
    for place in positions:
        if place >= len(history) and len(history) < season:
            rows.append(history.mean(axis=0))
            continue
        while place >= len(history):
            place -= season
        rows.append(history[place])
    return np.array(rows).reshape(len(rows), *history.shape[1:])
