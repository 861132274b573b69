"""Artifacts and datasets of a home: folders named by what is in them.

On one machine they are folders and nothing else. Where several machines share a PostgreSQL database
their files are in it too, and the folder of each machine is a copy that is filled when it is asked for.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select

from mmm.artifact import ResponseArtifact, artifact_files
from mmm.errors import ArtifactError
from mmm.io import (
    place_folder,
    read_artifact_folder,
    set_aside_damaged,
    write_artifact_folder,
)
from mmm.sentence import Word, sentence
from service.jobs.points import pass_point
from service.store import Store
from service.tables import FileRow


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
        """
        write_artifact_folder(artifact, self.artifacts, _pass)
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
        """Keep the files of a dataset; the digest that they have together."""
        digest = folder_digest(files)
        if not (self.datasets / digest).is_dir():
            place_folder(files, self.datasets, digest, _pass)
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
        with self.store.writing(digest) as session:
            known = set(session.scalars(select(FileRow.name).where(FileRow.folder == digest)))
            session.add_all(
                FileRow(folder=digest, name=name, content=content)
                for name, content in files.items()
                if name not in known
            )
        pass_point("vault.shared")

    def _fetch(self, digest: str, root: Path) -> None:
        with self.store.reading() as session:
            rows = session.execute(select(FileRow.name, FileRow.content).where(FileRow.folder == digest))
            files = {row.name: row.content for row in rows}
        if files:
            place_folder(files, root, digest)


def _pass(step: str) -> None:
    pass_point(f"vault.{step}")


def folder_digest(files: Mapping[str, bytes]) -> str:
    """sha256 (hex) of the names and contents of files, in the order of their names."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{len(name.encode())}:{name}:{len(files[name])}:".encode())
        total.update(hashlib.sha256(files[name]).digest())
    return total.hexdigest()
