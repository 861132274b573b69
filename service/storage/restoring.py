"""A home made from a backup: nothing is written before every byte of it was verified, and it is whole or not there."""

import hashlib
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from pydantic import ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mmm.artifact import read_artifact
from mmm.errors import ArtifactError
from mmm.sentence import Sentence, Word, phrase, sentence
from service.errors import NotAllowed, StoreRefused
from service.home import Home, open_home
from service.jobs.ledger import end
from service.layout import HEAD
from service.settings import Settings
from service.storage.backup import FORMAT, MANIFEST, BackupManifest
from service.storage.rows import KEPT_TABLES, is_empty, write_rows
from service.storage.verification import Verified, verify
from service.tables import FileRow, JobRow

LARGEST_FILE = 4_000_000_000
"""Bytes of one file of a backup; more is none of ours."""

CHUNK = 1_048_576
"""Bytes that are read at once."""

_NAME = re.compile(
    r"tables/[a-z]+\.jsonl|artifacts/[0-9a-f]{64}/[a-z]+\.[a-z]+|datasets/[0-9a-f]{64}/[a-z]+\.[a-z]+|manifest\.json"
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: what was verified in the new home, and how many jobs wait in its queue again."""

    verified: Verified
    jobs: int


def restore(settings: Settings, file: Path, now: datetime) -> Restored:
    """Make a home of a backup; its open jobs are queued again. The home may lie on the other database.

    Raises
    ------
    NotAllowed
        When there is something in the home already.
    StoreRefused
        When the file is no backup of this layout, or damaged; nothing was written then.
    """
    if settings.home.exists() and any(settings.home.iterdir()):
        raise _not_empty(str(settings.home))
    try:
        with tarfile.open(file, "r:") as archive:
            members = _verified_members(archive, file)
            with _all_or_nothing(settings) as home:
                _place_folders(home, archive, members)
                jobs = _write_tables(home, archive, members, now)
                found = verify(home)
                if found.faults:
                    raise StoreRefused(found.faults[0])
    except (OSError, tarfile.TarError) as error:
        raise _no_backup(file, Word(text=str(error))) from error
    return Restored(found, jobs)


def _verified_members(archive: tarfile.TarFile, file: Path) -> dict[str, tarfile.TarInfo]:
    """The files of an archive by their names, each with the digest that the manifest says."""
    members: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        if (
            member.type != tarfile.REGTYPE
            or member.issparse()
            or not _NAME.fullmatch(member.name)
            or member.name in members
            or member.size > LARGEST_FILE
        ):
            raise _no_backup(file, sentence("{name} does not belong there", name=Word(text=repr(member.name[:80]))))
        members[member.name] = member
    if MANIFEST not in members:
        raise _no_backup(file, sentence("its manifest is missing, so it is not whole"))
    try:
        manifest = BackupManifest.model_validate_json(_read(archive, members.pop(MANIFEST)))
    except ValidationError as error:
        raise _no_backup(file, Word(text=str(error))) from None
    if (manifest.format, manifest.layout) != (FORMAT, HEAD):
        raise StoreRefused(
            sentence(
                "{file} is a backup of layout {found}, and this program restores layout {known}. Restore it with the "
                "program that made it; a newer program brings that home up to date.",
                file=Word(text=str(file)),
                found=Word(text=manifest.layout),
                known=Word(text=HEAD),
            )
        )
    if set(members) != set(manifest.files):
        raise _no_backup(file, sentence("it has other files than its manifest names"))
    for name, member in members.items():
        if _digest(archive, member) != manifest.files[name]:
            raise _no_backup(file, sentence("{name} is damaged", name=Word(text=name)))
    return members


@contextmanager
def _all_or_nothing(settings: Settings) -> Iterator[Home]:
    """A new home, empty again when the block fails."""
    home = open_home(settings)
    is_ours = False
    try:
        with home.store.reading() as session:
            is_ours = is_empty(session.connection())
        if not is_ours:
            raise _not_empty("the database")
        yield home
    except BaseException:
        if is_ours:
            with home.store.writing("restore") as session:
                session.execute(delete(FileRow))
        home.close()
        for entry in settings.home.iterdir():  # it was empty before
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        raise
    home.close()


def _place_folders(home: Home, archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> None:
    for digest, files in _folders(archive, members, "artifacts"):
        try:
            home.vault.keep_artifact(read_artifact(files, digest))
        except ArtifactError as error:
            raise StoreRefused(sentence("{reason}.", reason=phrase(error.said))) from error
    for digest, files in _folders(archive, members, "datasets"):
        if home.vault.keep_dataset(files) != digest:
            raise StoreRefused(
                sentence("dataset {digest} is missing, damaged or changed", digest=Word(text=digest[:12]))
            )


def _folders(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], kind: str
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Digest and files of each folder of a kind, one folder in memory at a time."""
    names: dict[str, list[str]] = {}
    for name in members:
        first, *rest = name.split("/")
        if first == kind:
            names.setdefault(rest[0], []).append(name)
    for digest, of_folder in names.items():
        yield digest, {name.rsplit("/", 1)[1]: _read(archive, members[name]) for name in of_folder}


def _write_tables(home: Home, archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], now: datetime) -> int:
    """Write all rows in one transaction, and queue the jobs that were open; how many these are."""
    home.queue.open()
    with home.store.writing("restore") as session:
        for table in KEPT_TABLES:
            write_rows(session.connection(), table, _opened(archive, members[f"tables/{table.name}.jsonl"]))
        return sum(_queue_again(home, session, row, now) for row in _open_jobs(session))


def _open_jobs(session: Session) -> list[JobRow]:
    query = select(JobRow).where(JobRow.status.in_(("queued", "running"))).order_by(JobRow.number)
    return list(session.scalars(query))


def _queue_again(home: Home, session: Session, row: JobRow, now: datetime) -> bool:
    """Whether an open job waits again: one that someone wanted to stop has stopped."""
    if row.is_cancel_asked:
        end(row, "cancelled", now)
        return False
    row.status, row.worker, row.progress = "queued", None, None
    home.queue.put(session, row.id, row.kind, row.tenant)
    return True


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise tarfile.ReadError(f"{member.name} is no file")
    return stream


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return _opened(archive, member).read()


def _digest(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    digest, stream = hashlib.sha256(), _opened(archive, member)
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _not_empty(place: str) -> NotAllowed:
    return NotAllowed(
        sentence(
            "There is something in {place} already, and a backup is restored into an empty home alone. Name another "
            "with --home.",
            place=Word(text=place),
        )
    )


def _no_backup(file: Path, reason: Sentence | Word) -> StoreRefused:
    return StoreRefused(
        sentence(
            "{file} cannot be restored: {reason}. Nothing was written.",
            file=Word(text=str(file)),
            reason=reason if isinstance(reason, Word) else phrase(reason),
        )
    )
