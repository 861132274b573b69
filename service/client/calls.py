"""Requests with patience: what may pass by itself is tried again, and never done twice."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel

from service.client.errors import NotReached, problem_of

UNDER_WAY = 409
"""Status, where the server says when to come again, of a request that is still being answered."""

PASSING = frozenset({UNDER_WAY, 429, 503})
"""Statuses that are tried again where the server says when."""

type Query = Mapping[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient a client is.

    Attributes
    ----------
    attempts
        Requests at most for one call, at least 1.
    first_wait
        Seconds before the second attempt when no answer came; they double with each.
    longest_wait
        Seconds to wait at most before an attempt, and for an answer that is on its way. A server that asks for more is
        not asked again.
    """

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 60.0


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests to one server; `sleep` waits some seconds."""

    http: httpx.Client
    retries: Retries = Retries()
    sleep: Callable[[float], None] = time.sleep

    def get[A: BaseModel](self, answer: type[A], path: str, query: Query | None = None) -> A:
        """What a GET is answered with."""
        return answer.model_validate(self.send("GET", path, query=query).json())

    def post[A: BaseModel](
        self, answer: type[A], path: str, body: Mapping[str, Any] | None = None, query: Query | None = None
    ) -> A:
        """What a POST of a JSON document is answered with."""
        return answer.model_validate(self.send("POST", path, query=query, json={} if body is None else body).json())

    def pages[A: BaseModel](self, answer: type[A], path: str, name: str, query: Query) -> Iterator[A]:
        """Every item of a list, page by page; `name` is the member of a page that holds them."""
        cursor: int | str | None = None
        while True:
            page = self.send("GET", path, query={**query, "cursor": cursor}).json()
            yield from map(answer.model_validate, page[name])
            cursor = page["next"]
            if cursor is None:
                return

    def whole[A: BaseModel](self, answer: type[A], path: str, names: Sequence[str], query: Query | None = None) -> A:
        """A list with the items of all its pages; `names` are the members that hold them."""
        page: dict[str, Any] = self.send("GET", path, query=query).json()
        held: dict[str, Any] = {name: list(page.get(name, ())) for name in names}
        while page.get("next") is not None:
            page = self.send("GET", path, query={**(query or {}), "cursor": page["next"]}).json()
            for name in names:
                held[name] += page.get(name, ())
        return answer.model_validate({**page, **held})

    def send(self, method: str, path: str, *, query: Query | None = None, **content: Any) -> httpx.Response:
        """The answer to a request, after as many attempts as it takes.

        Each POST has an idempotency key of its own, the same in all attempts: what an earlier one did without its
        answer coming through is answered again, not done again.

        Raises
        ------
        Problem
            When the answer is an error.
        NotReached
            When no answer came.
        """
        headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        headers |= content.pop("headers", {})
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        attempt, under_way = 1, 0.0
        while True:
            is_last = attempt >= self.retries.attempts or under_way > self.retries.longest_wait
            try:
                response = self.http.request(method, path, params=asked, headers=headers, **content)
            except httpx.TransportError as error:
                if is_last:
                    raise NotReached(f"{method} {path}: {error or type(error).__name__}") from error
                wait = self.retries.first_wait * 2.0 ** (attempt - 1)
            else:
                if response.status_code < 400:
                    return response
                problem = problem_of(response, retry_after(response, datetime.now(UTC)))
                if is_last or problem.status not in PASSING or problem.retry_after is None:
                    raise problem
                if problem.retry_after > self.retries.longest_wait:
                    raise problem
                wait = problem.retry_after
                if problem.status == UNDER_WAY:  # an attempt of ours is still being answered: this is none
                    under_way += max(wait, 0.1)
                    attempt -= 1
            attempt += 1
            self.sleep(min(wait, self.retries.longest_wait))


def retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds after which a server wants to be asked again (RFC 9110, 10.2.3): a number or a date; else None."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def path_of(template: str, **parts: str | int) -> str:
    """An address with its parts filled in, each as one segment whatever characters it has."""
    return template.format(**{name: quote(str(part), safe="") for name, part in parts.items()})
