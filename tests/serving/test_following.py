"""A plan is followed up over HTTP and on the command line: actuals, tracking, alerts, the rest planned anew."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from market_files import panel_sheet
from tracked import START, asked, tracked_artifact, world
from typer.testing import Result

from mmm.artifact import ResponseArtifact
from mmm.periods import period_range
from optimizer.horizon.outlook import planned_spend
from service.home import Home, open_home
from service.records import SavedPlan
from service.settings import Settings
from service.times import now

type Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def model() -> ResponseArtifact:
    return tracked_artifact(draws=100)


@pytest.fixture
def home(tmp_path: Path, model: ResponseArtifact) -> Iterator[Home]:
    opened = open_home(Settings(tmp_path / "home"))
    opened.registry.publish([model], now())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory, model: ResponseArtifact) -> Any:
    """The scenario's plan, solved once."""
    other = open_home(Settings(tmp_path_factory.mktemp("answered")))
    other.registry.publish([model], now())
    plan = other.desk.plan(asked())
    other.close()
    return plan


@pytest.fixture
def running(home: Home, answered: Any) -> SavedPlan:
    """The scenario's plan, running."""
    _, saved = home.scenarios.save(asked(), answered, now())
    home.plans.change(saved.id, "approved", "planner", now())
    return home.plans.change(saved.id, "running", "planner", now())


def rows(saved: SavedPlan, model: ResponseArtifact, *, is_halved: bool = False) -> Rows:
    """What happens in the plan's quarter: it is spent as planned."""
    outcome = world(saved.plan, model, 3, halved={"tv": 4} if is_halved else None)
    spent = planned_spend(saved.plan, model)
    return [
        {
            "date": day.isoformat(),
            "spend": dict(zip(model.channels, spent[at].tolist(), strict=True)),
            "outcomes": {"orders": float(outcome[at])},
        }
        for at, day in enumerate(period_range(START, 13, "week"))
    ]


def post(client: FlaskClient, sent: Rows, query: str = "") -> Any:
    return client.post(f"/v1/markets/testland/actuals{query}", json={"rows": sent})


def kinds(client: FlaskClient, saved: SavedPlan) -> list[str]:
    return [event["kind"] for event in client.get(f"/v1/events?subject={saved.id}").json["events"]]


def test_weeks_come_one_by_one_and_the_newest_report_counts(
    client: FlaskClient, running: SavedPlan, model: ResponseArtifact
) -> None:
    quarter = rows(running, model)
    first = post(client, quarter[:1])
    assert (first.status_code, first.json["periods_spent"], first.json["last"]) == (200, 1, START.isoformat())
    late = quarter[1] | {"outcomes": {"orders": None}}
    assert post(client, [late]).json["outcomes"][0]["periods_known"] == 1
    assert post(client, [quarter[1]]).json["outcomes"][0]["periods_known"] == 2
    assert post(client, [quarter[1]]).json["periods_spent"] == 2  # the same again
    corrected = quarter[1] | {"spend": quarter[1]["spend"] | {"tv": quarter[1]["spend"]["tv"] + 1000.0}}
    assert post(client, [corrected]).json["total"]["spent_to_date"] == pytest.approx(
        first.json["total"]["spent_to_date"] + sum(corrected["spend"].values())
    )
    assert kinds(client, running)[:4] == ["actuals.received"] * 4
    assert kinds(client, running)[4] == "plan.started"
    assert client.get("/v1/markets/testland/tracking").json["periods_spent"] == 2


def test_what_is_wrong_is_refused_whole(client: FlaskClient, running: SavedPlan, model: ResponseArtifact) -> None:
    quarter = rows(running, model)
    gap = post(client, quarter[2:3])
    assert gap.status_code == 422
    bad = [quarter[0], quarter[1] | {"spend": {"tv": -1.0}}]
    refused = post(client, bad)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json["errors"]] == ["/rows/1/spend/tv"]
    assert client.get("/v1/markets/testland/tracking").json["periods_spent"] == 0
    assert client.post("/v1/markets/testland/actuals", data="x", content_type="text/plain").status_code == 415
    assert "actuals.received" not in kinds(client, running)


