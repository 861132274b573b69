"""Events that are sent to configured addresses."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from serving.conftest import NOW
from typer.testing import Result

from mmm.errors import FileRefused
from service.home import Home
from service.webhook_delivery import LONGEST_WAIT, SETTLED, deliver_due, is_signed
from service.webhooks import Webhooks

LATER = NOW + SETTLED


@dataclass
class Receiver:
    """A program that listens for events and answers as it is told to."""

    address: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def numbers(self) -> list[int]:
        return [json.loads(body)["number"] for _, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((dict(self.headers.items()), body))
            self.send_response(receiver.status)
            if receiver.status == 302:
                self.send_header("Location", f"{receiver.address}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.address = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def happen(home: Home, kind: str = "refit.held", moment: datetime = NOW) -> None:
    with home.store.writing() as session:
        home.events.record(session, kind, "test", moment, market="testland", subject="j1", document={"why": "漂移"})


def test_an_event_arrives_once_signed_with_the_secret_that_was_shown(home: Home, receiver: Receiver) -> None:
    happen(home, "refit.before")
    _, secret = Webhooks(home.store).add(receiver.address, NOW)
    happen(home)
    assert deliver_due(home, LATER) == 1
    assert deliver_due(home, LATER) == 0
    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert (told["kind"], told["market"], told["subject"], told["document"]) == (
        *("refit.held", "testland", "j1"),
        {"why": "漂移"},
    )
    stamp, signature = headers["Mixplan-Timestamp"], headers["Mixplan-Signature"].removeprefix("v1=")
    clock = LATER.timestamp()
    assert is_signed(secret, stamp, body, signature, clock)
    assert not is_signed(secret, stamp, body + b" ", signature, clock)
    assert not is_signed(secret, str(int(stamp) + 1), body, signature, clock)
    assert not is_signed("another", stamp, body, signature, clock)
    assert not is_signed(secret, stamp, body, signature, clock + 301)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_did_not_arrive_is_tried_again_later_and_later_in_order(
    home: Home, receiver: Receiver, status: int
) -> None:
    Webhooks(home.store).add(receiver.address, NOW)
    for _ in range(3):
        happen(home)
    receiver.status, moment, waits = status, LATER, []
    for _ in range(12):
        assert deliver_due(home, moment) == 0
        (webhook,) = Webhooks(home.store).all()
        assert deliver_due(home, webhook.next_try_at - timedelta(seconds=1)) == 0
        waits.append((webhook.next_try_at - moment).total_seconds())
        moment = webhook.next_try_at
    assert waits[:4] == [10, 20, 40, 80]
    assert max(waits) == LONGEST_WAIT.total_seconds()
    assert len(receiver.got) == 12  # one try each, and no redirect followed
    receiver.status = 200
    receiver.got.clear()
    assert deliver_due(home, moment) == 3
    assert receiver.numbers() == sorted(receiver.numbers())
    assert Webhooks(home.store).all()[0].failures == 0


def test_an_address_that_is_down_holds_up_no_other_and_no_other_tenant_hears(home: Home, receiver: Receiver) -> None:
    with receiving() as gone:
        pass
    Webhooks(home.store).add(gone.address, NOW)
    Webhooks(home.store).add(receiver.address, NOW)
    Webhooks(home.store, "rival").add(f"{receiver.address}/rival", NOW)
    happen(home)
    assert deliver_due(home, LATER) == 1
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://example.com/x",
            "http://10.0.0.1/",
            "ftp://example.com",
            "https://user:pass@example.com/",
            "https://",
        ),
        *("file:///etc/passwd", "https://example.com:port/", "http://127.0.0.1.example.com/", "x" * 600, ""),
    ],
)
def test_an_address_that_is_neither_safe_nor_here_is_refused(home: Home, address: str) -> None:
    with pytest.raises(FileRefused):
        Webhooks(home.store).add(address, NOW)
    assert Webhooks(home.store).all() == ()


def test_webhooks_are_kept_on_the_command_line(home: Home, mixplan: Callable[..., Result]) -> None:
    added = json.loads(mixplan("webhooks", "add", "https://example.com/hook", "--tenant", "trade", "--json").stdout)
    listed = mixplan("webhooks", "list", "--tenant", "trade")
    assert "https://example.com/hook" in listed.stdout
    assert added["secret"] not in listed.stdout
    identity = added["webhook"]["id"]
    assert mixplan("webhooks", "remove", identity).exit_code == 2  # of another tenant
    assert mixplan("webhooks", "remove", identity, "--tenant", "trade").exit_code == 0
    assert Webhooks(home.store, "trade").all() == ()
    assert mixplan("webhooks", "add", "http://example.com").exit_code == 1
