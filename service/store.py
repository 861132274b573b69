"""The database: SQLite in WAL mode, opened once a process.

Reading and writing transactions are told apart, because SQLite lets many read and one write:
a writer takes its lock at the start, so that it never fails half way for a reader that turned writer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mmm.sentence import Word, sentence
from service.errors import StoreRefused
from service.tables import Table

BUSY_SECONDS = 30.0
"""How long a writer waits for another before it gives up."""


LAYOUT = 1
"""Version of the tables, kept in the database; raised whenever `service.tables` changes."""


class Store:
    """Sessions on one database file; the schema is created on the first opening.

    Raises
    ------
    StoreRefused
        When the file was written by a program with another layout of the tables.
    """

    def __init__(self, database: Path) -> None:
        database.parent.mkdir(parents=True, exist_ok=True)
        self._engine = _sqlite_engine(database)
        self._writing_engine = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        try:
            self._prepare(database)
        except (StoreRefused, DBAPIError):
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database and changes nothing."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are committed together at its end, or not at all when it raises."""
        with Session(self._writing_engine, expire_on_commit=False) as session, session.begin():
            yield session

    def ping(self) -> None:
        """Raise `sqlalchemy.exc.SQLAlchemyError` unless the database answers."""
        with self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _prepare(self, database: Path) -> None:
        with self._writing_engine.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version not in (0, LAYOUT):
                raise StoreRefused(
                    sentence(
                        "The database {file} has layout {found}, and this program knows layout {known} alone. Use the "
                        "program that wrote it, or another home folder (--home).",
                        file=Word(text=str(database)),
                        found=Word(text=str(version)),
                        known=Word(text=str(LAYOUT)),
                    )
                )
            Table.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {LAYOUT}")


def _sqlite_engine(database: Path) -> Engine:
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine
