"""The answers that the description of the interface shows: asked of the service itself, shortened, and kept as files.

``PYTHONPATH=.:tests python tests/serving/kept_answers.py`` writes them anew; do so when `test_contract.py` says that
one has other fields than the service answers with. Two markets are fitted, one of them twice: a minute.
"""

import io
import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from serving.small_market import small_csv, small_toml
from serving.workers import ended, working
from tracked import world

from mmm.periods import period_range
from optimizer.horizon.outlook import planned_spend
from service.home import Home, open_home
from service.http.answer_examples import FOLDER
from service.http.app import create_app
from service.http.examples import BODY_EXAMPLES, SCENARIO
from service.settings import Settings

MONEY = 6.0
"""How many times the spend of the small market is spent, so that the budget of the example is a usual one."""

WEEKS, QUARTER = 144, 13
MOST = 2
"""Entries of a list that are shown."""

DIGITS = 6
"""Digits of a number that are shown."""

DAY = "2027-01-29"
"""The day on which what is shown happens."""

type Answers = dict[str, Any]


def main() -> None:
    """Write all kept answers."""
    with tempfile.TemporaryDirectory() as folder:
        home = open_home(Settings(Path(folder)))
        answers = journey(home, create_app(home).test_client())
        home.close()
    FOLDER.mkdir(exist_ok=True)
    for name, answer in answers.items():
        text = json.dumps(shown(answer), ensure_ascii=False, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def journey(home: Home, client: FlaskClient) -> Answers:
    """One answer of each kind: a market from its data to a plan whose rest is planned anew."""
    found: Answers = {}
    for market in ("coffee-de", "coffee-fr"):
        _uploaded(client, market, _csv(WEEKS, market), small_toml(market))
    _refitted(home, client, "coffee-de", "coffee-fr")
    found["ScenarioAnswer"] = planned = _post(client, "/v1/scenarios", SCENARIO)
    scenario, plan = f"/v1/scenarios/{planned['id']}", f"/v1/plans/{planned['plan_id']}"
    found |= _of_a_scenario(client, scenario)
    found["PortfolioPlan"] = _post(client, "/v1/portfolios", BODY_EXAMPLES["portfolios_post_portfolio"])
    found["SavedPlanAnswer"] = _post(client, f"{plan}/state", {"state": "approved"})
    _uploaded(client, "coffee-de", _csv(QUARTER, "coffee-de", first=WEEKS))
    _refitted(home, client, "coffee-de")
    market = "/v1/markets/coffee-de"
    found["RefitReport"] = _get(client, f"{market}/models/2/judgement")
    found["ModelDifference"] = _get(client, f"{market}/models/1/difference?with=2")
    found["Rescore"] = _post(client, f"{plan}/rescore", {"version": 2})
    found["ModelDetail"] = _post(client, f"{market}/models/2/promote", {"force": True})
    found["ModelList"] = _get(client, f"{market}/models")
    found["MarketDetail"] = _get(client, market)
    found["CurvesAnswer"] = _get(client, f"{market}/curves?scenario={planned['id']}")
    _post(client, f"{plan}/state", {"state": "running"})
    found["Tracking"] = _post(client, f"{market}/actuals", {"rows": _rows(home, planned["plan_id"], weeks=4)})
    found["ReplannedAnswer"] = _post(client, f"{plan}/replan", {})
    found["PlanList"] = _get(client, "/v1/plans")
    found["ScenarioList"] = _get(client, "/v1/scenarios")
    return found


def shown(answer: Any) -> Any:
    """An answer as it is shown: long lists cut, numbers in a few digits, everything on one day."""
    match answer:
        case Mapping():
            return {name: shown(value) for name, value in answer.items()}
        case list():
            return [shown(value) for value in answer[:MOST]]
        case float():
            return float(f"{answer:.{DIGITS}g}")
        case str():
            return re.sub(r"^\d{4}-\d\d-\d\d(T[\d:]+)(\.\d+)?Z$", rf"{DAY}\1Z", answer)
    return answer


def _of_a_scenario(client: FlaskClient, scenario: str) -> Answers:
    what_if = BODY_EXAMPLES["scenarios_post_what_if"]
    return {
        "SavedScenarioAnswer": _get(client, scenario),
        "Plan": _get(client, f"{scenario}/plan"),
        "Explanation": _get(client, f"{scenario}/explanation"),
        "WhatIfAnswer": _post(client, f"{scenario}/what-if", what_if),
        "FrontierAnswer": _post(client, "/v1/frontiers", BODY_EXAMPLES["scenarios_post_frontier"] | {"points": 3}),
        "GoalTree": _post(client, "/v1/goals", BODY_EXAMPLES["scenarios_post_goal"]),
    }


def _csv(weeks: int, market: str, *, first: int = 0) -> bytes:
    """Rows of a market that spends more than the small one."""
    header, *lines = small_csv(weeks, first=first, seed=len(market) + ord(market[-1])).decode().splitlines()
    found = [header]
    for line in lines:
        week, orders, *spend = line.split(",")
        found.append(",".join((week, orders, *(f"{MONEY * float(one):.2f}" for one in spend))))
    return "\n".join((*found, "")).encode()


def _uploaded(client: FlaskClient, name: str, data: bytes, market: bytes | None = None) -> None:
    files: dict[str, Any] = {"data": (io.BytesIO(data), f"{name}.csv")}
    if market is not None:
        files["market"] = (io.BytesIO(market), "market.toml")
    answer = client.post(f"/v1/markets/{name}/data", data=files, content_type="multipart/form-data")
    assert answer.status_code == 201, answer.text


def _refitted(home: Home, client: FlaskClient, *markets: str) -> None:
    asked = [_post(client, f"/v1/markets/{market}/refits", {})["id"] for market in markets]
    with working(home):
        for job in asked:
            assert ended(home, job).status == "succeeded", _get(client, f"/v1/jobs/{job}")


def _rows(home: Home, plan: str, *, weeks: int) -> list[dict[str, Any]]:
    """What happens in the first weeks of a plan: it is spent as planned, and one draw of the model comes true."""
    saved = home.plans.plan(plan)
    artifact = home.registry.load(home.registry.version("coffee-de", 1))["orders"]
    spent, outcome = planned_spend(saved.plan, artifact), world(saved.plan, artifact, 3)
    return [
        {
            "date": day.isoformat(),
            "spend": {name: round(float(spent[at, place]), 2) for place, name in enumerate(artifact.channels)},
            "outcomes": {"orders": round(float(outcome[at]))},
        }
        for at, day in enumerate(period_range(saved.plan.horizon.start, weeks, "week"))
    ]


def _post(client: FlaskClient, address: str, body: Any) -> Any:
    answer = client.post(address, json=body)
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json


def _get(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json


if __name__ == "__main__":
    main()
