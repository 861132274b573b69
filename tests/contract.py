"""Requests generated from the description of the interface, and what their answers break of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.home import Home
from service.keys import Keys, Scope
from service.times import now

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
)
"""What every answer must keep. That all valid data are accepted is no promise: a market may not be known."""

CLOSING = "POST /v1/keys"
"""What would close an open home."""

LEVELS: tuple[tuple[Scope, ...] | None, ...] = (None, (), ("read",), ("plan", "read"), ("admin",))
"""Levels of access: an open home, no key where one is needed, and keys that allow more and more."""


@dataclass
class Outcome:
    """What came of many requests: how many, their statuses, what broke."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    breaks: Counter[str] = field(default_factory=Counter)

    @property
    def server_errors(self) -> int:
        """Answers of 5xx."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


def headers_of(home: Home, scopes: tuple[Scope, ...] | None) -> dict[str, str]:
    """The headers of a level of access; the first key that is made closes the home."""
    if scopes is None:
        return {}
    issued = Keys(home.store).issue("contract", scopes or ("read",), "test", now(), None)
    return {"Authorization": f"Bearer {issued.secret}"} if scopes else {}


def fuzz(app: APIFlask, headers: dict[str, str], examples: int, *, start: int = 0) -> Outcome:
    """Generate requests for every operation, send them, and hold the answers against the description.

    Parameters
    ----------
    headers
        Sent with every request.
    examples
        Requests of each operation.
    start
        Seed of what is generated.
    """
    outcome = Outcome()
    for operation in _operations(app, headers):
        if operation.label == CLOSING and not headers:
            continue
        _fuzz_operation(operation, headers, examples, start, outcome)
    return outcome


def _operations(app: APIFlask, headers: dict[str, str]) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, headers=dict(headers))
    found: Any
    for found in schema.get_all_operations():
        yield found.ok()


def _fuzz_operation(operation: Any, headers: dict[str, str], examples: int, start: int, outcome: Outcome) -> None:
    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        outcome.requests += 1
        try:
            response = case.call(headers=dict(headers))
        except Exception as error:  # what the application does not catch is a 500 of any server
            outcome.statuses[500] += 1
            outcome.breaks[f"{operation.label}: {error!r}"[:300]] += 1
            return
        outcome.statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=list(CHECKS), headers=dict(headers))
        except FailureGroup as group:
            for failure in group.exceptions:
                outcome.breaks[_told(operation, response.status_code, failure)] += 1

    send()


def _told(operation: Any, status: int, failure: BaseException) -> str:
    reason = failure.title if isinstance(failure, Failure) else type(failure).__name__
    return f"{operation.method.upper()} {operation.path} {status}: {reason}: {str(failure)[:300]}"
