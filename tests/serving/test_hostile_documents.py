"""Documents with numbers, days and depths beyond reason are refused with a pointer or planned: never a 5xx."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from beyond_reason import HUGE, NESTED, PATHS, bodies, is_honest, post
from builders import make_artifact
from flask.testing import FlaskClient
from malformed import GOOD_MARKET
from market_files import weekly_sheet

from service.home import Home

EACH = 12
"""Every so many of the bodies are tried here; `benchmarks/hostile_documents.py` tries them all."""


@pytest.fixture
def two_markets(client: FlaskClient, home: Home) -> FlaskClient:
    home.registry.publish([make_artifact(market="otherland", draws=60)], datetime(2026, 11, 21, tzinfo=UTC))
    return client


@pytest.mark.parametrize(("first", "path"), enumerate(PATHS))
def test_numbers_and_days_beyond_reason_are_refused_or_planned(
    two_markets: FlaskClient, document: dict[str, Any], first: int, path: str
) -> None:
    tried = bodies(path, document)[3 * first :: EACH]
    wrong = {name: said for name, body in tried if (said := is_honest(post(two_markets, path, body)))}
    assert wrong == {}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
def test_depths_beyond_reason_are_refused(two_markets: FlaskClient, path: str, nested: str) -> None:
    for body in (nested, f'{{"name": {nested}}}', f'{{"channels": {{"tv": {nested}}}}}'):
        response = post(two_markets, path, body)
        assert is_honest(response) == ""
        assert response.status_code in (400, 422)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"horizon": {"start": "9999-12-31", "periods": 13}}, "/horizon/start"),
        ({"horizon": {"start": "0001-01-01", "periods": 13}}, "/horizon/start"),
        ({"budget": 1e308}, "/budget"),
        ({"budget": 5e-324}, "/budget"),
        ({"tasks": [{"kpi": "orders", "at_least": 1e308}]}, "/tasks/0/at_least"),
        ({"rules": {"at_most_channels": 10**400}}, "/rules/at_most_channels"),
        ({"rules": {"total_change": [-0.1, 1e308]}}, "/rules/total_change/1"),
    ],
)
def test_the_refusal_points_at_what_is_beyond_reason(
    client: FlaskClient, document: dict[str, Any], change: dict[str, Any], pointer: str
) -> None:
    response = client.post("/v1/scenarios", json=document | change)
    assert response.status_code == 422
    assert pointer in [error["pointer"] for error in response.json["errors"]]


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("place", ["budget", "channels.tv.max", "tasks[1].at_least", "horizon.periods"])
def test_a_what_if_beyond_reason_is_refused(
    client: FlaskClient, document: dict[str, Any], place: str, text: str
) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    body = json.dumps({"changes": [{"set": {place: "@"}}]}).replace('"@"', text)
    response = post(client, f"/v1/scenarios/{identity}/what-if", body)
    assert is_honest(response) == ""
    assert 400 <= response.status_code < 500


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "10000-01-01"])
def test_a_what_if_at_the_end_of_the_calendar_is_refused(
    client: FlaskClient, document: dict[str, Any], day: str
) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    body = {"changes": [{"set": {"horizon.start": day}}]}
    response = client.post(f"/v1/scenarios/{identity}/what-if", json=body)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json["errors"]] == ["/changes/0/set"]


def test_a_name_that_is_there_twice_among_many_is_found_in_no_time(client: FlaskClient) -> None:
    names = ", ".join(f'"{at}": 1' for at in range(80_000))
    assert is_honest(post(client, "/v1/scenarios", f'{{{names}, "7": 2}}')) == ""


def test_a_thousand_wrong_entries_are_told_in_no_time(client: FlaskClient, document: dict[str, Any]) -> None:
    response = client.post("/v1/scenarios", json=document | {"tasks": [{}] * 10_000})
    assert response.status_code == 422
    assert len(response.json["errors"]) <= 1000


def test_a_document_of_too_many_values_is_refused(client: FlaskClient, document: dict[str, Any]) -> None:
    response = client.post("/v1/scenarios", json=document | {"tasks": [{}] * 60_000})
    assert response.status_code == 400
    assert "50,000 values" in response.json["detail"]


@pytest.mark.parametrize(
    "market",
    ["a = " + "[" * 50_000, "a = " + "9" * 5000, "a" + ".a" * 50_000 + " = 1", GOOD_MARKET.replace("42.0", "inf")],
    ids=["nested", "digits", "a long key", "infinity"],
)
def test_a_market_beyond_reason_is_refused_when_it_is_uploaded(client: FlaskClient, market: str) -> None:
    sent = {
        "data": (io.BytesIO(weekly_sheet().csv()), "shop.csv"),
        "market": (io.BytesIO(market.encode()), "market.toml"),
    }
    response = client.post("/v1/markets/shop/data", data=sent, content_type="multipart/form-data")
    assert is_honest(response) == ""
    assert response.status_code == 422
