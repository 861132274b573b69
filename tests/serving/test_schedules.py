"""Refits by schedule: asked for when due, once, also after dates were missed."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from postgresql import Cluster
from serving.small_market import publish_as_fitted, small_csv, small_toml
from serving.workers import ended, working

from service.home import Home, open_home
from service.jobs.schedules import ask_due, last_due
from service.settings import Settings
from service.tables import MarketRow
from service.times import naive_utc, now

QUARTERLY = "0 6 * 1,4,7,10 MON#1"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = open_home(Settings(tmp_path / "home"))
    opened.datasets.keep(small_toml(), "shop.csv", small_csv(), moment("2026-11-26 12:00"))
    yield opened
    opened.close()


def test_a_quarter_begins_with_its_first_monday() -> None:
    assert last_due(QUARTERLY, moment("2026-11-26 12:00"), moment("2027-01-04 05:59")) is None
    assert last_due(QUARTERLY, moment("2026-11-26 12:00"), moment("2027-01-04 06:00")) == moment("2027-01-04 06:00")
    assert last_due(QUARTERLY, moment("2027-01-04 06:00"), moment("2027-04-04 23:00")) is None


def test_a_refit_is_asked_for_when_it_is_due_and_not_before(home: Home) -> None:
    assert ask_due(home, moment("2027-01-04 05:59")) == ()
    (job,) = ask_due(home, moment("2027-01-04 06:01"))
    assert (job.market, job.kind, job.actor) == ("shop", "refit", "schedule")
    assert ask_due(home, moment("2027-01-04 06:02")) == ()


def test_quarters_that_were_missed_are_made_up_for_by_one_refit(home: Home) -> None:
    (job,) = ask_due(home, moment("2027-11-01 00:00"))  # January, April, July and October went by
    assert job.id.startswith("due-202710040600-")
    home.jobs.cancel(job.id, moment("2027-11-01 00:01"))
    assert ask_due(home, moment("2027-11-01 00:02")) == ()


def test_a_market_that_is_being_refitted_is_asked_for_afterwards(home: Home) -> None:
    first = home.jobs.ask("refit", "shop", {}, "me", moment("2027-01-04 05:00"))
    assert ask_due(home, moment("2027-01-04 06:01")) == ()
    home.jobs.cancel(first.id, moment("2027-01-04 06:02"))
    assert len(ask_due(home, moment("2027-01-04 06:03"))) == 1


def test_a_market_without_schedule_is_left_alone(home: Home) -> None:
    never = small_toml("never", more='[refit]\nschedule = "never"')
    home.datasets.keep(never, "x.csv", small_csv(), moment("2026-11-26 12:00"))
    assert [job.market for job in ask_due(home, moment("2028-01-04 06:01"))] == ["shop"]


def test_every_tenant_is_served(home: Home) -> None:
    home.of("other").datasets.keep(small_toml(), "shop.csv", small_csv(), moment("2026-11-26 12:00"))
    jobs = ask_due(home, moment("2027-01-04 06:01"))
    assert len({job.id for job in jobs}) == 2
    assert home.of("other").jobs.page(5).items[0].market == "shop"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_workers_that_come_up_after_missed_quarters_make_up_for_them_by_one_run(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    url = None
    if database == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.create("schedules")
    home = open_home(Settings(tmp_path / "home", url))
    home.datasets.keep(small_toml(), "shop.csv", small_csv(), now())
    publish_as_fitted(home, "shop")
    with home.store.writing() as session:
        row = session.get_one(MarketRow, (home.settings.tenant, "shop"))
        row.due_since = naive_utc(now() - timedelta(days=300))
    with working(home), working(home):
        while not (asked := home.jobs.page(10).items):
            time.sleep(0.1)  # other processes ask
        assert ended(home, asked[0].id).status == "succeeded"
    (job,) = home.jobs.page(10).items
    assert (job.actor, job.attempts) == ("schedule", 1)
    assert len(home.events.page(10, market="shop").items) == 1
    assert ask_due(home, now()) == ()
    home.close()
