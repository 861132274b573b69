"""The description of the interface: the OpenAPI document, and a page of it that needs no other host.

APIFlask's own pages load their scripts from a content delivery network; this one is plain
HTML made here.
"""

from collections.abc import Iterator
from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, make_response, render_template

from service.answers import ProblemAnswer
from service.http.answer_examples import answer_example, problem_example
from service.http.data import UPLOAD
from service.http.description import add_common
from service.http.following import ACTUALS
from service.problems import MEDIA_TYPE

reference = APIBlueprint("reference", __name__, enable_openapi=False, template_folder="templates")

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content security policy of the page: no script, and nothing from elsewhere."""

BODIES: dict[str, dict[str, Any]] = {"/v1/markets/{name}/data": UPLOAD, "/v1/markets/{name}/actuals": ACTUALS}
"""What is sent to addresses that take files."""

PREFIX = "#/components/schemas/"


@reference.get("/docs")
def show_reference() -> Response:
    """Show every address with what it takes and gives."""
    app = cast(APIFlask, current_app)
    document = cast(dict[str, Any], app.spec)
    page = make_response(render_template("reference.html", document=document, name_of=schema_name))
    page.headers["Content-Security-Policy"] = PAGE_POLICY
    return page


def register_reference(app: APIFlask) -> None:
    """Complete the OpenAPI document with what APIFlask cannot know."""
    app.spec_processor(completed)


def completed(document: dict[str, Any] | str) -> dict[str, Any]:
    """The OpenAPI document with problem responses, required bodies, and sentences as the text that they are sent as."""
    if isinstance(document, str):
        raise TypeError("the OpenAPI document is made as JSON")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = ProblemAnswer.model_json_schema(ref_template=PREFIX + "Problem.{model}")
    for name, nested in schemas["Problem"].pop("$defs", {}).items():
        schemas[f"Problem.{name}"] = nested
    for name in list(schemas):
        if name.rsplit(".", 1)[-1] == "Sentence":
            schemas[name] = {"type": "string", "description": "A sentence in the reader's language."}
    for path, body in BODIES.items():
        document["paths"][path]["post"]["requestBody"] = dict(body)
    add_common(document)
    for operation in _operations(document):
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                response["content"] = {MEDIA_TYPE: _problem(int(status))}
            else:
                _add_example(response)
    document["tags"] = [{"name": name} for name in dict.fromkeys(tag["name"] for tag in document.get("tags", ()))]
    _prune(document, schemas)
    return document


def schema_name(schema: dict[str, Any] | None) -> str:
    """What a reader calls a schema: its name, its type, or its alternatives."""
    if not schema:
        return "any"
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(PREFIX).rsplit(".", 1)[-1]
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(schema_name(branch) for branch in branches)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {schema_name(schema.get('items'))}" if "items" in schema else "list"
    return str(schema.get("format") or schema.get("type") or "any")


def _problem(status: int) -> dict[str, Any]:
    """What an error of a status looks like."""
    media: dict[str, Any] = {"schema": {"$ref": PREFIX + "Problem"}}
    example = problem_example(status)
    return media if example is None else media | {"example": example}


def _add_example(response: dict[str, Any]) -> None:
    """Give an answer the example of its schema, where there is one."""
    media = response.get("content", {}).get("application/json", {})
    name = media.get("schema", {}).get("$ref", "").removeprefix(PREFIX)
    example = answer_example(name)
    if example is not None:
        response["content"] = {"application/json": media | {"example": example}}


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from (operation for operation in operations.values() if isinstance(operation, dict))


def _prune(document: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Drop the schemas that nothing refers to any more."""
    reached: set[str] = set()
    waiting = list(_references(document["paths"]))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _references(schemas[name])
    for name in set(schemas) - reached:
        del schemas[name]


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(PREFIX)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
