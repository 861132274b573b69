"""What happened, and who did it: written in the transaction of the change itself, never changed afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.paging import Page, page_of
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import EventRow
from service.times import as_utc, naive_utc


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    number
        Grows with time.
    kind
        What, such as ``refit.promoted`` or ``plan.approved``.
    subject
        Id of what it happened to: a job, a plan, a model version.
    """

    number: int
    kind: str
    market: str | None
    subject: str | None
    actor: str
    document: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one tenant."""

    store: Store
    tenant: str = DEFAULT_TENANT

    def record(
        self,
        session: Session,
        kind: str,
        actor: str,
        now: datetime,
        *,
        market: str | None = None,
        subject: str | None = None,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an event in the transaction of what it tells of."""
        session.add(
            EventRow(
                tenant=self.tenant,
                kind=kind,
                market=market,
                subject=subject,
                actor=actor,
                document=dict(document or {}),
                created_at=naive_utc(now),
            )
        )

    def page(
        self, limit: int, cursor: int | None = None, market: str | None = None, subject: str | None = None
    ) -> Page[Event]:
        """Events, the newest first, at most `limit` of those before `cursor`."""
        query = select(EventRow).where(EventRow.tenant == self.tenant)
        if market is not None:
            query = query.where(EventRow.market == market)
        if subject is not None:
            query = query.where(EventRow.subject == subject)
        with self.store.reading() as session:
            return page_of(session, query, EventRow.number, _event, limit, cursor)


def _event(row: EventRow) -> Event:
    return Event(row.number, row.kind, row.market, row.subject, row.actor, row.document, as_utc(row.created_at))
