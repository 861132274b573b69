"""What goes wrong between a client and a server.

ClientError
├── Problem       the server refused, or failed, and said why
├── NotReached    no answer came, after all attempts
└── StillRunning  a job had not ended when the time to wait for it was over
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx


class ClientError(Exception):
    """Root of what this client raises."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a request: a JSON pointer into its document, or the name of a query parameter."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class Problem(ClientError):
    """An answer that is an error (RFC 9457).

    Attributes
    ----------
    type
        Name of the kind of problem, such as ``urn:mixplan:problem:scenario-refused``.
    status
        HTTP status, 400 to 599.
    errors
        All that is wrong with the request, each with its place.
    more
        Further members: `conflict`, `relaxation` and `attainable` of a scenario that no plan fulfils.
    retry_after
        Seconds after which to try again; None where the server does not say.
    """

    def __init__(self, document: Mapping[str, Any], status: int, retry_after: float | None = None) -> None:
        self.type = str(document.get("type", "about:blank"))
        self.title = str(document.get("title", f"HTTP status {status}"))
        self.detail = str(document.get("detail", ""))
        self.status = status
        self.errors = _flaws(document.get("errors", ()))
        self.more = {name: value for name, value in document.items() if name not in _STANDARD}
        self.retry_after = retry_after
        super().__init__("\n".join([f"{self.title}. {self.detail}".strip(), *map(_line, self.errors)]))


class NotReached(ClientError):
    """No answer came: the connection could not be made, broke, or took longer than the time limit."""


class StillRunning(ClientError):
    """A job had not ended when the time to wait for it was over; it goes on."""


_STANDARD = frozenset({"type", "title", "status", "detail", "errors"})


def problem_of(response: httpx.Response, retry_after: float | None) -> Problem:
    """The problem that a response of 400 or more is; also one that a proxy made, without a document."""
    try:
        document = response.json()
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    return Problem({"title": response.reason_phrase or "Error"} | document, response.status_code, retry_after)


def _flaws(errors: Sequence[Mapping[str, Any]]) -> tuple[Flaw, ...]:
    return tuple(Flaw(str(one.get("detail", "")), one.get("pointer"), one.get("parameter")) for one in errors)


def _line(flaw: Flaw) -> str:
    return f"{flaw.pointer or flaw.parameter or '/'}: {flaw.detail}"
