"""Artifacts with one bit flipped, and artifacts made to do harm: every one must be refused, and nothing executed.

The hostile ones have the digest of what is in them, so that they come as far as their content is interpreted.
"""

import argparse
import hashlib
import json
import os
import pickle
import random
import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmm.artifact import artifact_files
from mmm.errors import ArtifactError
from mmm.io import read_artifact_folder, write_artifact_folder

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from builders import make_artifact

MOST_SECONDS = 1.0
MOST_MEGABYTES = 200.0
"""More than one refusal may cost."""


class _Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.marker),)


@dataclass(frozen=True, slots=True)
class Hostile:
    """An artifact made to do harm: its name and the files that it has."""

    name: str
    manifest: bytes
    draws: bytes


def hostile(marker: Path) -> Iterator[Hostile]:
    """Artifacts whose digests are right and whose content is not."""
    files = artifact_files(make_artifact(draws=20))
    manifest: dict[str, Any] = json.loads(files["manifest.json"])
    draws = files["draws.safetensors"]
    header_size = struct.unpack("<Q", draws[:8])[0]
    header: dict[str, Any] = json.loads(draws[8 : 8 + header_size])
    first = next(name for name in header if name != "__metadata__")

    def sealed(content: bytes, **changes: Any) -> bytes:
        return json.dumps({**manifest, **changes, "arrays_sha256": hashlib.sha256(content).hexdigest()}).encode()

    def with_header(changed: object, body: bytes = draws[8 + header_size :]) -> bytes:
        encoded = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
        return struct.pack("<Q", len(encoded)) + encoded + body

    for protocol in range(6):
        payload = pickle.dumps(_Payload(marker), protocol)
        yield Hostile(f"draws are a pickle of protocol {protocol}", sealed(payload), payload)
        yield Hostile(f"manifest is a pickle of protocol {protocol}", payload, draws)
    for size in (2**63 - 1, 2**40, 2**31, 0, 8, header_size + 1):
        claimed = struct.pack("<Q", size) + draws[8:]
        yield Hostile(f"header claims {size} bytes", sealed(claimed), claimed)
    entries: dict[str, dict[str, Any]] = {
        "shape of 2^60": {"shape": [2**30, 2**30]},
        "shape of 2^64 and more": {"shape": [2**63, 2]},
        "negative shape": {"shape": [-1, 20]},
        "offsets far behind the end": {"data_offsets": [0, 2**50]},
        "offsets backwards": {"data_offsets": [80, 0]},
        "offsets negative": {"data_offsets": [-8, 0]},
        "type of objects": {"dtype": "O"},
        "type of integers": {"dtype": "I64"},
        "type that is none": {"dtype": "../../F64"},
        "shape of text": {"shape": "../../etc/passwd"},
    }
    for name, change in entries.items():
        content = with_header({**header, first: {**header[first], **change}})
        yield Hostile(name, sealed(content), content)
    for path in ("../../etc/passwd", "/etc/passwd", "a\x00b", "x" * 100_000, "__proto__", "__class__"):
        content = with_header({**header, path: header[first]})
        yield Hostile(f"array called {path[:20]!r}", sealed(content), content)
    numbers = bytearray(draws)
    numbers[-8:] = struct.pack("<d", float("nan"))
    yield Hostile("not a number in the draws", sealed(bytes(numbers)), bytes(numbers))
    numbers[-8:] = struct.pack("<d", float("inf"))
    yield Hostile("infinity in the draws", sealed(bytes(numbers)), bytes(numbers))
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield Hostile("header of 100,000 levels", sealed(with_header(deep)), with_header(deep))
    yield Hostile("manifest of 100,000 levels", deep, draws)
    yield Hostile("manifest of 100,000 lists", b"[" * 100_000 + b"]" * 100_000, draws)
    yield Hostile("manifest with a number of 100,000 digits", b'{"seed": ' + b"9" * 100_000 + b"}", draws)
    yield Hostile("manifest in UTF-16", json.dumps(manifest).encode("utf-16"), draws)
    yield Hostile("manifest with broken UTF-8", b'{"market": "\xff\xfe"}', draws)
    yield Hostile("manifest is null", b"null", draws)
    yield Hostile("empty manifest", b"", draws)
    yield Hostile("schema from tomorrow", sealed(draws, schema_version=10**9), draws)
    yield Hostile("manifest with a field more", sealed(draws, __reduce__=["os.system", "true"]), draws)
    yield Hostile("market that leads out", sealed(draws, market="../../../outside"), draws)
    yield Hostile("a zip with entries that lead out", sealed(b"PK\x03\x04../../x"), b"PK\x03\x04../../x")
    yield Hostile("an HDF5 file", sealed(b"\x89HDF\r\n\x1a\n" + bytes(512)), b"\x89HDF\r\n\x1a\n" + bytes(512))
    yield Hostile("a NumPy file of objects", sealed(b"\x93NUMPY\x01\x00v\x00{'descr': '|O'"), b"\x93NUMPY\x01\x00v\x00")
    yield Hostile("no draws at all", sealed(b""), b"")


