"""The description of the interface, and answers to requests that are generated from it."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from contract import LEVELS, fuzz, headers_of
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from optimizer.scenario.document import Scenario
from service.home import Home
from service.http.access import NEEDED
from service.http.answer_examples import FOLDER, SHORT_ANSWERS
from service.http.app import create_app
from service.http.examples import BODY_EXAMPLES
from service.keys import Scope


def operations(client: FlaskClient) -> dict[tuple[str, str], dict[str, Any]]:
    paths = client.get("/openapi.json").json["paths"]
    return {(method, path): one for path, methods in paths.items() for method, one in methods.items()}


@pytest.mark.parametrize("level", LEVELS)
def test_generated_requests_break_nothing_whatever_key_they_come_with(
    home: Home, level: tuple[Scope, ...] | None
) -> None:
    limitless = replace(home, settings=replace(home.settings, rate_limit=0))
    outcome = fuzz(create_app(limitless), headers_of(home, level), examples=1)
    assert outcome.requests >= 35
    assert outcome.server_errors == 0
    assert dict(outcome.breaks) == {}


def test_every_operation_tells_its_scope_its_refusals_and_how_to_repeat_it(client: FlaskClient) -> None:
    for (method, path), operation in operations(client).items():
        if not path.startswith("/v1/"):
            continue
        assert operation["x-scope"] in set(NEEDED.values())
        assert operation["security"][0] == {"key": []}
        assert {"401", "403", "429", "503"} <= set(operation["responses"]), path
        repeatable = "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
        assert repeatable == (method != "get")


def test_every_json_body_has_an_example_that_fits_its_schema(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    for (method, path), operation in operations(client).items():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or "multipart/form-data" in operation["requestBody"]["content"]:
            continue
        assert "example" in content, (method, path)
        schema = content["schema"] | {"components": document["components"]}
        Draft202012Validator(schema).validate(content["example"])
    for name in ("scenarios_post_scenario", "scenarios_post_goal"):
        Scenario.model_validate(BODY_EXAMPLES[name])


def test_every_operation_tells_what_it_does_and_shows_its_answers(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    shown = 0
    for place, operation in operations(client).items():
        assert operation["summary"].endswith("."), place
        assert len(operation["description"]) > 20, place
        assert len(operation["tags"]) == 1, place
        for status, response in operation["responses"].items():
            assert response["description"], place
            for media, content in response.get("content", {}).items():
                if media in ("application/json", "application/problem+json"):
                    assert "example" in content, (place, status)
                    schema = content["schema"] | {"components": document["components"]}
                    Draft202012Validator(schema).validate(content["example"])
                    shown += 1
    assert shown > 200
    names = [tag["name"] for tag in document["tags"]]
    assert len(names) == len(set(names))
    assert {operation["tags"][0] for operation in operations(client).values()} == set(names)


AS_SENT = {"Scenario", "Change"}
"""Documents of which an answer has what was sent, without what they say by default."""


def test_kept_answers_have_the_fields_that_the_service_answers_with(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    kept = SHORT_ANSWERS | {file.stem: json.loads(file.read_bytes()) for file in FOLDER.glob("*.json")}
    assert len(kept) >= 34
    assert [found for name in kept for found in differences(kept[name], {"$ref": name}, schemas, name)] == []
    scenario = kept["SavedScenarioAnswer"]["scenario"]
    kept["SavedScenarioAnswer"]["scenario"] = scenario | {"bugdet": 1.0}
    del kept["Plan"]["channels"][0]["roas"]
    spoiled = [found for name in kept for found in differences(kept[name], {"$ref": name}, schemas, name)]
    assert sorted(spoiled) == ["Plan/channels/0/roas", "SavedScenarioAnswer/scenario/bugdet"]


def differences(value: Any, schema: dict[str, Any], schemas: dict[str, Any], place: str) -> list[str]:
    """Fields of a document that its schema does not have, or that it lacks, also where they are optional."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        found = differences(value, schemas[name], schemas, place)
        is_sent = name.rsplit(".", 1)[-1] in AS_SENT
        return [one for one in found if not is_sent or one.removeprefix(f"{place}/") in value]
    if branches := schema.get("anyOf", schema.get("oneOf")):
        fitting = [one for one in branches if is_fit(value, one, schemas)]
        return min((differences(value, one, schemas, place) for one in fitting), key=len, default=[place])
    if isinstance(value, list):
        items = schema.get("items", {})
        return [found for at, one in enumerate(value) for found in differences(one, items, schemas, f"{place}/{at}")]
    if not isinstance(value, dict):
        return []
    known, others = schema.get("properties"), schema.get("additionalProperties", {})
    found = [] if known is None else [f"{place}/{name}" for name in known.keys() ^ value.keys()]
    for name, one in value.items():
        inner = (known or {}).get(name, others if isinstance(others, dict) else {})
        found += differences(one, inner, schemas, f"{place}/{name}")
    return found


def is_fit(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    return Draft202012Validator(schema | {"components": {"schemas": schemas}}).is_valid(value)


def test_every_link_leads_to_an_operation_with_that_parameter(client: FlaskClient) -> None:
    known = {operation["operationId"]: path for (_, path), operation in operations(client).items()}
    links = [
        link
        for operation in operations(client).values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) >= 10
    for link in links:
        assert set(link["parameters"]) <= set(re.findall(r"\{(\w+)\}", known[link["operationId"]]))
