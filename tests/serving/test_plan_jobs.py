"""Scenarios that take longer than a request are planned by a job."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.home import Home
from service.jobs.conclusion import conclude
from service.jobs.work import perform
from service.times import now


def carried(home: Home, identity: str) -> dict[str, Any]:
    """What a child makes of a job."""
    job = home.jobs.job(identity)
    return perform(home, {**job.request, "kind": job.kind, "job": job.id}, lambda _: None)


@pytest.mark.parametrize(("headers", "change"), [({"Prefer": "respond-async"}, {}), ({}, {"solve": {"seconds": 21}})])
def test_a_scenario_that_is_left_to_a_job_is_planned_once(
    home: Home, client: FlaskClient, document: dict[str, Any], headers: dict[str, str], change: dict[str, Any]
) -> None:
    asked = client.post("/v1/scenarios", json=document | change, headers=headers)
    assert (asked.status_code, asked.json["status"], asked.json["kind"]) == (202, "queued", "plan")
    assert asked.headers["Location"] == f"/v1/jobs/{asked.json['id']}"
    assert asked.headers.get("Preference-Applied") == headers.get("Prefer")
    identity = asked.json["id"]
    result = carried(home, identity)
    assert carried(home, identity) == result  # its worker was killed and it is begun again
    home.jobs.begin(identity, "w", now())
    conclude(home, identity, {"status": "succeeded", "result": result}, now())
    told = client.get(f"/v1/jobs/{identity}").json["result"]
    assert client.get(f"/v1/scenarios/{told['scenario_id']}").json["scenario"] == document | change
    assert client.get(f"/v1/plans/{told['plan_id']}").status_code == 200
    assert len(home.scenarios.page(10).items) == 1


def test_rules_in_conflict_are_the_result_of_the_job(home: Home, client: FlaskClient, document: dict[str, Any]) -> None:
    body = document | {"channels": {"tv": {"min": 400000}}}
    identity = client.post("/v1/scenarios", json=body, headers={"Prefer": "respond-async"}).json["id"]
    result = carried(home, identity)
    assert result["outcome"] == "infeasible"
    assert "channels.tv.min" in result["conflict"]
    assert result["relaxation"]
    assert home.scenarios.page(10).items == ()


def test_what_names_no_market_is_refused_at_once(client: FlaskClient, document: dict[str, Any]) -> None:
    body = document | {"market": "nowhere"}
    assert client.post("/v1/scenarios", json=body, headers={"Prefer": "respond-async"}).status_code == 422
