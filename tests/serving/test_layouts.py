"""Databases of older programs, and of both kinds, come to mean the same."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from builders import make_artifact
from postgresql import programs, running_cluster

from service.home import Home, open_home
from service.settings import Settings
from service.store import Store
from service.tables import Table
from service.times import now

BEFORE_ALEMBIC = Path(__file__).parent / "home_before_layouts.sql"
"""A home's database as the first program wrote it: `sqlite3 mixplan.sqlite .dump`."""


def differences(home: Home) -> list[object]:
    """What the layout has that the tables have not, and the other way round."""
    with home.store.engine.connect() as connection:
        ours = MigrationContext.configure(connection, opts={"include_name": lambda name, kind, _: _is_ours(name, kind)})
        return list(compare_metadata(ours, Table.metadata))


def _is_ours(name: str | None, kind: str) -> bool:
    return kind != "table" or name in Table.metadata.tables


def test_a_new_database_has_the_tables_of_the_program(tmp_path: Path) -> None:
    home = open_home(Settings(tmp_path / "home"))
    assert differences(home) == []
    home.close()


def test_the_database_of_the_first_program_is_brought_up_to_date_with_all_that_is_in_it(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    settings.home.mkdir()
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.executescript(BEFORE_ALEMBIC.read_text())
    home = open_home(settings)
    assert differences(home) == []
    versions = home.registry.versions("testland")
    assert [(version.version, version.alias) for version in versions] == [(2, "champion"), (1, "retired")]
    assert home.registry.rollback("testland", now()).version == 1
    assert [saved.name for saved in home.scenarios.page(10).items] == ["Q1 2027 base"]
    with home.store.reading() as session:
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert session.connection().exec_driver_sql("SELECT tenant, state FROM plans").all() == [("default", "draft")]
    home.close()


def test_an_upgrade_that_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mixplan.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(BEFORE_ALEMBIC.read_text())
        connection.execute("CREATE TABLE webhooks (id INTEGER)")  # in the way of the last step
    with pytest.raises(Exception, match="webhooks"):
        Store(file)
    with closing(sqlite3.connect(file)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert names == {"models", "promotions", "scenarios", "plans", "webhooks"}


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_postgresql_means_the_same_and_shares_artifacts_between_machines(tmp_path: Path) -> None:
    with running_cluster() as cluster:
        url = cluster.create("mixplan")
        here, there = (open_home(Settings(tmp_path / place, url)) for place in ("here", "there"))
        assert differences(here) == []
        artifact = make_artifact(draws=20)
        here.registry.publish([artifact], now())
        assert there.registry.load(there.registry.champion("testland"))["orders"].digest == artifact.digest
        assert there.of("another").registry.markets() == ()
        for home in (here, there):
            home.close()
