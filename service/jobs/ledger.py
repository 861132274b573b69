"""The jobs of a tenant: asked for, begun, reported on, ended, cancelled.

Each change is one transaction, and a job that has ended never changes again: whoever comes late finds that out.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mmm.sentence import Word, sentence
from service.errors import NotAllowed, not_known
from service.jobs.points import pass_point
from service.jobs.queue import JobQueue
from service.jobs.records import ENDED, Job, JobKind, JobProgress, JobStatus
from service.paging import Page, page_of
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import JobRow
from service.times import as_utc, naive_utc

MOST_ATTEMPTS = 20
"""Workers that a job may be begun by before it counts as one that takes its worker down with it."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of one tenant."""

    store: Store
    queue: JobQueue
    tenant: str = DEFAULT_TENANT

    def ask(
        self,
        kind: JobKind,
        market: str | None,
        request: Mapping[str, Any],
        actor: str,
        now: datetime,
        *,
        identity: str | None = None,
        parent: str | None = None,
    ) -> Job:
        """Queue a job; it is durable when this returns.

        Parameters
        ----------
        kind, market, request
            What to do: JSON, never more than a few kilobytes.
        actor
            Who asked.
        identity
            Id of the job: the same id again is the job that is there. A new one unless given.
        parent
            The batch that it belongs to.

        Raises
        ------
        NotAllowed
            When a refit of the market is queued or runs already.
        """
        chosen = identity or secrets.token_hex(8)
        self.queue.open()
        try:
            with self.store.writing(f"jobs of {self.tenant}") as session:
                known = self._row(session, chosen)
                if known is not None:
                    return _job(known)
                row = JobRow(
                    id=chosen,
                    tenant=self.tenant,
                    kind=kind,
                    market=market,
                    parent=parent,
                    status="queued",
                    is_cancel_asked=False,
                    attempts=0,
                    request=dict(request),
                    actor=actor,
                    created_at=naive_utc(now),
                )
                session.add(row)
                session.flush()
                self.queue.put(session, chosen, kind, self.tenant)
                asked = _job(row)
        except IntegrityError as error:
            raise self._busy(market) from error
        pass_point("job.enqueued")
        return asked

    def job(self, identity: str) -> Job:
        """A job.

        Raises
        ------
        NotKnown
            When there is none of that id.
        """
        with self.store.reading() as session:
            return _job(self._known_row(session, identity))

    def page(
        self, limit: int, cursor: int | None = None, market: str | None = None, parent: str | None = None
    ) -> Page[Job]:
        """Jobs, the newest first, at most `limit` of those before `cursor`."""
        query = select(JobRow).where(JobRow.tenant == self.tenant)
        if market is not None:
            query = query.where(JobRow.market == market)
        if parent is not None:
            query = query.where(JobRow.parent == parent)
        with self.store.reading() as session:
            return page_of(session, query, JobRow.number, _job, limit, cursor)

    def counts(self, parent: str) -> dict[JobStatus, int]:
        """How many jobs of a batch are in each state."""
        query = (
            select(JobRow.status, func.count())
            .where(JobRow.tenant == self.tenant, JobRow.parent == parent)
            .group_by(JobRow.status)
        )
        with self.store.reading() as session:
            return {cast(JobStatus, status): count for status, count in session.execute(query)}

    def is_cancel_asked(self, identity: str) -> bool:
        """Whether someone wants the job to stop, or it has ended."""
        with self.store.reading() as session:
            row = self._known_row(session, identity)
            return row.is_cancel_asked or row.status in ENDED

    def cancel(self, identity: str, now: datetime) -> Job:
        """Ask a job to stop: one that waits ends at once, one that runs within a second or two.

        Raises
        ------
        NotKnown
            When there is none of that id.
        """
        with self.store.writing(f"job {identity}") as session:
            row = self._known_row(session, identity)
            if row.status not in ENDED:
                row.is_cancel_asked = True
                if row.status == "queued":
                    row.status, row.ended_at = "cancelled", naive_utc(now)
            return _job(row)

    def cancel_children(self, parent: str, now: datetime) -> None:
        """Ask every job of a batch to stop."""
        query = select(JobRow.id).where(JobRow.tenant == self.tenant, JobRow.parent == parent)
        with self.store.reading() as session:
            children = list(session.scalars(query.where(JobRow.status.not_in(ENDED))))
        for child in children:
            self.cancel(child, now)

    def begin(self, identity: str, worker: str, now: datetime) -> Job:
        """Mark a job as begun by a worker; one that has ended stays as it is."""
        with self.store.writing(f"job {identity}") as session:
            row = self._known_row(session, identity)
            if row.status not in ENDED:
                row.status, row.worker, row.attempts = "running", worker, row.attempts + 1
                row.started_at = row.started_at or naive_utc(now)
            return _job(row)

    def report(self, identity: str, progress: JobProgress) -> None:
        """Say how far a job is."""
        with self.store.writing(f"job {identity}") as session:
            row = self._known_row(session, identity)
            if row.status == "running":
                row.progress = asdict(progress)

    def open_row(self, session: Session, identity: str) -> JobRow | None:
        """The row of a job that has not ended, to be ended in this transaction; None for one that has."""
        row = self._known_row(session, identity)
        return None if row.status in ENDED else row

    def _row(self, session: Session, identity: str) -> JobRow | None:
        return session.scalars(select(JobRow).where(JobRow.tenant == self.tenant, JobRow.id == identity)).first()

    def _known_row(self, session: Session, identity: str) -> JobRow:
        row = self._row(session, identity)
        if row is None:
            raise not_known("job", identity)
        return row

    def _busy(self, market: str | None) -> NotAllowed:
        with self.store.reading() as session:
            open_job = session.scalars(
                select(JobRow.id).where(
                    JobRow.tenant == self.tenant, JobRow.market == market, JobRow.status.in_(("queued", "running"))
                )
            ).first()
        return NotAllowed(
            sentence(
                "{market} is being refitted already: job {job}. Wait for it, or cancel it.",
                market=Word(text=market or ""),
                job=Word(text=open_job or "?"),
            )
        )


def end(
    row: JobRow,
    status: JobStatus,
    now: datetime,
    *,
    result: dict[str, Any] | None = None,
    problem: dict[str, Any] | None = None,
) -> None:
    """End a job in the transaction of its row."""
    row.status, row.ended_at, row.result, row.problem, row.progress = status, naive_utc(now), result, problem, None


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        kind=cast(JobKind, row.kind),
        market=row.market,
        parent=row.parent,
        status=cast(JobStatus, row.status),
        request=row.request,
        progress=None if row.progress is None else JobProgress(**row.progress),
        result=row.result,
        problem=row.problem,
        attempts=row.attempts,
        actor=row.actor,
        worker=row.worker,
        created_at=as_utc(row.created_at),
        started_at=None if row.started_at is None else as_utc(row.started_at),
        ended_at=None if row.ended_at is None else as_utc(row.ended_at),
    )
