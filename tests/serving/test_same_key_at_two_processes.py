"""Fifty times the same request at once, at a server of two processes: done once, answered fifty times alike."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from postgresql import Cluster
from serving.server import running_server
from sqlalchemy import func, select

from mmm.artifact import ResponseArtifact
from service.home import open_home
from service.settings import Settings
from service.tables import JobRow, PlanRow
from service.times import now

PATIENT = frozenset({409, 503})
"""Statuses that pass by themselves."""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_fifty_at_once_at_two_processes_make_one_plan_and_one_job(
    tmp_path: Path,
    artifact: ResponseArtifact,
    document: dict[str, Any],
    database: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = None
    if database == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.create("same_key")
        monkeypatch.setenv("MIXPLAN_DATABASE_URL", url)
    home = open_home(Settings(tmp_path / "home", url))
    home.registry.publish([artifact], now())
    with running_server(home.settings.home, "--workers", "2") as server:
        planned = fifty_answers(server.address, document, {"Idempotency-Key": "plan"})
        asked = fifty_answers(server.address, document, {"Idempotency-Key": "job", "Prefer": "respond-async"})
    assert [status for status, _ in planned] == [201]
    assert [status for status, _ in asked] == [202]
    with home.store.reading() as session:
        made = [session.scalar(select(func.count()).select_from(table)) for table in (PlanRow, JobRow)]
    assert made == [1, 1]
    home.close()


def fifty_answers(address: str, document: dict[str, Any], headers: dict[str, str]) -> list[tuple[int, bytes]]:
    """The different answers to one request that is sent by fifty clients at once, each again until it is answered."""

    def ask(_: int) -> tuple[int, bytes]:
        while True:
            answer = client.post("/v1/scenarios", json=document, headers=headers)
            if answer.status_code not in PATIENT:
                return answer.status_code, answer.content
            time.sleep(0.05)  # other processes answer

    with httpx.Client(base_url=address, timeout=60) as client, ThreadPoolExecutor(50) as pool:
        return sorted(set(pool.map(ask, range(50))))
