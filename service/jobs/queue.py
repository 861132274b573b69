"""The durable queue: the one place from which jobs are handed to DBOS.

A job's row and its place in the queue are written in one transaction, so that neither is ever there alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from service.engines import sqlite_engine
from service.store import Store

if TYPE_CHECKING:
    from dbos import DBOSClient, EnqueueOptions

APPLICATION = "mixplan"
APPLICATION_VERSION = "1"
"""Version of the workflows; raised when a job that is under way could not be carried on by the new code."""

WORK_QUEUE = "work"
"""Jobs that compute: limited by worker and by tenant."""

BATCH_QUEUE = "batches"
"""Jobs that wait for other jobs: they take no place from those that compute."""

CARRY = "carry_job"
"""Name of the workflow that carries a job from its beginning to its end."""

SCHEMA = "dbos"
"""PostgreSQL's schema of the queue's own tables."""


BEGUN = ("PENDING",)
"""States of a place in the queue whose job a worker has begun."""

WAITING = ("ENQUEUED", "DELAYED")
"""States of a place in the queue whose job waits for a worker."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job is in the queue, and the worker that began it."""

    status: str
    worker: str


class JobQueue:
    """Hands jobs to workers; opened on first use, because most commands never queue anything."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, session: Session, identity: str, kind: str, tenant: str) -> None:
        """Queue a job in the transaction that writes its row."""
        options: EnqueueOptions = {
            "queue_name": BATCH_QUEUE if kind == "batch" else WORK_QUEUE,
            "workflow_name": CARRY,
            "workflow_id": identity,
            "app_version": APPLICATION_VERSION,
        }
        if kind != "batch":
            options["queue_partition_key"] = tenant
        self._client.enqueue_in_transaction(session, options, identity)

    def unfinished(self) -> dict[str, tuple[str, str]]:
        """Jobs that a worker has begun and not ended: their queue and the name of the worker."""
        found = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {one.workflow_id: (one.queue_name or WORK_QUEUE, one.executor_id or "") for one in found}

    def places(self, jobs: Sequence[str]) -> dict[str, Place]:
        """Where jobs are in the queue; one that the queue does not know is left out."""
        if not jobs:
            return {}
        found = self._client.list_workflows(workflow_ids=list(jobs), load_input=False, load_output=False)
        return {one.workflow_id: Place(one.status, one.executor_id or "") for one in found}

    def forget(self, job: str) -> None:
        """Take a job and what it has done so far out of the queue."""
        self._client.delete_workflow(job)

    def resume(self, workers: Sequence[str]) -> tuple[str, ...]:
        """Give the unfinished jobs of workers that are gone back to the queue; their ids.

        Only for workers that are gone for certain: a job of one that still works would be done twice at a time.
        """
        lost = {job: queue for job, (queue, worker) in self.unfinished().items() if worker in workers}
        for queue in set(lost.values()):
            self._client.resume_workflows([job for job, of in lost.items() if of == queue], queue_name=queue)
        return tuple(lost)

    def open(self) -> None:
        """Create the queue's tables where they are missing."""
        _ = self._client

    @property
    def is_prepared(self) -> bool:
        """Whether the queue's own tables are there."""
        return _is_prepared(self._store)

    def close(self) -> None:
        """Give back what was opened."""
        if "_client" in self.__dict__:
            self._client.destroy()
            self._engine.dispose()

    @cached_property
    def _engine(self) -> Engine:
        return queue_engine(self._store)

    @cached_property
    def _client(self) -> "DBOSClient":
        from dbos import DBOSClient, DBOSPortableJSONSerializer

        if not _is_prepared(self._store):
            prepare(self._store)
        return DBOSClient(
            system_database_engine=self._engine,
            dbos_system_schema=None if self._store.is_sqlite else SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
        )


def queue_engine(store: Store) -> Engine:
    """An engine for the queue on the store's database; on SQLite one whose transactions all may write."""
    if not store.is_sqlite:
        return store.engine.execution_options()
    return sqlite_engine(store.file, begin="BEGIN IMMEDIATE")


def prepare(store: Store) -> None:
    """Create the queue's own tables, or bring them up to date."""
    from dbos import DBOS

    url = store.engine.url.set(drivername="sqlite" if store.is_sqlite else "postgresql")
    DBOS.migrate(url.render_as_string(hide_password=False))


def _is_prepared(store: Store) -> bool:
    return inspect(store.engine).has_table("workflow_status", schema=None if store.is_sqlite else SCHEMA)
