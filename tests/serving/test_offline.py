"""The guard of the tests themselves: a socket beyond loopback is refused, wherever it is asked for."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import REPORT, BeyondLoopback

ELSEWHERE = "192.0.2.1"
"""An address that is nobody's (RFC 5737)."""


@pytest.fixture(autouse=True)
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A report of this test's own: the one of the run fails it."""
    file = tmp_path / "refused"
    monkeypatch.setenv(REPORT, str(file))
    return file


def connect() -> None:
    with socket.socket() as one:
        one.connect((ELSEWHERE, 9))


def send() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("2001:db8::1", 9))


def listen_everywhere() -> None:
    with socket.socket() as one:
        one.bind(("", 0))


def resolve() -> None:
    socket.getaddrinfo("mixplan.example", 80)


@pytest.mark.parametrize("reach", [connect, send, listen_everywhere, resolve])
def test_a_socket_beyond_loopback_is_refused(reach: Callable[[], None], report: Path) -> None:
    with pytest.raises(BeyondLoopback):
        reach()
    assert "tests open no socket beyond loopback" in report.read_text()


def test_loopback_is_left_alone(report: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        socket.create_connection(listener.getsockname()).close()
    assert socket.getaddrinfo("localhost", 80)
    assert not report.exists()


def test_a_process_of_a_process_that_a_test_starts_is_guarded_too(report: Path) -> None:
    inner = f"import httpx; httpx.get('http://{ELSEWHERE}:9/', timeout=1)"
    outer = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {inner!r}]).returncode)"
    done = subprocess.run([sys.executable, "-c", outer], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "BeyondLoopback" in done.stderr
    assert ELSEWHERE in report.read_text()
