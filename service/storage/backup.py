"""A backup: one file with all that a home is, as it was at one moment.

A tar without compression: the rows of each table as lines of JSON, the folders that these refer to, and at the end a
manifest with the sha256 of each. It has keys' digests and webhooks' secrets in it: keep it as safe as the home itself.
"""

import hashlib
import io
import os
import secrets
import tarfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Connection, Table

from mmm.parsing import StrictModel
from mmm.sentence import Word, sentence
from service.errors import NotAllowed, StoreRefused
from service.home import Home
from service.layout import HEAD
from service.storage.references import References, references
from service.storage.rows import KEPT_TABLES, rows_of

MANIFEST = "manifest.json"
FORMAT = 1
"""Of the file; raised when an older program could not read it."""


class BackupManifest(StrictModel):
    """What is in a backup.

    Attributes
    ----------
    layout
        Of the tables.
    files
        sha256 (hex) of each file, by its name in the archive.
    """

    format: int
    layout: str
    made_at: datetime
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup has in it."""

    artifacts: int
    datasets: int
    rows: int
    bytes: int


@dataclass(slots=True)
class _Archive:
    """A tar that is being written, and the digests of what is in it."""

    tar: tarfile.TarFile
    now: datetime
    files: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, content: bytes) -> None:
        self.add_from(name, io.BytesIO(content), len(content), hashlib.sha256(content).hexdigest())

    def add_from(self, name: str, content: IO[bytes], size: int, digest: str) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, int(self.now.timestamp())
        self.tar.addfile(member, content)
        self.files[name] = digest


def back_up(home: Home, file: Path, now: datetime) -> BackedUp:
    """Write a backup of a home, of all tenants, while it is in use; every artifact and dataset is verified on the way.

    Raises
    ------
    NotAllowed
        When the file is there already.
    ArtifactError
        When an artifact or dataset is missing or damaged: a backup that could not be restored is not made.
    StoreRefused
        When the disk does not take it.
    """
    if file.exists():
        raise NotAllowed(sentence("{file} is there already. Name another.", file=Word(text=str(file))))
    unfinished = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    try:
        with unfinished.open("xb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            made = _write(home, stream, now)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(unfinished, file)  # unlike a rename, never over another file
    except OSError as error:
        raise StoreRefused(
            sentence(
                "The backup {file} cannot be written: {reason}.",
                file=Word(text=str(file)),
                reason=Word(text=error.strerror or type(error).__name__),
            )
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return made


def _write(home: Home, stream: IO[bytes], now: datetime) -> BackedUp:
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        archive = _Archive(tar, now)
        with home.store.reading() as session:
            needed = references(session)
            rows = sum(_add_table(archive, session.connection(), table) for table in KEPT_TABLES)
        _add_folders(archive, home, needed)
        manifest = BackupManifest(format=FORMAT, layout=HEAD, made_at=now, files=archive.files)
        archive.add(MANIFEST, manifest.model_dump_json(indent=1).encode())
    return BackedUp(len(needed.artifacts), len(needed.datasets), rows, stream.tell())


def _add_table(archive: _Archive, connection: Connection, table: Table) -> int:
    total, count = hashlib.sha256(), 0
    with TemporaryFile() as kept:
        for line in rows_of(connection, table):
            kept.write(line)
            total.update(line)
            count += 1
        size = kept.tell()
        kept.seek(0)
        archive.add_from(f"tables/{table.name}.jsonl", kept, size, total.hexdigest())
    return count


def _add_folders(archive: _Archive, home: Home, needed: References) -> None:
    for digest in sorted(needed.artifacts):
        home.vault.artifact(digest)
        _add_folder(archive, home.settings.artifacts / digest, f"artifacts/{digest}")
    for digest in sorted(needed.datasets):
        _add_folder(archive, home.vault.dataset(digest), f"datasets/{digest}")


def _add_folder(archive: _Archive, folder: Path, name: str) -> None:
    for file in sorted(folder.iterdir()):
        archive.add(f"{name}/{file.name}", file.read_bytes())
