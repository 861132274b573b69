"""The description of the interface, and answers to requests that are generated from it."""

import re
from dataclasses import replace
from typing import Any

import pytest
from contract import LEVELS, fuzz, headers_of
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from optimizer.scenario import Scenario
from service.home import Home
from service.http.access import NEEDED
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


WITHOUT_EXAMPLE = {
    "CurvesAnswer", "Explanation", "FrontierAnswer", "GoalTree", "MarketDetail", "ModelDetail", "ModelDifference",
    "ModelList", "Plan", "PlanList", "PortfolioPlan", "RefitReport", "ReplannedAnswer", "Rescore", "SavedPlanAnswer",
    "SavedScenarioAnswer", "ScenarioAnswer", "ScenarioList", "Tracking", "WhatIfAnswer",
}  # fmt: skip
"""Answers that are too long to be shown by an example: the page of the interface has requests for them."""


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
                name = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
                if media == "application/json" and name in WITHOUT_EXAMPLE:
                    continue
                if media in ("application/json", "application/problem+json"):
                    assert "example" in content, (place, status, name)
                    schema = content["schema"] | {"components": document["components"]}
                    Draft202012Validator(schema).validate(content["example"])
                    shown += 1
    assert shown > 200
    names = [tag["name"] for tag in document["tags"]]
    assert len(names) == len(set(names))
    assert {operation["tags"][0] for operation in operations(client).values()} == set(names)


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
