"""A quarter in the life of a company, all through HTTP, with the worker killed twice on the way.

Three years are known; a quarter is planned, approved and run; one channel's effect halves in it; tracking says so, the
rest is planned anew, the market is refitted, and the challenger earns its place or does not.
"""

import io
import re
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from serving.server import served
from serving.small_market import small_toml
from serving.workers import awaited, ended, start_worker, working

from mmm.vocabulary import FloatArray
from service.home import Home, open_home
from service.settings import Settings

FIRST_WEEK = date(2024, 1, 1)
HISTORY, QUARTER = 156, 13
CHANNELS = ("tv", "search")
NOISE = 15.0


def orders(spend: FloatArray, search_effect: FloatArray) -> FloatArray:
    """What these spends truly bring: shape (T, 2) and (T,) to (T,)."""
    carried = np.zeros(len(spend))
    for week, amount in enumerate(spend[:, 0]):
        carried[week] = 0.5 * carried[week - 1] + 0.5 * amount
    saturated = spend[:, 1] / (spend[:, 1] + 3000.0)
    noise = np.random.default_rng(7).normal(0.0, NOISE, len(spend))
    return np.asarray(
        (900.0 + 300.0 * carried / (carried + 3000.0) + search_effect * 900.0 * saturated + noise).round()
    )


def rows(spend: FloatArray, brought: FloatArray, first: int) -> bytes:
    """Weeks as a CSV file, from the week at position `first` on."""
    text = io.StringIO()
    text.write("week,orders,tv,search\n")
    for week in range(first, len(spend)):
        day = FIRST_WEEK + timedelta(weeks=week)
        text.write(f"{day},{brought[week]:.0f},{spend[week, 0]:.2f},{spend[week, 1]:.2f}\n")
    return text.getvalue().encode()


PAGE = Path(__file__).parents[2] / "docs" / "quarter.md"


@pytest.fixture
def sent_requests() -> list[str]:
    """Every request that the company sends, as the page of the quarter names it."""
    return []


@pytest.fixture
def company(tmp_path: Path, sent_requests: list[str]) -> Iterator[tuple[Home, httpx.Client]]:
    def note(request: httpx.Request) -> None:
        path = re.sub(r"/jobs/\w+", "/jobs/JOB", re.sub(r"/plans/\w+", "/plans/PLAN", request.url.path))
        sent_requests.append(f"{request.method} {path}")

    home = open_home(Settings(tmp_path / "home"))
    hooks = {"request": [note]}
    with (
        served(home.settings.home) as address,
        httpx.Client(base_url=address, timeout=60, event_hooks=hooks) as client,
    ):
        yield home, client
    home.close()


def refitted(home: Home, client: httpx.Client) -> dict[str, Any]:
    """The result of a refit in the middle of which the worker is killed."""
    job = client.post("/v1/markets/shop/refits", json={}).raise_for_status().json()
    doomed = start_worker(home)
    awaited(home, job["id"], 60, lambda job: job.progress is not None)
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    with working(home):
        done = ended(home, job["id"])
    assert done.attempts == 2
    answer = client.get(f"/v1/jobs/{job['id']}").json()
    assert answer["status"] == "succeeded", answer
    result: dict[str, Any] = answer["result"]
    return result


