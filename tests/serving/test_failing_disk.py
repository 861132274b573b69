"""Disks that are full or fail while something is kept: nothing half of it is visible, and the error says what to do."""

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from serving.failing_disk import FailingDisk
from serving.small_market import small_csv, small_toml

from service.errors import StoreRefused
from service.home import Home
from service.storage.backup import back_up
from service.storage.verification import verify
from service.times import now

FAILURES = [(errno.EIO, False), (errno.ENOSPC, True)]
"""What a call answers, and whether all calls after it do."""


def publish(home: Home, seed: int) -> None:
    home.registry.publish([make_artifact(draws=20, seed=seed)], now())


def keep_dataset(home: Home, seed: int) -> None:
    home.vault.keep_dataset({"market.toml": small_toml(), "data.csv": b"week,orders\n%d" % seed})


def visible(home: Home) -> set[str]:
    """Folders that a reader sees, every one of them verified to be whole."""
    assert verify(home).faults == ()
    found = set()
    for root, read in ((home.settings.artifacts, home.vault.artifact), (home.settings.datasets, home.vault.dataset)):
        for folder in root.glob("[!.]*"):
            read(folder.name)
            found.add(folder.name)
    return found


@pytest.mark.parametrize("keep", [publish, keep_dataset])
@pytest.mark.parametrize(("failure", "is_lasting"), FAILURES)
def test_whichever_call_of_the_disk_fails_nothing_half_is_visible(
    home: Home, monkeypatch: pytest.MonkeyPatch, keep: Callable[[Home, int], None], failure: int, is_lasting: bool
) -> None:
    with FailingDisk().installed(monkeypatch) as counting:
        keep(home, 100)
    assert {"mkdir", "open to write", "write", "flush", "fsync", "rename"} <= set(counting.calls)
    for number, call in enumerate(counting.calls):
        before, versions = visible(home), home.registry.versions("testland")
        refused = None
        with FailingDisk(failure, number, is_lasting=is_lasting).installed(monkeypatch):
            try:
                keep(home, number)
            except StoreRefused as error:
                refused = str(error)
        if refused is None:
            assert (call, is_lasting) == ("mkdir", False)  # of the folder of all folders, which is there
            continue
        assert os.strerror(failure) in refused
        assert home.registry.versions("testland") == versions
        if number < counting.calls.index("rename"):
            assert visible(home) == before, call
        keep(home, number)  # asked again, it is kept
        assert len(visible(home)) >= len(before)


@pytest.mark.parametrize("keep", [publish, keep_dataset])
def test_a_folder_whose_process_ended_before_it_was_synced_is_synced_when_it_is_kept_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, keep: Callable[[Home, int], None]
) -> None:
    keep(home, 1)
    with FailingDisk().installed(monkeypatch) as counting:
        keep(home, 1)
    assert "fsync" in counting.calls
    assert "rename" not in counting.calls


def test_an_upload_that_the_disk_does_not_take_is_refused_in_words_and_taken_later(
    home: Home, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upload() -> tuple[int, str]:
        files = {"data": (io.BytesIO(small_csv()), "shop.csv"), "market": (io.BytesIO(small_toml()), "market.toml")}
        answer = client.post("/v1/markets/shop/data", data=files, content_type="multipart/form-data")
        return answer.status_code, answer.get_data(as_text=True)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda _: FailingDisk(errno.ENOSPC, 0).meet("fsync"))
    status, said = upload()
    assert status == 503
    assert "No space left on device. Nothing of this was kept. Make room there" in said
    assert client.get("/v1/markets/shop").status_code == 404
    monkeypatch.setattr(os, "fsync", fsync)
    assert upload()[0] == 201


def test_a_backup_that_the_disk_does_not_take_leaves_no_file(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FailingDisk().installed(monkeypatch) as counting:
        back_up(home, tmp_path / "whole.tar", now())
    places = {call: number for number, call in enumerate(counting.calls)}  # the last of each
    for call in ("open", "open to write"):  # of a temporary file, which is tried in another way
        del places[call]
    assert {"write", "fsync", "link"} <= set(places)
    assert counting.calls[0] == "open to write"
    for number in (0, *places.values()):
        with (
            FailingDisk(errno.ENOSPC, number).installed(monkeypatch),
            pytest.raises(StoreRefused, match="cannot be written: No space left on device"),
        ):
            back_up(home, tmp_path / "backup.tar", now())
        assert {file.name for file in tmp_path.iterdir()} == {"home", "whole.tar"}


KEEP = """
import resource, sys
from pathlib import Path
from builders import make_artifact
from service.errors import StoreRefused
from service.home import open_home
from service.settings import Settings

home = open_home(Settings(Path(sys.argv[1])))
artifact = make_artifact(draws=200)
for limit in (0, 1, 4096, 20_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        home.vault.keep_artifact(artifact)
    except StoreRefused as error:
        print(error)
    print(*(entry.name for entry in home.settings.artifacts.iterdir()))
"""


def test_a_file_that_cannot_grow_keeps_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KEEP, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    said = f"{tmp_path / 'artifacts'} cannot be written to: File too large. Nothing of this was kept. Make room"
    refusals = done.stdout.splitlines()
    assert [line.startswith(said) for line in refusals[::2]] == [True] * 4
    assert refusals[1::2] == [".lock"] * 4
