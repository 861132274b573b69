"""A whole home: verified, collected, backed up and restored; damaged bytes."""

import json
import os
import random
import subprocess
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from builders import make_artifact
from postgresql import programs, running_cluster
from serving.small_market import publish_as_fitted, small_csv, small_toml
from serving.workers import ended, working
from typer.testing import Result

from mmm.artifact import artifact_files
from mmm.errors import ArtifactError
from mmm.io import read_artifact_folder, write_artifact_folder
from service.errors import NotAllowed, StoreRefused
from service.home import Home, open_home
from service.jobs.asking import ask_refit
from service.settings import Settings
from service.storage.backup import back_up
from service.storage.collection import collect
from service.storage.restoring import restore
from service.storage.verification import verify
from service.times import now

LONG_AGO = 3 * 24 * 3600.0


def age(folder: Path) -> None:
    """Make a folder as old as one that was left alone for three days."""
    moment = now().timestamp() - LONG_AGO
    os.utime(folder, (moment, moment))


@pytest.fixture
def filled(home: Home) -> Home:
    """A home with a model, a dataset and an artifact that nothing refers to; all of them old."""
    home.datasets.keep(small_toml(), "shop.csv", small_csv(), now())
    home.vault.keep_artifact(make_artifact(draws=20, seed=5))
    for root in (home.settings.artifacts, home.settings.datasets):
        for folder in root.iterdir():
            age(folder)
    return home


def test_a_whole_home_is_verified_and_what_is_wrong_with_it_is_said(
    filled: Home, mixplan: Callable[..., Result]
) -> None:
    assert verify(filled).faults == ()
    champion = filled.registry.champion("testland")
    draws = filled.settings.artifacts / champion.digests["orders"] / "draws.safetensors"
    draws.write_bytes(draws.read_bytes()[:-1] + b"\0")
    told = mixplan("store", "verify", "--json")
    assert told.exit_code == 1
    assert "was damaged or changed" in json.loads(told.stdout)["faults"][0]


def test_what_nothing_refers_to_is_collected_once_it_is_old(filled: Home) -> None:
    unused = make_artifact(draws=20, seed=5).digest
    assert collect(filled, now(), is_rehearsal=True).folders == (unused,)
    assert collect(filled, now(), age=timedelta(days=30)).folders == ()
    assert collect(filled, now()).folders == (unused,)
    assert verify(filled).faults == ()
    assert filled.registry.load(filled.registry.champion("testland"))


def test_what_is_kept_again_is_new_and_so_is_what_an_open_job_may_have_made(filled: Home) -> None:
    filled.vault.keep_artifact(make_artifact(draws=20, seed=5))
    assert collect(filled, now()).folders == ()
    age(filled.settings.artifacts / make_artifact(draws=20, seed=5).digest)
    ask_refit(filled, "shop", "me", now() - timedelta(days=5))
    assert collect(filled, now()).folders == ()


def test_unfinished_folders_of_processes_that_were_killed_are_collected(filled: Home) -> None:
    unfinished = filled.settings.artifacts / ".0123-abc"
    unfinished.mkdir()
    (unfinished / "manifest.json").write_bytes(b"{")
    age(unfinished)
    assert unfinished.name in collect(filled, now()).folders
    assert not unfinished.exists()


def test_a_restored_home_is_what_was_backed_up_and_its_jobs_run(filled: Home, tmp_path: Path) -> None:
    publish_as_fitted(filled, "shop")
    known = ask_refit(filled, "shop", "me", now())
    made = back_up(filled, tmp_path / "backup.tar", now())
    assert (made.artifacts, made.datasets) == (2, 1)
    with pytest.raises(NotAllowed, match="already"):
        back_up(filled, tmp_path / "backup.tar", now())
    restored = restore(Settings(tmp_path / "other"), tmp_path / "backup.tar", now())
    assert (restored.verified.faults, restored.jobs) == ((), 1)
    with pytest.raises(NotAllowed, match="empty home"):
        restore(Settings(tmp_path / "other"), tmp_path / "backup.tar", now())
    other = open_home(Settings(tmp_path / "other"))
    assert other.registry.versions("testland") == filled.registry.versions("testland")
    assert other.datasets.versions("shop") == filled.datasets.versions("shop")
    with working(other):
        assert ended(other, known.id).status == "succeeded"
    assert [one.version for one in other.registry.versions("shop")] == [1]
    other.close()


def test_a_damaged_backup_is_refused_and_leaves_nothing(filled: Home, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    back_up(filled, file, now())
    whole = file.read_bytes()
    rng = random.Random(4)
    cuts = [whole[: rng.randrange(len(whole) - 12_000)] for _ in range(5)]
    flips = [flipped(whole, rng.randrange(len(whole) // 8) * 8) for _ in range(10)]
    refused = 0
    for damaged in (*cuts, *flips, b"", b"\x80\x04pickle"):
        file.write_bytes(damaged)
        target = Settings(tmp_path / "restored")
        try:
            restore(target, file, now())
        except StoreRefused:
            refused += 1
            assert not target.home.exists() or not list(target.home.iterdir())
        else:  # a bit of the padding between files
            opened = open_home(target)
            assert opened.registry.versions("testland") == filled.registry.versions("testland")
            opened.close()
            subprocess.run(["rm", "-r", str(target.home)], check=True)
    assert refused >= 12


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/x", "artifacts/../x.json", "tables/models.jsonl/x"])
def test_names_that_lead_out_of_a_backup_are_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "hostile.tar"
    with tarfile.open(file, "w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(StoreRefused, match="does not belong there"):
        restore(Settings(tmp_path / "home"), file, now())
    assert not (tmp_path / "home").exists()


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_a_home_moves_to_postgresql_by_its_backup(filled: Home, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "backup.tar", now())
    with running_cluster() as cluster:
        settings = Settings(tmp_path / "other", cluster.create("moved"))
        assert restore(settings, tmp_path / "backup.tar", now()).verified.faults == ()
        with pytest.raises(NotAllowed):
            restore(Settings(tmp_path / "third", settings.database_url), tmp_path / "backup.tar", now())
        other = open_home(Settings(tmp_path / "machine", settings.database_url))  # a machine without any folder
        assert other.registry.load(other.registry.champion("testland"))
        other.registry.publish([make_artifact(draws=20, seed=6)], now())  # numbers go on after those restored
        assert [one.version for one in other.registry.versions("testland")] == [2, 1]
        assert verify(other).faults == ()
        other.vault.keep_artifact(make_artifact(draws=20, seed=7))
        assert collect(other, now() + timedelta(days=2)).folders == (make_artifact(draws=20, seed=7).digest,)
        other.close()


def flipped(content: bytes, bit: int) -> bytes:
    """Content with one bit turned over."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_an_artifact_with_any_bit_flipped_is_refused(tmp_path: Path) -> None:
    artifact = make_artifact(draws=20)
    folder = write_artifact_folder(artifact, tmp_path)
    rng = random.Random(1)
    for name, content in artifact_files(artifact).items():
        for _ in range(30):
            (folder / name).write_bytes(flipped(content, rng.randrange(8 * len(content))))
            with pytest.raises(ArtifactError):
                read_artifact_folder(tmp_path, artifact.digest)
        (folder / name).write_bytes(content)
    assert read_artifact_folder(tmp_path, artifact.digest).digest == artifact.digest
