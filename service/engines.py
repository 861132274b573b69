"""Engines of the two databases: SQLite in a file, PostgreSQL by its URL.

Both are made to mean the same: a reading transaction sees one state, a writing one is alone where it matters.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from mmm.sentence import Word, sentence
from service.errors import StoreRefused

BUSY_SECONDS = 30.0
"""How long a writer waits for another before it gives up."""

POOL_SIZE = 10
"""Connections that a process keeps to PostgreSQL."""

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000:.0f}")


def sqlite_engine(database: Path, *, begin: str = "BEGIN") -> Engine:
    """An engine on a SQLite file.

    Parameters
    ----------
    database
        The file; its folder is there.
    begin
        How a transaction begins unless its connection says otherwise (execution option ``begin``).
        ``BEGIN IMMEDIATE`` takes the writer's lock at once, so that a reader never has to turn writer half way.
    """
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        _add_unixepoch(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", begin))

    return engine


def postgresql_engine(url: str) -> Engine:
    """An engine on a PostgreSQL database, whose reading transactions see one state.

    Raises
    ------
    StoreRefused
        When the URL is none of PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _no_url() from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise _no_url()
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"), pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_pre_ping=True
    )


def _no_url() -> StoreRefused:
    """The refusal of a URL, without the URL: it may have a password in it."""
    example = Word(text="postgresql://user@host/mixplan")
    return StoreRefused(
        sentence("MIXPLAN_DATABASE_URL is no address of a PostgreSQL database, such as {example}.", example=example)
    )


def _add_unixepoch(connection: Any) -> None:
    """Give SQLite before 3.42 the function that the tables of jobs call: seconds since 1970 with their fraction."""
    if sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", -1, lambda *_: time.time())
