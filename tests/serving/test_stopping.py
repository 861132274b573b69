"""A server that is stopped answers what it was asked, and takes its worker with it."""

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from serving.server import running_server

from service.home import Home


def test_a_stop_under_load_drops_no_request(home: Home, document: dict[str, Any]) -> None:
    """Four clients ask over and over; the server is stopped: each request is answered, or never got a connection."""
    outcomes: list[str] = []

    def ask(address: str) -> None:
        while True:
            try:
                with httpx.Client(timeout=60) as client:
                    response = client.post(f"{address}/v1/scenarios", json=document)
            except httpx.ConnectError:
                return
            except httpx.HTTPError as error:
                outcomes.append(repr(error))
                return
            outcomes.append(str(response.status_code))

    with running_server(home.settings.home, "--workers", "2") as server:
        clients = [threading.Thread(target=ask, args=(server.address,)) for _ in range(4)]
        for client in clients:
            client.start()
        while len(outcomes) < 8:
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(timeout=60)
        assert server.process.wait(timeout=60) == 0
    assert set(outcomes) == {"201"}
    written = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    assert sum(line.get("route") == "/v1/scenarios" for line in written) == len(outcomes)


def test_processes_count_together_and_a_worker_runs_beside(home: Home) -> None:
    with running_server(home.settings.home, "--workers", "2", "--with-worker") as server, httpx.Client() as client:
        for _ in range(20):
            httpx.get(f"{server.address}/healthz")
        told = client.get(f"{server.address}/metrics").text
        line = 'mixplan_requests_total{method="GET",route="/healthz",status="200"} 20.0'
        assert line in told
        deadline = time.monotonic() + 60
        while client.get(f"{server.address}/readyz").json()["worker_seen_at"] is None:
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.2)
        worker = _child_of(server.process.pid, "worker")
        assert worker is not None
    assert not Path(f"/proc/{worker}").exists()


def _child_of(parent: int, word: str) -> int | None:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next((int(one) for one in children if word in Path(f"/proc/{one}/cmdline").read_text().split("\0")), None)
