"""Portfolios from files and over HTTP."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from serving.conftest import SCENARIO_TOML
from typer.testing import Result

from service.home import Home

type Mixplan = Callable[..., Result]


@pytest.fixture
def two_markets(home: Home) -> None:
    other = make_artifact(market="otherland", draws=60, seed=3, value_per_unit=90.0)
    home.registry.publish([other], datetime(2026, 11, 21, 12, 0, tzinfo=UTC))


@pytest.fixture
def portfolio_file(tmp_path: Path) -> Path:
    for market in ("testland", "otherland"):
        text = SCENARIO_TOML.replace("testland", market)
        (tmp_path / f"{market}.toml").write_text(text, encoding="utf-8")
    file = tmp_path / "portfolio.toml"
    file.write_text(
        'name = "both"\nbudget = 1500000.0\n[[markets]]\nscenario = "testland.toml"\nat_least = 50000.0\n'
        '[[markets]]\nscenario = "otherland.toml"\n',
        encoding="utf-8",
    )
    return file


def posted(document: dict[str, Any]) -> dict[str, Any]:
    other = {**document, "market": "otherland"}
    return {
        "name": "both",
        "budget": 1500000.0,
        "markets": [{"scenario": document, "at_least": 50000.0}, {"scenario": other}],
    }


@pytest.mark.usefixtures("two_markets")
def test_the_command_has_the_numbers_of_http(
    mixplan: Mixplan, portfolio_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    printed = json.loads(mixplan("portfolio", portfolio_file, "--json").stdout)
    answered = client.post("/v1/portfolios", json=posted(document)).json
    for plan in (printed, answered):
        plan.pop("seconds")
        for market in plan["markets"]:
            market["plan"]["certificate"].pop("seconds")
    assert printed == answered
    assert printed["spent"] == pytest.approx(1500000.0)


@pytest.mark.usefixtures("two_markets")
def test_the_page_names_markets_and_bound(mixplan: Mixplan, portfolio_file: Path) -> None:
    text = portfolio_file.read_text(encoding="utf-8").replace("budget =", "seconds = 0.5\nbudget =")
    portfolio_file.write_text(text, encoding="utf-8")
    page = mixplan("portfolio", portfolio_file).stdout
    assert "otherland" in page
    assert "No split of this budget" in page


@pytest.mark.usefixtures("two_markets")
def test_a_portfolio_beyond_its_budget_is_422(
    mixplan: Mixplan, portfolio_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    body = posted({**document, "channels": {"tv": {"min": 500000.0}}})
    response = client.post("/v1/portfolios", json=body)
    assert response.status_code == 422
    assert response.json["type"] == "urn:mixplan:problem:infeasible"
    portfolio_file.write_text(
        portfolio_file.read_text(encoding="utf-8") + "at_most = 1.0\nat_least = 9.0\n", encoding="utf-8"
    )
    assert mixplan("portfolio", portfolio_file).exit_code == 1


def test_a_market_that_is_not_known_is_pointed_at(client: FlaskClient, document: dict[str, Any]) -> None:
    response = client.post("/v1/portfolios", json=posted(document))
    assert response.status_code == 422
    assert response.json["errors"][0]["pointer"] == "/markets/1/scenario/market"


def test_markets_without_a_value_cannot_be_compared(home: Home, client: FlaskClient, document: dict[str, Any]) -> None:
    other = make_artifact(market="otherland", draws=60, seed=3, value_per_unit=None)
    home.registry.publish([other], datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
    response = client.post("/v1/portfolios", json=posted(document))
    assert response.json["errors"][0]["pointer"] == "/markets/1/scenario/values"
