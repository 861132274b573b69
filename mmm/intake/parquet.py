"""Tables in Parquet files."""

import io
from typing import Any

from mmm.errors import Fault, MarketRefused
from mmm.intake.tables import Cell, Table, refuse_if_large, table_of_rows
from mmm.sentence import Number, sentence

MAX_UNPACKED_BYTES = 500_000_000


def read_parquet(file: str, content: bytes) -> Table:
    """The table in a Parquet file; its rows are numbered as if its column names were row 1.

    Raises
    ------
    MarketRefused
        When the file is damaged, too large or has no rows.
    """
    # Imported here: pyarrow costs 0.3 s, and most markets are CSV.
    import pyarrow
    import pyarrow.parquet

    try:
        source = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        refuse_if_large(file, source.metadata.num_rows, source.metadata.num_columns)
        _refuse_bombs(file, source.metadata)
        table = source.read()
        names = [name for name in table.column_names if not name.startswith("__index_level_")]
        columns = [_cells(pyarrow, table.column(position)) for position in _positions(table.column_names)]
    except (pyarrow.ArrowException, OSError) as error:
        fault = Fault(file, "", sentence("a damaged Parquet file"), sentence("a Parquet file that opens"))
        raise MarketRefused([fault]) from error
    rows = [list(names), *map(list, zip(*columns, strict=True))]
    return table_of_rows(file, rows, is_ragged_possible=False)


def _positions(names: list[str]) -> list[int]:
    """Positions of the columns that a user wrote (pandas stores its index under a name of its own)."""
    return [position for position, name in enumerate(names) if not name.startswith("__index_level_")]


def _cells(pyarrow: Any, column: Any) -> list[Cell]:
    kind = column.type
    if pyarrow.types.is_timestamp(kind):
        # Local time of the column's own zone, which is how its dates were meant.
        stamps = column.cast(pyarrow.timestamp("us", tz=kind.tz), safe=False).to_pylist()
        return [None if stamp is None else stamp.replace(tzinfo=None) for stamp in stamps]
    if pyarrow.types.is_decimal(kind):
        return [None if value is None else float(value) for value in column.to_pylist()]
    return [_plain(value) for value in column.to_pylist()]


def _plain(value: Any) -> Cell:
    """A value of a type that a spreadsheet knows too; anything nested as its text, which no number or date is."""
    if value is None or isinstance(value, str | int | float):  # bool is an int
        return None if value != value else value  # NaN is an empty cell
    if hasattr(value, "isoformat") and hasattr(value, "year"):
        return value  # type: ignore[no-any-return]  # date or datetime
    return repr(value)


def _refuse_bombs(file: str, metadata: Any) -> None:
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if unpacked > MAX_UNPACKED_BYTES:
        found = sentence("{megabytes} MB when unpacked", megabytes=Number(amount=unpacked / 1e6))
        expected = sentence("at most {megabytes} MB", megabytes=Number(amount=MAX_UNPACKED_BYTES / 1e6))
        raise MarketRefused([Fault(file, "", found, expected)])