def test_without_a_running_plan_it_is_said_what_to_do(client: FlaskClient, home: Home, answered: Any) -> None:
    _, saved = home.scenarios.save(asked(), answered, now())
    none = post(client, [{"date": START.isoformat(), "spend": {}}])
    assert none.status_code == 404
    assert "Approve and start one" in none.json["detail"]
    draft = post(client, [{"date": START.isoformat(), "spend": {}}], f"?plan={saved.id}")
    assert draft.status_code == 409
    assert client.get(f"/v1/markets/testland/tracking?plan={saved.id}").json["periods_spent"] == 0
    assert client.get(f"/v1/markets/elsewhere/tracking?plan={saved.id}").status_code == 404


def test_an_alert_is_told_once_and_the_rest_takes_the_place_of_the_plan(
    client: FlaskClient, home: Home, running: SavedPlan, model: ResponseArtifact
) -> None:
    quarter = rows(running, model, is_halved=True)
    found = post(client, quarter[:9]).json
    assert found["alerts"]
    post(client, quarter[:9])
    told = client.get(f"/v1/events?subject={running.id}").json["events"]
    alerts = [event for event in told if event["kind"] == "tracking.alert"]
    assert len(alerts) == 1
    assert alerts[0]["document"]["alerts"][0]["text"] == found["alerts"][0]["text"]

    # a champion of today changes nothing: the plan is held against the models that it was made with
    home.registry.publish([make_artifact(draws=60, seed=2)], now())
    home.registry.promote("testland", 2, now(), force=True)
    assert client.get("/v1/markets/testland/tracking").json == found

    rest = client.post(f"/v1/plans/{running.id}/replan", json={"remaining_budget": 150_000.0})
    assert rest.status_code == 201, rest.json
    assert rest.json["plan"]["horizon"] == {"start": quarter[9]["date"], "periods": 4}
    assert rest.json["plan"]["models"][0]["digest"] == model.digest
    assert rest.json["continues"] == running.id
    assert rest.json["notes"]
    draft = client.get(rest.headers["Location"]).json
    assert (draft["state"], draft["plan"]["budget"]) == ("draft", pytest.approx(150_000.0))
    assert kinds(client, running)[0] == "plan.replanned"
    for state in ("approved", "running"):
        client.post(f"/v1/plans/{draft['id']}/state", json={"state": state})
    assert client.get(f"/v1/plans/{running.id}").json["state"] == "closed"
    # what was spent before the rest still works in it: the new plan is tracked with that
    tracked = client.get("/v1/markets/testland/tracking").json
    assert tracked["outcomes"][0]["planned"]["mean"] == pytest.approx(
        draft["plan"]["outcomes"][0]["total"]["mean"], rel=1e-9
    )
    assert post(client, quarter[9:10]).json["periods_spent"] == 1
    # late numbers of a closed plan go to it by its id
    assert post(client, quarter[8:9], f"?plan={running.id}").status_code == 200


def test_a_rest_needs_a_running_plan_and_its_actuals(client: FlaskClient, running: SavedPlan) -> None:
    nothing = client.post(f"/v1/plans/{running.id}/replan", json={})
    assert nothing.status_code == 409
    assert "hand in its actuals" in nothing.json["detail"]
    client.post(f"/v1/plans/{running.id}/state", json={"state": "closed"})
    assert "does not run" in client.post(f"/v1/plans/{running.id}/replan", json={}).json["detail"]


def as_csv(sent: Rows) -> bytes:
    flat = [{"date": row["date"], **row["spend"], **row["outcomes"]} for row in sent]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(flat[0]))
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue().encode()


def test_a_file_says_the_same_as_json(client: FlaskClient, running: SavedPlan, model: ResponseArtifact) -> None:
    content = as_csv(rows(running, model)[:3])
    files = {"data": (io.BytesIO(content), "weeks.csv")}
    sent = client.post("/v1/markets/testland/actuals", data=files, content_type="multipart/form-data")
    assert (sent.status_code, sent.json["periods_spent"]) == (200, 3)
    assert post(client, rows(running, model)[:3]).json == sent.json
    assert kinds(client, running).count("actuals.received") == 1
    broken = {"data": (io.BytesIO(content.replace(b"tv", b"tx")), "weeks.csv")}
    assert client.post("/v1/markets/testland/actuals", data=broken).status_code == 422
    assert client.post("/v1/markets/testland/actuals", data={"other": "1"}, content_type="multipart/form-data").json[
        "errors"
    ]


