"""Who gets in, with which key, and to whose things."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from serving.small_market import small_csv, small_toml
from typer.testing import Result

from service.home import Home
from service.http.access import NEEDED, OPEN
from service.http.app import create_app
from service.keys import SCOPES, Keys, key_of
from service.times import now
from service.webhooks import Webhooks


def secret_of(home: Home, *scopes: Any, tenant: str = "default", until: datetime | None = None) -> str:
    return Keys(home.store, tenant).issue("a key", scopes or SCOPES, "test", now(), until).secret


def bearing(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_every_address_says_which_scope_it_needs(home: Home) -> None:
    rules = {rule.endpoint for rule in create_app(home).url_map.iter_rules()}
    assert rules == set(NEEDED) | (OPEN & rules)


def test_a_home_without_keys_is_open_and_one_with_keys_is_not(client: FlaskClient, home: Home) -> None:
    assert client.get("/v1/markets").status_code == 200
    secret = secret_of(home)
    refused = client.get("/v1/markets")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused.mimetype == "application/problem+json"
    assert client.get("/v1/markets", headers=bearing(secret)).status_code == 200
    for address in ("/healthz", "/readyz", "/openapi.json", "/docs"):
        assert client.get(address).status_code == 200
    (key,) = Keys(home.store).all()
    Keys(home.store).revoke(key.id, "test", now())
    assert client.get("/v1/markets").status_code == 401
    assert client.get("/v1/markets", headers=bearing(secret)).status_code == 401


@pytest.mark.parametrize("forged", ["", "mxp_", "mxp_0123456789abcdef_" + "a" * 43, "x" * 5000, "mxp_é_é"])
def test_what_is_no_key_opens_nothing_and_is_told_to_nobody(client: FlaskClient, home: Home, forged: str) -> None:
    secret_of(home)
    refused = client.get("/v1/markets", headers={"Authorization": f"Bearer {forged}".encode().decode("latin-1")})
    assert refused.status_code == 401
    if len(forged) > 4:
        assert forged not in refused.text


def test_guesses_of_keys_are_counted_and_slowed(home: Home) -> None:
    secret = secret_of(home)
    client = create_app(replace(home, settings=replace(home.settings, rate_limit=5))).test_client()
    guesses = [client.get("/v1/markets", headers=bearing(f"mxp_{'0' * 16}_{'a' * 43}")).status_code for _ in range(8)]
    assert guesses == [401] * 5 + [429] * 3
    assert client.get("/v1/markets", headers=bearing(secret)).status_code == 200


def test_a_key_ends_when_it_said_and_is_stored_nowhere(home: Home) -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    issued = Keys(home.store).issue("short", ["read"], "test", moment, moment + timedelta(days=1))
    assert key_of(home.store, issued.secret, moment + timedelta(hours=23)) == issued.key
    assert key_of(home.store, issued.secret, moment + timedelta(days=1)) is None
    assert key_of(home.store, issued.secret[:-1] + ("A" if issued.secret[-1] != "A" else "B"), moment) is None
    kept = b"".join(file.read_bytes() for file in home.settings.home.glob("mixplan.sqlite*"))
    assert issued.secret.rsplit("_", 1)[1].encode() not in kept


def test_a_scope_that_is_missing_is_named(client: FlaskClient, home: Home, document: dict[str, Any]) -> None:
    reader = bearing(secret_of(home, "read"))
    assert client.get("/v1/scenarios", headers=reader).status_code == 200
    refused = client.post("/v1/scenarios", json=document, headers=reader)
    assert refused.status_code == 403
    assert "scope plan" in refused.json["detail"]
    assert client.get("/v1/keys", headers=reader).status_code == 403
    planner = bearing(secret_of(home, "plan"))
    assert client.post("/v1/scenarios", json=document, headers=planner).status_code == 201
    assert client.post("/v1/markets/testland/rollback", headers=planner).status_code == 403


def test_keys_are_made_and_ended_over_http_by_an_admin(client: FlaskClient, home: Home) -> None:
    admin = bearing(secret_of(home, "admin"))
    made = client.post("/v1/keys", json={"name": "dashboard", "scopes": ["read"]}, headers=admin)
    assert made.status_code == 201
    listed = client.get("/v1/keys", headers=admin)
    assert made.json["secret"] not in listed.text
    assert [key["name"] for key in listed.json["keys"]] == ["a key", "dashboard"]
    fresh = bearing(made.json["secret"])
    assert client.get("/v1/markets", headers=fresh).status_code == 200
    assert client.delete(f"/v1/keys/{made.json['key']['id']}", headers=admin).status_code == 200
    assert client.get("/v1/markets", headers=fresh).status_code == 401
    events = client.get("/v1/events", headers=admin).json["events"]
    assert [event["kind"] for event in events] == ["key.revoked", "key.created", "key.created"]
    assert events[0]["actor"] == "a key"


def test_a_key_is_made_in_the_terminal_and_shown_once(mixplan: Callable[..., Result], home: Home) -> None:
    result = mixplan("keys", "create", "dashboard", "--scope", "read", "--days", "30")
    assert re.fullmatch(r"mxp_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\n", result.stdout)
    key = key_of(home.store, result.stdout.strip(), now())
    assert key is not None
    listed = mixplan("keys", "list").stdout
    assert "dashboard" in listed
    assert result.stdout.strip() not in listed
    assert mixplan("keys", "revoke", key.id).exit_code == 0
    assert key_of(home.store, result.stdout.strip(), now()) is None


def test_an_open_home_is_not_served_to_other_machines(mixplan: Callable[..., Result]) -> None:
    result = mixplan("serve", "--host", "0.0.0.0")
    assert result.exit_code == 2
    assert "mixplan keys create" in result.stderr


# --- tenants -------------------------------------------------------------------------------------------------------


@pytest.fixture
def tenants(home: Home) -> tuple[FlaskClient, dict[str, str], dict[str, str]]:
    """A client, the headers of the tenant that has everything, and those of one that has nothing."""
    for tenant in ("rich", "poor"):
        secret_of(home, tenant=tenant)
    rich = bearing(secret_of(home, tenant="rich"))
    return create_app(home).test_client(), rich, bearing(secret_of(home, tenant="poor"))


@pytest.fixture
def belongings(home: Home, tenants: Any, document: dict[str, Any]) -> dict[str, str]:
    """A value for each parameter of a path, all of them of the rich tenant's."""
    client, rich, _poor = tenants
    of = home.of("rich")
    of.registry.publish([make_artifact(draws=20, seed=5)], now())
    of.datasets.keep(small_toml("testland"), "x.csv", small_csv(), now())
    job = of.jobs.ask("refit", "testland", {}, "rich", now())
    scenario = client.post("/v1/scenarios", json=document, headers=rich).json
    key = Keys(home.store, "rich").all()[0]
    return {
        "/v1/scenarios/{identity}": scenario["id"],
        "/v1/plans/{identity}": scenario["plan_id"],
        "/v1/jobs/{identity}": job.id,
        "/v1/keys/{identity}": key.id,
        "/v1/webhooks/{identity}": Webhooks(home.store, "rich").add("https://example.com/", now())[0].id,
        "name": "testland",
        "version": "1",
    }


