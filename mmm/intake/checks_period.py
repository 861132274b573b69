"""Whether dates are of the period that market.toml says, and which period each of them lies in."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from mmm.errors import Fault
from mmm.intake.dates import DateColumn
from mmm.intake.tables import capped, row_number
from mmm.periods import PLURALS, is_period_start
from mmm.sentence import Day, Sentence, Term, Word, phrase, sentence
from mmm.vocabulary import PeriodName

_STEP_DAYS: tuple[tuple[PeriodName, float, float], ...] = (
    ("day", 1, 1),
    ("week", 7, 7),
    ("month", 28, 31),
    ("quarter", 90, 92),
    ("year", 365, 366),
)
_SIZE: dict[PeriodName, int] = {"day": 0, "week": 1, "month": 2, "quarter": 3, "year": 4}
_MONTHS: dict[PeriodName, int] = {"month": 1, "quarter": 3, "year": 12}
_WEEKDAYS = (
    sentence("Monday"),
    sentence("Tuesday"),
    sentence("Wednesday"),
    sentence("Thursday"),
    sentence("Friday"),
    sentence("Saturday"),
    sentence("Sunday"),
)


@dataclass(frozen=True, slots=True)
class RowPlaces:
    """What the rows say about when and where: dates with gaps for refused cells, and geo labels.

    Attributes
    ----------
    file
        Name of the data file.
    date_column
        Name of the column of dates.
    dates
        As read.
    geo_column
        Name of the column of geos, None where the market is no panel.
    geos
        Label per row; `NATIONAL` throughout where there is no column; None where the cell is empty.
    text_columns
        Names of columns of text, which may be geos that market.toml forgot.
    """

    file: str
    date_column: str
    dates: DateColumn
    geo_column: str | None
    geos: tuple[str | None, ...]
    text_columns: tuple[str, ...] = ()


def wrong_period(places: RowPlaces, period: PeriodName) -> Fault | None:
    """The fault of dates that name, or are apart by, another period than market.toml says."""
    names, unit = places.dates.names, Term(text=period)
    is_whole = names == period or names == "day" or (names == "month" and _SIZE[period] > _SIZE["month"])
    if names != "day" and not is_whole and any(day is not None for day in places.dates.dates):
        found = sentence("dates that name whole {periods}", periods=Term(text=PLURALS[names]))
        expected = sentence(
            'dates that name each {period}; or period = "{other}" in market.toml, if that is what the rows are',
            period=unit,
            other=Word(text=names),
        )
        return Fault(places.file, places.date_column, found, expected)
    step = _usual_step(places)
    if step is None or step == period:
        return None
    if _SIZE[step] < _SIZE[period]:
        expected = sentence(
            'one row a {period}: add the rows up, or write period = "{other}" in market.toml',
            period=unit,
            other=Word(text=step),
        )
    else:
        expected = sentence(
            'one row a {period}; or period = "{other}" in market.toml, if that is what the rows are',
            period=unit,
            other=Word(text=step),
        )
    found = sentence("rows that are one {period} apart", period=Term(text=step))
    return Fault(places.file, places.date_column, found, expected)


def _usual_step(places: RowPlaces) -> PeriodName | None:
    """The period that most neighbouring dates are apart, or None where there is none."""
    days_of_geo: dict[str | None, set[date]] = {}
    for day, geo in zip(places.dates.dates, places.geos, strict=True):
        if day is not None:
            days_of_geo.setdefault(geo, set()).add(day)
    steps = [(after - before).days for days in days_of_geo.values() for before, after in pairwise(sorted(days))]
    if len(steps) < 3:
        return None
    median = statistics.median_low(steps)
    found = next((name for name, least, most in _STEP_DAYS if least <= median <= most), None)
    limits = next(((least, most) for name, least, most in _STEP_DAYS if name == found), None)
    if limits is None or 2 * sum(limits[0] <= step <= limits[1] for step in steps) <= len(steps):
        return None
    return found


def period_starts(dates: DateColumn, period: PeriodName) -> tuple[list[date | None], tuple[Sentence, ...]]:
    """Start of the period in which each date lies, and a note where that is another day.

    Where most dates are the first of a month they are left alone: quarters and years may follow a
    fiscal calendar, and a date on another day is a fault (`off_calendar`).
    """
    found = [day for day in dates.dates if day is not None]
    if period in ("day", "week") or 2 * sum(day.day == 1 for day in found) >= len(found):
        return list(dates.dates), ()
    floored = [None if day is None else _calendar_start(day, period) for day in dates.dates]
    note = sentence(
        "Dates lie inside of their {period} ({day} in the first row); each was read as the {period} that holds it.",
        period=Term(text=period),
        day=Day(day=found[0]),
    )
    return floored, (note,)


def _calendar_start(day: date, period: PeriodName) -> date:
    months = _MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def off_calendar(places: RowPlaces, rows: Sequence[tuple[int, date]], period: PeriodName) -> list[Fault]:
    """Dates that start no period on the calendar of most of the others: another weekday, another month."""
    if period == "week":
        anchor = most_common([start.weekday() for _, start in rows])
        usual_day = sentence("a {weekday}, on which the other weeks start", weekday=phrase(_WEEKDAYS[anchor]))
        return capped(
            [
                Fault(
                    places.file,
                    places.date_column,
                    sentence(
                        "{day}, a {weekday}",
                        day=Word(text=str(start)),
                        weekday=phrase(_WEEKDAYS[start.weekday()]),
                    ),
                    usual_day,
                    row=row_number(index),
                )
                for index, start in rows
                if start.weekday() != anchor
            ]
        )
    if period == "day":
        return []
    months = _MONTHS[period]
    usual = most_common([start.month % months for _, start in rows])
    anchor_day = next(start for _, start in rows if start.month % months == usual).replace(day=1)
    expected = sentence(
        "the first day of a {period}, like {day}", period=Term(text=period), day=Word(text=str(anchor_day))
    )
    return capped(
        [
            Fault(places.file, places.date_column, str(start), expected, row=row_number(index))
            for index, start in rows
            if not is_period_start(start, anchor_day, period)
        ]
    )


def most_common(values: Sequence[int]) -> int:
    """The most frequent value, the earlier one among equals."""
    return Counter(values).most_common(1)[0][0]
