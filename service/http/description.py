"""What every address has in common, told in the OpenAPI document: keys, limits, idempotency, examples, links."""

from collections.abc import Iterator
from typing import Any

from service.http.access import NEEDED
from service.http.examples import BODY_EXAMPLES, LINKS

_SCOPES = {endpoint.replace(".", "_"): scope for endpoint, scope in NEEDED.items()}
"""Scope by operation id without its method."""

_ANYWHERE = {
    "401": "A key is missing, unknown, expired or revoked",
    "403": "The key lacks the scope",
}

_IN_V1 = {
    "429": "More requests a minute than are answered; Retry-After says when to try again",
    "503": "No turn to solve came in time, or the database does not answer; try again",
}

_CHANGING = {
    "400": "The request cannot be read",
    "409": "The state of things does not allow it, or the same keyed request is under way",
    "413": "The request is too large",
    "422": "The request is refused: every fault with its place",
}

JOB_ASKED: dict[str, Any] = {
    "description": "It becomes a job",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/JobAnswer"}}},
}

IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Name of this request: sent again under it, it is answered as the first time and done once.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}


def add_common(document: dict[str, Any]) -> None:
    """Add to each operation what it shares with the others; responses without a body yet get one elsewhere."""
    for path, method, operation in _operations(document):
        name = str(operation["operationId"]).removeprefix(f"{method}_")
        responses = operation["responses"]
        scope = _SCOPES.get(name)
        if scope is None:
            operation["security"] = []
            continue
        operation["security"] = [{"key": []}, {}]  # a home without keys takes requests without
        operation["x-scope"] = scope
        _describe(responses, _ANYWHERE)
        if path.startswith("/v1/"):
            _describe(responses, _IN_V1)
        if method != "get":
            _describe(responses, _CHANGING)
            operation.setdefault("parameters", []).append(dict(IDEMPOTENCY))
        elif "{" in path and "application/json" in responses.get("200", {}).get("content", {}):
            responses["304"] = {"description": "Not changed since the ETag that If-None-Match names"}
        if "202" in responses and not _schema_of(responses["202"]):
            responses["202"] = dict(JOB_ASKED)
        if name in LINKS:
            status = next(status for status in responses if status.startswith("2"))
            responses[status]["links"] = LINKS[name]
        content = operation.get("requestBody", {}).get("content", {})
        if name in BODY_EXAMPLES and "application/json" in content:
            content["application/json"]["example"] = BODY_EXAMPLES[name]


def _schema_of(response: dict[str, Any]) -> dict[str, Any]:
    """What an answer is described to be; nothing where nobody said."""
    schema: dict[str, Any] = response.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _describe(responses: dict[str, Any], meanings: dict[str, str]) -> None:
    for status, meaning in meanings.items():
        responses.setdefault(status, {"description": meaning})


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict):
                yield path, method, operation
