"""Requests that would wait too long for their turn to solve are told so at once, before anything is done for them."""

from apiflask import APIFlask
from flask import g, request

from service.http.idempotency import is_under_key
from service.turns import Turns

SOLVING = frozenset(
    {
        "scenarios.post_scenario",
        "scenarios.post_what_if",
        "scenarios.get_explanation",
        "scenarios.post_frontier",
        "portfolios.post_portfolio",
        "markets.get_curves",
        "following.post_replan",
    }
)
"""Endpoints that take turns to solve."""

LATER = "respond-async"
"""Preference (RFC 7240) of whoever wants a job instead of a plan."""


def register_shedding(app: APIFlask, turns: Turns) -> None:
    """Refuse requests that solve where there is no room; call before whatever remembers requests.

    One that is known by its key goes on: its answer is there, or being made.
    """

    @app.before_request
    def _shed() -> None:
        if is_solving() and turns.is_full and not is_under_key():
            turns.require_room()


def register_admission(app: APIFlask, turns: Turns) -> None:
    """Admit as many requests that solve as there is room for; call after whatever answers what is known."""

    @app.before_request
    def _admit() -> None:
        if is_solving():
            turns.admit()
            g.is_admitted = True

    @app.teardown_request
    def _dismiss(_error: BaseException | None) -> None:
        if g.pop("is_admitted", False):
            turns.dismiss()


def is_solving() -> bool:
    """Whether this request takes turns to solve."""
    return request.endpoint in SOLVING and not prefers_later()


def prefers_later() -> bool:
    """Whether this request asks for a job."""
    return LATER in request.headers.get("Prefer", "").lower()
