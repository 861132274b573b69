"""Requests that would wait too long for their turn to solve are told so at once, before anything is done for them."""

from apiflask import APIFlask
from flask import g, request

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
    """Admit as many requests that solve as there is room for; call before whatever remembers requests."""

    @app.before_request
    def _admit() -> None:
        if request.endpoint in SOLVING and not prefers_later():
            turns.admit()
            g.is_admitted = True

    @app.teardown_request
    def _dismiss(_error: BaseException | None) -> None:
        if g.pop("is_admitted", False):
            turns.dismiss()


def prefers_later() -> bool:
    """Whether this request asks for a job."""
    return LATER in request.headers.get("Prefer", "").lower()
