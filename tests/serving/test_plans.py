"""Plans and their states, over HTTP and on the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from typer.testing import Result

from service.home import Home
from service.times import now

type Mixplan = Callable[..., Result]


@pytest.fixture
def plan_id(client: FlaskClient, document: dict[str, Any]) -> str:
    return str(client.post("/v1/scenarios", json=document).json["plan_id"])


def give(client: FlaskClient, plan: str, state: str, **more: object) -> Any:
    return client.post(f"/v1/plans/{plan}/state", json={"state": state, **more})


def test_a_plan_is_approved_started_and_closed_and_the_log_knows_who(client: FlaskClient, plan_id: str) -> None:
    kept = client.get(f"/v1/plans/{plan_id}")
    assert (kept.json["state"], kept.json["revision"], kept.headers["ETag"]) == ("draft", 1, '"1"')
    assert kept.json["models"][0]["version"] == 1
    for revision, state in enumerate(("approved", "draft", "approved", "running", "closed"), start=2):
        answer = give(client, plan_id, state)
        assert (answer.status_code, answer.json["state"], answer.json["revision"]) == (200, state, revision)
    assert give(client, plan_id, "closed").json["revision"] == 6  # nothing changed, nothing told
    events = client.get(f"/v1/events?subject={plan_id}").json["events"]
    told = ["plan.closed", "plan.started", "plan.approved", "plan.reopened", "plan.approved"]
    assert [event["kind"] for event in events] == told
    assert {event["actor"] for event in events} == {"http"}


@pytest.mark.parametrize(
    ("before", "asked"),
    [((), "running"), ((), "closed"), (("approved",), "closed"), (("approved", "running"), "draft")],
)
def test_a_state_that_cannot_follow_is_refused_in_words(
    client: FlaskClient, plan_id: str, before: tuple[str, ...], asked: str
) -> None:
    for state in before:
        give(client, plan_id, state)
    refused = give(client, plan_id, asked)
    assert refused.status_code == 409
    assert "so it cannot become" in refused.json["detail"]
    assert client.get(f"/v1/plans/{plan_id}").json["revision"] == 1 + len(before)


def test_what_was_changed_since_is_not_changed_again(client: FlaskClient, plan_id: str) -> None:
    assert give(client, plan_id, "approved", revision=1).status_code == 200
    late = give(client, plan_id, "draft", revision=1)
    assert late.status_code == 409
    assert "revision 2" in late.json["detail"]
    address = f"/v1/plans/{plan_id}/state"
    assert client.post(address, json={"state": "draft"}, headers={"If-Match": '"1"'}).status_code == 412
    seen = client.get(f"/v1/plans/{plan_id}").headers["ETag"]
    assert client.post(address, json={"state": "draft"}, headers={"If-Match": seen}).json["revision"] == 3


def test_a_market_has_one_running_plan(client: FlaskClient, plan_id: str, document: dict[str, Any]) -> None:
    other = client.post("/v1/scenarios", json=document | {"name": "other", "budget": 4e5}).json["plan_id"]
    for plan in (plan_id, other):
        give(client, plan, "approved")
    assert give(client, plan_id, "running").status_code == 200
    refused = give(client, other, "running")
    assert refused.status_code == 409
    assert plan_id in refused.json["detail"]
    give(client, plan_id, "closed")
    assert give(client, other, "running").status_code == 200
    listed = client.get("/v1/plans?market=testland&limit=1").json
    assert [(one["id"], one["state"]) for one in listed["plans"]] == [(other, "running")]
    assert client.get(f"/v1/plans?cursor={listed['next']}").json["plans"][0]["id"] == plan_id
    assert client.get("/v1/plans?market=elsewhere").json["plans"] == []


def test_another_tenant_sees_no_plan(home: Home, plan_id: str) -> None:
    from service.http.app import create_app

    strange = create_app(home.of("other")).test_client()
    assert strange.get(f"/v1/plans/{plan_id}").status_code == 404
    assert give(strange, plan_id, "approved").status_code == 404
    assert strange.get("/v1/plans").json["plans"] == []


def test_a_plan_is_scored_on_a_newer_model(client: FlaskClient, home: Home, plan_id: str) -> None:
    same = client.post(f"/v1/plans/{plan_id}/rescore", json={}).json
    assert same["outcomes"][0]["change"] == pytest.approx(0.0, abs=1e-6)
    home.registry.publish([make_artifact(draws=60, seed=2)], now())
    newer = client.post(f"/v1/plans/{plan_id}/rescore", json={"version": 2}).json
    assert newer["newer"][0]["version"] == 2
    assert newer["outcomes"][0]["change"] != 0.0
    assert client.post(f"/v1/plans/{plan_id}/rescore", json={"version": 9}).status_code == 404


def test_the_command_line_does_the_same(mixplan: Mixplan, client: FlaskClient, scenario_file: Path) -> None:
    made = mixplan("plan", scenario_file)
    plan = client.get("/v1/plans").json["plans"][0]["id"]
    assert plan in made.stderr
    assert plan not in made.stdout
    assert "No plan is called" in mixplan("approve", "zzzz").stderr
    assert mixplan("start", plan).exit_code == 1
    for command, state in (("approve", "approved"), ("reopen", "draft"), ("approve", "approved"), ("start", "running")):
        assert f"is {state}." in mixplan(command, plan[:6]).stdout
    page = mixplan("plans", "testland", "--lang", "zh").stdout
    assert plan in page
    assert "running" not in page
    assert mixplan("close", plan, "--json").exit_code == 0
    assert client.get(f"/v1/plans/{plan}").json["state"] == "closed"
    scored = mixplan("rescore", plan[:4])
    assert "Promised by model version 1; now by version 1." in scored.stdout
