"""Columns that look like they identify persons: only aggregates come in.

Every column is looked at, used or not. A finding never repeats what it found. Two kinds of
evidence count: values that have the form of an identifier, and names of columns that say so.
Large whole numbers are common in aggregates (impressions, populations), so numbers are judged
by form only where the column's name does not say that it counts something.
"""

import unicodedata
from collections.abc import Collection

from mmm.errors import Fault
from mmm.intake.identifiers import FORMS, counts_something, said_by_name
from mmm.intake.tables import Cell, Table, row_number
from mmm.sentence import Number, Sentence, phrase, sentence

_MOST = 0.5
"""Share of the filled cells that must have the form, where one alone could be chance."""


def personal_columns(table: Table, numeric: Collection[str]) -> list[Fault]:
    """A fault for each column that looks like it identifies persons.

    Parameters
    ----------
    table
        The whole table.
    numeric
        Names of the columns that the market reads as numbers: plain digits in them are quantities.
    """
    faults = []
    expected = sentence("aggregates per period alone: remove the column, it is not to be kept here")
    for name, cells in zip(table.header, table.columns, strict=True):
        finding = _finding(name, cells, is_quantity=name in numeric)
        if finding is not None:
            what, index = finding
            faults.append(Fault(table.file, name, what, expected, row=row_number(index)))
    return faults


def _finding(name: str, cells: tuple[Cell, ...], *, is_quantity: bool) -> tuple[Sentence, int] | None:
    """What the column looks like and the position of the first such cell, or None."""
    filled = [index for index, cell in enumerate(cells) if cell is not None]
    if not filled:
        return None
    said = None if is_quantity else said_by_name(name, cells)
    if said is not None:
        return sentence("a column whose name says that it holds {what}", what=phrase(said)), filled[0]
    texts = [(index, _text(cells[index])) for index in filled if not _is_plain_quantity(cells[index])]
    is_count = is_quantity or counts_something(name)
    for form in FORMS:
        if form.is_of_digits and is_count:
            continue
        hits = [(index, text) for index, text in texts if form.matches(text)]
        is_most = len(hits) > _MOST * len(filled) and any(text != hits[0][1] for _, text in hits)
        if hits and (form.is_certain or is_most):
            return _in_cells(form.what, len(hits)), hits[0][0]
    return None


def _in_cells(what: Sentence, count: int) -> Sentence:
    if count == 1:
        return sentence("{what} in 1 cell (not repeated here)", what=phrase(what))
    return sentence("{what} in {count} cells (not repeated here)", what=phrase(what), count=Number(amount=count))


def _is_plain_quantity(cell: Cell) -> bool:
    """Whether a cell is no identifier for certain: a date, a fraction, or a number of at most ten digits."""
    if isinstance(cell, str):
        whole, point, _ = cell.partition(".")
        return (len(whole) <= 10 or bool(point)) and cell.replace(".", "", 1).isdigit()
    if isinstance(cell, float):
        return abs(cell) < 1e10 or not cell.is_integer()
    return not isinstance(cell, int) or abs(cell) < 10**10


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        return str(int(cell))
    return unicodedata.normalize("NFKC", str(cell)).strip()
