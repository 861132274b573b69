"""JSON that goes in and out: strict in what it reads, exact in what it writes."""

import json
from typing import Any, cast
from urllib.parse import quote
from urllib.parse import urlencode as url_encode

from flask import Response, current_app, g, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import LanguageAccept

from mmm.vocabulary import Language
from service.documents import Json, document
from service.home import Home
from service.language import LOCALES, NO_CURRENCY, Reader
from service.problems import MEDIA_TYPE, Problem, problem_document
from service.strict_json import read_json

EXTENSION = "mixplan"
"""Key of the open home among the extensions of the application."""


class StrictJson(DefaultJSONProvider):
    """JSON as `service.strict_json` reads it, and without NaN or infinity in what is written."""

    ensure_ascii = False
    sort_keys = False
    mimetype = "application/json"

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse a body.

        Raises
        ------
        Unfit
            When it is no JSON, or JSON that two readers might take for two things.
        """
        return read_json(s)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write a body; a number that is not finite is a fault of ours and never leaves."""
        return json.dumps(obj, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def home() -> Home:
    """The home as the tenant of this request sees it; there is none for a request that was not let in."""
    return cast(Home, g.home)


def actor() -> str:
    """Who asks, for the log of who did what."""
    key = g.get("key")
    return "http" if key is None else str(key.name)


def reader_for(language: Language = "en", currency: str = NO_CURRENCY) -> Reader:
    """The reader of this request: the language asked for, else `language`, the market's own."""
    return Reader(asked_language() or language, currency)


def asked_language() -> Language | None:
    """The language that the query or the header asks for; None when neither asks for one that we write."""
    in_query = request.args.get("lang")
    for language in LOCALES:
        if in_query == language:
            return language
    accepted = request.accept_languages
    wanted = LanguageAccept([(value, quality) for value, quality in accepted if value != "*"])
    return cast(Language | None, wanted.best_match(LOCALES))


def reply(value: object, reader: Reader, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as a JSON response in the reader's language; a page of a list links to the following one."""
    response = _json_response(document(value, reader))
    following = getattr(value, "next", None)
    if isinstance(following, int | str):
        query = url_encode({**request.args.to_dict(), "cursor": following})
        response.headers["Link"] = f'<{quote(request.path)}?{query}>; rel="next"'
    return _finished(response, reader, status, headers)


def problem_reply(problem: Problem, reader: Reader, headers: dict[str, str] | None = None) -> Response:
    """A problem as a response."""
    response = _json_response(problem_document(problem, reader))
    response.mimetype = MEDIA_TYPE
    return _finished(response, reader, problem.kind.status, headers)


def _json_response(body: Json) -> Response:
    return cast(Response, current_app.json.response(body))


def _finished(response: Response, reader: Reader, status: int, headers: dict[str, str] | None) -> Response:
    response.status_code = status
    response.headers.update(headers or {})
    response.headers["Content-Language"] = LOCALES[reader.language].replace("_", "-")
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    return response
