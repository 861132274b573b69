"""What becomes of one job: begun, computed by a child, concluded. The workflow that the queue makes durable."""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from mmm.sentence import Number, Sentence, Word, sentence
from service.errors import NotAllowed, NotKnown, ServiceError
from service.home import Home
from service.jobs.children import Cancelled, ChildDied, Children
from service.jobs.conclusion import conclude
from service.jobs.ledger import MOST_ATTEMPTS
from service.jobs.patience import GivenUp, patiently_unless
from service.jobs.points import pass_point
from service.jobs.records import Job, JobProgress
from service.jobs.troubles import failure
from service.tables import JobRow
from service.times import now

DEATHS_OF_A_JOB = 3
"""Children that a job may take down before it fails."""

BATCH_PATIENCE = 0.5
"""Seconds between two looks at the jobs of a batch."""

_log = logging.getLogger("mixplan.worker")

type Answer = dict[str, Any]
"""``status`` succeeded, failed or cancelled; then ``result`` or ``problem``."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries the jobs of one worker; `in_hand` are those that it is at."""

    home: Home
    worker: str
    children: Children
    is_stopping: Event
    in_hand: set[str] = field(default_factory=set)

    def carry(self, identity: str) -> None:
        """Carry a job from its beginning to its end; each step is done at least once and has its effect once."""
        self.in_hand.add(identity)
        try:
            self._carry(identity)
        finally:
            self.in_hand.discard(identity)

    def _carry(self, identity: str) -> None:
        from dbos import DBOS

        home = self._home_of(identity)
        if home is None:
            return
        answer = DBOS.run_step({"name": "work"}, self._work, home, identity)
        pass_point("work.answered")
        DBOS.run_step({"name": "conclude"}, self._conclude, home, identity, answer)
        pass_point("job.ended")

    def _work(self, home: Home, identity: str) -> Answer:
        job = self._patiently(home.jobs.begin, identity, self.worker, now())
        pass_point("job.begun")
        if job.is_ended or self._patiently(home.jobs.is_cancel_asked, identity):
            return {"status": "cancelled"}
        if job.attempts > MOST_ATTEMPTS:
            return _failed(sentence("{attempts} workers were lost with it.", attempts=Number(amount=MOST_ATTEMPTS)))
        return self._await_batch(home, job) if job.kind == "batch" else self._compute(home, job)

    def _compute(self, home: Home, job: Job) -> Answer:
        request = {**job.request, "tenant": home.settings.tenant, "kind": job.kind, "job": job.id}
        reason = ""
        for _ in range(DEATHS_OF_A_JOB):
            try:
                with self.children.child() as child:
                    return child.ask(request, _reporter(home, job.id), _asker(home, job.id))
            except Cancelled:
                return {"status": "cancelled"}
            except ChildDied as died:
                if self.is_stopping.is_set():
                    raise GivenUp from died  # the job is begun again by whoever takes it next
                reason = str(died)
                _log.warning("job %s lost its process (%s)", job.id, reason)
        said = sentence(
            "Its process ended without an answer {times} times ({reason}): is there enough memory?",
            times=Number(amount=DEATHS_OF_A_JOB),
            reason=Word(text=reason),
        )
        return _failed(said)

    def _await_batch(self, home: Home, job: Job) -> Answer:
        """Ask for the refits of a batch and wait until all have ended."""
        markets: list[str] = job.request["markets"]
        refused = [error for market in markets if (error := self._ask_refit(home, job, market)) is not None]
        pass_point("batch.spread")
        while True:
            counts = self._patiently(home.jobs.counts, job.id)
            done = sum(counts.get(status, 0) for status in ("succeeded", "failed", "cancelled"))
            if self._patiently(home.jobs.is_cancel_asked, job.id):
                self._patiently(home.jobs.cancel_children, job.id, now())
                return {"status": "cancelled"}
            if done >= len(markets) - len(refused):
                told = [said.model_dump(mode="json") for said in refused]
                return {"status": "succeeded", "result": {"jobs": dict(counts), "refused": told}}
            _reporter(home, job.id)(JobProgress("refits", done, len(markets) - len(refused)))
            if self.is_stopping.wait(BATCH_PATIENCE):
                raise GivenUp

    def _ask_refit(self, home: Home, batch: Job, market: str) -> Sentence | None:
        """Ask for the refit of a market of a batch; why not, where it cannot be."""
        try:
            request = {"dataset": self._patiently(home.datasets.market, market).dataset}
            self._patiently(
                home.jobs.ask,
                "refit",
                market,
                request,
                batch.actor,
                now(),
                identity=f"{batch.id}-{market}",
                parent=batch.id,
            )
        except (NotAllowed, NotKnown) as error:
            return error.said
        return None

    def _conclude(self, home: Home, identity: str, answer: Answer) -> None:
        try:
            self._patiently(conclude, home, identity, answer, now())
        except ServiceError as error:
            self._patiently(conclude, home, identity, _failed(error.said), now())

    def _patiently[**P, T](self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        return patiently_unless(self.is_stopping, call, *arguments, **named)

    def _home_of(self, identity: str) -> Home | None:
        """The home as the job's tenant sees it; None for a job that is gone, as after a restore."""

        def tenant() -> str | None:
            with self.home.store.reading() as session:
                return session.scalar(select(JobRow.tenant).where(JobRow.id == identity))

        found = self._patiently(tenant)
        return None if found is None else self.home.of(found)


def _failed(said: Sentence) -> Answer:
    return {"status": "failed", "problem": failure(said)}


def _reporter(home: Home, identity: str) -> Callable[[JobProgress], None]:
    """A listener that writes progress down, and leaves it where the database does not answer."""

    def report(progress: JobProgress) -> None:
        with contextlib.suppress(DBAPIError):
            home.jobs.report(identity, progress)

    return report


def _asker(home: Home, identity: str) -> Callable[[], bool]:
    def is_cancelled() -> bool:
        try:
            return home.jobs.is_cancel_asked(identity)
        except DBAPIError:
            return False

    return is_cancelled
