"""Plans of several scenarios side by side."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from typer.testing import Result

Mixplan = Callable[..., Result]


def test_saved_plans_are_compared_over_http(client: FlaskClient, document: dict[str, Any]) -> None:
    more = document | {"name": "more", "budget": 600000.0}
    first, second = (client.post("/v1/scenarios", json=asked).json for asked in (document, more))
    compared = client.post("/v1/comparisons", json={"plans": [first["id"], second["plan_id"]]})
    assert compared.status_code == 200
    assert [variant["name"] for variant in compared.json["variants"]] == ["Q1 2027 base v1", "more v1"]
    assert [variant["plan"]["budget"] for variant in compared.json["variants"]] == [500000.0, 600000.0]
    assert client.post("/v1/comparisons", json={"plans": [first["id"], "nothing"]}).status_code == 404


def test_files_and_saved_scenarios_are_compared_in_the_terminal(
    mixplan: Mixplan, client: FlaskClient, document: dict[str, Any], scenario_file: Path
) -> None:
    saved = client.post("/v1/scenarios", json=document | {"name": "less", "budget": 300000.0}).json
    result = mixplan("compare", scenario_file, saved["id"])
    assert result.exit_code == 0
    assert "less v1" in result.stdout
    assert "€300,000" in result.stdout


def test_plans_of_other_kpis_are_not_compared(mixplan: Mixplan, scenario_file: Path) -> None:
    assert mixplan("compare", scenario_file).exit_code == 2
    result = mixplan("compare", scenario_file, "nothing", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["title"] == "There is nothing of that name"
