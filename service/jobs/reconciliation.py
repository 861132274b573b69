"""Jobs that are open in the ledger and that nothing carries: found, and given back to the queue.

The queue brings back what a lost worker was at. What it cannot bring back is a job whose place in it is gone, whose
workflow ended in an error or was given up, or that it believes in the hands of a worker that knows nothing of it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.home import Home
from service.jobs.queue import BEGUN, WAITING, Place
from service.tables import JobRow

OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Looks for such jobs, again and again: what was amiss at two looks is mended.

    One look is not enough, because ledger and queue are read one after the other.

    Attributes
    ----------
    worker
        Name of the worker that looks.
    in_hand
        The jobs that it carries.
    """

    home: Home
    worker: str
    in_hand: Callable[[], Collection[str]]
    _suspected: set[str] = field(default_factory=set)

    def look(self) -> tuple[str, ...]:
        """Give back to the queue what was amiss at the last look and is so still; the ids of the jobs."""
        with self.home.store.reading() as session:
            jobs = list(session.scalars(select(JobRow.id).where(JobRow.status.in_(OPEN))))
        places = self.home.queue.places(jobs)
        amiss = {job for job in jobs if self._is_amiss(job, places.get(job))}
        given_back = tuple(job for job in sorted(amiss & self._suspected) if self._give_back(job))
        self._suspected.clear()
        self._suspected.update(amiss.difference(given_back))
        return given_back

    def _is_amiss(self, job: str, place: Place | None) -> bool:
        if place is None:
            return True
        if place.status in BEGUN:
            return place.worker == self.worker and job not in self.in_hand()
        return place.status not in WAITING

    def _give_back(self, job: str) -> bool:
        """Whether a job that is still open and amiss waits in the queue again."""
        place = self.home.queue.places([job]).get(job)
        if not self._is_amiss(job, place):
            return False
        if place is not None:
            self.home.queue.forget(job)
        with self.home.store.writing(f"job {job}") as session:
            row = _open_row(session, job)
            if row is not None:
                self.home.queue.put(session, row.id, row.kind, row.tenant)
            return row is not None


def _open_row(session: Session, job: str) -> JobRow | None:
    return session.scalars(select(JobRow).where(JobRow.id == job, JobRow.status.in_(OPEN))).first()
