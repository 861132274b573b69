from typing import Any

import pytest
from flask.testing import FlaskClient


def test_a_scenario_is_created_with_its_plan(client: FlaskClient, document: dict[str, Any]) -> None:
    response = client.post("/v1/scenarios", json=document)
    assert response.status_code == 201
    body = response.json
    assert body["scenario"] == document
    assert body["plan"]["status"] == "optimal"
    assert sum(row["spend"] for row in body["plan"]["channels"]) == pytest.approx(500000.0, abs=0.005)
    assert response.headers["Location"].endswith(f"/v1/scenarios/{body['id']}")


def test_a_created_scenario_and_its_plan_are_read_again(client: FlaskClient, document: dict[str, Any]) -> None:
    created = client.post("/v1/scenarios", json=document).json
    saved = client.get(f"/v1/scenarios/{created['id']}").json
    assert saved["scenario"] == document
    assert (saved["name"], saved["version"]) == ("Q1 2027 base", 1)
    assert client.get(f"/v1/scenarios/{created['id']}/plan").json == created["plan"]


def test_scenarios_are_listed_page_by_page(client: FlaskClient, document: dict[str, Any]) -> None:
    for number in range(3):
        client.post("/v1/scenarios", json=document | {"name": f"scenario {number}"})
    first = client.get("/v1/scenarios?limit=2").json
    second = client.get(f"/v1/scenarios?limit=2&cursor={first['next']}").json
    names = [row["name"] for row in first["scenarios"] + second["scenarios"]]
    assert names == ["scenario 2", "scenario 1", "scenario 0"]
    assert second["next"] is None


def test_a_plan_has_the_fields_of_the_contract(client: FlaskClient, document: dict[str, Any]) -> None:
    plan = client.post("/v1/scenarios", json=document).json["plan"]
    assert {
        *("scenario", "market", "models", "status", "budget", "currency", "horizon", "channels", "outcomes", "tasks"),
        *("split", "certificate", "binding", "comparisons", "flighting", "warnings", "conflict", "relaxation"),
    } <= set(plan)
    channel = plan["channels"][0]
    assert {"channel", "role", "stage", "spend", "share", "reference_spend", "change", "verdict"} <= set(channel)
    assert set(channel["contribution"]) == {"mean", "p05", "p50", "p95"}
    assert {"kpi", "value", "incremental", "base", "total"} <= set(plan["outcomes"][0])
    assert {"value", "bound", "gap", "method", "seconds"} <= set(plan["certificate"])
    assert {"reference", "same_mix", "no_rules"} <= set(plan["comparisons"])
    assert {"rule", "text", "shadow_price"} <= set(plan["binding"][0])
    assert {"brand_share", "band", "kpi_without_rule", "cost_of_rule", "shadow_price"} <= set(plan["split"])


def test_rules_in_conflict_are_a_problem_with_the_smallest_relaxation(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    response = client.post("/v1/scenarios", json=document | {"channels": {"tv": {"min": 400000}}})
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    body = response.json
    assert {"/channels/tv/min", "/split/brand_share"} <= {error["pointer"] for error in body["errors"]}
    assert {rule["rule"] for rule in body["conflict"]} >= {"channels.tv.min"}
    assert all(set(rule) == {"rule", "from", "to"} for rule in body["relaxation"])
    assert body["relaxation"]


def test_a_what_if_stands_beside_the_scenario_as_it_is(client: FlaskClient, document: dict[str, Any]) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    changes = [{"budget": 400000}, {"name": "less tv", "set": {"channels.tv.max": 50000}}, {"business": "none"}]
    body = client.post(f"/v1/scenarios/{identity}/what-if", json={"changes": changes}).json
    assert [variant["name"] for variant in body["variants"]] == ["As it is", "€400,000", "less tv", "free split"]
    budgets = [variant["plan"]["budget"] for variant in body["variants"]]
    assert budgets == pytest.approx([500000, 400000, 500000, 500000])
    tv = next(row for row in body["variants"][2]["plan"]["channels"] if row["channel"] == "tv")
    assert tv["spend"] <= 50000.01


def test_an_infeasible_variant_is_an_answer_beside_the_others(client: FlaskClient, document: dict[str, Any]) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    changes = [{"set": {"channels.tv.min": 400000}}]
    body = client.post(f"/v1/scenarios/{identity}/what-if", json={"changes": changes}).json
    assert [variant["plan"]["status"] for variant in body["variants"]] == ["optimal", "infeasible"]


def test_a_change_that_does_not_fit_points_at_itself(client: FlaskClient, document: dict[str, Any]) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    changes = [{"budget": 1}, {"set": {"channels.tv.mx": 5}}, {"set": {"channels.radio.max": 5}}]
    response = client.post(f"/v1/scenarios/{identity}/what-if", json={"changes": changes[:2]})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == ["/changes/1/set"]
    response = client.post(f"/v1/scenarios/{identity}/what-if", json={"changes": changes[2:]})
    assert response.json["errors"][0]["pointer"] == "/changes/0/set"


def test_a_frontier_rises_with_the_budget(client: FlaskClient, document: dict[str, Any]) -> None:
    body = {"scenario": document, "from": 200000, "to": 600000, "points": 5}
    points = client.post("/v1/frontiers", json=body).json["points"]
    assert [point["budget"] for point in points] == [200000, 300000, 400000, 500000, 600000]
    means = [point["mean"] for point in points]
    assert means == sorted(means)
    assert all(point["p05"] < point["mean"] < point["p95"] for point in points)
    assert all(point["roas"] > 0 and point["gap"] <= 1e-4 for point in points)


def test_a_frontier_takes_a_saved_scenario(client: FlaskClient, document: dict[str, Any]) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    response = client.post("/v1/frontiers", json={"scenario_id": identity, "from": 200000, "to": 500000, "points": 2})
    plan = client.get(f"/v1/scenarios/{identity}/plan").json
    assert response.json["points"][-1]["mean"] == pytest.approx(plan["outcomes"][0]["incremental"]["mean"], rel=1e-4)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"from": 9, "to": 1}, ""),
        ({"points": 1000}, "/points"),
        ({"scenario": None}, ""),
        ({"frm": 1}, "/frm"),
    ],
)
def test_a_frontier_that_cannot_be_drawn_is_refused(
    client: FlaskClient, document: dict[str, Any], change: dict[str, Any], pointer: str
) -> None:
    body = {"scenario": document, "from": 1, "to": 2, "points": 2} | change
    response = client.post("/v1/frontiers", json=body)
    assert response.status_code == 422
    assert pointer in [error["pointer"] for error in response.json["errors"]]


def test_a_frontier_of_a_foreign_scenario_points_into_the_scenario(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    body = {"scenario": document | {"kpi": "cakes"}, "from": 1, "to": 2, "points": 2}
    response = client.post("/v1/frontiers", json=body)
    assert [error["pointer"] for error in response.json["errors"]] == ["/scenario/kpi"]
