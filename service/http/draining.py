"""The rest of a body is read before its request is answered, so that whoever is still sending it gets the answer.

A connection that is closed while bytes of it are unread is reset, and a reset throws away what the client has not
read yet: a refusal that is sent before the body has come is lost now and then.
"""

from threading import BoundedSemaphore
from typing import Any

from apiflask import APIFlask
from flask import Response, request

MOST_DRAINED = 4_000_000
"""Bytes that are read only to be thrown away. Of a larger body nothing is: a refusal costs nothing, or may be lost."""

DRAINS = 4
"""Requests of a process whose rest is waited for at a time: bodies that never come hold this many threads, no more."""

PATIENCE = 0.2
"""Seconds that a request waits to be one of them; without a place it is answered, and its connection closed."""

_CHUNK = 1 << 16


def register_draining(app: APIFlask) -> None:
    """Read what is left of each body before the answer; a connection with more left to come is closed, and says so."""
    places = BoundedSemaphore(DRAINS)

    @app.after_request
    def _drain(response: Response) -> Response:
        if _has_body(request.environ) and not _is_drained(request.environ, places):
            response.headers["Connection"] = "close"
        return response


def _has_body(environ: dict[str, Any]) -> bool:
    """Whether a body was announced, by a server that says where it ends."""
    is_announced = environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ
    return is_announced and bool(environ.get("wsgi.input_terminated"))


def _is_drained(environ: dict[str, Any], places: BoundedSemaphore) -> bool:
    """Whether all of a body was read; nothing is when it is too long, or the client waits to be asked for it."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if "HTTP_EXPECT" in environ or not length.isdecimal() or int(length) > MOST_DRAINED:
        return False
    if not places.acquire(timeout=PATIENCE):
        return False
    try:
        left = MOST_DRAINED
        while left > 0:
            chunk = environ["wsgi.input"].read(_CHUNK)
            if not chunk:
                return True
            left -= len(chunk)
        return False
    finally:
        places.release()
