"""A request that is refused before its body has come is answered all the same, and what never comes costs little."""

import io
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from serving.server import Server, running_server

from service.home import open_home
from service.http.draining import DRAINS, MOST_DRAINED
from service.keys import Keys
from service.settings import Settings
from service.times import now


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that wants keys, so that it refuses whoever has none without looking at what is sent."""
    folder = tmp_path_factory.mktemp("closed")
    home = open_home(Settings(folder))
    Keys(home.store).issue("somebody", ("read",), "test", now(), None)
    home.close()
    with running_server(folder) as running:
        yield running


def connected(server: Server) -> socket.socket:
    parts = urlsplit(server.address)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)


def head(framing: str) -> bytes:
    lines = ("POST /v1/scenarios HTTP/1.1", "Host: here", "Content-Type: application/json", framing)
    return "\r\n".join((*lines, "", "")).encode()


def status(connection: socket.socket) -> int:
    """The status of the next answer, which is read whole."""
    answer = connection.makefile("rb")
    found = int(answer.readline().split()[1])
    length = 0
    while (line := answer.readline().strip().lower()) != b"":
        length = int(line.split()[1]) if line.startswith(b"content-length:") else length
    answer.read(length)
    return found


@pytest.mark.parametrize("size", [10, 200_000, 3_000_000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_comes_after_its_refusal_breaks_no_connection(server: Server, size: int, is_chunked: bool) -> None:
    body = b"x" * size
    with connected(server) as connection:
        connection.sendall(head("Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {size}"))
        select.select([connection], [], [], 0.1)
        connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (size, body) if is_chunked else body)
        assert status(connection) == 401
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        assert status(connection) == 200


def test_many_that_are_refused_at_once_all_get_their_answer(server: Server) -> None:
    def ask(number: int) -> list[int]:
        found = []
        for turn in range(8):
            size = 10_000 + 10_000 * ((number + turn) % 20)
            with connected(server) as connection:
                connection.sendall(head(f"Content-Length: {size}\r\nConnection: close"))
                select.select([connection], [], [], 0.01)
                connection.sendall(b"x" * size)
                found.append(status(connection))
        return found

    with ThreadPoolExecutor(24) as pool:
        assert Counter(one for found in pool.map(ask, range(24)) for one in found) == {401: 192}


def test_a_body_of_a_gigabyte_is_refused_without_being_read(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(head("Content-Length: 1000000000"))
        assert status(connection) == 401
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(b"x" * 100_000_000)


def test_bodies_that_never_come_hold_no_others(server: Server) -> None:
    idle = [connected(server) for _ in range(40)]
    try:
        for connection in idle:
            connection.sendall(head("Content-Length: 1000"))
        with connected(server) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
            assert status(connection) == 200
        answered: list[socket.socket] = []
        deadline = time.monotonic() + 10
        while len(answered) < len(idle) - DRAINS and time.monotonic() < deadline:
            waiting = [connection for connection in idle if connection not in answered]
            answered += select.select(waiting, [], [], 0.1)[0]
        assert len(answered) == len(idle) - DRAINS
        assert {status(connection) for connection in answered} == {401}
    finally:
        for connection in idle:
            connection.close()


class Body(io.BytesIO):
    """A body that counts what is read of it."""

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self.count = getattr(self, "count", 0) + len(chunk)
        return chunk


@pytest.mark.parametrize(
    ("size", "headers", "most"),
    [
        (1000, {}, 1000),
        (MOST_DRAINED + 1, {}, 0),
        (1000, {"Expect": "100-continue"}, 0),
    ],
)
def test_what_is_read_of_a_refused_body(client: FlaskClient, size: int, headers: dict[str, str], most: int) -> None:
    body = Body(b"x" * size)
    told: dict[str, Any] = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": str(size)}
    answer = client.post("/v1/nothing", headers=headers, environ_overrides=told)
    assert answer.status_code == 404
    assert getattr(body, "count", 0) == most
    assert answer.headers.get("Connection") == (None if most else "close")


def test_of_a_body_without_a_length_no_more_is_read_than_of_others(client: FlaskClient) -> None:
    body = Body(b"x" * (2 * MOST_DRAINED))
    told: dict[str, Any] = {
        "wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked",
    }  # fmt: skip
    answer = client.post("/v1/nothing", environ_overrides=told)
    assert answer.headers["Connection"] == "close"
    assert MOST_DRAINED <= body.count < MOST_DRAINED + 100_000
