"""JSON that goes in and out: strict in what it reads, exact in what it writes."""

import json
from typing import Any, cast

from flask import Response, current_app, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import LanguageAccept

from mmm.parsing import Unfit
from mmm.sentence import Word, sentence
from mmm.vocabulary import Language
from service.documents import Json, document
from service.home import Home
from service.language import LOCALES, Reader
from service.problems import MEDIA_TYPE, Problem, problem_document

NO_CURRENCY = "XXX"
"""ISO 4217's code for "no currency": what a reply has where no one market is meant."""

EXTENSION = "mixplan"
"""Key of the open home among the extensions of the application."""


class StrictJson(DefaultJSONProvider):
    """JSON without NaN, infinity, repeated names or broken Unicode, in both directions."""

    ensure_ascii = False
    sort_keys = False
    mimetype = "application/json"

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Parse a body.

        Raises
        ------
        ValueError
            When it is no JSON, or JSON that two readers might take for two things.
        """
        try:
            text = s if isinstance(s, str) else s.decode("utf-8-sig")
            value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated)
            json.dumps(value, ensure_ascii=False).encode()
        except RecursionError as error:
            raise Unfit(sentence("nested too deeply")) from error
        return value

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write a body; a number that is not finite is a fault of ours and never leaves."""
        return json.dumps(obj, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def home() -> Home:
    """The open home of this application."""
    return cast(Home, current_app.extensions[EXTENSION])


def reader_for(language: Language, currency: str) -> Reader:
    """The reader of this request: the language asked for, else the market's own."""
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
    """A value as a JSON response in the reader's language."""
    response = _json_response(document(value, reader))
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


def _refuse_constant(name: str) -> float:
    raise Unfit(sentence("{name} is no JSON number", name=Word(text=name)))


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = sorted({name for name in names if names.count(name) > 1})
        name = Word(text=repr(repeated[0]))
        raise Unfit(sentence("the name {name} appears more than once in one object", name=name))
    return found
