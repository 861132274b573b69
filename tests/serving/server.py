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
from pathlib import Path
from typing import Any


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a home folder; the address of the server, which ends with the block."""
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "service.cli.main", "serve", "--port", str(port), "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(server, address)
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _wait_until_ready(server: subprocess.Popen[str], address: str) -> None:
    """Wait for another process: its log says when a worker has started, not when it listens."""
    for _ in range(600):
        assert server.poll() is None, server.stdout and server.stdout.read()
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.1)
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
