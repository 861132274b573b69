"""Idempotency keys: a POST or DELETE that is sent again under its key is answered as the first time, and done once."""

import hashlib
import logging
import re
import time
from dataclasses import dataclass

from apiflask import APIFlask
from flask import Response, g, request
from sqlalchemy.exc import DBAPIError

from mmm.io import MAX_DATA_BYTES
from mmm.sentence import sentence
from service.http.errors import UPLOADS
from service.http.refusals import RequestRefused
from service.http.replies import home
from service.idempotency import AnotherRequest, Claim, KeptAnswer, KeyedRequests, UnderWay
from service.idempotency_renewal import Renewal
from service.problems import Kind, Problem
from service.times import now

HEADER = "Idempotency-Key"
METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KEPT_HEADERS = ("Content-Type", "Content-Language", "Location", "ETag", "Cache-Control", "Vary", "Retry-After")
"""Headers that are part of an answer; others belong to the moment."""

FORGETTING_SECONDS = 600.0
"""How often a process removes old keys."""

_FIT = re.compile(r"[\x21-\x7e]{1,200}")
_CHUNK = 1 << 20

KEY_MALFORMED = Kind("key-malformed", 400, 1, sentence("The idempotency key cannot be used"))
KEY_REUSED = Kind("key-reused", 422, 1, sentence("The idempotency key belongs to another request"))
KEY_IN_FLIGHT = Kind("key-in-flight", 409, 1, sentence("The same request is under way"))

_log = logging.getLogger("mixplan.http")


@dataclass
class _Broom:
    """When old keys were last removed, by this process's clock."""

    swept_at: float = 0.0

    def sweep(self, keyed: KeyedRequests) -> None:
        moment = time.monotonic()
        if moment - self.swept_at > FORGETTING_SECONDS or not self.swept_at:
            self.swept_at = moment
            keyed.forget_old(now())


def register_idempotency(app: APIFlask) -> None:
    """Answer keyed requests once; call after whatever finds out whose request it is."""
    broom, renewal = _Broom(), Renewal()

    @app.before_request
    def _claim_key() -> Response | None:
        return _claim(broom, renewal)

    @app.after_request
    def _keep_answer(response: Response) -> Response:
        claim: Claim | None = g.pop("claim", None)
        if claim is None:
            return response
        renewal.let_go(claim)
        return _keep(claim, response)


def is_under_key() -> bool:
    """Whether this request came before, under its key."""
    key = request.headers.get(HEADER)
    return key is not None and _FIT.fullmatch(key) is not None and _keyed().is_known(key)


def work_identity() -> str | None:
    """Id for what this request makes, the same when it is sent again under its key; None without a key."""
    claim: Claim | None = g.get("claim")
    return None if claim is None else claim.work


def never_keep() -> None:
    """Keep no copy of this request's answer: it has a secret in it that is shown once."""
    g.is_answer_kept = False


def _claim(broom: _Broom, renewal: Renewal) -> Response | None:
    key = request.headers.get(HEADER)
    if key is None or request.method not in METHODS or request.routing_exception is not None:
        return None
    if _FIT.fullmatch(key) is None:
        said = sentence("A key has 1 to 200 visible ASCII characters, and means one request: a UUID is a good one.")
        raise RequestRefused(Problem(KEY_MALFORMED, said))
    keyed = _keyed()
    broom.sweep(keyed)
    match keyed.claim(key, _digest(), now()):
        case Claim() as claim:
            g.claim = claim
            renewal.hold(keyed, claim)
            return None
        case KeptAnswer() as kept:
            replayed = Response(kept.body, kept.status, dict(kept.headers))
            replayed.headers["Idempotency-Replayed"] = "true"
            return replayed
        case UnderWay():
            said = sentence("Its answer is being made. Send it again in a second.")
            raise RequestRefused(Problem(KEY_IN_FLIGHT, said), {"Retry-After": "1"})
        case AnotherRequest():
            said = sentence("Method, address or body differ from those that the key came with first. Use a new key.")
            raise RequestRefused(Problem(KEY_REUSED, said))


def _keep(claim: Claim, response: Response) -> Response:
    is_lasting = response.status_code < 500 and response.status_code != 429 and g.get("is_answer_kept", True)
    try:
        if is_lasting:
            headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
            _keyed().keep(claim, KeptAnswer(response.status_code, headers, response.get_data()))
        else:
            _keyed().release(claim)
    except DBAPIError as error:  # what was asked for is done: its answer goes out, and the key is free in two minutes
        _log.warning("the answer to a keyed request was not kept (%s)", type(error).__name__)
    return response


def _keyed() -> KeyedRequests:
    return KeyedRequests(home().store, home().settings.tenant)


def _digest() -> str:
    """Digest of method, address and body; of the parts of a form, whose boundary is another each time."""
    digest = hashlib.sha256()

    def add(part: bytes) -> None:
        digest.update(len(part).to_bytes(8))
        digest.update(part)

    add(request.method.encode())
    add(request.full_path.encode())
    if request.endpoint in UPLOADS and request.mimetype == "multipart/form-data":
        request.max_content_length = MAX_DATA_BYTES
        for name, value in sorted(request.form.items(multi=True), key=_by_name):
            add(f"{name}={value}".encode())
        for name, file in sorted(request.files.items(multi=True), key=_by_name):
            add(f"{name}: {file.filename}".encode())
            while chunk := file.stream.read(_CHUNK):
                add(chunk)
            file.stream.seek(0)
    else:
        add(request.get_data(cache=True))
    return digest.hexdigest()


def _by_name(part: tuple[str | None, object]) -> str:
    return part[0] or ""  # a part of a form may come without a name
