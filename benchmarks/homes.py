"""Homes of benchmarks on either database, and what must hold in them whatever was killed."""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from mmm.errors import ArtifactError
from service.home import Home, open_home
from service.jobs.records import ENDED
from service.settings import Settings
from service.tables import EventRow, JobRow, ModelRow

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from postgresql import Cluster, running_cluster


@dataclass(frozen=True, slots=True)
class Account:
    """What went wrong in a home: every count is to be zero.

    Attributes
    ----------
    lost
        Jobs that have not ended, whose event is missing, or that the queue still has.
    failed
        Jobs that ended, and not well.
    twice
        Models published twice by one job, and jobs with two events.
    dangling
        Markets with more than one champion, or whose champion's artifact does not load.
    halves
        Folders that are visible and not whole.
    """

    lost: int
    failed: int
    twice: int
    dangling: int
    halves: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.failed or self.twice or self.dangling or self.halves)


@contextmanager
def fresh_home(*, on_postgresql: bool, name: str = "mixplan") -> Iterator[tuple[Home, Cluster | None]]:
    """An empty home in a temporary folder, and the server of its database; both are gone with the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mixplan-bench-")))
        cluster = stack.enter_context(running_cluster()) if on_postgresql else None
        home = open_home(Settings(folder / "home", None if cluster is None else cluster.create(name)))
        stack.callback(home.close)
        yield home, cluster


def account(home: Home, market: str | None = None) -> Account:
    """What went wrong in a home, or with one market of it, once every job should have ended."""
    with home.store.reading() as session:
        jobs = list(session.scalars(select(JobRow)))
        models = list(session.scalars(select(ModelRow)))
        events = Counter(session.scalars(select(EventRow.subject).where(EventRow.kind.like("%.%"))))
    if market is not None:
        jobs = [job for job in jobs if job.market in (market, None)]
        models = [model for model in models if model.market == market]
    unfinished = home.queue.unfinished()
    open_jobs = {job.id for job in jobs if job.status not in ENDED or job.id in unfinished or not events[job.id]}
    told_twice = {job.id for job in jobs if events[job.id] > 1}
    published = Counter((model.tenant, model.market, tuple(sorted(model.digests.items()))) for model in models)
    return Account(
        lost=len(open_jobs),
        failed=sum(job.status == "failed" for job in jobs),
        twice=len(told_twice) + sum(count > 1 for count in published.values()),
        dangling=_dangling(home, models),
        halves=_halves(home),
    )


def settle(home: Home, seconds: float = 30.0) -> None:
    """Wait until the queue has put away what has ended: a job's row ends a moment before its place in the queue."""
    deadline = time.monotonic() + seconds
    while home.queue.unfinished() and time.monotonic() < deadline:
        time.sleep(0.1)


def _dangling(home: Home, models: list[ModelRow]) -> int:
    champions = Counter((model.tenant, model.market) for model in models if model.alias == "champion")
    broken = {market for market, count in champions.items() if count > 1}
    for model in models:
        for digest in model.digests.values():
            try:
                home.vault.artifact(digest)
            except ArtifactError:
                broken.add((model.tenant, model.market))
    return len(broken)


def _halves(home: Home) -> int:
    count = 0
    for folder in home.settings.artifacts.iterdir():
        if not folder.name.startswith("."):
            try:
                home.vault.artifact(folder.name)
            except ArtifactError:
                count += 1
    for folder in home.settings.datasets.iterdir():
        if not folder.name.startswith("."):
            try:
                home.vault.dataset(folder.name)
            except ArtifactError:
                count += 1
    return count
