"""Dates in cells: one format a column, told from the cells themselves, never guessed.

A cell names a day, or a whole month, quarter, week (ISO 8601) or year. Day and month in an
order that could be either (``3/4/2026``) are accepted only when the column as a whole allows
one order alone.
"""

import calendar
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from mmm.intake.cells import CellProblem
from mmm.intake.tables import Cell, row_number, shown
from mmm.parsing import FIRST_DAY, LAST_DAY
from mmm.sentence import Number, Said, Sentence, Word, phrase, sentence
from mmm.vocabulary import PeriodName

FIRST_YEAR, LAST_YEAR = FIRST_DAY.year, LAST_DAY.year
ADVICE = sentence("a date such as 2026-01-05 (2026-01, 2026Q1 or 2026 where a cell names a month, quarter or year)")


@dataclass(frozen=True, slots=True)
class DateStyle:
    """A way to write dates. The groups y, m, d, q (quarter) and w (ISO week) of `pattern` are numbers."""

    example: str
    names: PeriodName
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class DateColumn:
    """Dates of a column: the first day that each cell names, None where it was refused.

    `names` is what one cell stands for: a day, or a whole week, month, quarter or year.
    """

    dates: tuple[date | None, ...]
    names: PeriodName
    problems: tuple[CellProblem, ...]
    notes: tuple[Sentence, ...] = ()


def _style(example: str, names: PeriodName, pattern: str) -> DateStyle:
    numbers = {"Y": "(?P<y>[0-9]{4})", "M": "(?P<m>[0-9]{1,2})", "D": "(?P<d>[0-9]{1,2})", "Q": "(?P<q>[1-4])"}
    return DateStyle(example, names, re.compile(re.sub("[YMDQ]", lambda letter: numbers[letter[0]], pattern)))


