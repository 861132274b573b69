"""Answers to look at, for the OpenAPI document: by schema, and problems by status.

The long ones are what the service answered, shortened: files that are read when the document is asked for.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "answers"
"""The long answers, each named for its schema; `tests/serving/kept_answers.py` writes them."""

_JOB: dict[str, Any] = {
    "id": "1f0c6a52e9b84d37",
    "kind": "refit",
    "market": "coffee-de",
    "parent": None,
    "status": "running",
    "progress": {"stage": "fit", "done": 1200, "total": 4000, "seconds_left": 61.5},
    "result": None,
    "problem": None,
    "attempts": 1,
    "actor": "ada",
    "worker": "fits-1",
    "created_at": "2027-04-05T06:00:00Z",
    "started_at": "2027-04-05T06:00:01Z",
    "ended_at": None,
}
_KEY: dict[str, Any] = {
    "id": "a31f09c4d2e87b56",
    "tenant": "default",
    "name": "dashboard",
    "scopes": ["read"],
    "created_at": "2027-01-04T09:30:00Z",
    "expires_at": "2027-12-31T00:00:00Z",
    "revoked_at": None,
}
_WEBHOOK: dict[str, Any] = {
    "id": "7d20e4f1a9c3b865",
    "address": "https://example.com/mixplan",
    "sent": 41,
    "failures": 0,
    "waiting": 0,
    "next_try_at": "2027-01-04T09:30:00Z",
    "created_at": "2027-01-04T09:30:00Z",
}
_DATASET: dict[str, Any] = {
    "id": "c0b1d2e3f4a59687",
    "market": "coffee-de",
    "version": 3,
    "first_period": "2024-01-01",
    "last_period": "2027-03-29",
    "periods": 170,
    "data_digest": "9f3c1c0e5f0f4a539d3c2d7f6f0f8a31",
    "spec_digest": "51e0a7c94bd24f0c8d7a6b5e4f3c2d1b",
    "created_at": "2027-04-02T08:15:00Z",
}
_MARKET: dict[str, Any] = {
    "name": "coffee-de",
    "language": "en",
    "currency": "EUR",
    "period": "week",
    "kpis": ["orders"],
    "champion": 3,
    "verdict": "pass",
}
_EVENT: dict[str, Any] = {
    "number": 41,
    "kind": "refit.promoted",
    "market": "coffee-de",
    "subject": "1f0c6a52e9b84d37",
    "actor": "schedule",
    "document": {"job": "1f0c6a52e9b84d37", "result": {"version": 3, "alias": "champion", "outcome": "promoted"}},
    "created_at": "2027-04-05T06:09:12Z",
}

SHORT_ANSWERS: dict[str, dict[str, Any]] = {
    "JobAnswer": _JOB,
    "JobList": {"jobs": [_JOB], "next": None},
    "KeyAnswer": _KEY,
    "NewKeyAnswer": {"key": _KEY, "secret": "mxp_a31f09c4d2e87b56_shown-this-once"},
    "KeyList": {"keys": [_KEY], "next": None},
    "WebhookAnswer": _WEBHOOK,
    "NewWebhookAnswer": {"webhook": _WEBHOOK, "secret": "shown-this-once"},
    "WebhookList": {"webhooks": [_WEBHOOK], "next": None},
    "DatasetAnswer": _DATASET,
    "DatasetList": {"market": "coffee-de", "datasets": [_DATASET], "next": 2},
    "MarketList": {"markets": [_MARKET], "damaged": [], "next": None},
    "EventList": {"events": [_EVENT], "next": 40},
    "HealthAnswer": {"status": "ok"},
    "ReadinessAnswer": {"status": "ok", "worker_seen_at": "2027-04-05T06:09:12Z"},
}
"""One answer a schema, of those that are short."""

_PROBLEMS: dict[int, tuple[str, str, str]] = {
    400: ("malformed", "The request cannot be read", "The body must be one JSON document in UTF-8: unexpected end."),
    401: ("no-key", "The request needs a key", "Send a valid key as “Authorization: Bearer mxp_…”."),
    403: ("no-scope", "The key does not allow this", "Key “dashboard” lacks the scope plan."),
    404: ("not-known", "There is nothing of that name", "No market is called “cofee-de”. Did you mean “coffee-de”?"),
    409: ("key-in-flight", "The same request is under way", "Its answer is being made. Send it again in a second."),
    412: ("condition-failed", "The state has changed in the meantime", "Read it again, and decide anew."),
    413: ("too-large", "The request is too large", "A request may have up to one megabyte."),
    415: ("not-json", "The request is not JSON", "Send the document with Content-Type: application/json."),
    422: ("request-refused", "The request is refused", "One entry is not accepted."),
    429: ("too-many-requests", "Too many requests", "Up to 6000 requests a minute are answered."),
    503: ("busy", "Too much is asked for at once", "Other scenarios are being solved, and 16 more wait."),
}


def answer_example(schema: str) -> Any:
    """An answer of a schema; None where there is none to show."""
    if schema in SHORT_ANSWERS:
        return SHORT_ANSWERS[schema]
    file = FOLDER / f"{schema}.json"
    return json.loads(file.read_bytes()) if file.is_file() else None


def problem_example(status: int) -> dict[str, Any] | None:
    """A problem of a status; None where there is none to show."""
    if status not in _PROBLEMS:
        return None
    slug, title, detail = _PROBLEMS[status]
    flaws = [{"pointer": "/market", "detail": "found nothing; expected text"}] if status == 422 else []
    return {
        "type": f"urn:mixplan:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": flaws,
    }
