"""What Prometheus asks: requests, how long they took, solving, jobs.

Several processes of one server count together through files in ``PROMETHEUS_MULTIPROC_DIR``, which ``mixplan serve``
sets; whichever process is asked answers for all. Jobs are counted in the database, over all tenants and without them.
"""

import os
from collections.abc import Iterable
from typing import Any, cast

from apiflask import APIBlueprint
from flask import Response, current_app
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from service.store import Store
from service.tables import JobRow

EXTENSION = "mixplan-metrics"
"""Key of the metrics among the extensions of the application."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the classes of seconds: reading takes milliseconds, solving up to some seconds."""

ANSWERS: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}

metrics = APIBlueprint("metrics", __name__, tag="Health")


class Metrics:
    """The counts of one application."""

    def __init__(self, store: Store) -> None:
        self._own = CollectorRegistry()
        self._requests = Counter("mixplan_requests", "Requests", ("method", "route", "status"), registry=self._own)
        self._seconds = Histogram(
            "mixplan_request_seconds", "Seconds of a request", ("route",), buckets=BUCKETS, registry=self._own
        )
        self._solves = Counter("mixplan_solves", "Turns to solve that were taken", registry=self._own)
        self._solving = Gauge("mixplan_solving", "Solving now", multiprocess_mode="livesum", registry=self._own)
        self._jobs = _Jobs(store)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` as it is declared, so that there are as many as addresses."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def solving(self, change: int) -> None:
        """Count a turn to solve that was taken (1) or given back (-1)."""
        self._solving.inc(change)
        if change > 0:
            self._solves.inc()

    def text(self) -> bytes:
        """Everything in Prometheus' format."""
        registry = self._own
        if FOLDER_VARIABLE in os.environ:
            registry = CollectorRegistry()
            cast(Any, MultiProcessCollector)(registry)  # without types
        jobs = CollectorRegistry()
        jobs.register(self._jobs)
        return bytes(generate_latest(registry) + generate_latest(jobs))


class _Jobs(Collector):
    """Jobs by kind and status, counted when they are asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The counts as of now."""
        query = select(JobRow.kind, JobRow.status, func.count()).group_by(JobRow.kind, JobRow.status)
        with self._store.reading() as session:
            rows = [(str(kind), str(status), int(count)) for kind, status, count in session.execute(query)]
        family = GaugeMetricFamily("mixplan_jobs", "Jobs", labels=("kind", "status"))
        for kind, status, count in rows:
            family.add_metric((kind, status), count)
        depth = sum(count for _, status, count in rows if status == "queued")
        return (family, GaugeMetricFamily("mixplan_queue_depth", "Jobs that wait", value=depth))


@metrics.get("/metrics")
@metrics.doc(responses=ANSWERS)
def get_metrics() -> Response:
    """Read what Prometheus collects: requests, seconds, solving, jobs.

    Processes of one server count together; jobs are counted in the database, over all tenants.
    """
    counts: Metrics = current_app.extensions[EXTENSION]
    return Response(counts.text(), content_type=CONTENT_TYPE)
