"""Every error as problem+json: our own exceptions, Werkzeug's, and the ones that nobody expected."""

from apiflask import APIFlask, HTTPError
from flask import Response, current_app, request
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from mmm.parsing import Unfit, faults_of
from mmm.sentence import Said, Sentence, phrase, sentence
from service.http.bodies import REQUESTS
from service.http.refusals import RequestRefused
from service.http.replies import problem_reply, reader_for
from service.problems import (
    BUSY,
    EXPECTED,
    NOT_SOLVED,
    REQUEST_REFUSED,
    SCENARIO_REFUSED,
    Flaw,
    Kind,
    Problem,
    counted,
    flaws,
    problem_of,
)

BROKEN = Kind("broken", 500, 1, sentence("Something broke on our side"))

STATUSES: dict[int, tuple[str, Sentence, Sentence]] = {
    400: (
        "malformed",
        sentence("The request cannot be read"),
        sentence("The body must be one JSON document in UTF-8: {reason}."),
    ),
    404: ("not-found", sentence("There is nothing at this address"), sentence("See /docs for the addresses.")),
    405: (
        "method-not-allowed",
        sentence("This address does not take this method"),
        sentence("See the Allow header for the methods that it takes."),
    ),
    413: ("too-large", sentence("The request is too large"), sentence("A request may have up to one megabyte.")),
    415: (
        "not-json",
        sentence("The request is not JSON"),
        sentence("Send the document with Content-Type: application/json."),
    ),
}
"""Name, title and advice of the errors that come from HTTP itself."""


UPLOADS = frozenset({"data.post_data", "following.post_actuals"})
"""Addresses that take files."""

UPLOADS_OR_JSON = frozenset({"following.post_actuals"})
"""Those of them that take the same as JSON."""

WITHOUT_BODY = frozenset({"refits.post_rollback", "webhooks.post_test"})
"""Addresses that take nothing."""


def register_errors(app: APIFlask) -> None:
    """Make every error of the application a problem+json response."""
    app.error_processor(_validation_or_http)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RequestRefused, _refused)
    for expected in EXPECTED:
        app.register_error_handler(expected, _expected)
    app.register_error_handler(Exception, _unexpected)
    app.before_request(_require_json)


def _require_json() -> None:
    """Only JSON is taken; where there is no such address or method at all, that is said instead."""
    if request.method != "POST" or request.routing_exception is not None:
        return
    if request.endpoint in UPLOADS:
        is_taken = request.mimetype == "multipart/form-data" or (
            request.endpoint in UPLOADS_OR_JSON and request.is_json
        )
    else:
        is_taken = request.is_json or (request.endpoint in WITHOUT_BODY and not request.content_length)
    if not is_taken:
        raise UnsupportedMediaType


def _validation_or_http(error: HTTPError) -> Response:
    """What APIFlask raises when a pydantic model refuses a request: the original error is its cause."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return _by_status(error.status_code, error.message or "", {})
    model = REQUESTS[cause.title]
    faults = faults_of(cause, model, sentence("request"))
    if "json" in error.detail:
        kind = SCENARIO_REFUSED if cause.title == "Scenario" else REQUEST_REFUSED
        return _reply(Problem(kind, counted(len(faults)), flaws(faults)))
    in_query = tuple(Flaw("", fault.said, parameter=fault.field) for fault in faults)
    return _reply(Problem(REQUEST_REFUSED, counted(len(faults)), in_query))


def _http(error: HTTPException) -> Response:
    kept = ("Allow", "Retry-After", "Location")
    headers = {name: value for name, value in error.get_headers() if name in kept}
    reason = _reason(error) if isinstance(error, BadRequest) else ""
    return _by_status(error.code or 500, reason, headers)


def _reason(error: BaseException) -> Said:
    """What the JSON reader objected to, somewhere in the chain of errors."""
    reason: BaseException | None = error
    while reason is not None and not isinstance(reason, Unfit):
        reason = reason.__cause__ or reason.__context__
    return str(error).rstrip(".") if reason is None else reason.said


def _by_status(status: int, reason: Said, headers: dict[str, str]) -> Response:
    if status not in STATUSES:
        title = sentence("{reason}", reason=phrase(reason or str(status)))
        return _reply(Problem(Kind("http", status, 1, title), title), headers)
    slug, title, advice = STATUSES[status]
    said = sentence(advice.template, reason=phrase(reason)) if status == 400 else advice
    return _reply(Problem(Kind(slug, status, 1, title), said), headers)


def _refused(error: RequestRefused) -> Response:
    return _reply(error.problem, error.headers)


def _expected(error: Exception) -> Response:
    problem = problem_of(error)
    is_ours = problem.kind.status >= 500 and problem.kind is not BUSY
    if is_ours or problem.kind is NOT_SOLVED:
        current_app.logger.error("%s at %s %s", problem.kind.slug, request.method, request.path, exc_info=error)
    return _reply(problem, {"Retry-After": "2"} if problem.kind.status == 503 else None)


def _unexpected(error: Exception) -> Response:
    """The one place that catches whatever comes: the reader learns that it is our fault, the log learns the rest."""
    current_app.logger.error("unexpected error at %s %s", request.method, request.path, exc_info=error)
    return _reply(Problem(BROKEN, sentence("It was written to the log; the request was not at fault.")))


def _reply(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    reader = reader_for()
    return problem_reply(problem, reader, headers)