CELL = _style("a cell formatted as a date", "day", r"(?!)")
MONTH_FIRST = _style("month/day/year", "day", r"M/D/Y")
DAY_FIRST = _style("day/month/year", "day", r"D/M/Y")
EITHER_ORDER = _style("3/4/2026", "day", r"[0-9]{1,2}/[0-9]{1,2}/Y")
STYLES = (
    _style("2026-01-05", "day", r"Y-M-D"),
    _style("2026-01-05 00:00:00", "day", r"Y-M-D[ T]00:00(?::00(?:\.0+)?)?"),
    _style("2026/01/05", "day", r"Y/M/D"),
    _style("2026.01.05", "day", r"Y\.M\.D"),
    _style("2026年1月5日", "day", r"Y年M月D[日号]"),
    _style("20260105", "day", r"Y(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
    _style("05.01.2026", "day", r"D\.M\.Y"),
    EITHER_ORDER,
    _style("2026-W02", "week", r"Y-?W(?P<w>[0-9]{2})"),
    _style("2026-01", "month", r"Y-M"),
    _style("2026/01", "month", r"Y/M"),
    _style("2026年1月", "month", r"Y年M月"),
    _style("202601", "month", r"Y(?P<m>[0-9]{2})"),
    _style("2026Q1", "quarter", r"Y[- ]?(?i:q)Q"),
    _style("Q1 2026", "quarter", r"(?i:q)Q[- ]?Y"),
    _style("2026年第1季度", "quarter", r"Y年第?Q季度?"),
    _style("2026", "year", r"Y"),
    _style("2026年", "year", r"Y年"),
)


def read_dates(cells: Sequence[Cell]) -> DateColumn:
    """The dates in the cells of one column, which must all be written alike.

    The most frequent format is taken as the one that was meant; cells in any other are problems.
    """
    styles = [_style_of(cell) for cell in cells]
    counts = Counter(style.example for style in styles if style is not None)
    if not counts:
        problems = tuple(CellProblem(index, "no date", shown(cell), ADVICE) for index, cell in enumerate(cells))
        return DateColumn((None,) * len(cells), "day", problems)
    most = max(counts.values())
    usual = next(style for style in styles if style is not None and counts[style.example] == most)
    if usual is EITHER_ORDER:
        return _read_in_either_order(cells, styles)
    return _read_in_style(cells, styles, usual)


def _read_in_style(cells: Sequence[Cell], styles: Sequence[DateStyle | None], usual: DateStyle) -> DateColumn:
    example = cells[styles.index(usual)]
    alike = sentence(
        "the format of row {row} in every row: {example}",
        row=Word(text=str(row_number(styles.index(usual)))),
        example=phrase(_shown(example)),
    )
    advice = sentence("{advice}; here {alike}", advice=phrase(ADVICE), alike=phrase(alike))
    dates: list[date | None] = []
    problems: list[CellProblem] = []
    for index, (cell, style) in enumerate(zip(cells, styles, strict=True)):
        day = _first_day(cell, usual) if style is usual else None
        if style is None:
            problems.append(CellProblem(index, "no date", shown(cell), advice))
        elif style is not usual:
            problems.append(CellProblem(index, "mixed formats", _shown(cell), alike))
        elif day is None:
            problems.append(CellProblem(index, "impossible", _shown(cell), _why_impossible(cell, usual)))
        dates.append(day)
    return DateColumn(tuple(dates), usual.names, tuple(problems))


def _read_in_either_order(cells: Sequence[Cell], styles: Sequence[DateStyle | None]) -> DateColumn:
    """Dates as ``3/4/2026``, in the one order that makes every cell a day; refused when both orders do."""
    readings: dict[str, DateColumn] = {}
    for order in (MONTH_FIRST, DAY_FIRST):
        reading = _read_in_style(cells, [order if style is EITHER_ORDER else style for style in styles], order)
        readings[order.example] = reading
    impossible = {
        example: sum(problem.kind == "impossible" for problem in reading.problems)
        for example, reading in readings.items()
    }
    if all(count == 0 for count in impossible.values()):
        first = styles.index(EITHER_ORDER)
        found = sentence(
            "{cell} and more like it, which read as dates with the day or the month first",
            cell=phrase(shown(cells[first])),
        )
        return DateColumn((None,) * len(cells), "day", (CellProblem(first, "order", found, ADVICE),))
    likely = min(impossible, key=lambda example: impossible[example])
    note = sentence(
        "Dates were read as {order}: in the other order some of them do not exist.", order=Word(text=likely)
    )
    return replace(readings[likely], notes=(note,))


def _style_of(cell: Cell) -> DateStyle | None:
    if isinstance(cell, date):
        return CELL
    text = _text(cell)
    return next((style for style in STYLES if style.pattern.fullmatch(text)), None)


def _text(cell: Cell) -> str:
    if cell is None or isinstance(cell, bool):
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _first_day(cell: Cell, style: DateStyle) -> date | None:
    """The first day that the cell names, or None when there is no such day."""
    if isinstance(cell, date):
        is_day = not isinstance(cell, datetime) or cell.time() == time.min
        return date(cell.year, cell.month, cell.day) if is_day and FIRST_YEAR <= cell.year <= LAST_YEAR else None
    parts = _parts(cell, style)
    if not FIRST_YEAR <= parts["y"] <= LAST_YEAR:
        return None
    try:
        if "w" in parts:
            return date.fromisocalendar(parts["y"], parts["w"], 1)
        month = 3 * parts["q"] - 2 if "q" in parts else parts.get("m", 1)
        return date(parts["y"], month, parts.get("d", 1))
    except ValueError:
        return None


def _parts(cell: Cell, style: DateStyle) -> dict[str, int]:
    matched = style.pattern.fullmatch(_text(cell))
    return {} if matched is None else {name: int(part) for name, part in matched.groupdict().items()}


def _why_impossible(cell: Cell, style: DateStyle) -> Sentence:
    if isinstance(cell, datetime) and cell.time() != time.min:
        return sentence("a date without a time of day")
    parts = {"y": cell.year} if isinstance(cell, date) else _parts(cell, style)
    if not FIRST_YEAR <= parts["y"] <= LAST_YEAR:
        first, last = Word(text=str(FIRST_YEAR)), Word(text=str(LAST_YEAR))
        return sentence("a year between {first} and {last}", first=first, last=last)
    if "d" in parts and 1 <= parts["m"] <= 12:
        days = calendar.monthrange(parts["y"], parts["m"])[1]
        month = Word(text=f"{parts['y']}-{parts['m']:02d}")
        return sentence("a day that exists: {month} has {days} days", month=month, days=Number(amount=days))
    return sentence("a date that exists: months are 1 to 12, weeks 1 to 52 or 53")


def _shown(cell: Cell) -> Said:
    if isinstance(cell, datetime) and cell.time() == time.min:
        cell = cell.date()
    return sentence("the date cell {day}", day=Word(text=str(cell))) if isinstance(cell, date) else shown(cell)
