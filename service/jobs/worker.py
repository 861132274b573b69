"""A worker: takes jobs from the durable queue, has children compute them, and ends them.

It may be killed at any time: a job that it had begun is begun again, by itself when it is started again under its
name, by another worker of the same machine within seconds, or by ``mixplan worker recover`` where the machine is gone.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from service.home import Home
from service.jobs.carrying import Carrier
from service.jobs.children import Children
from service.jobs.ledger import MOST_ATTEMPTS
from service.jobs.names import names_without_process, take_name
from service.jobs.patience import GivenUp, patiently_unless
from service.jobs.points import pass_point
from service.jobs.queue import (
    APPLICATION,
    APPLICATION_VERSION,
    BATCH_QUEUE,
    CARRY,
    SCHEMA,
    WORK_QUEUE,
    prepare,
    queue_engine,
)
from service.jobs.reconciliation import Reconciliation
from service.jobs.schedules import ask_due
from service.tables import WorkerRow
from service.times import naive_utc, now
from service.webhook_delivery import deliver_due

HOUSEKEEPING_SECONDS = 5.0
"""How often a worker says that it is there, and looks for jobs of workers that are not."""

_log = logging.getLogger("mixplan.worker")


@dataclass(frozen=True, slots=True)
class WorkerChoices:
    """How a worker works.

    Attributes
    ----------
    name
        Its name, never shared; the first free one of this machine's unless given.
    slots
        Jobs at a time.
    tenant_slots
        Jobs of one tenant at a time, over all workers.
    """

    name: str | None = None
    slots: int = 1
    tenant_slots: int = 4


class Worker:
    """One worker process.

    Raises
    ------
    NotAllowed
        When a worker of that name runs already.
    """

    def __init__(self, home: Home, choices: WorkerChoices) -> None:
        self.home = home
        self.choices = choices
        self._locks = home.settings.home / "workers"
        self.name, self._lock = take_name(self._locks, choices.name)
        self._children = Children(home.settings)
        self._stopping = threading.Event()
        self._carrier = Carrier(home, self.name, self._children, self._stopping)
        self._reconciliation = Reconciliation(home, self.name, lambda: frozenset(self._carrier.in_hand))
        self._kept_house_at = -HOUSEKEEPING_SECONDS

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Work until asked to stop, or until `until` says so."""
        try:
            self._launch()
            while not self._stopping.wait(HOUSEKEEPING_SECONDS if until is None else 0.2):
                self._keep_house()
                if until is not None and self._patiently(until):
                    return
        except GivenUp:
            _log.warning("the database does not answer, and the worker was asked to stop: it ends")
        finally:
            self._shut_down()

    def stop(self) -> None:
        """Ask `run` to end; safe in a signal handler."""
        self._stopping.set()

    def _launch(self) -> None:
        from dbos import DBOS, DBOSPortableJSONSerializer

        self._patiently(prepare, self.home.store)
        DBOS(
            config={
                "name": APPLICATION,
                "application_version": APPLICATION_VERSION,
                "executor_id": self.name,
                "system_database_engine": queue_engine(self.home.store),
                "dbos_system_schema": SCHEMA,
                "serializer": DBOSPortableJSONSerializer(),
                "run_migrations": False,  # `prepare` has done that, on a connection that leaves transactions to it
                "log_level": "WARNING",
            }
        )
        carry = _named(self._carrier.carry)
        DBOS.workflow(name=CARRY, max_recovery_attempts=10 * MOST_ATTEMPTS)(carry)
        DBOS.launch()
        DBOS.register_queue(
            WORK_QUEUE,
            worker_concurrency=self.choices.slots,
            partition_concurrency=self.choices.tenant_slots,
            polling_interval_sec=0.25,
            on_conflict="always_update",
        )
        DBOS.register_queue(BATCH_QUEUE, polling_interval_sec=1.0, on_conflict="always_update")
        self._keep_house()

    def _keep_house(self) -> None:
        """Now and then: say that the worker is there, and take over from those that are not."""
        moment = time.monotonic()
        if moment - self._kept_house_at < HOUSEKEEPING_SECONDS:
            return
        self._kept_house_at = moment
        self._patiently(self._say_hello)
        self._patiently(ask_due, self.home, now())
        self._patiently(deliver_due, self.home, now())
        for name in names_without_process(self._locks):
            for job in self._patiently(self.home.queue.resume, [name]):
                _log.warning("job %s was begun by %s, which is gone: it goes back to the queue", job, name)
                pass_point("worker.recovered")
        for job in self._patiently(self._reconciliation.look):
            _log.warning("job %s was open and nobody was at it: it goes back to the queue", job)

    def _patiently[**P, T](self, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        return patiently_unless(self._stopping, call, *arguments, **named)

    def _say_hello(self) -> None:
        moment, process, host = naive_utc(now()), os.getpid(), socket.gethostname()
        with self.home.store.writing(f"worker {self.name}") as session:
            row = session.get(WorkerRow, self.name)
            if row is None or row.process != process:
                started = WorkerRow(name=self.name, host=host, process=process, started_at=moment, seen_at=moment)
                session.merge(started)
            else:
                row.seen_at = moment

    def _shut_down(self) -> None:
        """End the children; what they were at is begun again by whoever takes the job next."""
        from dbos import DBOS

        self._stopping.set()
        self._children.kill_all()
        DBOS.destroy()  # first, lest this worker takes again what it puts back
        with contextlib.suppress(DBAPIError):
            self.home.queue.resume([self.name])
        self._lock.close()


def _named(carry: Callable[[str], None]) -> Callable[[str], None]:
    """A plain function: the queue looks at what a function is called, which a bound method cannot be told."""

    def carry_job(identity: str) -> None:
        carry(identity)

    return carry_job
