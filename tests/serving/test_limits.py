"""What is asked too often, too deep, too much at once or twice the same: told in words, and when to come again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mmm.artifact import ResponseArtifact
from service.errors import StoreRefused
from service.home import Home, open_home
from service.http.access import NEEDED
from service.http.app import create_app
from service.http.conditions import check_match
from service.rates import Buckets
from service.settings import Settings, settings_from
from service.times import now
from service.turns import Turns


def test_a_document_may_be_64_levels_deep(client: FlaskClient) -> None:
    def send(levels: int) -> Any:
        body = "[" * levels + "]" * levels
        return client.post("/v1/scenarios", data=body, content_type="application/json")

    assert send(64).status_code == 422
    assert send(65).status_code == 400
    assert "nested more than 64 levels deep" in send(65).json["detail"]


def test_a_bucket_holds_a_minute_of_requests_and_fills_steadily() -> None:
    buckets = Buckets(6)
    taken = [buckets.take("a", 0.0) for _ in range(7)]
    assert [one.is_allowed for one in taken] == [True] * 6 + [False]
    assert [one.remaining for one in taken] == [5, 4, 3, 2, 1, 0, 0]
    assert taken[-1].retry_after == pytest.approx(10.0)
    assert taken[-1].reset == pytest.approx(60.0)
    assert buckets.take("b", 0.0).is_allowed
    assert not buckets.take("a", 9.0).is_allowed
    assert buckets.take("a", 10.1).is_allowed


def test_too_many_requests_are_told_when_to_come_again(home: Home) -> None:
    client = create_app(replace(home, settings=replace(home.settings, rate_limit=2))).test_client()
    answers = [client.get("/v1/markets") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"2"}
    assert int(answers[2].headers["Retry-After"]) in range(29, 32)
    assert answers[2].json["type"] == "urn:mixplan:problem:too-many-requests"
    assert client.get("/readyz").status_code == 200
    assert (
        "RateLimit-Limit"
        not in create_app(replace(home, settings=replace(home.settings, rate_limit=0)))
        .test_client()
        .get("/v1/markets")
        .headers
    )


@pytest.fixture
def hurried(tmp_path: Path, artifact: ResponseArtifact) -> Iterator[Home]:
    opened = open_home(Settings(tmp_path / "hurried", solve_wait=0.01))
    opened.registry.publish([artifact], now())
    yield opened
    opened.close()


def test_a_scenario_that_gets_no_turn_is_told_so_and_nothing_is_kept(hurried: Home, document: dict[str, Any]) -> None:
    client = create_app(hurried).test_client()
    with hurried.turns.turn():
        full = client.post("/v1/scenarios", json=document, headers={"Idempotency-Key": "k"})
        assert full.status_code == 503
        assert full.json["type"] == "urn:mixplan:problem:busy"
        assert int(full.headers["Retry-After"]) >= 1
        assert hurried.of("another").turns.in_progress == 1
    assert client.post("/v1/scenarios", json=document, headers={"Idempotency-Key": "k"}).status_code == 201
    assert hurried.turns.in_progress == 0


def test_as_many_solve_at_once_as_there_are_places() -> None:
    turns = Turns(places=2, patience=0.0)
    with turns.turn(), turns.turn():
        assert turns.in_progress == 2


def test_the_environment_sets_the_limits() -> None:
    found = settings_from(None, {"MIXPLAN_SOLVES": "2", "MIXPLAN_RATE_LIMIT": "0", "MIXPLAN_SOLVE_WAIT": "0.5"})
    assert (found.solves, found.rate_limit, found.solve_wait) == (2, 0, 0.5)
    for wrong in ("0", "many", "nan", "-1"):
        with pytest.raises(StoreRefused, match="MIXPLAN_SOLVES must be a number from 1 on"):
            settings_from(None, {"MIXPLAN_SOLVES": wrong})


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient, document: dict[str, Any]) -> None:
    created = client.post("/v1/scenarios", json=document)
    address = created.headers["Location"]
    for one in (address, f"{address}/plan", "/v1/markets/testland", "/v1/markets/testland/models"):
        first = client.get(one)
        tag = first.headers["ETag"]
        again = client.get(one, headers={"If-None-Match": tag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert client.get(one, headers={"If-None-Match": '"another"'}).data == first.data
    assert client.get(f"{address}/plan?lang=zh").headers["ETag"] != client.get(f"{address}/plan").headers["ETag"]
    assert "ETag" not in client.get("/v1/scenarios").headers
    assert "ETag" not in client.get("/v1/scenarios/nope").headers


def test_only_the_state_that_was_seen_is_changed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NEEDED, "change", "plan")
    app = create_app(home)

    @app.post("/change")
    def change() -> str:
        check_match("now")
        return "changed"

    client = app.test_client()
    sent = [client.post("/change", json={}, headers=headers).status_code for headers in (
        {}, {"If-Match": ""}, {"If-Match": '"before"'}, {"If-Match": '"now"'}, {"If-Match": '"before", "now"'},
        {"If-Match": "*"}, {"If-Match": 'W/"now"'},
    )]  # fmt: skip
    assert sent == [200, 412, 412, 200, 200, 200, 412]


def test_a_page_links_to_the_following_one(client: FlaskClient, document: dict[str, Any]) -> None:
    for name in ("one", "two"):
        client.post("/v1/scenarios", json=document | {"name": name})
    first = client.get("/v1/scenarios?limit=1&market=testland")
    address, relation = first.headers["Link"].split("; ")
    assert relation == 'rel="next"'
    second = client.get(address.strip("<>"))
    assert [one["name"] for page in (first, second) for one in page.json["scenarios"]] == ["two", "one"]
    assert "Link" not in second.headers
