"""Tables in Parquet files."""

import io
from collections.abc import Callable
from typing import Any

from mmm.errors import Fault, MarketRefused
from mmm.intake.parquet_pages import PagesDamaged, unpacked_bytes
from mmm.intake.tables import Cell, Table, refuse_if_large, table_of_rows
from mmm.sentence import Number, sentence

MAX_UNPACKED_BYTES = 100_000_000
MAX_TEXT_IN_FOOTER, MAX_ENTRIES_IN_FOOTER = 10_000_000, 100_000
"""Bytes of one text and entries of one list in the footer, which is read before anything is known of the file."""


def read_parquet(file: str, content: bytes) -> Table:
    """The table in a Parquet file; its rows are numbered as if its column names were row 1.

    Raises
    ------
    MarketRefused
        When the file is damaged, too large or has no rows.
    """
    # Imported here: pyarrow costs 0.3 s, and most markets are CSV.
    import pyarrow

    try:
        columns = _columns(file, content)
    except (pyarrow.ArrowException, PagesDamaged, ArithmeticError, LookupError, OSError, ValueError) as error:
        fault = Fault(file, "", sentence("a damaged Parquet file"), sentence("a Parquet file that opens"))
        raise MarketRefused([fault]) from error
    rows = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    return table_of_rows(file, rows, is_ragged_possible=False)


def _columns(file: str, content: bytes) -> dict[str, list[Cell]]:
    """Cells by column, one column at a time, after what they unpack to is known."""
    from pyarrow.parquet import ParquetFile

    limits = {
        "thrift_string_size_limit": MAX_TEXT_IN_FOOTER,
        "thrift_container_size_limit": MAX_ENTRIES_IN_FOOTER,
        "page_checksum_verification": True,
    }
    unpacked = unpacked_bytes(content)
    footer = ParquetFile(io.BytesIO(content), **limits)
    refuse_if_large(file, footer.metadata.num_rows, footer.metadata.num_columns)
    _refuse_bombs(file, unpacked)
    schema = footer.schema_arrow
    # pandas stores its index under a name of its own.
    names = [name for name in schema.names if not name.startswith("__index_level_")]
    _refuse_twins(file, names)
    # Texts stay one value each and places that point to it: a text that is there a million times is kept once.
    texts = [name for name in names if _is_text(schema.field(name).type)]
    source = ParquetFile(io.BytesIO(content), read_dictionary=texts, **limits)
    cells: dict[str, list[Cell]] = {}
    for name in names:
        kind = schema.field(name).type
        if _is_nested(kind):
            cells[name] = [f"<{kind}>"] * footer.metadata.num_rows  # no number and no date; what is in it is not read
        else:
            cells[name] = _cells(source.read(columns=[name], use_threads=False).column(0))
        if len(cells[name]) != footer.metadata.num_rows:
            raise PagesDamaged("a column with fewer rows than the file")
    return cells


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return any(is_one(kind) for is_one in (types.is_string, types.is_large_string, types.is_binary))


def _is_nested(kind: Any) -> bool:
    from pyarrow import BaseExtensionType, types

    return bool(types.is_nested(kind)) or isinstance(kind, BaseExtensionType)


def _cells(column: Any) -> list[Cell]:
    cells: list[Cell] = []
    for chunk in column.chunks:
        cells += _chunk_cells(chunk)
    return cells


def _chunk_cells(chunk: Any) -> list[Cell]:
    from pyarrow import float64, types

    kind = chunk.type
    if types.is_dictionary(kind):
        values = _chunk_cells(chunk.dictionary)
        return [None if at is None else values[at] for at in chunk.indices.to_pylist()]
    if types.is_timestamp(kind):
        return [_said(_local, stamp) for stamp in chunk]
    if types.is_date(kind):
        return [_said(lambda day: day.as_py(), day) for day in chunk]
    if types.is_decimal(kind):
        return [None if value is None else float(value) for value in chunk.to_pylist()]
    if types.is_float16(kind):
        chunk = chunk.cast(float64())
    return [_plain(value) for value in chunk.to_pylist()]


def _said(of: Callable[[Any], Cell], scalar: Any) -> Cell:
    """A date or time as Python has it; in digits, which no date has, where Python has none for it."""
    if not scalar.is_valid:
        return None
    try:
        return of(scalar)
    except (ValueError, OverflowError):
        return f"<{scalar.type}: {scalar.value}>"


def _local(stamp: Any) -> Cell:
    """A time in its column's own zone, which is how its dates were meant; below microseconds nothing is kept."""
    from pyarrow import timestamp

    kind = stamp.type
    if kind.unit == "ns":
        stamp = stamp.cast(timestamp("us", tz=kind.tz), safe=False)
    local: Cell = stamp.as_py().replace(tzinfo=None)
    return local


def _plain(value: Any) -> Cell:
    """A value of a type that a spreadsheet knows too; anything else as its text, which no number or date is."""
    if value is None or isinstance(value, str | int | float):  # bool is an int
        return None if value != value else value  # NaN is an empty cell
    return repr(value)


def _refuse_bombs(file: str, unpacked: int) -> None:
    if unpacked > MAX_UNPACKED_BYTES:
        found = sentence("{megabytes} MB when unpacked", megabytes=Number(amount=unpacked / 1e6))
        limit = Number(amount=MAX_UNPACKED_BYTES / 1e6)
        raise MarketRefused([Fault(file, "", found, sentence("at most {megabytes} MB", megabytes=limit))])


def _refuse_twins(file: str, names: list[str]) -> None:
    """Refuse a file in which a name stands for two columns: such columns cannot be read one at a time."""
    expected = sentence("one column a name: rename or remove the others")
    faults = [
        Fault(file, name, sentence("{count} columns of this name", count=Number(amount=names.count(name))), expected, 1)
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if faults:
        raise MarketRefused(faults)
