"""Whether rows stand on one complete calendar: each period once, in order, the same for each geo."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from mmm.errors import Fault
from mmm.intake.checks_period import RowPlaces, most_common, off_calendar, period_starts, wrong_period
from mmm.intake.tables import capped, row_number
from mmm.market import NATIONAL
from mmm.periods import PLURALS, period_range, periods_between, shift_period
from mmm.sentence import Names, Number, Said, Sentence, Term, Word, listed, phrase, sentence
from mmm.vocabulary import IntArray, PeriodName

_NAMED_PERIODS = 8
"""Missing periods that a fault names before it counts."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods and geos of a market, and where each row belongs. T periods, G geos.

    Attributes
    ----------
    dates
        Period starts, consecutive. Length T.
    geos
        Names, sorted. Length G.
    period_of_row, geo_of_row
        Positions on the two axes. Shape (rows,).
    notes
        How the dates were read.
    """

    dates: tuple[date, ...]
    geos: tuple[str, ...]
    period_of_row: IntArray
    geo_of_row: IntArray
    notes: tuple[Sentence, ...]


def place_rows(places: RowPlaces, period: PeriodName) -> Calendar | tuple[Fault, ...]:
    """The calendar on which the rows stand, or every fault that keeps them from standing on one."""
    wrong = wrong_period(places, period)
    if wrong is not None:
        return (wrong,)
    starts, notes = period_starts(places.dates, period)
    by_geo = _rows_by_geo(starts, places.geos)
    if not by_geo:
        return ()
    faults = _faults(places, by_geo, period)
    if faults or any(start is None for start in starts) or any(geo is None for geo in places.geos):
        return tuple(faults)
    geos = tuple(sorted(by_geo))
    geo_positions = {geo: position for position, geo in enumerate(geos)}
    first = by_geo[geos[0]][0][1]
    positions = [periods_between(first, start, period) for start in starts if start is not None]
    return Calendar(
        dates=period_range(first, len(by_geo[geos[0]]), period),
        geos=geos,
        period_of_row=np.array(positions, dtype=np.int64),
        geo_of_row=np.array([geo_positions[geo] for geo in places.geos if geo is not None], dtype=np.int64),
        notes=(*places.dates.notes, *notes),
    )


type _DatedRows = list[tuple[int, date]]
"""Rows of one geo as (position below the header, period start), in the order of the file."""


def _faults(places: RowPlaces, by_geo: dict[str, _DatedRows], period: PeriodName) -> list[Fault]:
    forgotten = _forgotten_geo(places, by_geo)
    if forgotten is not None:
        return [forgotten]
    off = off_calendar(places, [row for rows in by_geo.values() for row in rows], period)
    if off:
        return off
    faults: list[Fault] = []
    faults += capped([fault for geo, rows in by_geo.items() for fault in _repeated(places, geo, rows, period)])
    faults += capped([fault for geo, rows in by_geo.items() for fault in _out_of_order(places, geo, rows, period)])
    usual = _usual_calendar(by_geo)
    refused = {geo for day, geo in zip(places.dates.dates, places.geos, strict=True) if day is None}
    faults += _gaps(places, by_geo, usual, period)
    if not faults:
        uneven = [_uneven(places, geo, rows, usual) for geo, rows in by_geo.items() if geo not in refused]
        faults += capped([fault for fault in uneven if fault is not None])
    return faults


def _rows_by_geo(starts: Sequence[date | None], geos: Sequence[str | None]) -> dict[str, _DatedRows]:
    by_geo: dict[str, _DatedRows] = {}
    for index, (start, geo) in enumerate(zip(starts, geos, strict=True)):
        if start is not None and geo is not None:
            by_geo.setdefault(geo, []).append((index, start))
    return by_geo


def _forgotten_geo(places: RowPlaces, by_geo: dict[str, _DatedRows]) -> Fault | None:
    """The fault of a panel whose column of geos market.toml does not name."""
    if places.geo_column is not None:
        return None
    rows = Counter(start for _, start in by_geo[NATIONAL])
    repeats = set(rows.values())
    if len(rows) < 3 or len(repeats) != 1 or repeats == {1}:
        return None
    found = sentence("each date {count} times", count=Number(amount=repeats.pop()))
    expected = sentence(
        'one row a period; if this is a panel, name its column of geos in market.toml: geo = "..." in [columns]'
    )
    if places.text_columns:
        candidates = listed(places.text_columns[:5])
        expected = sentence("{expected} (columns of text: {names})", expected=phrase(expected), names=candidates)
    return Fault(places.file, places.date_column, found, expected)


def _repeated(places: RowPlaces, geo: str, rows: _DatedRows, period: PeriodName) -> list[Fault]:
    unit = Term(text=period)
    expected = sentence("one row a {period}", period=unit)
    if places.geo_column:
        expected = sentence("one row a {period} and geo", period=unit)
    first_rows: dict[date, int] = {}
    faults = []
    for index, start in rows:
        if start in first_rows:
            first = Word(text=str(row_number(first_rows[start])))
            found = sentence("{day} again (first in row {row})", day=phrase(_day(places, geo, start)), row=first)
            faults.append(Fault(places.file, places.date_column, found, expected, row=row_number(index)))
        first_rows.setdefault(start, index)
    return faults


def _out_of_order(places: RowPlaces, geo: str, rows: _DatedRows, period: PeriodName) -> list[Fault]:
    """Rows that break the ascending order: those outside of the longest ascending run of rows.

    Where one row alone is off, the order cannot say which of two neighbours it is; the calendar can.
    """
    kept = _longest_ascending([start for _, start in rows])
    strays = [position for position in range(len(rows)) if position not in kept]
    offsets = [periods_between(rows[0][1], start, period) - position for position, (_, start) in enumerate(rows)]
    usual = most_common(offsets)
    off_calendar = [position for position, offset in enumerate(offsets) if offset != usual]
    if strays and len(off_calendar) <= len(strays):
        strays = off_calendar
    if not strays:
        return []
    if 2 * len(strays) > len(rows):
        position = next(after for after in range(1, len(rows)) if rows[after][1] < rows[after - 1][1])
        found = sentence(
            "{day} below {other}, and other rows out of order",
            day=phrase(_day(places, geo, rows[position][1])),
            other=Word(text=str(rows[position - 1][1])),
        )
        expected = sentence("dates in ascending order: sort the file by date")
        return [Fault(places.file, places.date_column, found, expected, row=row_number(rows[position][0]))]
    expected = sentence("dates in ascending order: sort the file by date, or correct this one")
    return [
        Fault(
            places.file,
            places.date_column,
            sentence("{day} out of order", day=phrase(_day(places, geo, rows[position][1]))),
            expected,
            row=row_number(rows[position][0]),
        )
        for position in strays
    ]


def _longest_ascending(values: Sequence[date]) -> set[int]:
    """Positions of a longest subsequence that never falls (patience sorting)."""
    tails: list[date] = []
    tail_positions: list[int] = []
    previous: list[int] = []
    for position, value in enumerate(values):
        length = bisect_right(tails, value)
        previous.append(tail_positions[length - 1] if length else -1)
        tails[length : length + 1] = [value]
        tail_positions[length : length + 1] = [position]
    kept: set[int] = set()
    position = tail_positions[-1] if tail_positions else -1
    while position >= 0:
        kept.add(position)
        position = previous[position]
    return kept


def _usual_calendar(by_geo: dict[str, _DatedRows]) -> frozenset[date]:
    """The periods that most geos have; the longer calendar among equals."""
    calendars = Counter(frozenset(start for _, start in rows) for rows in by_geo.values())
    return max(calendars, key=lambda calendar: (calendars[calendar], len(calendar)))


def _gaps(places: RowPlaces, by_geo: dict[str, _DatedRows], usual: frozenset[date], period: PeriodName) -> list[Fault]:
    """Periods that no geo has, unless refused dates in the rows between account for them."""
    row_of = {start: index for rows in reversed(by_geo.values()) for index, start in reversed(rows)}
    refused = [index for index, day in enumerate(places.dates.dates) if day is None]
    faults = []
    for before, after in pairwise(sorted(usual)):
        missing = periods_between(before, after, period) - 1
        between = sum(row_of[before] < index < row_of[after] for index in refused)
        if missing < 1 or between >= missing:
            continue
        named = [str(shift_period(before, step, period)) for step in range(1, min(missing, _NAMED_PERIODS) + 1)]
        names = Names(names=tuple(named), more=missing - len(named), is_quoted=False)
        found = sentence("{after} next after {before}", after=Word(text=str(after)), before=Word(text=str(before)))
        expected = _missing(missing, names, period)
        faults.append(Fault(places.file, places.date_column, found, expected, row=row_number(row_of[after])))
    return capped(faults)


def _missing(count: int, names: Names, period: PeriodName) -> Sentence:
    if count == 1:
        return sentence("the 1 missing {period} between them: {names}", period=Term(text=period), names=names)
    return sentence(
        "the {count} missing {periods} between them: {names}",
        count=Number(amount=count),
        periods=Term(text=PLURALS[period]),
        names=names,
    )


def _uneven(places: RowPlaces, geo: str, rows: _DatedRows, usual: frozenset[date]) -> Fault | None:
    own = {start for _, start in rows}
    if own == usual:
        return None
    missing, extra = sorted(usual - own), sorted(own - usual)
    expected = sentence(
        "the periods of the other geos ({count}, {first} to {last}) in every geo",
        count=Number(amount=len(usual)),
        first=Word(text=str(min(usual))),
        last=Word(text=str(max(usual))),
    )
    row = row_number(next((index for index, start in rows if start in extra), rows[0][0]))
    return Fault(places.file, places.geo_column or "", _difference(geo, missing, extra), expected, row=row)


def _difference(geo: str, missing: Sequence[date], extra: Sequence[date]) -> Sentence:
    """How the periods of a geo differ from those of the others."""
    name, without, besides = Word(text=geo), _listed(missing), _listed(extra)
    if not extra:
        return sentence("geo '{geo}' without {missing}", geo=name, missing=without)
    if not missing:
        return sentence("geo '{geo}' with {extra} besides", geo=name, extra=besides)
    return sentence("geo '{geo}' without {missing} and with {extra} besides", geo=name, missing=without, extra=besides)


def _listed(days: Sequence[date]) -> Names:
    return listed([str(day) for day in days], _NAMED_PERIODS, is_quoted=False)


def _day(places: RowPlaces, geo: str, start: date) -> Said:
    """A date as a fault quotes it, with its geo in a panel."""
    if not places.geo_column:
        return str(start)
    return sentence("{day} of geo '{geo}'", day=Word(text=str(start)), geo=Word(text=geo))
