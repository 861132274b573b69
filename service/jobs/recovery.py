"""Workers of a machine that is gone: their jobs go back to the queue, by one command."""

from datetime import datetime, timedelta

from sqlalchemy import select

from mmm.sentence import Number, Word, sentence
from service.errors import NotAllowed, not_known
from service.home import Home
from service.tables import WorkerRow
from service.times import as_utc

SILENT_SECONDS = 60
"""A worker that was heard of more recently may be alive; its jobs would be done twice at a time."""


def recover_workers(
    home: Home, names: tuple[str, ...], host: str | None, now: datetime, *, is_forced: bool = False
) -> tuple[str, ...]:
    """Give the jobs of these workers, and of every worker of `host`, back to the queue; the ids of the jobs.

    Raises
    ------
    NotKnown
        When no worker of that name, or of that host, was ever seen.
    NotAllowed
        When one was heard of within the last minute, unless forced.
    """
    with home.store.reading() as session:
        seen = {row.name: row for row in session.scalars(select(WorkerRow))}
    chosen = [*names, *(name for name, row in seen.items() if row.host == host)]
    if host is not None and len(chosen) == len(names):
        raise not_known("host", host, {row.host for row in seen.values()})
    for name in chosen:
        if name not in seen:
            raise not_known("worker", name, seen)
        silence = now - as_utc(seen[name].seen_at)
        if silence < timedelta(seconds=SILENT_SECONDS) and not is_forced:
            raise NotAllowed(
                sentence(
                    "Worker {name} was heard of {seconds} seconds ago, and two workers must not be at one job. If it "
                    "is gone for certain, repeat this with --force.",
                    name=Word(text=name),
                    seconds=Number(amount=max(0.0, silence.total_seconds())),
                )
            )
    return home.queue.resume(chosen)
