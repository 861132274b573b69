"""A server that is asked for more than it can solve says so soon, stays reachable, and solves as before afterwards."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient
from serving.server import running_server

from service.errors import Busy
from service.home import Home
from service.http.app import create_app
from service.http.shedding import SOLVING
from service.turns import Turns


def test_requests_beyond_the_room_are_refused_at_once() -> None:
    turns = Turns(places=1, room=2)
    for _ in range(3):
        turns.admit()
    with pytest.raises(Busy):
        turns.admit()
    turns.dismiss()
    turns.admit()


@pytest.fixture
def full(home: Home) -> Any:
    """A client of a home where as many requests wait as there is room for."""
    turns = Turns(places=1, room=1)
    turns.admit()
    turns.admit()
    return create_app(replace(home, turns=turns)).test_client()


def test_whatever_solves_is_refused_where_there_is_no_room(full: FlaskClient, document: dict[str, Any]) -> None:
    addresses = {rule.endpoint: rule for rule in full.application.url_map.iter_rules()}
    for endpoint in SOLVING:
        rule = addresses[endpoint]
        address = rule.rule.replace("<string:", "").replace(">", "")
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = full.open(address, method=method, json=document if method == "POST" else None)
        assert answer.status_code == 503, endpoint
        assert int(answer.headers["Retry-After"]) >= 1


def test_reading_and_asking_for_a_job_need_no_room(full: FlaskClient, document: dict[str, Any]) -> None:
    assert full.get("/v1/scenarios").status_code == 200
    assert full.post("/v1/scenarios", json=document, headers={"Prefer": "respond-async"}).status_code == 202


def test_what_was_refused_or_failed_leaves_its_room(home: Home, document: dict[str, Any]) -> None:
    client = create_app(home).test_client()
    assert client.post("/v1/scenarios", json={"name": 1}).status_code == 422
    assert client.post("/v1/scenarios", json=document).status_code == 201
    assert home.turns.admitted == 0


def test_too_much_at_once_is_refused_while_health_is_answered(
    home: Home, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPLAN_SOLVE_ROOM", "2")
    with running_server(home.settings.home) as server, httpx.Client(base_url=server.address, timeout=60) as client:

        def ask(number: int) -> httpx.Response:
            return client.post("/v1/scenarios", json=document | {"name": f"at once {number}"})

        ask(-1)
        with ThreadPoolExecutor(40) as pool:
            asked = [pool.submit(ask, number) for number in range(40)]
            began = time.monotonic()
            assert client.get("/healthz").status_code == 200
            seconds_of_health = time.monotonic() - began
            answers = [one.result() for one in asked]
            seconds_of_all = time.monotonic() - began
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) == {201, 503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 503)
        assert seconds_of_health < seconds_of_all
        assert ask(40).status_code == 201
