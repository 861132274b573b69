"""A table as it stands in a file: a header and cells that nobody has interpreted yet."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mmm.errors import Fault, MarketRefused
from mmm.sentence import Number, Said, Sentence, Word, phrase, sentence

type Cell = str | float | int | bool | date | datetime | None
"""Text is stripped of outer white space; an empty cell is None. Other types come from XLSX and Parquet alone."""

MAX_ROWS = 500_000
MAX_COLUMNS = 2_000
MAX_CELLS = 5_000_000
MAX_EMPTY_ROWS = 1_100_000
"""More than a spreadsheet has, so that only a forged file reaches it."""
MAX_CHARACTERS = 32_767
"""Of one cell: as many as a spreadsheet holds."""
MAX_TEXT = 50_000_000
"""Characters of all cells: a small file can say one long text in every cell."""
SHOWN_FAULTS = 20
"""Faults of one kind in one column that are listed one by one before the rest is counted."""


EMPTY_CELL = sentence("an empty cell")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of cells by position, with what is wrong with the table as such.

    Attributes
    ----------
    file
        Name of the file.
    header
        Name per column; a column without name has the empty one.
    columns
        Cells per column, each of the same length.
    broken_rows
        Positions (0 is the row below the header) whose cells cannot be told to columns; each has its fault.
    faults
        Faults of the table: duplicate names, ragged and empty rows.
    notes
        How the file was read.
    """

    file: str
    header: tuple[str, ...]
    columns: tuple[tuple[Cell, ...], ...]
    broken_rows: frozenset[int] = frozenset()
    faults: tuple[Fault, ...] = ()
    notes: tuple[Sentence, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows below the header."""
        return len(self.columns[0])

    def column(self, name: str) -> tuple[Cell, ...]:
        """Cells of the column of that name (the first, should there be more)."""
        return self.columns[self.header.index(name)]


def row_number(index: int) -> int:
    """Row as a spreadsheet shows it, of the row at position `index` below the header."""
    return index + 2


def shown(cell: Cell) -> Said:
    """A cell as a fault quotes it."""
    if cell is None:
        return EMPTY_CELL
    text = repr(cell) if isinstance(cell, str) else str(cell)
    return text if len(text) <= 60 else text[:57] + "..."


def empty_file(file: str) -> Fault:
    """The fault of a file with nothing in it."""
    expected = sentence("a header with column names, and rows of data below it")
    return Fault(file, "", sentence("an empty file"), expected)


def clean(cell: Cell) -> Cell:
    """A cell without outer white space; None where nothing is left."""
    if isinstance(cell, str):
        return cell.strip() or None
    return cell


def table_of_rows(
    file: str, rows: Iterable[Sequence[Cell]], *, is_ragged_possible: bool, notes: tuple[Sentence, ...] = ()
) -> Table:
    """The table of rows of cells, the first of which is the header.

    Parameters
    ----------
    file
        Name of the file, for faults.
    rows
        Cells per row, white space still in place.
    is_ragged_possible
        Whether a short or long row means that cells were lost or split (delimited text), not that the
        format leaves out empty ones (a workbook).
    notes
        How the file was read.

    Raises
    ------
    MarketRefused
        When there is no header, no row below it, or more than the limits.
    """
    cleaned = [[clean(cell) for cell in row] for row in _limited(file, rows)]
    while cleaned and not any(cell is not None for cell in cleaned[-1]):
        cleaned.pop()
    if not cleaned:
        raise MarketRefused([empty_file(file)])
    header = _header(file, cleaned[0])
    body = cleaned[1:]
    if not body:
        found = sentence("a header and no rows below it")
        raise MarketRefused([Fault(file, "", found, sentence("at least one row of data"), row=2)])
    width = len(header) if is_ragged_possible else max(len(header), *(len(row) for row in body))
    faults = [*_duplicate_names(file, header)]
    broken: set[int] = set()
    ragged: list[Fault] = []
    for index, row in enumerate(body):
        while len(row) > width and row[-1] is None:
            row.pop()
        problem = _row_problem(row, width, is_ragged_possible)
        if problem is not None:
            broken.add(index)
            ragged.append(Fault(file, "", *problem, row=row_number(index)))
        del row[width:]
        row.extend([None] * (width - len(row)))
    faults += capped(ragged)
    return Table(
        file=file,
        header=header + ("",) * (width - len(header)),
        columns=tuple(zip(*body, strict=True)),
        broken_rows=frozenset(broken),
        faults=tuple(faults),
        notes=notes,
    )


def capped(faults: Sequence[Fault]) -> list[Fault]:
    """Faults of one kind and column: the first ones, and one that counts the rest and says where they are."""
    if len(faults) <= SHOWN_FAULTS:
        return list(faults)
    rest = faults[SHOWN_FAULTS:]
    rows = [fault.row for fault in rest if fault.row is not None]
    count = Number(amount=len(rest))
    found = sentence("{count} more like the last one", count=count)
    if rows:
        first, last = Word(text=str(rows[0])), Word(text=str(rows[-1]))
        found = sentence(
            "{count} more like the last one in rows {first} to {last}", count=count, first=first, last=last
        )
    more = Fault(faults[0].file, faults[0].field, found, sentence("the same as above"), row=rest[0].row)
    return [*faults[:SHOWN_FAULTS], more]


def refuse_if_large(file: str, rows: int, columns: int) -> None:
    """Refuse a table beyond the limits before its cells are read.

    Raises
    ------
    MarketRefused
        When it has too many rows, columns or cells.
    """
    if columns > MAX_COLUMNS:
        found = sentence("{count} columns", count=Number(amount=columns))
        expected = sentence("at most {limit}", limit=Number(amount=MAX_COLUMNS))
        raise MarketRefused([Fault(file, "", found, expected)])
    if rows > MAX_ROWS:
        limit = Number(amount=MAX_ROWS)
        found = sentence("more than {limit} rows", limit=limit)
        expected = sentence("at most {limit}: one a period and geo", limit=limit)
        raise MarketRefused([Fault(file, "", found, expected)])
    if rows * columns > MAX_CELLS:
        found = sentence("more than {limit} cells", limit=Number(amount=MAX_CELLS))
        raise MarketRefused([Fault(file, "", found, sentence("only the columns that market.toml names"))])


def long_cell(file: str, row: int | None = None) -> Fault:
    """The fault of a cell with more text than a spreadsheet holds."""
    limit = Number(amount=MAX_CHARACTERS)
    found = sentence("a cell of more than {limit} characters", limit=limit)
    expected = sentence("at most {limit} characters: is a quote never closed?", limit=limit)
    return Fault(file, "", found, expected, row)


def _limited(file: str, rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    """The rows up to the last that is not empty, counted against the limits as they come."""
    cells = number = empty = text = 0
    for row in rows:
        if not row:
            empty += 1  # a sheet may go on for a million rows that nobody filled
            if empty > MAX_EMPTY_ROWS:
                refuse_if_large(file, empty, 1)
            continue
        cells, number = cells + len(row), number + empty + 1
        if number > MAX_ROWS + 1 or len(row) > MAX_COLUMNS or cells > MAX_CELLS:
            refuse_if_large(file, number, max(len(row), -(-cells // number)))
        lengths = [len(cell) for cell in row if isinstance(cell, str)]
        if lengths and max(lengths) > MAX_CHARACTERS:
            raise MarketRefused([long_cell(file, number)])
        text += sum(lengths)
        if text > MAX_TEXT:
            found = sentence("more than {limit} characters", limit=Number(amount=MAX_TEXT))
            raise MarketRefused([Fault(file, "", found, sentence("only the columns that market.toml names"))])
        for _ in range(empty):
            yield ()
        empty = 0
        yield row


def _header(file: str, row: list[Cell]) -> tuple[str, ...]:
    names = ["" if cell is None else str(cell) for cell in row]
    while names and not names[-1]:
        names.pop()
    if not names:
        found, expected = sentence("an empty first row"), sentence("the column names in row 1")
        raise MarketRefused([Fault(file, "", found, expected, row=1)])
    return tuple(names)


def _duplicate_names(file: str, header: tuple[str, ...]) -> list[Fault]:
    expected = sentence("one column a name: rename or remove the others")
    return [
        Fault(file, name, sentence("{count} columns of this name", count=Number(amount=count)), expected, row=1)
        for name, count in Counter(header).items()
        if name and count > 1
    ]


def _row_problem(row: list[Cell], width: int, is_ragged_possible: bool) -> tuple[Said, Said] | None:
    """What was found and what is expected of a row that cannot be told to columns, or None."""
    if not any(cell is not None for cell in row):
        advice = sentence("no empty rows between rows of data: remove it, or fill it in")
        return sentence("an empty row"), advice
    if not is_ragged_possible or len(row) == width:
        return None
    expected = sentence("{count} cells, as in the header", count=Number(amount=width))
    if len(row) > width:
        expected = sentence(
            "{expected} (write numbers without separators of thousands, and quote text that holds the delimiter)",
            expected=phrase(expected),
        )
    return sentence("{count} cells", count=Number(amount=len(row))), expected
