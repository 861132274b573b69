"""Rows of the database as lines of JSON, so that either database takes what the other gave."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Integer, LargeBinary, Table, insert, select, text

from service.tables import FileRow, WorkerRow
from service.tables import Table as Base

KEPT_TABLES: tuple[Table, ...] = tuple(
    table for table in Base.metadata.sorted_tables if table.name not in (FileRow.__tablename__, WorkerRow.__tablename__)
)
"""Tables of a backup, in an order in which rows come after those that they refer to.

Workers are of a machine; files are in a backup as folders.
"""

ROWS_AT_ONCE = 500


def rows_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """The rows of a table, a line of JSON each, in the order of its primary key."""
    for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings():
        values = {column.name: _as_json(column.type, row[column.name]) for column in table.columns}
        yield json.dumps(values, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def write_rows(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Write rows that `rows_of` gave into an empty table; how many.

    Raises
    ------
    ValueError
        When a line is none of this table's.
    """
    waiting: list[dict[str, Any]] = []
    count = 0
    for line in lines:
        waiting.append(_row(table, json.loads(line)))
        count += 1
        if len(waiting) == ROWS_AT_ONCE:
            connection.execute(insert(table), waiting)
            waiting = []
    if waiting:
        connection.execute(insert(table), waiting)
    if count:
        _continue_numbers(connection, table)
    return count


def is_empty(connection: Connection) -> bool:
    """Whether no table has a row of anything that a backup keeps."""
    return all(connection.execute(select(table).limit(1)).first() is None for table in KEPT_TABLES)


def _row(table: Table, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict) or set(values) != set(table.columns.keys()):
        raise ValueError(f"a line of {table.name} has other columns")
    return {column.name: _from_json(column.type, values[column.name]) for column in table.columns}


def _as_json(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, DateTime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(kind, LargeBinary) else value


def _from_json(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return base64.b64decode(value, validate=True) if isinstance(kind, LargeBinary) else value


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Have PostgreSQL count on after the numbers that came with the rows."""
    keys = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(keys) != 1 or not isinstance(keys[0].type, Integer):
        return
    names = {"table": table.name, "column": keys[0].name}
    largest = connection.execute(select(keys[0]).order_by(keys[0].desc()).limit(1)).scalar_one()
    connection.execute(
        text("SELECT setval(pg_get_serial_sequence(:table, :column), :largest)"), {**names, "largest": largest}
    )
