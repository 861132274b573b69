"""docs/api.md against the application: every example's address and body, and the table of problems."""

import importlib
import json
import pkgutil
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

import service.http
import service.problems
from service.http.errors import STATUSES
from service.language import NO_CURRENCY, Reader
from service.problems import MISUSE, Kind

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Example:
    method: str
    path: str
    query: dict[str, str]
    body: Any


def example(command: list[str]) -> Example:
    """What a curl command asks for."""
    method, body, address = None, None, ""
    words = iter(command[1:])
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "--json":
            body = json.loads(next(words))
        elif word in ("-F", "-H", "-o"):
            method = "POST" if word == "-F" else method
            next(words)
        else:
            address = word
    assert address.startswith("$MIXPLAN/"), command
    parts = urlsplit(address.removeprefix("$MIXPLAN"))
    return Example(method or ("GET" if body is None else "POST"), parts.path, dict(parse_qsl(parts.query)), body)


def examples() -> list[Example]:
    """Every curl command of the page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    commands = [command for block in blocks for command in re.split(r"^(?=curl )", block, flags=re.MULTILINE)]
    return [example(shlex.split(command, comments=True)) for command in commands if command.startswith("curl ")]


def test_every_example_is_an_address_of_the_description_and_its_body_fits(client: FlaskClient) -> None:
    description = client.get("/openapi.json").json
    assert len(examples()) > 25
    for one in examples():
        operation = next(
            (
                operations[one.method.lower()]
                for path, operations in description["paths"].items()
                if one.method.lower() in operations and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", path), one.path)
            ),
            None,
        )
        assert operation is not None, one
        known = {parameter["name"] for parameter in operation.get("parameters", ())}
        assert set(one.query) <= known, one
        if one.body is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            errors = list(
                Draft202012Validator({**schema, "components": description["components"]}).iter_errors(one.body)
            )
            assert errors == [], (one, errors)


def problem_table() -> str:
    """The kinds of problems as a table: name, status, title."""
    modules = [service.problems] + [
        importlib.import_module(f"service.http.{found.name}") for found in pkgutil.iter_modules(service.http.__path__)
    ]
    kinds = [value for module in modules for value in vars(module).values() if isinstance(value, Kind)]
    reader = Reader("en", NO_CURRENCY)
    rows = {kind.slug: (kind.status, reader.say(kind.title)) for kind in kinds if kind is not MISUSE}
    rows |= {slug: (status, reader.say(title)) for status, (slug, title, _) in STATUSES.items()}
    lines = [f"| `{slug}` | {status} | {title} |" for slug, (status, title) in sorted(rows.items())]
    return "\n".join(["| `urn:mixplan:problem:` | status | title |", "| --- | --- | --- |", *lines])


def test_the_table_of_problems_is_the_one_of_the_program() -> None:
    told = re.search(r"<!-- problems -->\n(.*?)\n?<!-- end of problems -->", PAGE, flags=re.DOTALL)
    assert told is not None
    expected = problem_table()
    if told[1].strip() != expected:
        pytest.fail(f"put this between the two comments of docs/api.md:\n\n{expected}\n")