def refusals_of_hostile(root: Path, marker: Path) -> Iterator[tuple[str, bool]]:
    """Each hostile artifact and whether it was refused, also as links and pipes in place of files."""
    for one in hostile(marker):
        digest = _laid_down(root, one)
        yield one.name, _is_refused(root, digest)
    files = artifact_files(make_artifact(draws=20))
    digest = hashlib.sha256(files["manifest.json"]).hexdigest()
    root = root / "places"
    root.mkdir()
    elsewhere = root / "elsewhere"
    elsewhere.write_bytes(files["draws.safetensors"])
    for name, place in (
        ("draws are a link", lambda file: file.symlink_to(elsewhere)),
        ("draws are a link to a device", lambda file: file.symlink_to("/dev/zero")),
        ("draws are a pipe", os.mkfifo),
        ("draws are a folder", Path.mkdir),
        ("draws of 1 TB", lambda file: _sparse(file, 10**12)),
    ):
        folder = root / digest
        folder.mkdir()
        (folder / "manifest.json").write_bytes(files["manifest.json"])
        place(folder / "draws.safetensors")
        yield name, _is_refused(root, digest)
        folder.rename(root / f"done-{name.replace(' ', '-')}")
    for name in ("../../../etc", "..", "", ".", "a" * 63, "A" * 64, "/" + "a" * 63, "a" * 64 + "\n"):
        yield f"digest {name!r}", _is_refused(root, name)


def refused_flips(root: Path, count: int, seed: int) -> int:
    """How many of `count` artifacts with one bit flipped are refused."""
    artifact = make_artifact(draws=20)
    folder = write_artifact_folder(artifact, root)
    files = artifact_files(artifact)
    bits = [(name, bit) for name, content in files.items() for bit in range(8 * len(content))]
    refused = 0
    for name, bit in random.Random(seed).sample(bits, count):
        changed = bytearray(files[name])
        changed[bit // 8] ^= 1 << bit % 8
        (folder / name).write_bytes(changed)
        refused += _is_refused(root, artifact.digest)
        (folder / name).write_bytes(files[name])
    assert not _is_refused(root, artifact.digest)
    return refused


def _laid_down(root: Path, one: Hostile) -> str:
    digest = hashlib.sha256(one.manifest).hexdigest()
    folder = root / digest
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_bytes(one.manifest)
    (folder / "draws.safetensors").write_bytes(one.draws)
    return digest


def _sparse(file: Path, size: int) -> None:
    with file.open("wb") as stream:
        stream.truncate(size)


def _is_refused(root: Path, digest: str) -> bool:
    try:
        read_artifact_folder(root, digest)
    except ArtifactError:
        return True
    return False


def main() -> int:
    """Print the counts; exit code 1 when one was taken, one did something, or a refusal cost too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, marker = Path(folder) / "artifacts", Path(folder) / "executed"
        root.mkdir()
        flips = refused_flips(root, asked.flips, asked.seed)
        print(f"one bit flipped: {flips} of {asked.flips} refused")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        refused, slowest, began, taken = 0, 0.0, time.monotonic(), []
        for name, is_refused in refusals_of_hostile(root, marker):
            slowest, began = max(slowest, time.monotonic() - began), time.monotonic()
            refused += is_refused
            taken += [] if is_refused else [name]
        megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"hostile: {refused} of {refused + len(taken)} refused; taken: {taken or 'none'}")
        print(f"executed: {'SOMETHING' if marker.exists() else 'nothing'}")
        print(f"slowest {slowest:.2f} s, memory {megabytes:.0f} MB more")
        is_cheap = slowest < MOST_SECONDS and megabytes < MOST_MEGABYTES
        return 0 if flips == asked.flips and not taken and not marker.exists() and is_cheap else 1


if __name__ == "__main__":
    sys.exit(main())
