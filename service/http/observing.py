"""One line a request, as JSON: who asked for what, how it went, how long it took. Never a secret, never a body."""

import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

from apiflask import APIFlask
from flask import Response, g, has_request_context, request

from service.http.metrics import Metrics

REQUEST_ID = "X-Request-Id"

requests_log = logging.getLogger("mixplan.requests")

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class JsonLines(logging.Formatter):
    """Log records as lines of JSON, with the id of the request that they belong to."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, without line breaks in it."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Any] = {"time": moment, "level": record.levelname.lower(), "logger": record.name}
        if has_request_context():
            line["request_id"] = g.get("request_id")
        line |= getattr(record, "fields", None) or {"message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def write_json_logs(level: str) -> None:
    """Make this process write its log to standard error, one line of JSON a record."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)


def register_observing(app: APIFlask, metrics: Metrics) -> None:
    """Name, time, count and log each request. Call first: what is registered later happens within."""

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()
        asked = request.headers.get(REQUEST_ID, "")
        g.request_id = asked if _SANE.fullmatch(asked) else secrets.token_hex(8)

    @app.after_request
    def _end(response: Response) -> Response:
        seconds = time.perf_counter() - g.began
        response.headers[REQUEST_ID] = g.request_id
        route = request.url_rule.rule if request.url_rule is not None else "none"
        metrics.count(request.method, route, response.status_code, seconds)
        requests_log.info("request", extra={"fields": _fields(route, response, seconds)})
        return response


def _fields(route: str, response: Response, seconds: float) -> dict[str, Any]:
    key, home = g.get("key"), g.get("home")
    return {
        "message": "request",
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "milliseconds": round(seconds * 1000, 1),
        "tenant": None if home is None else home.settings.tenant,
        "key": None if key is None else key.id,
    }
