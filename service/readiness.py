"""Whether a home can be worked with, found out by trying."""

import tempfile
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from mmm.sentence import Sentence, Word, sentence
from service.home import Home
from service.layout import HEAD, layout_in
from service.tables import JobRow, WorkerRow
from service.times import as_utc


def hindrance(home: Home) -> Sentence | None:
    """What keeps a home from being worked with; None when nothing does."""
    try:
        home.store.ping()
        found = layout_in(home.store.engine)
        if found != HEAD:
            return sentence(
                "The database has layout {found}, and this program works with {known}.",
                found=Word(text=str(found)),
                known=Word(text=HEAD),
            )
        if _has_jobs(home) and not home.queue.is_prepared:
            return sentence("There are jobs, and the tables of their queue are missing.")
    except SQLAlchemyError as error:
        return sentence("The database does not answer: {reason}.", reason=Word(text=type(error).__name__))
    try:
        any(home.settings.artifacts.iterdir())
        with tempfile.TemporaryFile(dir=home.settings.artifacts):
            pass
    except OSError as error:
        return sentence(
            "The folder of the artifacts cannot be read and written: {reason}.",
            reason=Word(text=error.strerror or type(error).__name__),
        )
    return None


def worker_seen_at(home: Home) -> datetime | None:
    """When a worker last said that it is there; None when none ever did."""
    with home.store.reading() as session:
        seen = session.scalar(select(func.max(WorkerRow.seen_at)))
    return None if seen is None else as_utc(seen)


def _has_jobs(home: Home) -> bool:
    with home.store.reading() as session:
        return session.scalar(select(JobRow.number).limit(1)) is not None
