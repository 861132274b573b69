"""A channel without history on every way out: HTTP, command line, files, tracking and the rest of its plan."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from typer.testing import Result

from mmm.periods import period_range
from service.following import own_models, tracked
from service.home import Home

NEW: dict[str, Any] = {
    "tiktok": {"like": "social", "effect": 0.8, "uncertainty": 0.6, "at_most_share": 0.1},
    "podcast": {"role": "brand", "priors": [{"spend": 4000.0, "roas": [1.0, 4.0], "half_saturation": 20000.0}]},
}
MARK = "† no history: what it brings is assumed, not measured"


@pytest.fixture
def asked(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"new_channels": NEW}


@pytest.fixture
def file(asked: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "new.json"
    path.write_text(json.dumps(asked), encoding="utf-8")
    return path


def test_it_is_planned_and_marked_over_http(client: FlaskClient, asked: dict[str, Any]) -> None:
    answer = client.post("/v1/scenarios", json=asked)
    assert answer.status_code == 201
    assert answer.json["scenario"]["new_channels"] == NEW
    plan = answer.json["plan"]
    marks = {channel["channel"]: channel["evidence"] for channel in plan["channels"]}
    assert {name for name, mark in marks.items() if mark == "assumed"} == {"tiktok", "podcast"}
    tiktok = next(channel for channel in plan["channels"] if channel["channel"] == "tiktok")
    assert tiktok["basis"].startswith("tiktok has no history. Assumed: it works as social does")
    (outcome,) = plan["outcomes"]
    together = outcome["measured"]["mean"] + outcome["assumed"]["mean"]
    assert together == pytest.approx(outcome["incremental"]["mean"])
    assert any("is assumed of channels without history (tiktok, podcast)" in said for said in plan["warnings"])


def test_a_similar_channel_that_is_unknown_is_a_problem_at_its_field(
    client: FlaskClient, asked: dict[str, Any]
) -> None:
    wrong = asked | {"new_channels": {"tiktok": {"like": "socail"}, "tv": {"like": "social"}}}
    answer = client.post("/v1/scenarios", json=wrong)
    assert answer.status_code == 422
    told = {error["pointer"]: error["detail"] for error in answer.json["errors"]}
    assert "did you mean 'social'?" in told["/new_channels/tiktok/like"]
    assert "leave it out of new_channels" in told["/new_channels/tv"]
    unknown = client.post("/v1/scenarios", json=asked | {"new_channels": {"tiktok": {"lik": "social"}}})
    assert unknown.status_code == 422
    assert "did you mean 'like'?" in str(unknown.json["errors"])


def test_it_is_marked_on_every_page(mixplan: Callable[..., Result], file: Path) -> None:
    page = mixplan("plan", file).stdout
    assert "tiktok†" in page
    assert MARK in page
    assert "Its channels with a history bring" in page
    assert "Channels without history are assumed to bring" in page
    both = mixplan("what-if", file, "--set", "new_channels.tiktok.at_most_share=0.02").stdout
    assert "tiktok†" in both
    assert MARK in both


def test_its_curve_is_shown_over_the_horizon_of_the_scenario(mixplan: Callable[..., Result], file: Path) -> None:
    page = mixplan("curves", "testland", "--scenario", file).stdout
    assert "podcast†" in page
    assert MARK in page
    printed = json.loads(mixplan("curves", "testland", "--scenario", file, "--json").stdout)
    assert [row["name"] for row in printed["channels"] if row["is_assumed"]] == ["tiktok", "podcast"]


def test_files_have_its_evidence(client: FlaskClient, asked: dict[str, Any]) -> None:
    identity = client.post("/v1/scenarios", json=asked).json["id"]
    text = client.get(f"/v1/scenarios/{identity}/plan.csv").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    marks = {row["Channel"]: row["Evidence"] for row in rows}
    assert marks["tiktok"] == marks["podcast"] == "assumed"
    assert marks["tv"] == ""
    assert "works as social does" in next(row["Assumed"] for row in rows if row["Channel"] == "tiktok")


def test_its_plan_is_tracked_scored_anew_and_its_rest_planned(
    client: FlaskClient, home: Home, asked: dict[str, Any]
) -> None:
    created = client.post("/v1/scenarios", json=asked).json
    identity, plan = created["plan_id"], created["plan"]
    for state in ("approved", "running"):
        client.post(f"/v1/plans/{identity}/state", json={"state": state})
    saved = home.plans.plan(identity)
    assert own_models(home, saved)["orders"].channels[-2:] == ("tiktok", "podcast")
    spend = {(flight["date"], flight["channel"]): flight["spend"] for flight in plan["flighting"]}
    names = [channel["channel"] for channel in plan["channels"]]
    days = [day.isoformat() for day in period_range(saved.plan.horizon.start, 4, "week")]
    rows = [
        {"date": day, "spend": {name: spend.get((day, name), 0.0) for name in names}, "outcomes": {"orders": 2300.0}}
        for day in days
    ]
    assert client.post("/v1/markets/testland/actuals", json={"rows": rows}).status_code == 200
    paces = {pace.channel: pace.spent_to_date for pace in tracked(home, saved).channels}
    planned = {channel["channel"]: channel["spend"] for channel in plan["channels"]}
    assert paces["tiktok"] == pytest.approx(4 / 13 * planned["tiktok"], rel=1e-6)
    assert planned["podcast"] == pytest.approx(25_000.0)
    scored = client.post(f"/v1/plans/{identity}/rescore", json={}).json
    assert scored["lost_channels"] == []
    (outcome,) = scored["outcomes"]
    assert outcome["now"]["assumed"]["mean"] == pytest.approx(outcome["promised"]["assumed"]["mean"])
    rest = client.post(f"/v1/plans/{identity}/replan", json={})
    assert rest.status_code == 201
    left = {channel["channel"]: channel for channel in rest.json["plan"]["channels"]}
    assert left["tiktok"]["evidence"] == "assumed"
    assert left["tiktok"]["spend"] <= 50_000.0 - 4 / 13 * planned["tiktok"] + 0.01
    assert left["podcast"]["spend"] == pytest.approx(9 / 13 * 25_000.0)
