"""Conditions of requests: what has not changed is not sent again, and only what was seen is changed."""

import hashlib

from apiflask import APIFlask
from flask import Response, request
from werkzeug.http import parse_etags

from mmm.sentence import sentence
from service.http.refusals import RequestRefused
from service.problems import Kind, Problem

CONDITION_FAILED = Kind("condition-failed", 412, 1, sentence("The state has changed in the meantime"))


def register_conditions(app: APIFlask) -> None:
    """Give every answer about one thing an ETag, and answer 304 where the client has it already."""
    app.after_request(_conditional)


def check_match(current_etag: str) -> None:
    """Go on where If-Match names the state that there is, or is not sent.

    Parameters
    ----------
    current_etag
        Entity tag of the state, without its quotes.

    Raises
    ------
    RequestRefused
        412 when another state is named.
    """
    # Read by itself: where the header is missing Werkzeug gives tags that contain nothing, as for one that is empty.
    header = request.headers.get("If-Match")
    if header is not None and not parse_etags(header).contains(current_etag):
        said = sentence("If-Match names another state than there is. Read it again, and decide anew.")
        raise RequestRefused(Problem(CONDITION_FAILED, said), {"ETag": f'"{current_etag}"'})


def _conditional(response: Response) -> Response:
    """An answer about one thing (its address has a name in it) with its ETag; empty where the client has it.

    A route may have set the tag itself. Answers that are private may be kept, and are asked for again each time.
    """
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or not request.view_args:
        return response
    if not response.is_json:
        return response
    if response.get_etag()[0] is None:
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response