def sent(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def uploaded(client: httpx.Client, **files: bytes) -> dict[str, Any]:
    names = {"data": "shop.csv", "market": "market.toml"}
    answer = client.post(
        "/v1/markets/shop/data", files={name: (names[name], content) for name, content in files.items()}
    )
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def spend_of(plan: dict[str, Any]) -> FloatArray:
    """Spend by week and channel as a plan phases it."""
    start = date.fromisoformat(plan["horizon"]["start"])
    spend = np.zeros((plan["horizon"]["periods"], len(CHANNELS)))
    for entry in plan["flighting"]:
        week = (date.fromisoformat(entry["date"]) - start).days // 7
        spend[week, CHANNELS.index(entry["channel"])] += entry["spend"]
    return spend


def actuals(first: date, spend: FloatArray, brought: FloatArray) -> dict[str, Any]:
    return {
        "rows": [
            {
                "date": (first + timedelta(weeks=week)).isoformat(),
                "spend": dict(zip(CHANNELS, map(float, spend[week]), strict=True)),
                "outcomes": {"orders": float(brought[week])},
            }
            for week in range(len(spend))
        ]
    }


def test_a_quarter_in_the_life_of_a_company(company: tuple[Home, httpx.Client], sent_requests: list[str]) -> None:
    home, client = company
    past = np.random.default_rng(1).gamma(2.0, 1500.0, size=(HISTORY, len(CHANNELS))).round(2)
    known = orders(past, np.ones(HISTORY))

    # three years are known, and fitted
    kept = uploaded(client, data=rows(past, known, 0), market=small_toml(draws=300))
    assert kept["periods"] == HISTORY
    first = refitted(home, client)
    assert (first["version"], first["outcome"]) == (1, "promoted")

    # a quarter is planned, approved and begun
    start = FIRST_WEEK + timedelta(weeks=HISTORY)
    asked = {
        "name": "next quarter",
        "market": "shop",
        "kpi": "orders",
        "objective": "maximize",
        "budget": 78000.0,
        "business": "none",
        "horizon": {"start": start.isoformat(), "periods": QUARTER},
        "channels": {"tv": {"min": 20000.0}, "search": {"min": 20000.0}},
        "reference": {"kind": "last_periods"},
    }
    saved = sent(client, "/v1/scenarios", asked)
    plan = saved["plan_id"]
    for revision, state in enumerate(("approved", "running"), start=1):
        assert sent(client, f"/v1/plans/{plan}/state", {"state": state, "revision": revision})["state"] == state

    # thirteen weeks in which search brings half of what it did
    spend = spend_of(saved["plan"])
    assert spend.sum() == pytest.approx(78000.0)
    whole = np.concatenate([past, spend])
    effect = np.concatenate([np.ones(HISTORY), np.full(QUARTER, 0.5)])
    brought = orders(whole, effect)[HISTORY:]
    early = sent(client, "/v1/markets/shop/actuals", actuals(start, spend[:9], brought[:9]))
    assert early["periods_spent"] == 9
    assert any(alert["kind"] == "outcome" for alert in early["alerts"]), early["alerts"]
    (kpi,) = early["outcomes"]
    assert kpi["bridge"]["actual"] < kpi["bridge"]["planned"]

    # what is left is planned anew, with the past as it was
    rest = sent(client, f"/v1/plans/{plan}/replan", {})
    assert rest["plan"]["horizon"] == {"start": (start + timedelta(weeks=9)).isoformat(), "periods": 4}
    assert rest["plan"]["budget"] == pytest.approx(78000.0 - spend[:9].sum(), abs=0.02)
    assert any("by what was seen so far, the rest as it was planned brings" in note for note in rest["notes"])

    # the quarter ends as it was planned first, and the market is refitted
    whole_quarter = sent(client, "/v1/markets/shop/actuals", actuals(start, spend, brought))
    assert whole_quarter["periods_spent"] == QUARTER
    added = uploaded(client, data=rows(whole, orders(whole, effect), HISTORY))
    assert added["periods"] == HISTORY + QUARTER
    second = refitted(home, client)
    assert second["version"] == 2
    judged = client.get("/v1/markets/shop/models/2/judgement").json()
    assert second["outcome"] == {"promote": "promoted", "hold": "held"}[judged["judgement"]["decision"]]
    assert judged["judgement"]["reasons"]
    assert judged["backtests"][0]["periods"] == QUARTER

    # the plan on the newer model, and back to the model before
    rescored = sent(client, f"/v1/plans/{plan}/rescore", {"version": 2})
    assert rescored["outcomes"]
    if second["outcome"] == "held":
        sent(client, "/v1/markets/shop/models/2/promote", {"force": True})
    assert client.post("/v1/markets/shop/rollback").json()["version"] == 1
    assert sent(client, f"/v1/plans/{plan}/state", {"state": "closed", "revision": 3})["state"] == "closed"

    # all of it is on record, once
    events = [event["kind"] for event in client.get("/v1/events", params={"limit": 200}).json()["events"]][::-1]
    for kind in (
        "refit.promoted",
        "plan.approved",
        "plan.started",
        "plan.replanned",
        "model.rolled_back",
        "plan.closed",
    ):
        assert events.count(kind) == (1 if kind != "refit.promoted" or second["outcome"] == "held" else 2), events
    assert events.count("actuals.received") == 2
    assert "tracking.alert" in events

    # and on the page of the docs
    assert re.findall(r"^(?:GET|POST) /\S+", PAGE.read_text(), re.MULTILINE) == sent_requests
