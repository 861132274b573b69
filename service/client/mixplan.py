"""The client: one object for one server and one key."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Literal, Self

import httpx

from service.client.answers import Event, Health
from service.client.calls import Calls, Retries
from service.client.jobs import Jobs
from service.client.keys import Keys
from service.client.markets import MarketCalls
from service.client.plans import Plans
from service.client.scenarios import Scenarios
from service.client.webhooks import Webhooks

USUAL_RETRIES = Retries()


class MixplanClient:
    """The HTTP interface of a Mixplan server as Python calls.

    ``with MixplanClient("http://127.0.0.1:8000") as client: client.scenarios.post(document).plan.budget``

    Every call raises `Problem` when the answer is an error, and `NotReached` when none came. What passes by itself
    (connections that break, 429 and 503 with Retry-After) is tried again; a POST carries an idempotency key, so that it
    is not done twice.

    Parameters
    ----------
    address
        Where the server is, such as ``https://mixplan.example.com``.
    key
        API key; None for a server that asks for none.
    timeout
        Seconds that the server may keep silent. Plans take up to the `solve.seconds` of their scenario.
    language
        In which sentences are written; the market's own when None.
    transport
        How requests travel; a test gives `httpx.WSGITransport`.
    retries
        How often and how long to try.
    sleep
        Waits some seconds.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        timeout: float = 60.0,
        language: Literal["en", "zh"] | None = None,
        transport: httpx.BaseTransport | None = None,
        retries: Retries = USUAL_RETRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Accept": "application/json, application/problem+json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        if language is not None:
            headers["Accept-Language"] = language
        self._http = httpx.Client(base_url=address, headers=headers, timeout=timeout, transport=transport)
        self._calls = Calls(self._http, retries, sleep)
        self.scenarios = Scenarios(self._calls)
        self.markets = MarketCalls(self._calls)
        self.plans = Plans(self._calls)
        self.jobs = Jobs(self._calls)
        self.keys = Keys(self._calls)
        self.webhooks = Webhooks(self._calls)

    def events(self, market: str | None = None, subject: str | None = None) -> Iterator[Event]:
        """What happened, the newest first; of one market, or of one job, plan or model."""
        return self._calls.pages(Event, "/v1/events", "events", {"market": market, "subject": subject})

    def alive(self) -> Health:
        """That the server is alive."""
        return self._calls.get(Health, "/healthz")

    def ready(self) -> Health:
        """That the server can do its work; a `Problem` when it cannot."""
        return self._calls.get(Health, "/readyz")

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
