"""Jobs with real workers: done once, whatever is killed on the way."""

import io
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from postgresql import programs, running_cluster
from serving.small_market import publish_as_fitted, small_csv, small_toml
from serving.workers import PATIENCE, awaited, children_of, ended, is_running, start_worker, working

from service.errors import NotAllowed
from service.home import Home, open_home
from service.http.app import create_app
from service.jobs.asking import ask_batch, ask_refit
from service.jobs.reconciliation import Reconciliation
from service.jobs.recovery import recover_workers
from service.settings import Settings
from service.tables import WorkerRow
from service.times import now


@pytest.fixture
def market_home(tmp_path: Path) -> Iterator[Home]:
    home = open_home(Settings(tmp_path / "home"))
    home.datasets.keep(small_toml(), "shop.csv", small_csv(), now())
    yield home
    home.close()


def upload(client: FlaskClient, name: str, data: bytes, market: bytes | None = None) -> Any:
    files: dict[str, Any] = {"data": (io.BytesIO(data), f"{name}.csv")}
    if market is not None:
        files["market"] = (io.BytesIO(market), "market.toml")
    return client.post(f"/v1/markets/{name}/data", data=files, content_type="multipart/form-data")


def test_a_market_is_fitted_over_http_by_a_worker(tmp_path: Path) -> None:
    home = open_home(Settings(tmp_path / "home"))
    client = create_app(home).test_client()
    kept = upload(client, "shop", small_csv(), small_toml())
    assert kept.status_code == 201
    assert (kept.json["version"], kept.json["periods"]) == (1, 104)
    asked = client.post("/v1/markets/shop/refits", json={})
    assert asked.status_code == 202
    assert client.post("/v1/markets/shop/refits", json={}).status_code == 409
    with working(home):
        ended(home, asked.json["id"])
        job = client.get(asked.headers["Location"]).json
        assert job["status"] == "succeeded", job
        assert (job["result"]["version"], job["result"]["outcome"]) == (1, "promoted")
        # new rows, and what they lead to
        more = upload(client, "shop", small_csv(13, first=104))
        assert (more.json["version"], more.json["last_period"]) == (2, "2026-03-23")
        again = client.post("/v1/markets/shop/refits", json={}).json
        assert ended(home, again["id"]).status == "succeeded"
    judged = client.get("/v1/markets/shop/models/2/judgement").json
    assert judged["backtests"][0]["periods"] == 13, judged
    outcome = client.get(f"/v1/jobs/{again['id']}").json["result"]["outcome"]
    assert outcome == {"promote": "promoted", "hold": "held"}[judged["judgement"]["decision"]]
    models = client.get("/v1/markets/shop/models").json["models"]
    assert [model["version"] for model in models] == [2, 1]
    events = client.get("/v1/events", query_string={"market": "shop"}).json["events"]
    assert [event["kind"] for event in events] == [f"refit.{outcome}", "refit.promoted"]
    home.close()


def test_rows_that_are_there_already_are_refused_and_nothing_is_kept(market_home: Home) -> None:
    client = create_app(market_home).test_client()
    refused = upload(client, "shop", small_csv(3, first=102))
    assert refused.status_code == 422
    details = [error["detail"] for error in refused.json["errors"]]
    assert "found 2025-12-15 again (first in row 104); expected one row a week" in details
    renamed = small_csv(3, first=104).replace(b"search", b"serach")
    assert "search" in str(upload(client, "shop", renamed).json["errors"])
    assert [one.version for one in market_home.datasets.versions("shop")] == [1]


def test_a_cancelled_fit_is_gone_within_two_seconds_and_publishes_nothing(market_home: Home) -> None:
    market_home.datasets.keep(small_toml("slow", draws=20_000), "slow.csv", small_csv(), now())
    with working(market_home) as worker:
        job = ask_refit(market_home, "slow", "me", now())
        awaited(market_home, job.id, PATIENCE, lambda job: job.progress is not None and job.progress.stage == "fit")
        children = children_of(worker)
        assert len(children) == 1
        asked_at = time.monotonic()
        market_home.jobs.cancel(job.id, now())
        while is_running(children[0]) and time.monotonic() - asked_at < 10:
            time.sleep(0.02)
        assert time.monotonic() - asked_at <= 2.0
        assert ended(market_home, job.id).status == "cancelled"
    assert market_home.registry.markets() == ()


def test_a_job_that_waits_is_cancelled_at_once_and_never_begun(market_home: Home) -> None:
    job = ask_refit(market_home, "shop", "me", now())
    assert market_home.jobs.cancel(job.id, now()).status == "cancelled"
    other = ask_refit(market_home, "shop", "me", now())
    with working(market_home):
        assert ended(market_home, other.id).status == "succeeded"
    assert market_home.jobs.job(job.id).attempts == 0


@pytest.mark.parametrize("point", ["child.artifact_kept", "conclude.published"])
def test_a_worker_killed_on_the_way_loses_nothing_and_does_nothing_twice(
    market_home: Home, tmp_path: Path, point: str
) -> None:
    job = ask_refit(market_home, "shop", "me", now())
    marker = tmp_path / "killed"
    worker = start_worker(market_home, MIXPLAN_KILL_AT=f"{point}:1:{marker}")
    if point.startswith("child."):
        ended(market_home, job.id)
        worker.terminate()
    worker.communicate(timeout=PATIENCE)
    assert marker.exists()
    with working(market_home):
        assert ended(market_home, job.id).status == "succeeded"
    assert [version.version for version in market_home.registry.versions("shop")] == [1]
    assert len(market_home.events.page(10, market="shop").items) == 1
    assert market_home.registry.load(market_home.registry.champion("shop"))


