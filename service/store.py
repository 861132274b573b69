"""The database, opened once a process: sessions that read and sessions that write.

Reading and writing transactions are told apart, because SQLite lets many read and one write:
a writer takes its lock at the start, so that it never fails half way for a reader that turned writer.
On PostgreSQL a writer takes the lock of what it is about to change, by name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service.engines import postgresql_engine, sqlite_engine
from service.errors import StoreRefused
from service.layout import bring_up_to_date


class Store:
    """Sessions on one database; its tables are created or brought up to date at the opening.

    Raises
    ------
    StoreRefused
        When the database was written by a later program.
    """

    def __init__(self, database: Path | str) -> None:
        self.database = database
        if isinstance(database, Path):
            database.parent.mkdir(parents=True, exist_ok=True)
            self.engine: Engine = sqlite_engine(database)
            self._reading_engine: Engine = self.engine
            self._writing_engine: Engine = self.engine.execution_options(begin="BEGIN IMMEDIATE")
        else:
            self.engine = postgresql_engine(database)
            self._reading_engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._writing_engine = self.engine
        try:
            bring_up_to_date(self._writing_engine, str(database) if self.is_sqlite else self._shown_url())
        except (StoreRefused, DBAPIError):
            self.close()
            raise

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of this machine's."""
        return isinstance(self.database, Path)

    @property
    def file(self) -> Path:
        """The file of a SQLite database."""
        if not isinstance(self.database, Path):
            raise TypeError("a PostgreSQL database has no file")
        return self.database

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database and changes nothing."""
        with Session(self._reading_engine) as session:
            yield session

    @contextmanager
    def writing(self, lock: str = "") -> Iterator[Session]:
        """A session whose changes are committed together at its end, or not at all when it raises.

        Parameters
        ----------
        lock
            Name of what is changed: writers of one name wait for each other. SQLite has one writer anyway.
        """
        with Session(self._writing_engine, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": lock})
            yield session

    def ping(self) -> None:
        """Raise `sqlalchemy.exc.SQLAlchemyError` unless the database answers."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    def _shown_url(self) -> str:
        return self.engine.url.render_as_string(hide_password=True)
