"""Events sent to the addresses that a tenant has named: signed, in order, again until they arrive.

An address gets every event of its tenant from its first day on, each at least once: a receiver tells repeated ones by
their number. What is sent is ``timestamp.body`` signed with HMAC-SHA256; `is_signed` is what a receiver checks.
"""

import hashlib
import hmac
import ipaddress
import json
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Select, func, select

from mmm.errors import Fault, FileRefused
from mmm.sentence import sentence
from service.errors import not_known
from service.home import Home
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import EventRow, WebhookRow
from service.times import as_utc, naive_utc

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
class Webhook:
    """An address that a tenant's events are sent to.

    Attributes
    ----------
    sent
        Number of the last event that arrived there.
    failures
        Tries since then that did not arrive.
    """

    id: str
    tenant: str
    address: str
    sent: int
    failures: int
    next_try_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The webhooks of one tenant."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def add(self, address: str, now: datetime) -> tuple[Webhook, str]:
        """Send events to an address from now on; the webhook, and the secret that what is sent is signed with.

        Raises
        ------
        FileRefused
            When the address is neither https nor on this machine.
        """
        if not _is_fit(address):
            expected = sentence("an https address, or http on this machine, without a password in it")
            raise FileRefused([Fault(sentence("request"), "address", repr(address), expected)])
        secret = secrets.token_urlsafe(32)
        with self.store.writing(f"webhooks of {self.tenant}") as session:
            last = session.scalar(select(func.max(EventRow.number))) or 0
            row = WebhookRow(
                id=secrets.token_hex(8),
                tenant=self.tenant,
                address=address,
                secret=secret,
                sent=last,
                failures=0,
                next_try_at=naive_utc(now),
                created_at=naive_utc(now),
            )
            session.add(row)
            return _webhook(row), secret

    def all(self) -> tuple[Webhook, ...]:
        """The webhooks of the tenant, the oldest first."""
        mine = select(WebhookRow).where(WebhookRow.tenant == self.tenant)
        with self.store.reading() as session:
            return tuple(_webhook(row) for row in session.scalars(mine.order_by(WebhookRow.created_at, WebhookRow.id)))

    def remove(self, identity: str) -> Webhook:
        """Send nothing more to an address.

        Raises
        ------
        NotKnown
            When the tenant has no webhook of that id.
        """
        with self.store.writing(f"webhooks of {self.tenant}") as session:
            row = session.get(WebhookRow, identity)
            if row is None or row.tenant != self.tenant:
                raise not_known("webhook", identity)
            session.delete(row)
            return _webhook(row)


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


def deliver_due(home: Home, now: datetime) -> int:
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
        for identity in identities:
            if time.monotonic() < ends_at:
                arrived += _deliver(home.store, client, identity, now, ends_at)
    return arrived


def _deliver(store: Store, client: httpx.Client, identity: str, now: datetime, ends_at: float) -> int:
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
        has_failed = not _send(client, address, secret, event, now)
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


def _send(client: httpx.Client, address: str, secret: str, event: EventRow, now: datetime) -> bool:
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
        with client.stream("POST", address, content=body, headers=headers) as response:  # its body is of no interest
            if response.is_success:
                return True
            reason = f"status {response.status_code}"
    except httpx.HTTPError as error:
        reason = type(error).__name__
    _log.warning("event %d did not arrive at a webhook of %s (%s)", event.number, event.tenant, reason)
    return False


def _wait(failures: int) -> timedelta:
    doubled: int = 1 << min(failures - 1, 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def _is_fit(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username or parts.password or len(address) > 500 or not address.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        tenant=row.tenant,
        address=row.address,
        sent=row.sent,
        failures=row.failures,
        next_try_at=as_utc(row.next_try_at),
        created_at=as_utc(row.created_at),
    )
