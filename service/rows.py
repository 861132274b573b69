"""New rows below those that a market has: the two tables as one file."""

import csv
import io

from mmm.errors import Fault, MarketRefused
from mmm.intake.formats import read_table
from mmm.intake.tables import Cell, Table
from mmm.parsing import nearest
from mmm.sentence import Names, sentence


def with_new_rows(before_name: str, before: bytes, more_name: str, more: bytes) -> bytes:
    """A CSV file (UTF-8) with the rows of one file below those of another, columns by their names.

    Nothing is judged here but the columns: what the rows say together is checked where the market is read.

    Raises
    ------
    MarketRefused
        When a file is no table, or the new rows lack a column or have one too many.
    """
    old, new = read_table(before_name, before), read_table(more_name, more)
    faults = [*new.faults, *_column_faults(old, new)]
    if faults:
        raise MarketRefused(faults)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(old.header)
    writer.writerows(_rows(old, old.header))
    writer.writerows(_rows(new, old.header))
    return text.getvalue().encode()


def _column_faults(old: Table, new: Table) -> list[Fault]:
    missing = [name for name in old.header if name not in new.header]
    unknown = [name for name in new.header if name not in old.header]
    faults = [
        Fault(new.file, name, sentence("no such column"), sentence("all columns that the market's data have"), row=1)
        for name in missing
    ]
    for name in unknown:
        near = nearest(name, list(old.header))
        known = Names(names=(near,) if near else old.header[:8], more=0 if near else max(0, len(old.header) - 8))
        expected = sentence("a column that the market's data have, such as {names}", names=known)
        faults.append(Fault(new.file, name, sentence("a column of that name"), expected, row=1))
    return faults


def _rows(table: Table, header: tuple[str, ...]) -> list[list[str]]:
    columns = [table.column(name) for name in header]
    return [[_text(column[row]) for column in columns] for row in range(table.rows)]


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
