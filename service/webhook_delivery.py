"""Events sent to the addresses that a tenant has named: signed, in order, again until they arrive.

An address gets every event of its tenant from its first day on, each at least once: a receiver tells repeated ones by
their number. What is sent is ``timestamp.body`` signed with HMAC-SHA256; `is_signed` is what a receiver checks.
"""

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from sqlalchemy import Select, select

from service.home import Home
from service.store import Store
from service.tables import EventRow, WebhookRow
from service.times import as_utc, naive_utc
from service.webhook_destinations import NotOpen, Resolve, destination, resolved

TIMEOUT_SECONDS = 5.0
"""How long an address may take to answer."""

ROUND_SECONDS = 10.0
"""How long one round of deliveries takes before the rest waits for the next."""

MOST_AT_ONCE = 50
"""Events that an address gets in one round."""

SETTLED = timedelta(seconds=2)
"""Age from which on an event is sent: one with a smaller number might be written a moment later."""

LEASE = timedelta(seconds=60)
"""How long a round has an address for itself."""

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
"""Waits after failures: the first, doubled by each further one, up to the longest."""

_log = logging.getLogger("mixplan.webhooks")


@dataclass(frozen=True, slots=True)
class Post:
    """How a round sends: its client, the hosts of our own network that are open, and who knows where hosts are."""

    client: httpx.Client
    open_hosts: frozenset[str]
    resolve: Resolve

    def send(self, address: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status that an address answers with; what else it says is of no interest.

        Raises
        ------
        httpx.HTTPError, OSError, NotOpen
            When it does not answer, is not found, or is none that anything may be sent to.
        """
        to = destination(address, self.open_hosts, self.resolve)
        all_headers = {**headers, **to.headers}
        told = {"sni_hostname": to.host}  # whose certificate is asked for and checked
        with self.client.stream("POST", to.url, content=body, headers=all_headers, extensions=told) as response:
            return response.status_code


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of ``timestamp.body``, hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(secret: str, timestamp: str, body: bytes, signature: str, now: float, tolerance: float = 300.0) -> bool:
    """Whether a request is ours and not an old one sent again: what a receiver checks.

    Parameters
    ----------
    timestamp, signature
        Headers ``Mixplan-Timestamp`` (seconds since 1970) and ``Mixplan-Signature`` (after ``v1=``).
    now, tolerance
        The receiver's clock, seconds since 1970, and how far the two may be apart.
    """
    is_ours = hmac.compare_digest(signature_of(secret, timestamp, body).encode(), signature.encode())
    return is_ours and timestamp.isdigit() and abs(now - int(timestamp)) <= tolerance


def deliver_due(home: Home, now: datetime, resolve: Resolve = resolved) -> int:
    """Send what is due to the webhooks of all tenants; how many events arrived.

    Workers may do this at the same time: each has an address for itself while it sends there.
    """
    due = select(WebhookRow.id).where(WebhookRow.next_try_at <= naive_utc(now))
    with home.store.reading() as session:
        identities = list(session.scalars(due.order_by(WebhookRow.next_try_at)))
    if not identities:
        return 0
    ends_at, arrived = time.monotonic() + ROUND_SECONDS, 0
    with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        post = Post(client, home.settings.webhook_hosts, resolve)
        for identity in identities:
            if time.monotonic() < ends_at:
                arrived += _deliver(home.store, post, identity, now, ends_at)
    return arrived


def _deliver(store: Store, post: Post, identity: str, now: datetime, ends_at: float) -> int:
    with store.writing(f"webhook {identity}") as session:
        row = session.get(WebhookRow, identity)
        if row is None or row.next_try_at > naive_utc(now):
            return 0
        events = list(session.scalars(_waiting(row, now)))
        if not events:
            return 0
        address, secret = row.address, row.secret
        row.next_try_at = naive_utc(now + LEASE)
    arrived, has_failed = 0, False
    for event in events:
        if time.monotonic() >= ends_at:
            break
        has_failed = not _send(post, address, secret, event, now)
        if has_failed:
            break
        arrived += 1
    with store.writing(f"webhook {identity}") as session:
        row = session.get(WebhookRow, identity)
        if row is not None:
            row.sent = events[arrived - 1].number if arrived else row.sent
            row.failures = (0 if arrived else row.failures) + has_failed
            row.next_try_at = naive_utc(now + (_wait(row.failures) if has_failed else timedelta(0)))
    return arrived


def _waiting(row: WebhookRow, now: datetime) -> Select[EventRow]:
    mine = select(EventRow).where(EventRow.tenant == row.tenant, EventRow.number > row.sent)
    return mine.where(EventRow.created_at <= naive_utc(now - SETTLED)).order_by(EventRow.number).limit(MOST_AT_ONCE)


def _send(post: Post, address: str, secret: str, event: EventRow, now: datetime) -> bool:
    """Send one event; whether it arrived. Redirects are not followed: they count as a failure."""
    body = json.dumps(
        {
            "number": event.number,
            "kind": event.kind,
            "tenant": event.tenant,
            "market": event.market,
            "subject": event.subject,
            "actor": event.actor,
            "document": event.document,
            "created_at": as_utc(event.created_at).isoformat().replace("+00:00", "Z"),
        },
        ensure_ascii=False,
    ).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "mixplan",
        "Mixplan-Event": str(event.number),
        "Mixplan-Timestamp": timestamp,
        "Mixplan-Signature": f"v1={signature_of(secret, timestamp, body)}",
    }
    try:
        status = post.send(address, body, headers)
        if 200 <= status < 300:
            return True
        reason = f"status {status}"
    except (httpx.HTTPError, OSError, NotOpen) as error:
        reason = type(error).__name__
    _log.warning("event %d did not arrive at a webhook of %s (%s)", event.number, event.tenant, reason)
    return False


def _wait(failures: int) -> timedelta:
    doubled: int = 1 << min(failures - 1, 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)