BODIES: dict[str, Any] = {
    "/v1/scenarios/{identity}/what-if": {"changes": [{"budget": 1000.0}]},
    "/v1/plans/{identity}/state": {"state": "approved", "revision": 1},
}


def filled(template: str, belongings: dict[str, str]) -> str:
    """A path with the rich tenant's things in it; KeyError for a parameter that nobody has a recipe for."""

    def value(match: re.Match[str]) -> str:
        prefix = template[: match.end()]
        return belongings[prefix] if match[1] == "identity" else belongings[match[1]]

    return re.sub(r"\{(\w+)\}", value, template)


def test_nobody_reaches_what_is_another_tenants(
    tenants: tuple[FlaskClient, dict[str, str], dict[str, str]], belongings: dict[str, str]
) -> None:
    client, rich, poor = tenants
    paths = client.get("/openapi.json").json["paths"]
    asked = 0
    for template, operations in paths.items():
        if "{" not in template:
            continue
        address = filled(template, belongings)
        for method in operations:
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            upload = "multipart/form-data" in operations[method].get("requestBody", {}).get("content", {})
            arguments: dict[str, Any] = {} if method == "get" else {"json": BODIES.get(template, {})}
            if upload or template.endswith("/data"):
                from io import BytesIO

                arguments = {"data": {"data": (BytesIO(small_csv(1, first=104)), "x.csv")}} if method == "post" else {}
            query = {"with": "1"} if template.endswith("/difference") else {}
            refused = client.open(address, method=method.upper(), headers=poor, query_string=query, **arguments)
            assert refused.status_code == 404, (method, template, refused.status_code, refused.text)
            asked += 1
            if method == "get":
                assert client.get(address, headers=rich, query_string=query).status_code in (200, 404), template
    assert asked >= 15


def test_lists_show_nothing_of_another_tenant(
    tenants: tuple[FlaskClient, dict[str, str], dict[str, str]], belongings: dict[str, str]
) -> None:
    client, rich, poor = tenants
    lists = {"/v1/scenarios": "scenarios", "/v1/markets": "markets", "/v1/jobs": "jobs", "/v1/webhooks": "webhooks"}
    for address, name in lists.items():
        assert client.get(address, headers=rich).json[name]
        assert client.get(address, headers=poor).json[name] == []
    events = client.get("/v1/events", headers=poor).json["events"]
    assert {event["kind"] for event in events} == {"key.created"}
