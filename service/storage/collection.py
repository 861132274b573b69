"""Folders that nothing refers to any more, taken away.

What a model, a plan or a dataset refers to stays for ever. So does what is new: a job keeps its artifacts before the
models that they become, and whoever keeps a folder that is there already makes it new. Each folder is looked at and
taken away while nobody can keep it.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from service.home import Home
from service.storage.references import References, references
from service.tables import FileRow, JobRow
from service.times import as_utc, naive_utc
from service.vault import LOCK, alone_with

LEAST_AGE = timedelta(days=1)
"""What is younger is never collected: it may belong to a job or an upload that is under way."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was taken away, or would be."""

    folders: tuple[str, ...]
    bytes: int


def collect(home: Home, now: datetime, *, age: timedelta = LEAST_AGE, is_rehearsal: bool = False) -> Collected:
    """Take away folders of artifacts and datasets that nothing refers to.

    Parameters
    ----------
    now
        The time.
    age
        How long a folder must have been left alone; longer where a job has been open for longer.
    is_rehearsal
        Say what would be taken away, and leave it.
    """
    before = _oldest_allowed(home, now - age)
    taken = [
        *_of_folder(home, home.settings.artifacts, lambda needed: needed.artifacts, before, is_rehearsal=is_rehearsal),
        *_of_folder(home, home.settings.datasets, lambda needed: needed.datasets, before, is_rehearsal=is_rehearsal),
    ]
    if not home.store.is_sqlite:
        taken += _of_database(home, before, known={name for name, _ in taken}, is_rehearsal=is_rehearsal)
    return Collected(tuple(name for name, _ in taken), sum(size for _, size in taken))


def _oldest_allowed(home: Home, before: datetime) -> datetime:
    """The time before which a folder may go: never after an open job began."""
    with home.store.reading() as session:
        begun = session.scalar(
            select(func.min(func.coalesce(JobRow.started_at, JobRow.created_at))).where(
                JobRow.status.in_(("queued", "running"))
            )
        )
    return before if begun is None else min(before, as_utc(begun))


def _of_folder(
    home: Home, root: Path, needed: Callable[[References], frozenset[str]], before: datetime, *, is_rehearsal: bool
) -> Iterator[tuple[str, int]]:
    """Folders below `root` that are unused, unfinished or set aside, and their bytes."""
    with home.store.reading() as session:
        known = needed(references(session))
    for folder in sorted(root.iterdir()):
        if folder.name == LOCK or folder.name in known:
            continue
        with alone_with(root):  # and then it is looked at again: it may have come into use
            if not _is_old(folder, before) or _is_needed(home, folder.name, needed):
                continue
            size = _size(folder)
            if not is_rehearsal:
                doomed = root / f".collected-{secrets.token_hex(8)}"
                folder.rename(doomed)  # so that no reader sees half a folder
                shutil.rmtree(doomed)
        yield folder.name, size


def _of_database(home: Home, before: datetime, *, known: set[str], is_rehearsal: bool) -> Iterator[tuple[str, int]]:
    """Files that machines share and nothing refers to."""
    with home.store.reading() as session:
        kept_at = select(FileRow.folder).group_by(FileRow.folder).having(func.max(FileRow.kept_at) < naive_utc(before))
        old = list(session.scalars(kept_at))
    for folder in old:
        with home.store.writing(folder) as session:
            rows = session.execute(
                select(FileRow.kept_at, func.length(FileRow.content)).where(FileRow.folder == folder)
            ).all()
            found = references(session)
            is_new = any(as_utc(kept_at) >= before for kept_at, _ in rows)
            if is_new or folder in found.artifacts or folder in found.datasets:
                continue
            if not is_rehearsal:
                session.execute(delete(FileRow).where(FileRow.folder == folder))
        if folder not in known:
            yield folder, sum(size for _, size in rows)


def _is_old(folder: Path, before: datetime) -> bool:
    try:
        return folder.stat().st_mtime < before.timestamp()
    except OSError:
        return False


def _is_needed(home: Home, name: str, needed: Callable[[References], frozenset[str]]) -> bool:
    with home.store.reading() as session:
        return name in needed(references(session))


def _size(folder: Path) -> int:
    return sum(os.lstat(Path(place) / file).st_size for place, _, files in os.walk(folder) for file in files)
