"""A server as `mixplan serve` starts it, on a free port of loopback."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Server:
    """A server that runs: its address, its process, and the file that its log goes to."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a home folder; the address of the server, which ends with the block."""
    with running_server(home) as server:
        yield server.address


@contextmanager
def running_server(home: Path, *options: str) -> Iterator[Server]:
    """A server of a home folder, which ends with the block."""
    port = _free_port()
    command = [sys.executable, "-m", "service.cli.main", "serve", "--port", str(port), "--home", str(home), *options]
    log = home / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _wait_until_ready(server: Server) -> None:
    """Wait for another process: its log says when a worker has started, not when it listens."""
    for _ in range(3000):
        assert server.process.poll() is None, server.log.read_text()
        try:
            with urllib.request.urlopen(f"{server.address}/readyz", timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.02)
    raise AssertionError("the server did not come up within a minute")


def posted_plan(address: str, document: dict[str, Any]) -> dict[str, Any]:
    """The plan with which a server answers a scenario."""
    request = urllib.request.Request(
        f"{address}/v1/scenarios", data=json.dumps(document).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 201
        plan: dict[str, Any] = json.load(response)["plan"]
    return plan


def numbers_of(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan without the seconds that it took."""
    return plan | {"certificate": {name: value for name, value in plan["certificate"].items() if name != "seconds"}}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
