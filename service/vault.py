"""Artifacts and datasets of a home: folders named by what is in them.

On one machine they are folders and nothing else. Where several machines share a PostgreSQL database
their files are in it too, and the folder of each machine is a copy that is filled when it is asked for.

Whoever keeps a folder shares a lock with others that do, and makes it new: what `service.storage.collection` takes
away alone is what has been old and unused for long.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select, update

from mmm.artifact import ResponseArtifact, artifact_files
from mmm.errors import ArtifactError
from mmm.io import (
    place_folder,
    read_artifact_folder,
    set_aside_damaged,
    write_artifact_folder,
)
from mmm.sentence import Word, sentence
from service.errors import StoreRefused
from service.jobs.points import pass_point
from service.store import Store
from service.tables import FileRow
from service.times import naive_utc, now

LOCK = ".lock"
"""File below artifacts and datasets that those share who keep something there."""


@dataclass(frozen=True, slots=True)
class Vault:
    """The folders of one home."""

    store: Store
    artifacts: Path
    datasets: Path

    def keep_artifact(self, artifact: ResponseArtifact) -> None:
        """Keep an artifact, after every byte has reached the disk.

        Raises
        ------
        ArtifactError
            When a folder of that digest is there and damaged.
        StoreRefused
            When the disk does not take it; nothing of it is visible then.
        """
        with _keeping(self.artifacts):
            folder = write_artifact_folder(artifact, self.artifacts, _pass)
            os.utime(folder)
        self._share(artifact.digest, artifact_files(artifact))

    def artifact(self, digest: str) -> ResponseArtifact:
        """The artifact of a digest, every byte verified.

        Raises
        ------
        ArtifactError
            When it is missing or damaged.
        """
        if not self.store.is_sqlite and not (self.artifacts / digest).is_dir():
            self._fetch(digest, self.artifacts)
        return read_artifact_folder(self.artifacts, digest)

    def set_aside_damaged(self, digest: str) -> bool:
        """Whether the artifact of a digest cannot be read; what is left of it makes room for one that can."""
        if not set_aside_damaged(self.artifacts, digest):
            return False
        if self.store.is_sqlite:
            return True
        self._fetch(digest, self.artifacts)
        if not set_aside_damaged(self.artifacts, digest):
            return False
        with self.store.writing(digest) as session:
            session.execute(delete(FileRow).where(FileRow.folder == digest))
        return True

    def keep_dataset(self, files: Mapping[str, bytes]) -> str:
        """Keep the files of a dataset; the digest that they have together.

        Raises
        ------
        StoreRefused
            When the disk does not take it; nothing of it is visible then.
        """
        digest = folder_digest(files)
        with _keeping(self.datasets):
            place_folder(files, self.datasets, digest, _pass)
            os.utime(self.datasets / digest)
        self._share(digest, files)
        return digest

    def dataset(self, digest: str) -> Path:
        """The folder of a dataset, its digest verified.

        Raises
        ------
        ArtifactError
            When it is missing or damaged.
        """
        folder = self.datasets / digest
        if not self.store.is_sqlite and not folder.is_dir():
            self._fetch(digest, self.datasets)
        files = {file.name: file.read_bytes() for file in folder.iterdir()} if folder.is_dir() else {}
        if folder_digest(files) != digest:
            raise ArtifactError(
                sentence("dataset {digest} is missing, damaged or changed", digest=Word(text=digest[:12]))
            )
        return folder

    def _share(self, digest: str, files: Mapping[str, bytes]) -> None:
        if self.store.is_sqlite:
            return
        moment = naive_utc(now())
        with self.store.writing(digest) as session:
            known = set(session.scalars(select(FileRow.name).where(FileRow.folder == digest)))
            session.execute(update(FileRow).where(FileRow.folder == digest).values(kept_at=moment))
            session.add_all(
                FileRow(folder=digest, name=name, content=content, kept_at=moment)
                for name, content in files.items()
                if name not in known
            )
        pass_point("vault.shared")

    def shared(self, digest: str) -> dict[str, bytes]:
        """The files of a folder as they are in the database that machines share; empty where none are."""
        with self.store.reading() as session:
            rows = session.execute(select(FileRow.name, FileRow.content).where(FileRow.folder == digest))
            return {row.name: row.content for row in rows}

    def _fetch(self, digest: str, root: Path) -> None:
        files = self.shared(digest)
        if files:
            with _keeping(root):
                place_folder(files, root, digest)


@contextmanager
def alone_with(root: Path) -> Iterator[None]:
    """A block while which no process of this machine keeps a folder below `root`."""
    with _locked(root, fcntl.LOCK_EX):
        yield


@contextmanager
def _keeping(root: Path) -> Iterator[None]:
    """A block that writes below `root`.

    Raises
    ------
    StoreRefused
        When the disk does not take what is written.
    """
    try:
        with _locked(root, fcntl.LOCK_SH):
            yield
    except OSError as error:
        raise StoreRefused(
            sentence(
                "{folder} cannot be written to: {reason}. Nothing of this was kept. Make room there or mend the disk, "
                "then ask again.",
                folder=Word(text=str(root)),
                reason=Word(text=error.strerror or type(error).__name__),
            )
        ) from error


@contextmanager
def _locked(root: Path, kind: int) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("a") as lock:
        fcntl.flock(lock, kind)
        yield


def _pass(step: str) -> None:
    pass_point(f"vault.{step}")


def folder_digest(files: Mapping[str, bytes]) -> str:
    """sha256 (hex) of the names and contents of files, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{len(name.encode())}:{name}:{len(files[name])}:".encode())
        total.update(hashlib.sha256(files[name]).digest())
    return total.hexdigest()
