"""What holds of every address: errors, languages, descriptions."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from service.home import Home
from service.http.access import NEEDED
from service.http.app import LARGEST_REQUEST, create_app


def pointers(body: dict[str, Any]) -> set[str]:
    return {error["pointer"] for error in body["errors"]}


def test_every_bad_field_has_a_pointer(client: FlaskClient, document: dict[str, Any]) -> None:
    bad = document | {
        "bugdet": 1,
        "business": "b2x",
        "horizon": {"start": "2027-13-01"},
        "channels": {"tv": {"min": -5}},
        "tasks": [{"kpi": "orders", "at_least": 1}, {"kpi": "orders", "at_least": 0}],
    }
    response = client.post("/v1/scenarios", json=bad)
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert pointers(response.json) == {
        "/bugdet",
        "/business",
        "/horizon/start",
        "/horizon/periods",
        "/channels/tv/min",
        "/tasks/1/at_least",
    }


def test_an_unknown_field_is_refused_with_the_nearest_known(client: FlaskClient, document: dict[str, Any]) -> None:
    response = client.post("/v1/scenarios", json=document | {"bugdet": 1})
    assert "did you mean 'budget'?" in response.json["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"market": "tesland"}, "/market"),
        ({"kpi": "cakes"}, "/kpi"),
        ({"channels": {"radio": {"max": 5}}}, "/channels/radio"),
    ],
)
def test_what_does_not_fit_the_market_has_a_pointer(
    client: FlaskClient, document: dict[str, Any], change: dict[str, Any], pointer: str
) -> None:
    response = client.post("/v1/scenarios", json=document | change)
    assert response.status_code == 422
    assert pointers(response.json) == {pointer}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b'{"budget": NaN}',
        b'{"budget": -Infinity}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b"[" * 50_000,
        b'"\\ud800"',
    ],
)
def test_what_is_no_json_is_malformed(client: FlaskClient, body: bytes) -> None:
    response = client.post("/v1/scenarios", data=body, content_type="application/json")
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.json["type"] == "urn:mixplan:problem:malformed"


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"text"'])
def test_json_that_is_no_object_is_refused(client: FlaskClient, body: bytes) -> None:
    assert client.post("/v1/scenarios", data=body, content_type="application/json").status_code == 422


def test_a_number_beyond_all_floats_is_refused(client: FlaskClient, document: dict[str, Any]) -> None:
    body = json.dumps(document).replace("500000.0", "1e999")
    response = client.post("/v1/scenarios", data=body, content_type="application/json")
    assert response.status_code == 422
    assert pointers(response.json) == {"/budget"}


def test_only_json_is_taken(client: FlaskClient, document: dict[str, Any]) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", None):
        response = client.post("/v1/scenarios", data=json.dumps(document), content_type=content_type)
        assert response.status_code == 415
        assert response.mimetype == "application/problem+json"


def test_a_request_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    body = b" " * (LARGEST_REQUEST + 1)
    response = client.post("/v1/scenarios", data=body, content_type="application/json")
    assert response.status_code == 413
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/markets/nowhere", 404),
        ("GET", "/v1/markets/nowhere/curves", 404),
        ("GET", "/v1/scenarios/nope", 404),
        ("GET", "/v1/scenarios/nope/plan", 404),
        ("GET", "/v1/markets/testland/curves?kpi=cakes", 404),
        ("DELETE", "/v1/scenarios", 405),
        ("POST", "/v1/markets", 405),
        ("POST", "/nowhere", 404),
        ("GET", "/v1/scenarios?limit=0", 422),
        ("GET", "/v1/scenarios?colour=red", 422),
        ("GET", "/v1/markets?lang=fr", 422),
    ],
)
def test_every_error_is_a_problem_document(client: FlaskClient, method: str, address: str, status: int) -> None:
    response = client.open(address, method=method)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.json["status"] == status
    assert {"type", "title", "detail"} <= set(response.json)


def test_a_method_that_is_not_taken_names_those_that_are(client: FlaskClient) -> None:
    assert "POST" in client.delete("/v1/scenarios").headers["Allow"]


def test_a_query_parameter_is_named_in_its_error(client: FlaskClient) -> None:
    assert client.get("/v1/scenarios?limit=0").json["errors"][0]["parameter"] == "limit"


def test_a_fault_of_ours_tells_nothing_of_the_inside(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(home)
    monkeypatch.setitem(NEEDED, "broken", "read")

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret path /srv/mixplan")

    response = app.test_client().get("/broken")
    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    assert "secret" not in response.get_data(as_text=True)


def test_a_market_without_a_model_in_use_is_a_conflict(home: Home, document: dict[str, Any]) -> None:
    from builders import make_artifact
    from serving.test_registry import NOW, gated

    home.registry.publish([gated(make_artifact(market="held", draws=20), "fail")], NOW)
    client = create_app(home).test_client()
    assert client.post("/v1/scenarios", json=document | {"market": "held"}).status_code == 409
    assert client.get("/v1/markets/held").json["champion"] is None


@pytest.mark.parametrize(
    ("address", "headers", "language"),
    [
        ("/v1/scenarios", {}, "en-US"),
        ("/v1/scenarios?lang=zh", {}, "zh-CN"),
        ("/v1/scenarios", {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh-CN"),
        ("/v1/scenarios", {"Accept-Language": "fr"}, "en-US"),
        ("/v1/scenarios", {"Accept-Language": "*"}, "en-US"),
        ("/v1/scenarios?lang=en", {"Accept-Language": "zh"}, "en-US"),
    ],
)
def test_the_language_asked_for_is_answered_in(
    client: FlaskClient, document: dict[str, Any], address: str, headers: dict[str, str], language: str
) -> None:
    response = client.post(address, json=document, headers=headers)
    assert response.headers["Content-Language"] == language
    texts = [rule["text"] for rule in response.json["plan"]["binding"]]
    assert any("预算为" in text for text in texts) == (language == "zh-CN")


def test_a_chinese_market_answers_in_chinese_unless_asked(home: Home, document: dict[str, Any]) -> None:
    from builders import make_artifact
    from serving.test_registry import NOW

    home.registry.publish([make_artifact(market="huaxia", language="zh", draws=20)], NOW)
    client = create_app(home).test_client()
    response = client.post("/v1/scenarios", json=document | {"market": "huaxia"})
    assert response.headers["Content-Language"] == "zh-CN"
    again = client.get(f"/v1/scenarios/{response.json['id']}/plan?lang=en")
    assert "The budget is" in json.dumps(again.json, ensure_ascii=False)


def test_a_language_changes_the_words_and_no_number(client: FlaskClient, document: dict[str, Any]) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    plans = [client.get(f"/v1/scenarios/{identity}/plan?lang={language}").json for language in ("en", "zh")]

    def numbers(node: object) -> list[float]:
        if isinstance(node, dict):
            return [number for value in node.values() for number in numbers(value)]
        if isinstance(node, list):
            return [number for value in node for number in numbers(value)]
        return [float(node)] if isinstance(node, int | float) else []

    assert plans[0] != plans[1]
    assert numbers(plans[0]) == numbers(plans[1])


def test_markets_are_listed_and_described(client: FlaskClient) -> None:
    listed = client.get("/v1/markets").json["markets"]
    assert [(market["name"], market["champion"], market["verdict"]) for market in listed] == [("testland", 1, "pass")]
    detail = client.get("/v1/markets/testland").json
    assert detail["data_from"] == "2025-01-06"
    assert detail["next_period"] == "2027-01-04"
    assert [channel["name"] for channel in detail["channels"]] == ["tv", "video", "social", "search"]
    models = client.get("/v1/markets/testland/models").json["models"]
    assert [(model["version"], model["alias"]) for model in models] == [(1, "champion")]


def test_curves_run_from_zero_with_enough_points(client: FlaskClient) -> None:
    body = client.get("/v1/markets/testland/curves").json
    assert [channel["name"] for channel in body["channels"]] == ["tv", "video", "social", "search"]
    for channel in body["channels"]:
        curve = channel["curve"]
        assert len(curve["spend"]) == len(curve["mean"]) == len(curve["p05"]) == len(curve["p95"]) >= 201
        assert curve["spend"][0] == curve["mean"][0] == 0.0
        assert curve["mean"] == sorted(curve["mean"])


def test_curves_over_a_scenario_pass_through_its_plan(client: FlaskClient, document: dict[str, Any]) -> None:
    created = client.post("/v1/scenarios", json=document).json
    body = client.get(f"/v1/markets/testland/curves?scenario={created['id']}").json
    for row in created["plan"]["channels"]:
        curve = next(channel["curve"] for channel in body["channels"] if channel["name"] == row["channel"])
        above = next(index for index, spend in enumerate(curve["spend"]) if spend >= row["spend"])
        low = curve["mean"][max(0, above - 1)]
        assert low - 1e-6 <= row["contribution"]["mean"] <= curve["mean"][above] + 1e-6


def test_health_and_readiness_are_told(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok", "worker_seen_at": None}


def test_a_missing_folder_of_artifacts_is_not_ready(home: Home) -> None:
    client = create_app(home).test_client()
    home.settings.artifacts.rename(home.settings.home / "elsewhere")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_database_that_does_not_answer_is_not_ready(home: Home) -> None:
    class SilentStore:
        def ping(self) -> None:
            raise OperationalError("SELECT 1", None, Exception("unable to open database file"))

    from dataclasses import replace

    silent = replace(home, store=SilentStore())  # type: ignore[arg-type]
    assert create_app(silent).test_client().get("/readyz").status_code == 503


def test_the_description_is_openapi_and_every_reference_leads_somewhere(client: FlaskClient) -> None:
    described = client.get("/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert {"/v1/scenarios", "/v1/scenarios/{identity}/what-if", "/v1/frontiers", "/v1/markets/{name}/curves"} <= set(
        described["paths"]
    )
    schemas = described["components"]["schemas"]

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return here + [found for value in node.values() for found in references(value)]
        if isinstance(node, list):
            return [found for value in node for found in references(value)]
        return []

    named = {reference.removeprefix("#/components/schemas/") for reference in references(described)}
    assert named == set(schemas)


def test_the_description_tells_of_problems_and_required_bodies(client: FlaskClient) -> None:
    described = client.get("/openapi.json").json
    post = described["paths"]["/v1/scenarios"]["post"]
    assert post["requestBody"]["required"] is True
    assert {"201", "400", "413", "415", "422"} <= set(post["responses"])
    assert list(post["responses"]["422"]["content"]) == ["application/problem+json"]
    sentence = [schema for name, schema in described["components"]["schemas"].items() if name.endswith(".Sentence")]
    assert sentence
    assert all(schema["type"] == "string" for schema in sentence)


def test_the_page_of_the_description_needs_no_other_host(client: FlaskClient) -> None:
    page = client.get("/docs")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "POST" in text
    assert "/v1/scenarios/{identity}/what-if" in text
    assert "http://" not in text
    assert "https://" not in text
    assert "<script" not in text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_path_of_a_thousand_steps_is_refused_and_breaks_nothing(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    body = {"changes": [{"set": {"x." * 20_000 + "y": 1}}]}
    assert client.post(f"/v1/scenarios/{identity}/what-if", json=body).status_code == 422


def test_names_that_look_like_formulas_or_paths_stay_names(client: FlaskClient, document: dict[str, Any]) -> None:
    name = "=cmd|' /C calc'!A0"
    assert client.post("/v1/scenarios", json=document | {"name": name}).json["scenario"]["name"] == name
    for address in ("..%2F..%2Fetc%2Fpasswd", "%2e%2e/curves", "a%00b", "a" * 5_000):
        assert client.get(f"/v1/markets/{address}").status_code == 404


@pytest.mark.parametrize("budget", [1e300, 10**400, [], {}, "much", None])
def test_a_budget_that_is_no_amount_is_refused_at_its_place(
    client: FlaskClient, document: dict[str, Any], budget: object
) -> None:
    response = client.post("/v1/scenarios", json=document | {"budget": budget})
    assert response.status_code == 422
    assert pointers(response.json) == ({""} if budget is None else {"/budget"})


@pytest.mark.parametrize("name", ["a[Î]", "[", "]", "a[]", "a[0]", "a[1]b", "[x][1]x"])
def test_a_name_with_brackets_is_no_position_of_a_list(
    client: FlaskClient, document: dict[str, Any], name: str
) -> None:
    response = client.post("/v1/scenarios", json=document | {"channels": {name: {"max": -1}}})
    assert response.status_code == 422
    (pointer,) = pointers(response.json)
    assert pointer.startswith("/channels/")
    assert pointer.endswith("/max")
