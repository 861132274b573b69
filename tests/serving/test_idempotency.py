"""The same request under the same key is done once and answered the same."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service.home import Home
from service.http.access import NEEDED
from service.http.app import create_app
from service.idempotency import IN_FLIGHT, KEPT, AnotherRequest, Claim, KeptAnswer, KeyedRequests, UnderWay
from service.idempotency_renewal import Renewal
from service.tables import IdempotencyRow, PlanRow
from service.times import now

KEY = {"Idempotency-Key": "7c4a8d09-ca37"}


def plans(home: Home) -> int:
    with home.store.reading() as session:
        return session.scalars(select(func.count()).select_from(PlanRow)).one()


def test_a_repeated_request_is_answered_byte_for_byte_and_done_once(
    client: FlaskClient, home: Home, document: dict[str, Any]
) -> None:
    first, again = (client.post("/v1/scenarios", json=document, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert first.headers["Location"] == again.headers["Location"]
    assert first.headers["Content-Type"] == again.headers["Content-Type"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert plans(home) == 1


def test_a_refusal_is_repeated_too(client: FlaskClient, document: dict[str, Any]) -> None:
    first, again = (client.post("/v1/scenarios", json=document | {"kpi": "cakes"}, headers=KEY) for _ in range(2))
    assert first.status_code == again.status_code == 422
    assert first.data == again.data
    assert again.mimetype == "application/problem+json"


def test_a_key_means_one_request(client: FlaskClient, document: dict[str, Any]) -> None:
    assert client.post("/v1/scenarios", json=document, headers=KEY).status_code == 201
    for address, body in (("/v1/scenarios", document | {"budget": 1.0}), ("/v1/scenarios?lang=zh", document)):
        refused = client.post(address, json=body, headers=KEY)
        assert refused.status_code == 422
        assert refused.json["type"] == "urn:mixplan:problem:key-reused"


def test_an_upload_is_known_by_its_parts_and_not_by_its_boundary(client: FlaskClient) -> None:
    def send(rows: bytes) -> Any:
        files = {"data": (io.BytesIO(rows), "x.csv"), "market": (io.BytesIO(b"[market]"), "market.toml")}
        return client.post("/v1/markets/shop/data", data=files, content_type="multipart/form-data", headers=KEY)

    first = send(b"a,b\n1,2\n")
    assert first.status_code == 422
    assert send(b"a,b\n1,2\n").headers["Idempotency-Replayed"] == "true"
    assert send(b"a,b\n1,3\n").json["type"] == "urn:mixplan:problem:key-reused"


def test_a_malformed_key_is_refused(client: FlaskClient, document: dict[str, Any]) -> None:
    for key in ("", "a b", "x" * 201, "schlüssel".encode().decode("latin-1")):
        refused = client.post("/v1/scenarios", json=document, headers={"Idempotency-Key": key})
        assert (refused.status_code, refused.json["type"]) == (400, "urn:mixplan:problem:key-malformed")


def test_what_failed_on_our_side_is_tried_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NEEDED, "shaky", "plan")
    app, calls = create_app(home), []

    @app.post("/shaky")
    def shaky() -> tuple[dict[str, int], int]:
        calls.append(1)
        return {"calls": len(calls)}, (503, 429, 201)[min(len(calls), 3) - 1]

    statuses = [app.test_client().post("/shaky", json={}, headers=KEY).status_code for _ in range(4)]
    assert statuses == [503, 429, 201, 201]
    assert len(calls) == 3


def test_a_request_under_way_is_a_conflict_until_its_process_counts_as_gone(home: Home) -> None:
    keyed, moment = KeyedRequests(home.store), now()
    claim = keyed.claim("k", "digest", moment)
    assert isinstance(claim, Claim)
    assert isinstance(keyed.claim("k", "digest", moment + IN_FLIGHT / 2), UnderWay)
    assert isinstance(keyed.claim("k", "other", moment), AnotherRequest)
    taken = keyed.claim("k", "digest", moment + IN_FLIGHT)
    assert isinstance(taken, Claim)
    assert (taken.work, taken.owner == claim.owner) == (claim.work, False)
    keyed.keep(claim, KeptAnswer(201, {}, b"late"))  # the first one was only slow: it lost its right
    keyed.keep(taken, KeptAnswer(201, {}, b"right"))
    assert keyed.claim("k", "digest", moment + IN_FLIGHT) == KeptAnswer(201, {}, b"right")
    assert isinstance(KeyedRequests(home.store, "other").claim("k", "digest", moment), Claim)


def test_a_request_that_takes_long_stays_under_way_as_long_as_its_process_renews_it(home: Home) -> None:
    keyed, moment = KeyedRequests(home.store), now()
    claim = keyed.claim("k", "digest", moment)
    assert isinstance(claim, Claim)
    renewal = Renewal(seconds=3600, clock=lambda: moment + 0.9 * IN_FLIGHT)
    renewal.hold(keyed, claim)
    assert renewal.renew_all()
    assert isinstance(keyed.claim("k", "digest", moment + 1.5 * IN_FLIGHT), UnderWay)
    renewal.let_go(claim)
    assert not renewal.renew_all()
    taken = keyed.claim("k", "digest", moment + 2 * IN_FLIGHT)
    assert isinstance(taken, Claim)
    keyed.renew(claim, moment + 3 * IN_FLIGHT)  # too late: another has it
    keyed.keep(taken, KeptAnswer(201, {}, b"right"))
    keyed.renew(taken, moment + 3 * IN_FLIGHT)  # answered: nothing is under way
    assert keyed.claim("k", "digest", moment + 3 * IN_FLIGHT) == KeptAnswer(201, {}, b"right")


def test_claims_are_renewed_by_themselves_while_they_are_held() -> None:
    renewed: list[str] = []
    is_renewed = Event()

    class Fake(KeyedRequests):
        def renew(self, claim: Claim, now: datetime) -> None:
            renewed.append(claim.key)
            is_renewed.set()

    renewal, claim = Renewal(seconds=0.001), Claim("k", "owner", "work")
    renewal.hold(Fake.__new__(Fake), claim)
    assert is_renewed.wait(10)
    renewal.let_go(claim)
    assert set(renewed) == {"k"}


def test_what_is_known_by_its_key_is_answered_where_there_is_no_room(
    home: Home, client: FlaskClient, document: dict[str, Any]
) -> None:
    first = client.post("/v1/scenarios", json=document, headers=KEY)
    for _ in range(home.turns.places + home.turns.room):
        home.turns.admit()
    assert client.post("/v1/scenarios", json=document, headers=KEY).data == first.data
    refused = client.post("/v1/scenarios", json=document, headers={"Idempotency-Key": "another"})
    assert refused.status_code == 503
    home.turns.dismiss()
    assert client.post("/v1/scenarios", json=document, headers={"Idempotency-Key": "another"}).status_code == 201


def test_a_conflict_says_when_to_ask_again(client: FlaskClient, home: Home, document: dict[str, Any]) -> None:
    client.post("/v1/scenarios", json=document, headers=KEY)
    with home.store.writing() as session:
        row = session.scalars(select(IdempotencyRow)).one()
        row.status = row.body = None
    conflict = client.post("/v1/scenarios", json=document, headers=KEY)
    assert (conflict.status_code, conflict.headers["Retry-After"]) == (409, "1")


def test_a_request_whose_process_was_killed_after_its_work_makes_nothing_a_second_time(
    client: FlaskClient, home: Home, document: dict[str, Any]
) -> None:
    first = client.post("/v1/scenarios", json=document, headers=KEY)
    with home.store.writing() as session:
        row = session.scalars(select(IdempotencyRow)).one()
        row.status = row.body = row.headers = None
        row.created_at -= IN_FLIGHT
    again = client.post("/v1/scenarios", json=document, headers=KEY)
    assert "Idempotency-Replayed" not in again.headers
    assert (again.status_code, again.data) == (201, first.data)
    assert plans(home) == 1


def test_answers_are_forgotten_after_a_day(home: Home) -> None:
    keyed, moment = KeyedRequests(home.store), now()
    claim = keyed.claim("k", "digest", moment)
    assert isinstance(claim, Claim)
    keyed.keep(claim, KeptAnswer(201, {}, b"x"))
    keyed.forget_old(moment + KEPT - timedelta(seconds=1))
    assert isinstance(keyed.claim("k", "digest", moment), KeptAnswer)
    assert isinstance(keyed.claim("k", "other", moment + KEPT), Claim)
    keyed.forget_old(moment + 2 * KEPT)
    with home.store.reading() as session:
        assert session.scalars(select(IdempotencyRow)).all() == []


def test_fifty_at_once_make_one_scenario_and_get_one_answer(home: Home, document: dict[str, Any]) -> None:
    app = create_app(home)
    app.test_client().get("/readyz")

    def post(_: int) -> tuple[int, bytes, str]:
        client = app.test_client()
        while (response := client.post("/v1/scenarios", json=document, headers=KEY)).status_code == 409:
            time.sleep(0.02)
        return response.status_code, response.data, response.headers["Location"]

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(post, range(50)))
    assert len(answers) == 1
    assert {status for status, _, _ in answers} == {201}
    assert len(home.scenarios.page(10).items) == plans(home) == 1


def test_the_secret_of_a_new_key_is_kept_nowhere(client: FlaskClient, home: Home) -> None:
    made = client.post("/v1/keys", json={"name": "reader", "scopes": ["read"]}, headers=KEY)
    assert made.status_code == 201
    with home.store.reading() as session:
        assert session.scalars(select(IdempotencyRow)).all() == []


def test_a_form_whose_parts_have_no_name_is_a_refusal_and_no_fault_of_ours(client: FlaskClient) -> None:
    part = b"--b\r\nContent-Disposition: form-data\r\n\r\n%s\r\n"
    body = part % b"x" + part.replace(b"data\r", b'data; name="a"\r') % b"y" + b"--b--\r\n"
    sent = client.post(
        "/v1/markets/testland/data", data=body, content_type="multipart/form-data; boundary=b", headers=KEY
    )
    assert sent.status_code in (404, 422)
