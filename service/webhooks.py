"""Addresses that a tenant's events are sent to (`service.webhook_delivery`)."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mmm.errors import Fault, FileRefused
from mmm.sentence import Number, Sentence, sentence
from service.errors import NotAllowed, not_known
from service.events import Events
from service.paging import NamedPage, page_by_age
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import EventRow, WebhookRow
from service.times import as_utc, naive_utc
from service.webhook_addresses import LONGEST_ADDRESS, is_fit, is_public

MOST_WEBHOOKS = 50
"""Webhooks of a tenant."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that a tenant's events are sent to.

    Attributes
    ----------
    sent
        Number of the last event that arrived there.
    failures
        Tries since then that did not arrive.
    waiting
        Events that are still to be sent there.
    """

    id: str
    tenant: str
    address: str
    sent: int
    failures: int
    waiting: int
    next_try_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The webhooks of one tenant."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def add(self, address: str, now: datetime) -> tuple[Webhook, str]:
        """Send events to an address from now on, as whoever runs the service says.

        The webhook, and the secret that what is sent is signed with.

        Raises
        ------
        FileRefused
            When the address is neither https nor on this machine.
        NotAllowed
            When the tenant has as many as it may have.
        """
        if not is_fit(address):
            raise _refused(address, sentence("an https address, or http on this machine, without a password in it"))
        return self._add(address, now, None)

    def add_public(
        self, address: str, now: datetime, open_hosts: Collection[str], identity: str | None = None
    ) -> tuple[Webhook, str]:
        """Send events to an address from now on, as whoever administers the tenant says.

        Parameters
        ----------
        open_hosts
            Hosts that are allowed though they are of our own machine or network.
        identity
            Id of the webhook: the same id again is the webhook that is there. A new one unless given.

        Raises
        ------
        FileRefused
            When the address is not https on the public network, nor on one of those hosts.
        NotAllowed
            When the tenant has as many as it may have.
        """
        if not is_public(address, open_hosts):
            said = sentence("an https address of the public network without a password in it, or an open host")
            raise _refused(address, said)
        return self._add(address, now, identity)

    def _add(self, address: str, now: datetime, identity: str | None) -> tuple[Webhook, str]:
        chosen = identity or secrets.token_hex(8)
        with self.store.writing(f"webhooks of {self.tenant}") as session:
            known = session.get(WebhookRow, chosen)
            if known is not None and known.tenant == self.tenant:
                return _webhook(session, known), known.secret
            if len(session.scalars(self._mine.with_only_columns(WebhookRow.id)).all()) >= MOST_WEBHOOKS:
                most = Number(amount=MOST_WEBHOOKS)
                raise NotAllowed(sentence("There are {most} webhooks; remove one that nobody listens to.", most=most))
            row = WebhookRow(
                id=chosen,
                tenant=self.tenant,
                address=address,
                secret=secrets.token_urlsafe(32),
                sent=session.scalar(select(func.max(EventRow.number))) or 0,
                failures=0,
                next_try_at=naive_utc(now),
                created_at=naive_utc(now),
            )
            session.add(row)
            return _webhook(session, row), row.secret

    def all(self) -> tuple[Webhook, ...]:
        """The webhooks of the tenant, the oldest first."""
        with self.store.reading() as session:
            ordered = self._mine.order_by(WebhookRow.created_at, WebhookRow.id)
            return tuple(_webhook(session, row) for row in session.scalars(ordered))

    def page(self, limit: int, cursor: str | None = None) -> NamedPage[Webhook]:
        """Webhooks, the oldest first, at most `limit` of those behind `cursor`."""
        with self.store.reading() as session:
            return page_by_age(session, self._mine, WebhookRow, partial(_webhook, session), limit, cursor)

    def webhook(self, identity: str) -> Webhook:
        """A webhook.

        Raises
        ------
        NotKnown
            When the tenant has none of that id.
        """
        with self.store.reading() as session:
            return _webhook(session, self._row(session, identity))

    def test(self, identity: str, actor: str, now: datetime) -> Webhook:
        """Record an event that says nothing but that someone wants to see one arrive, and try the address at once.

        Raises
        ------
        NotKnown
            When the tenant has no webhook of that id.
        """
        with self.store.writing(f"webhook {identity}") as session:
            row = self._row(session, identity)
            Events(self.store, self.tenant).record(session, "webhook.tested", actor, now, subject=identity)
            session.flush()
            row.next_try_at = min(row.next_try_at, naive_utc(now))
            return _webhook(session, row)

    def remove(self, identity: str) -> Webhook:
        """Send nothing more to an address.

        Raises
        ------
        NotKnown
            When the tenant has no webhook of that id.
        """
        with self.store.writing(f"webhooks of {self.tenant}") as session:
            row = self._row(session, identity)
            session.delete(row)
            return _webhook(session, row)

    @property
    def _mine(self) -> Select[WebhookRow]:
        return select(WebhookRow).where(WebhookRow.tenant == self.tenant)

    def _row(self, session: Session, identity: str) -> WebhookRow:
        row = session.get(WebhookRow, identity)
        if row is None or row.tenant != self.tenant:
            raise not_known("webhook", identity)
        return row


def _refused(address: str, expected: Sentence) -> FileRefused:
    return FileRefused([Fault(sentence("request"), "address", repr(address[:LONGEST_ADDRESS]), expected)])


def _webhook(session: Session, row: WebhookRow) -> Webhook:
    mine = select(func.count()).where(EventRow.tenant == row.tenant, EventRow.number > row.sent)
    return Webhook(
        id=row.id,
        tenant=row.tenant,
        address=row.address,
        sent=row.sent,
        failures=row.failures,
        waiting=session.scalar(mine) or 0,
        next_try_at=as_utc(row.next_try_at),
        created_at=as_utc(row.created_at),
    )