def test_the_command_line_follows_a_plan(
    mixplan: Callable[..., Result], client: FlaskClient, running: SavedPlan, model: ResponseArtifact, tmp_path: Path
) -> None:
    quarter = rows(running, model, is_halved=True)
    weeks, document = tmp_path / "weeks.csv", tmp_path / "weeks.json"
    weeks.write_bytes(as_csv(quarter[:8]))
    document.write_text(json.dumps({"rows": quarter[8:9]}), encoding="utf-8")
    page = mixplan("track", "--actuals", weeks)
    assert page.exit_code == 0, page.stderr
    assert f"mixplan replan {running.id}" in page.stderr
    assert "Alerts" in page.stdout
    assert "9 of 13 weeks are known" in mixplan("track", running.id[:5], "--actuals", document).stdout
    assert mixplan("track", "testland", "--json").stdout == mixplan("track", "--json").stdout
    rest = mixplan("replan", running.id[:5], "--budget", "150000")
    assert rest.exit_code == 0, rest.stderr
    draft = client.get("/v1/plans").json["plans"][0]
    assert draft["continues"] == running.id
    assert f"mixplan approve {draft['id']}" in rest.stderr
    assert "What the rest rests on" in rest.stdout
    chinese = mixplan("replan", running.id, "--lang", "zh")
    assert chinese.exit_code == 0
    document.write_text('{"rows": [', encoding="utf-8")
    assert mixplan("track", "--actuals", document).exit_code == 1


def test_the_report_of_a_market_shows_the_plan_that_runs(
    mixplan: Callable[..., Result], running: SavedPlan, model: ResponseArtifact, client: FlaskClient, tmp_path: Path
) -> None:
    def written() -> str:
        file = tmp_path / "report.html"
        result = mixplan("report", running.plan.market, "--out", file, "--force")
        assert result.exit_code == 0, result.stderr
        return file.read_text(encoding="utf-8")

    address = f"/v1/markets/{running.plan.market}/actuals"
    assert client.post(address, json={"rows": rows(running, model, is_halved=True)}).status_code == 200
    page = written()
    assert "The plan against what happened" in page
    assert '"tracking-0-summed"' in page
    client.post(f"/v1/plans/{running.id}/state", json={"state": "closed"})
    assert "The plan against what happened" not in written()


PANEL_TOML = b"""
[market]
name = "testland"
data = "testland.csv"
period = "week"
currency = "EUR"
[columns]
date = "week"
geo = "region"
[[outcomes]]
name = "orders"
column = "orders"
unit = "orders"
[[channels]]
name = "tv"
spend = "tv_spend"
role = "brand"
[[channels]]
name = "video"
spend = "video_spend"
role = "brand"
[[channels]]
name = "social"
spend = "social_spend"
role = "brand"
[[channels]]
name = "search"
spend = "search_spend"
role = "performance"
"""


def test_what_happened_in_the_geos_of_a_panel_is_summed(client: FlaskClient, home: Home, running: SavedPlan) -> None:
    history = panel_sheet(110, ("north", "south")).add("video_spend", lambda at: str(1000 + 37 * (at * at % 41)))
    home.datasets.keep(PANEL_TOML, "testland.csv", history.csv(), now())
    head = "week,region,tv_spend,video_spend,social_spend,search_spend,orders\n"
    week = "2027-01-04,north,1000,2000,3000,4000,900\n2027-01-04,south,100,200,300,400,100\n"

    def send(text: str) -> Any:
        return client.post("/v1/markets/testland/actuals", data={"data": (io.BytesIO(text.encode()), "week.csv")})

    answer = send(head + week)
    assert answer.status_code == 200
    known = home.actuals.of(running, "week")
    assert known.spend["tv"] == (1100.0,)
    assert known.outcomes == {"orders": (1000.0,)}
    refused = send(head + week.splitlines()[0].replace("01-04", "01-11") + "\n")
    assert refused.status_code == 422
    assert "south" in refused.text
