"""Numbers in cells: read strictly, or refused with what to write instead. Nothing is repaired."""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.intake.tables import Cell, shown
from mmm.sentence import Said, Sentence, Word, sentence
from mmm.vocabulary import BoolArray, FloatArray

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[,' \u00a0\u202f][0-9]{3})+(?:\.[0-9]+)?")
_EUROPEAN_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_CURRENCY_CODE = re.compile(r"\b(?:USD|EUR|GBP|CNY|RMB|JPY|CHF)\b|元|圆", re.IGNORECASE)
_MISSING = frozenset({"na", "n/a", "nan", "null", "none", "nil", "#n/a", "-", "--", "—", "?", "无", "缺失"})
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "-infinity", "∞"})

LARGEST, SMALLEST = 1e15, 1e-30
"""Sizes of numbers that are read, beside nought: sums and squares of larger ones leave what a float can hold."""

MISSING_HINT = sentence("a number in every row: write 0 where it is known to be nothing")


_IN_RANGE = sentence(
    "0, or a number between {smallest} and {largest} in size: choose another unit",
    smallest=Word(text=f"{SMALLEST:g}"),
    largest=Word(text=f"{LARGEST:g}"),
)


@dataclass(frozen=True, slots=True)
class CellProblem:
    """What is wrong with the cell at position `index`; `kind` groups problems that are alike."""

    index: int
    kind: str
    found: Said
    expected: Said


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Numbers of a column, NaN where a cell was refused, and the problems of those cells. Shape (rows,)."""

    values: FloatArray
    problems: tuple[CellProblem, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every cell is a number."""
        return not self.problems and not bool(np.isnan(self.values).any())


def read_numbers(cells: Sequence[Cell], *, at_least: float | None = None, above: float | None = None) -> NumberColumn:
    """The numbers in cells, each of which must be a finite plain number inside the limits.

    Parameters
    ----------
    cells
        Cells of one column.
    at_least, above
        Smallest value that is allowed, included or not.
    """
    values = np.full(len(cells), np.nan)
    floor = sentence("a number of at least {limit}", limit=Word(text=f"{at_least or 0.0:g}"))
    ground = sentence("a number above {limit}", limit=Word(text=f"{above or 0.0:g}"))
    problems: list[CellProblem] = []
    for index, cell in enumerate(cells):
        value = _number(cell)
        if value is None:
            kind, expected = _explanation(cell)
            problems.append(CellProblem(index, kind, shown(cell), expected))
        elif value and not SMALLEST <= abs(value) <= LARGEST:
            problems.append(CellProblem(index, "out of range", shown(cell), _IN_RANGE))
        elif at_least is not None and value < at_least:
            problems.append(CellProblem(index, "negative", shown(cell), floor))
        elif above is not None and value <= above:
            problems.append(CellProblem(index, "not positive", shown(cell), ground))
        else:
            values[index] = value
    return NumberColumn(values, tuple(problems))


def is_number(cell: Cell) -> bool:
    """Whether the cell is a finite plain number."""
    return _number(cell) is not None


def without(column: NumberColumn, rows: frozenset[int]) -> NumberColumn:
    """The column without the problems of some rows, which have a fault of their own."""
    if not rows:
        return column
    return NumberColumn(column.values, tuple(problem for problem in column.problems if problem.index not in rows))


def known(column: NumberColumn) -> BoolArray:
    """Which cells are numbers. Shape (rows,)."""
    return np.asarray(~np.isnan(column.values))


def _number(cell: Cell) -> float | None:
    if isinstance(cell, bool) or cell is None or isinstance(cell, date):
        return None
    if isinstance(cell, str) and not _NUMBER.fullmatch(cell):
        return None
    try:
        value = float(cell)
    except OverflowError:  # an integer beyond 1e308
        return None
    return value if math.isfinite(value) else None


def _explanation(cell: Cell) -> tuple[str, Sentence]:
    """Kind of the problem of a cell that is no number, and what to write instead."""
    if cell is None:
        return "empty", MISSING_HINT
    if isinstance(cell, bool):
        return "truth value", sentence("a number: 1 for yes, 0 for no")
    if isinstance(cell, date):
        return "date", sentence("a number; the cell is formatted as a date")
    text = str(cell)
    if text.casefold() in _MISSING:
        return "missing", MISSING_HINT
    if text.casefold() in _INFINITE or not isinstance(cell, str) or _NUMBER.fullmatch(text):
        return "infinite", sentence("a finite number below 1e308")
    if text.startswith("#"):
        return "formula error", sentence("a number; the cell holds an error of a formula")
    return _spelling(text)


def _spelling(text: str) -> tuple[str, Sentence]:
    """Kind and advice for a text that a person reads as a number."""
    ascii_text = unicodedata.normalize("NFKC", text)
    if ascii_text != text and _NUMBER.fullmatch(ascii_text):
        return "full-width", sentence("ASCII digits: {number}", number=Word(text=ascii_text))
    if ascii_text.endswith("%") and (value := _number(ascii_text[:-1].strip())) is not None:
        return "percent", sentence(
            "a plain number without the percent sign: {number}, or {fraction} as a fraction",
            number=Word(text=f"{value:g}"),
            fraction=Word(text=f"{value / 100:g}"),
        )
    if _THOUSANDS.fullmatch(text):
        plain = re.sub(r"[,' \u00a0\u202f]", "", text)
        return "separator", sentence("a number without separators of thousands: {number}", number=Word(text=plain))
    if _EUROPEAN_THOUSANDS.fullmatch(text):
        plain = text.replace(".", "").replace(",", ".")
        return "separator", sentence(
            "a decimal point and no separators of thousands: {number}", number=Word(text=plain)
        )
    if _DECIMAL_COMMA.fullmatch(text):
        return "decimal comma", sentence("a decimal point: {number}", number=Word(text=text.replace(",", ".")))
    if any(unicodedata.category(character) == "Sc" for character in text) or _CURRENCY_CODE.search(text):
        return "currency", sentence("a plain number: the currency stands in market.toml")
    if text.startswith("(") and text.endswith(")") and _number(text[1:-1]) is not None:
        return "bookkeeping", sentence("a plain number: brackets are read as a minus only in bookkeeping")
    return "text", sentence("a plain number such as 1234.5")
