"""Rate limits over HTTP: so many requests a minute for each key, or each address where there are no keys."""

import math
import time

from apiflask import APIFlask
from flask import Response, g, request

from mmm.sentence import Number, sentence
from service.http.refusals import RequestRefused
from service.problems import Kind, Problem
from service.rates import Allowance, Buckets

TOO_MANY = Kind("too-many-requests", 429, 1, sentence("Too many requests"))

UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})
"""Addresses that whoever watches over the service asks."""


def register_rate_limits(app: APIFlask, per_minute: int) -> None:
    """Limit requests a minute; 0 sets no limit. Call after whatever finds out whose request it is.

    The limit counts by process: with several, a client may make as many times more.
    """
    if not per_minute:
        return
    buckets = Buckets(per_minute)

    @app.before_request
    def _count() -> None:
        if request.path in UNLIMITED:
            return
        g.allowance = buckets.take(_client(), time.monotonic())
        if not g.allowance.is_allowed:
            said = sentence(
                "Up to {limit} requests a minute are answered. Wait as long as Retry-After says.",
                limit=Number(amount=per_minute),
            )
            raise RequestRefused(
                Problem(TOO_MANY, said), {"Retry-After": str(max(1, math.ceil(g.allowance.retry_after)))}
            )

    @app.after_request
    def _tell(response: Response) -> Response:
        allowance: Allowance | None = g.get("allowance")
        if allowance is not None:
            response.headers["RateLimit-Limit"] = str(per_minute)
            response.headers["RateLimit-Remaining"] = str(allowance.remaining)
            response.headers["RateLimit-Reset"] = str(math.ceil(allowance.reset))
        return response


def _client() -> str:
    """Whose request it is: the id of the key that it was let in by (`service.http.access`), else the address."""
    key = g.get("key")
    return f"key {key.id}" if key is not None else f"address {request.remote_addr}"
