"""Whole refits on PostgreSQL, with more than one machine at them: killed on the way, taken over, cancelled."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgresql import Cluster
from serving.small_market import small_csv, small_toml
from serving.workers import PATIENCE, awaited, children_of, ended, is_running, start_worker, working
from typer.testing import CliRunner, Result

from service.cli.main import app
from service.home import Home, open_home
from service.jobs.asking import ask_refit
from service.settings import Settings
from service.tables import WorkerRow
from service.times import now

Machine = Callable[[str], Home]


@pytest.fixture
def machine(cluster: Cluster, tmp_path: Path) -> Iterator[Machine]:
    """Machines that share a database: each has a home of its own, empty at first."""
    url = cluster.create(f"jobs_{os.getpid()}_{time.monotonic_ns()}")
    homes: list[Home] = []

    def opened(name: str) -> Home:
        homes.append(open_home(Settings(tmp_path / name, url)))
        return homes[-1]

    yield opened
    for home in homes:
        home.close()


@contextmanager
def on(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """The command line of a machine."""
    with monkeypatch.context() as there:
        there.setenv("MIXPLAN_DATABASE_URL", home.settings.database_url or "")
        yield lambda *arguments: CliRunner().invoke(app, [*arguments, "--home", str(home.settings.home)])


def test_a_refit_whose_machine_is_gone_is_resumed_on_another_by_one_command(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, other = machine("gone"), machine("other")
    gone.datasets.keep(small_toml(), "shop.csv", small_csv(), now())
    job = ask_refit(gone, "shop", "me", now())
    killed = start_worker(gone, "--name", "fits-1", MIXPLAN_KILL_AT=f"conclude.published:1:{tmp_path / 'killed'}")
    killed.communicate(timeout=PATIENCE)
    assert (tmp_path / "killed").exists()
    assert other.registry.markets() == ()  # what was published was not committed
    with other.store.writing() as session:
        session.get_one(WorkerRow, "fits-1").host = "gone-host"
    with working(other), on(other, monkeypatch) as mixplan:
        assert mixplan("worker", "recover", "--host", "gone-host").exit_code == 1  # heard of a moment ago
        told = mixplan("worker", "recover", "--host", "gone-host", "--force")
        assert (told.exit_code, job.id in told.output) == (0, True)
        assert ended(other, job.id).status == "succeeded"
        assert "None of them" in mixplan("worker", "recover", "--host", "gone-host", "--force").output
    assert [version.version for version in other.registry.versions("shop")] == [1]
    assert [event.kind for event in other.events.page(10, market="shop").items] == ["refit.promoted"]
    assert list(other.settings.artifacts.glob("[0-9a-f]*")) != []  # fetched from the database
    assert other.registry.load(other.registry.champion("shop"))


def test_a_cancelled_refit_is_gone_within_two_seconds_and_publishes_nothing(machine: Machine) -> None:
    home, desk = machine("fits"), machine("desk")
    desk.datasets.keep(small_toml(draws=20_000), "shop.csv", small_csv(), now())
    with working(home) as worker:
        job = ask_refit(desk, "shop", "me", now())
        awaited(desk, job.id, PATIENCE, lambda job: job.progress is not None and job.progress.stage == "fit")
        (child,) = children_of(worker)
        asked_at = time.monotonic()
        desk.jobs.cancel(job.id, now())
        while is_running(child) and time.monotonic() - asked_at < 10:
            time.sleep(0.02)
        assert time.monotonic() - asked_at <= 2.0
        assert ended(desk, job.id).status == "cancelled"
    assert desk.registry.markets() == ()
    assert list(home.settings.artifacts.glob("[0-9a-f]*")) == []


def test_a_worker_whose_database_is_away_ends_when_it_is_stopped(machine: Machine, cluster: Cluster) -> None:
    home = machine("fits")
    home.datasets.keep(small_toml(), "shop.csv", small_csv(), now())
    job = ask_refit(home, "shop", "me", now())
    worker = start_worker(home)
    awaited(home, job.id, PATIENCE, lambda job: job.status == "running")
    cluster.stop("immediate")
    try:
        time.sleep(1.0)  # it meets the silence
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    finally:
        cluster.start()
    worker.communicate()
    assert home.jobs.job(job.id).status == "running"
