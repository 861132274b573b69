"""The layout of the tables, and how an older one becomes the newest: Alembic, both databases alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from mmm.sentence import Word, sentence
from service.errors import StoreRefused

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0002"
"""The newest layout: the last of `service/migrations/versions`."""

BEFORE_ALEMBIC = "0001"
"""The layout of homes that were written before layouts had names; SQLite's ``user_version`` 1."""

_LOCK = 4_938_201
"""Key of the advisory lock under which PostgreSQL's layout is changed."""


def bring_up_to_date(engine: Engine, shown: str) -> None:
    """Create the tables of a database, or change an older layout to the newest, in one transaction.

    Raises
    ------
    StoreRefused
        When the database has a layout that this program does not know; `shown` names the database.
    """
    with _unhindered(engine) as connection, connection.begin():
        found = _layout_of(connection)
        if found == HEAD:
            return
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            found = _layout_of(connection)
        if found != HEAD:
            _upgrade(connection, found, shown)


def layout_in(engine: Engine) -> str | None:
    """The name of the layout of a database; None for one without tables of ours."""
    with engine.connect() as connection:
        return _layout_of(connection)


@contextmanager
def _unhindered(engine: Engine) -> Iterator[Connection]:
    """A connection on which tables may be rebuilt: SQLite would take the rows that point at a table with it."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if connection.dialect.name != "sqlite" or driver is None:
            yield connection
            return
        driver.execute("PRAGMA foreign_keys=OFF")  # has an effect outside of transactions alone
        try:
            yield connection
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def configuration(connection: Connection | None = None) -> "Config":
    """Alembic's configuration, with the connection that it shall work on."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(resources.files("service") / "migrations"))
    made.attributes["connection"] = connection
    return made


def _layout_of(connection: Connection) -> str | None:
    """The name of the layout; None for a database without tables of ours."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    if connection.dialect.name == "sqlite":
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version:
            return BEFORE_ALEMBIC if version == 1 else f"user_version {version}"
    return None


def _upgrade(connection: Connection, found: str | None, shown: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    alembic = configuration(connection)
    if found is not None:
        known = {script.revision for script in ScriptDirectory.from_config(alembic).walk_revisions()}
        if found not in known:
            raise StoreRefused(
                sentence(
                    "The database {file} has layout {found}, and this program knows layouts up to {known}. Use the "
                    "program that wrote it, or another home folder (--home).",
                    file=Word(text=shown),
                    found=Word(text=found),
                    known=Word(text=HEAD),
                )
            )
        if "alembic_version" not in inspect(connection).get_table_names():
            command.stamp(alembic, found)
    command.upgrade(alembic, HEAD)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA user_version = 2")  # so that the first program refuses what it cannot know
