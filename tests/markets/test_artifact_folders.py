"""An artifact on disk is whole or not there, and every byte of it is verified."""

from pathlib import Path

import pytest
from builders import make_artifact

from mmm.errors import ArtifactError
from mmm.io import read_artifact_folder, write_artifact_folder

ARTIFACT = make_artifact(draws=20, periods=30)


def test_an_artifact_reads_back_as_it_was_written(tmp_path: Path) -> None:
    folder = write_artifact_folder(ARTIFACT, tmp_path / "artifacts")
    assert folder.name == ARTIFACT.digest
    again = read_artifact_folder(tmp_path / "artifacts", ARTIFACT.digest)
    assert again.manifest == ARTIFACT.manifest
    assert (again.draws.spend == ARTIFACT.draws.spend).all()


def test_writing_twice_keeps_one_folder_and_leaves_nothing_behind(tmp_path: Path) -> None:
    assert write_artifact_folder(ARTIFACT, tmp_path) == write_artifact_folder(ARTIFACT, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [ARTIFACT.digest]


@pytest.mark.parametrize("name", ["manifest.json", "draws.safetensors"])
def test_one_flipped_bit_is_found_at_reading_and_at_writing_again(tmp_path: Path, name: str) -> None:
    file = write_artifact_folder(ARTIFACT, tmp_path) / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ArtifactError, match="damaged or changed"):
        read_artifact_folder(tmp_path, ARTIFACT.digest)
    with pytest.raises(ArtifactError, match="damaged or changed"):
        write_artifact_folder(ARTIFACT, tmp_path)


@pytest.mark.parametrize("digest", ["../secrets", "", "A" * 64, "0" * 63])
def test_what_is_no_digest_is_no_path(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ArtifactError, match="no digest"):
        read_artifact_folder(tmp_path, digest)


def test_an_artifact_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="000000000000"):
        read_artifact_folder(tmp_path, "0" * 64)
