"""Scenarios with numbers, days and depths beyond reason, as JSON that no library would write."""

import json
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HUGE = {"1e308": "1e308", "1e999": "1e999", "2**70": str(2**70), "400 digits": "9" * 400, "NaN": "NaN"}
SMALL = {"1e-308": "1e-308", "a denormal": "5e-324", "minus nought": "-0.0"}
DAYS = ("9999-12-31", "9999-01-01", "0001-01-01", "2200-12-31", "1800-01-06", "10000-01-01", "2027-02-30", 5e17, -1)
PLACES = (
    "budget",
    "horizon.periods",
    "values.orders",
    "split.tolerance",
    "tasks.0.at_least",
    "tasks.0.probability",
    "channels.tv.min",
    "channels.tv.max",
    "channels.tv.locked",
    "channels.tv.increment",
    "channels.tv.fixed_cost",
    "channels.tv.off_or_at_least",
    "channels.tv.fee",
    "channels.tv.cpa_at_most",
    "channels.tv.marginal_cpa_at_most",
    "channels.tv.per_period_max",
    "channels.tv.lead_time",
    "channels.tv.coop",
    "groups.0.amount.1",
    "rules.at_most_channels",
    "rules.test_reserve",
    "rules.at_most_seen",
    "rules.cash_per_period",
    "rules.total_change.1",
    "reference.spend.tv",
    "flighting.weights.tv.0",
    "risk.level",
    "solve.gap",
    "solve.seconds",
    "goal.target",
    "goal.lead_time",
    "bottom_up.population",
    "bottom_up.cost_per_point",
)
DAY_PLACES = ("horizon.start", "tasks.0.by", "goal.start", "channels.tv.blackout.0", "channels.tv.blackout.0.start")
NESTED = {
    "lists": "[" * 3000 + "]" * 3000,
    "objects": '{"a":' * 3000 + "1" + "}" * 3000,
    "never closed": "[" * 100_000,
    "few": "[" * 90 + "]" * 90,
}


def spoilt(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The document with a value put at a place, and what goes with it around it."""
    asked: dict[str, Any] = json.loads(json.dumps(document))
    goes_with: dict[str, Any] = {
        "tasks": [{"kpi": "orders", "at_least": 100.0}],
        "groups": [{"name": "all", "channels": ["tv"], "amount": [0, 1000]}],
        "rules": {"total_change": [-0.1, 0.1]},
        "reference": {"kind": "spend", "spend": {"tv": 100.0}},
        "flighting": {"pattern": "given", "weights": {"tv": [1.0] * 13}},
        "goal": {"kpi": "orders", "target": 120000, "start": "2027-01-01", "by": "quarter"},
        "bottom_up": {
            "population": 5e6,
            "share_wanted": 0.08,
            "reached": 0.8,
            "trial_rate": 0.25,
            "repeat_rate": 0.4,
            "exposures_per_percent": 40,
            "cost_per_point": 1000,
            "target": 1000,
        },
    }
    first, *rest = place.split(".")
    if first in goes_with:
        asked[first] = goes_with[first]
    if first == "bottom_up":
        asked["bottom_up"].pop("target")
    if first == "channels":
        asked["channels"] = {"tv": {}}
    if "blackout" in place:
        span = {"start": "2027-01-04", "periods": 1}
        asked["channels"]["tv"]["blackout"] = [span if place.endswith("start") else ""]
    if first in ("values", "split", "risk", "solve"):
        asked[first] = {}
    here: Any = asked
    for part in [first, *rest][:-1]:
        here = here[int(part)] if part.isdigit() else here[part]
    last = ([first, *rest])[-1]
    here[int(last) if last.isdigit() else last] = value
    return asked


def post(client: FlaskClient, path: str, body: str) -> TestResponse:
    """A body as it is, which no JSON library would write."""
    return client.post(path, data=body.encode(), content_type="application/json")


def is_honest(response: TestResponse) -> str:
    """What is wrong with an answer: nothing where it is a plan, or a refusal that says where."""
    if response.status_code in (200, 201):
        text = response.get_data(as_text=True)
        return "numbers that are none" if "NaN" in text or "Infinity" in text else ""
    if not 400 <= response.status_code < 500:
        return f"{response.status_code}: {response.get_data(as_text=True)[:300]}"
    body = response.json
    assert body is not None
    return "" if body.get("detail") and (response.status_code != 422 or body.get("errors")) else f"no words: {body}"


def number_bodies(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Scenarios with each number out of all bounds, as JSON text."""
    bodies = []
    for place in PLACES:
        for name, text in (HUGE | SMALL).items():
            body = json.dumps(spoilt(document, place, "@")).replace('"@"', text)
            bodies.append((f"{place} = {name}", body))
    return bodies


def day_bodies(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Scenarios with each day out of all bounds, as JSON text."""
    return [(f"{place} = {day}", json.dumps(spoilt(document, place, day))) for place in DAY_PLACES for day in DAYS]


OTHER = json.dumps(
    {
        "scenario": {
            "name": "other",
            "market": "otherland",
            "kpi": "orders",
            "objective": "profit",
            "horizon": {"start": "2027-01-04", "periods": 4},
        }
    }
)
GOAL = '{"goal": {"kpi": "orders", "target": 120000, "start": "2027-01-01"}, '
PATHS: dict[str, Callable[[str], str]] = {
    "/v1/scenarios": lambda body: body,
    "/v1/goals": lambda body: body if '"goal"' in body else body.replace("{", GOAL, 1),
    "/v1/frontiers": lambda body: f'{{"scenario": {body}, "from": 1000, "to": 20000, "points": 2}}',
    "/v1/portfolios": lambda body: f'{{"name": "p", "budget": 1000, "markets": [{{"scenario": {body}}}, {OTHER}]}}',
}


def bodies(path: str, document: dict[str, Any]) -> list[tuple[str, str]]:
    """Every body for a path, by what is wrong with it."""
    return [(name, PATHS[path](body)) for name, body in number_bodies(document) + day_bodies(document)]
