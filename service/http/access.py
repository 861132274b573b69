"""Who may do what over HTTP: the key of a request, its tenant, and the scope that each address needs.

A home in which no key was ever made is open, for the default tenant: a service of one's own machine. From the first
key on every address of ``/v1`` needs one.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from apiflask import APIFlask
from flask import Response, current_app, g, request

from mmm.sentence import Term, Word, sentence
from service.home import Home
from service.http.replies import problem_reply, reader_for
from service.keys import Key, Scope, has_keys, key_of
from service.problems import Kind, Problem
from service.times import now

NO_KEY = Kind("no-key", 401, 2, sentence("The request needs a key"))
NO_SCOPE = Kind("no-scope", 403, 2, sentence("The key does not allow this"))

TENANTS = "mixplan-tenants"
"""Key of the homes by tenant among the extensions of the application."""

MOST_TENANTS = 64
"""Tenants whose models a process keeps in memory."""

OPEN: frozenset[str] = frozenset(
    {"health.get_alive", "health.get_ready", "reference.show_reference", "openapi.spec", "static"}
)
"""Endpoints that need no key: they tell nothing about anybody's data."""

NEEDED: dict[str, Scope] = {
    "scenarios.post_scenario": "plan",
    "scenarios.list_scenarios": "read",
    "scenarios.get_scenario": "read",
    "scenarios.get_plan": "read",
    "scenarios.post_what_if": "plan",
    "scenarios.post_comparison": "read",
    "scenarios.get_explanation": "plan",
    "scenarios.post_frontier": "plan",
    "scenarios.post_goal": "plan",
    "portfolios.post_portfolio": "plan",
    "markets.list_markets": "read",
    "markets.get_market": "read",
    "markets.list_models": "read",
    "markets.get_curves": "read",
    "model_differences.get_difference": "read",
    "data.post_data": "fit",
    "data.list_data": "read",
    "refits.post_refit": "fit",
    "refits.post_backtest": "fit",
    "refits.post_batch": "fit",
    "refits.get_judgement": "read",
    "refits.post_promotion": "fit",
    "refits.post_rollback": "fit",
    "jobs.list_jobs": "read",
    "jobs.get_job": "read",
    "jobs.cancel_job": "fit",
    "events.list_events": "read",
    "exports.get_plan_csv": "read",
    "exports.get_plan_workbook": "read",
    "plans.list_plans": "read",
    "plans.get_saved_plan": "read",
    "plans.post_state": "plan",
    "plans.post_rescore": "read",
    "following.post_actuals": "plan",
    "following.get_tracking": "read",
    "following.post_replan": "plan",
    "metrics.get_metrics": "admin",
    "keys.post_key": "admin",
    "keys.list_keys": "admin",
    "keys.delete_key": "admin",
    "webhooks.post_webhook": "admin",
    "webhooks.list_webhooks": "admin",
    "webhooks.get_webhook": "admin",
    "webhooks.post_test": "admin",
    "webhooks.delete_webhook": "admin",
}
"""The scope that each endpoint needs. One that stands nowhere here is refused for everybody."""


@dataclass(slots=True)
class Tenants:
    """The homes of the tenants that asked last, so that their models stay in memory."""

    home: Home
    _homes: "OrderedDict[str, Home]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    _is_closed: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether requests need a key; once so, it stays so, because keys that were revoked keep their rows."""
        self._is_closed = self._is_closed or has_keys(self.home.store)
        return self._is_closed

    def of(self, tenant: str) -> Home:
        """The home as a tenant sees it."""
        if tenant == self.home.settings.tenant:
            return self.home
        with self._lock:
            found = self._homes.pop(tenant, None) or self.home.of(tenant)
            self._homes[tenant] = found
            while len(self._homes) > MOST_TENANTS:
                self._homes.popitem(last=False)
        return found


def register_identity(app: APIFlask, home: Home) -> None:
    """Find out whose request it is, before it is counted; nobody is refused by this."""
    app.extensions[TENANTS] = Tenants(home)
    app.before_request(identify)
    app.after_request(harden)


def register_access(app: APIFlask) -> None:
    """Refuse what a request's key does not allow; call after what counts requests, so that wrong keys are counted."""
    app.before_request(admit)
    app.security_schemes = {"key": {"type": "http", "scheme": "bearer", "description": "A key of `mixplan keys`."}}


def identify() -> None:
    """Give a request its key, and the home that it may see: none where it should have a key and has no valid one."""
    tenants: Tenants = current_app.extensions[TENANTS]
    if request.endpoint in OPEN or not tenants.is_closed:
        g.home = tenants.home
        return
    key = _presented(tenants.home)
    if key is not None:
        g.key, g.home = key, tenants.of(key.tenant)


def admit() -> Response | None:
    """Let a request in; or say what it lacks."""
    if request.endpoint is None or request.endpoint in OPEN:
        return None
    scope = NEEDED.get(request.endpoint)
    if scope is None:
        return _refused(NO_SCOPE, Problem(NO_SCOPE, sentence("This address has no scope yet, so nobody may use it.")))
    if not current_app.extensions[TENANTS].is_closed:
        return None
    key: Key | None = g.get("key")
    if key is None:
        said = sentence("Send a valid key as “Authorization: Bearer mxp_…”; “mixplan keys create” makes one.")
        return _refused(NO_KEY, Problem(NO_KEY, said))
    if scope not in key.scopes and "admin" not in key.scopes:
        said = sentence(
            "Key “{name}” lacks the scope {scope}; ask whoever made it for another.",
            name=Word(text=key.name),
            scope=Term(text=scope),
        )
        return _refused(NO_SCOPE, Problem(NO_SCOPE, said))
    return None


def harden(response: Response) -> Response:
    """Headers that keep browsers from doing anything with an answer but reading it."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


def _presented(home: Home) -> Key | None:
    kind, _, presented = request.headers.get("Authorization", "").partition(" ")
    return key_of(home.store, presented.strip(), now()) if kind.lower() == "bearer" else None


def _refused(kind: Kind, problem: Problem) -> Response:
    headers = {"WWW-Authenticate": 'Bearer realm="mixplan"'} if kind is NO_KEY else {}
    return problem_reply(problem, reader_for(), headers)
