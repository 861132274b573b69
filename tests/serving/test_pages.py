"""Lists that are read page by page, by hand and by the client."""

from typing import Any

import httpx
import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from serving.small_market import small_csv, small_toml

from service.client.mixplan import MixplanClient
from service.home import Home
from service.http.app import create_app
from service.keys import Keys
from service.times import now

LISTS: dict[str, tuple[str, str, list[Any]]] = {
    "/v1/markets": ("markets", "name", ["a-market", "b-market", "testland"]),
    "/v1/markets/testland/models": ("models", "version", [3, 2, 1]),
    "/v1/markets/shop/data": ("datasets", "version", [3, 2, 1]),
    "/v1/keys": ("keys", "name", ["key 0", "key 1", "key 2", "reader"]),
}


@pytest.fixture
def secret(home: Home) -> str:
    """A key of a home with three of everything that is listed."""
    for name in ("b-market", "a-market"):
        home.registry.publish([make_artifact(market=name, draws=20)], now())
    for seed in (3, 4):
        home.registry.publish([make_artifact(draws=20, seed=seed)], now())
    for weeks in (104, 105, 106):
        home.datasets.keep(small_toml("shop"), "x.csv", small_csv(weeks), now())
    for number in range(3):
        Keys(home.store).issue(f"key {number}", ("admin",), "test", now())
    return Keys(home.store).issue("reader", ("admin",), "test", now()).secret


def test_the_pages_of_a_list_have_each_item_once_in_order(home: Home, secret: str) -> None:
    client = create_app(home).test_client()
    for address, (member, field, wanted) in LISTS.items():
        for limit in (1, 2, 50):
            assert list(items_of(client, secret, address, member, field, limit)) == wanted, address


def items_of(client: FlaskClient, secret: str, address: str, member: str, field: str, limit: int) -> list[Any]:
    """A field of every item of a list, page by page."""
    seen: list[Any] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = client.get(address, headers={"Authorization": f"Bearer {secret}"}, query_string=query).json
        assert len(page[member]) <= limit
        seen += [item[field] for item in page[member]]
        if page["next"] is None:
            return seen
        query["cursor"] = page["next"]


def test_the_client_follows_pages(home: Home, secret: str) -> None:
    for number in range(60):
        Keys(home.store).issue(f"more {number}", ("read",), "test", now())
    transport = httpx.WSGITransport(create_app(home))
    with MixplanClient("http://mixplan.test", secret, transport=transport) as client:
        assert len(client.keys.all().keys) == 64
        assert [market.name for market in client.markets.all().markets] == LISTS["/v1/markets"][2]
        assert [model.version for model in client.markets.models("testland").models] == [3, 2, 1]