def test_a_worker_that_is_stopped_ends_at_once_and_its_jobs_go_back_to_the_queue(market_home: Home) -> None:
    market_home.datasets.keep(small_toml("north"), "x.csv", small_csv(), now())
    job = ask_refit(market_home, "shop", "me", now())
    batch = ask_batch(market_home, ["north"], "me", now())
    worker = start_worker(market_home)
    for one in (job, batch):
        awaited(market_home, one.id, PATIENCE, lambda job: job.status == "running")
    worker.terminate()
    assert (worker.wait(timeout=60), worker.communicate()[1].count("Traceback")) == (0, 0)
    places = market_home.queue.places([job.id, batch.id])
    assert {place.status for place in places.values()} == {"ENQUEUED"}


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_on_postgresql_a_worker_is_killed_and_the_server_crashes_and_the_job_ends_once(tmp_path: Path) -> None:
    with running_cluster() as cluster:
        home = open_home(Settings(tmp_path / "home", cluster.create("jobs")))
        home.datasets.keep(small_toml(), "shop.csv", small_csv(), now())
        publish_as_fitted(home, "shop")
        job = ask_refit(home, "shop", "me", now())
        killed = start_worker(home, MIXPLAN_KILL_AT=f"conclude.published:1:{tmp_path / 'killed'}")
        killed.communicate(timeout=PATIENCE)
        cluster.stop("immediate")
        with working(home):
            cluster.start()
            assert ended(home, job.id).status == "succeeded"
        assert [version.version for version in home.registry.versions("shop")] == [1]
        assert len(home.events.page(10, market="shop").items) == 1
        home.close()


def test_the_jobs_of_a_machine_that_is_gone_are_resumed_by_one_command(market_home: Home) -> None:
    market_home.datasets.keep(small_toml("slow", draws=2_000), "slow.csv", small_csv(), now())
    job = ask_refit(market_home, "slow", "me", now())
    lost = start_worker(market_home, "--name", "elsewhere")
    awaited(market_home, job.id, PATIENCE, lambda job: job.progress is not None)
    lost.send_signal(signal.SIGKILL)
    lost.communicate()
    (market_home.settings.home / "workers" / "elsewhere.lock").unlink()  # it was on another machine
    with market_home.store.writing() as session:
        session.get_one(WorkerRow, "elsewhere").host = "another-host"
    with working(market_home):
        with pytest.raises(NotAllowed, match="heard of"):
            recover_workers(market_home, (), "another-host", now())
        assert recover_workers(market_home, (), "another-host", now(), is_forced=True) == (job.id,)
        done = ended(market_home, job.id)
    assert (done.status, done.attempts) == ("succeeded", 2)
    assert len(market_home.registry.versions("slow")) == 1


def test_a_batch_refits_every_market_and_counts_what_became_of_them(market_home: Home) -> None:
    market_home.datasets.keep(small_toml("north"), "x.csv", small_csv(), now())
    damaged, _ = market_home.datasets.keep(small_toml("damaged"), "x.csv", small_csv(seed=1), now())
    with (market_home.settings.datasets / damaged.folder / "data.csv").open("ab") as file:
        file.write(b"\n")
    batch = ask_batch(market_home, None, "me", now())
    with working(market_home):
        done = ended(market_home, batch.id)
    assert done.status == "succeeded"
    assert done.result["jobs"] == {"succeeded": 2, "failed": 1}
    assert set(market_home.registry.markets()) == {"north", "shop"}
    failed = market_home.jobs.job(f"{batch.id}-damaged")
    assert failed.problem is not None
    assert "damaged or changed" in failed.problem["detail"]["values"]["reason"]["said"]["template"]


def test_what_the_queue_keeps_is_json_and_no_pickle(market_home: Home) -> None:
    job = ask_refit(market_home, "shop", "me", now())
    with closing(sqlite3.connect(market_home.settings.database)) as connection:
        kept = connection.execute(
            "SELECT serialization, workflow_input.inputs FROM workflow_status JOIN workflow_input USING (workflow_uuid)"
        ).fetchall()
    assert kept == [("portable_json", f'{{"namedArgs":{{}},"positionalArgs":["{job.id}"]}}')]


def test_a_job_that_is_open_and_that_nothing_carries_goes_back_to_the_queue(market_home: Home) -> None:
    gone = ask_refit(market_home, "shop", "me", now())
    market_home.queue.forget(gone.id)
    for name in ("broken", "elsewhere", "held"):
        market_home.datasets.keep(small_toml(name), "x.csv", small_csv(), now())
    broken, elsewhere, held = (ask_refit(market_home, name, "me", now()) for name in ("broken", "elsewhere", "held"))
    with closing(sqlite3.connect(market_home.settings.database)) as connection, connection:
        for job, status, worker in (
            (broken, "ERROR", "me"),
            (elsewhere, "PENDING", "another"),  # whose worker may well be at it
            (held, "PENDING", "me"),
        ):
            change = "UPDATE workflow_status SET status = ?, executor_id = ? WHERE workflow_uuid = ?"
            connection.execute(change, (status, worker, job.id))
    in_hand: set[str] = set()
    reconciliation = Reconciliation(market_home, "me", lambda: in_hand)
    assert reconciliation.look() == ()  # ledger and queue are read one after the other: once is no proof
    assert set(reconciliation.look()) == {gone.id, broken.id, held.id}
    assert reconciliation.look() == ()
    places = market_home.queue.places([gone.id, broken.id, elsewhere.id, held.id])
    assert [places[job.id].status for job in (gone, broken, elsewhere, held)] == [
        "ENQUEUED",
        "ENQUEUED",
        "PENDING",
        "ENQUEUED",
    ]
