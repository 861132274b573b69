"""The only reader of markets and artifacts: files and folders in, values out.

Nothing here imports PyMC, so that the process that serves HTTP can use it.
"""

import errno
import os
import re
import secrets
import shutil
import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from babel.numbers import list_currencies
from pydantic import ValidationError

from mmm.artifact import ARTIFACT_FILES, ResponseArtifact, artifact_files, read_artifact
from mmm.errors import ArtifactError, Fault, FileRefused, MarketRefused
from mmm.intake.encodings import Undecodable, decode
from mmm.intake.toml_syntax import syntax_fault
from mmm.market import Market
from mmm.parsing import Unfit, faults_of, meant, nearest, refuse_too_many
from mmm.sentence import Names, Number, Said, Sentence, Word, phrase, sentence
from mmm.spec import MarketSpec

MARKET_FILE = "market.toml"
MAX_TOML_BYTES = 1_000_000
MAX_DATA_BYTES = 100_000_000
MAX_ARTIFACT_BYTES = 2_000_000_000
_DATA_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".parquet"})
_DEEPEST_TOML = 20
_LONG_KEY = re.compile(r"""(?:\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*){40}""")
"""A key of so many parts that the parser, which takes time with their square, would not come back."""
_PLAIN_TOML = sentence("tables and values as the documentation has them")
_DIGEST = re.compile(r"[0-9a-f]{64}")

type Reached = Callable[[str], None]
"""Told how far the writing of a folder is: folder_made, file_written, before_rename, after_rename."""


def load_market(path: Path, data: Path | None = None) -> Market:
    """The market of a market.toml, or of a folder that has one, with its data checked.

    `data` is read in place of the file that market.toml names.

    Raises
    ------
    MarketRefused
        With every fault of the file and of its data.
    """
    # Imported here: commands that load artifacts alone need none of the readers and checks.
    from mmm.intake.formats import read_table
    from mmm.intake.reading import market_from_table

    file = path / MARKET_FILE if path.is_dir() else path
    spec = read_market_spec(file)
    faults = _currency_faults(spec, file.name)
    data = data or file.parent / spec.market.data
    try:
        content = _data_content(data, spec, file)
        market = market_from_table(spec, read_table(data.name, content), file.name)
    except MarketRefused as refused:
        raise MarketRefused([*faults, *refused.faults]) from None
    if faults:
        raise MarketRefused(faults)
    return market


def read_market_spec(file: Path) -> MarketSpec:
    """What a market.toml says, without its data.

    Raises
    ------
    MarketRefused
        With every fault of the file.
    """
    try:
        return MarketSpec.model_validate(read_toml(file))
    except ValidationError as error:
        raise MarketRefused(faults_of(error, MarketSpec, file.name)) from None
    except FileRefused as refused:
        raise MarketRefused(refused.faults) from None


def read_toml(path: Path) -> dict[str, Any]:
    """The tree of a TOML document in UTF-8 (with or without byte order mark) or GB18030.

    Raises
    ------
    FileRefused
        When there is no such file, it is too large, or it is no TOML.
    """
    return toml_tree(path.name, _toml_content(path))


def toml_tree(name: str, content: bytes) -> dict[str, Any]:
    """The tree of a TOML document that is in memory; `name` is for its faults.

    Raises
    ------
    FileRefused
        When it is too large, nested too deeply, or no TOML.
    """
    if len(content) > MAX_TOML_BYTES:
        raise FileRefused([_too_large(name, len(content))])
    try:
        text = decode(content).text
        if _LONG_KEY.search(text):
            raise RecursionError
        tree = tomllib.loads(text)
        _refuse_depth(tree)
        refuse_too_many(tree)
        return tree
    except Undecodable as error:
        fault = Fault(name, "", error.reason, sentence("text in UTF-8"), row=error.line)
        raise FileRefused([fault]) from None
    except tomllib.TOMLDecodeError as error:
        raise FileRefused([syntax_fault(name, str(error), decode(content).text)]) from None
    except Unfit as error:
        raise FileRefused([Fault(name, "", error.said, _PLAIN_TOML)]) from None
    except RecursionError:
        raise FileRefused([Fault(name, "", sentence("nested too deeply"), _PLAIN_TOML)]) from None
    except ValueError:  # the interpreter's limit of integers
        raise FileRefused([Fault(name, "", sentence("a number has too many digits"), _PLAIN_TOML)]) from None


def _ignored(_step: str) -> None:
    """Nobody wants to know."""


def write_artifact_folder(artifact: ResponseArtifact, root: Path, reached: Reached = _ignored) -> Path:
    """The folder of an artifact, named by its digest, after every byte has reached the disk.

    A folder that is there already is verified and kept. Readers see the whole artifact or none:
    it is written beside its place, synced and renamed.

    Raises
    ------
    ArtifactError
        When a folder of that digest is there and damaged.
    """
    folder = root / artifact.digest
    if folder.exists():
        read_artifact_folder(root, artifact.digest)
    place_folder(artifact_files(artifact), root, artifact.digest, reached)
    return folder


def place_folder(files: Mapping[str, bytes], root: Path, name: str, reached: Reached = _ignored) -> None:
    """Write files into the folder `name` below `root`, after every byte has reached the disk.

    Readers see the whole folder or none: it is written beside its place, synced and renamed. A folder that another
    process finished first stays; its place is synced all the same, since that process may have ended before it did so.
    """
    root.mkdir(parents=True, exist_ok=True)
    if (root / name).is_dir():
        _sync_folder(root)
        return
    unfinished = root / f".{name[:16]}-{secrets.token_hex(8)}"
    unfinished.mkdir()
    reached("folder_made")
    try:
        for file_name, content in files.items():
            with (unfinished / file_name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            reached("file_written")
        _sync_folder(unfinished)
        reached("before_rename")
        _rename_once(unfinished, root / name)
        reached("after_rename")
        _sync_folder(root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read_artifact_folder(root: Path, digest: str) -> ResponseArtifact:
    """The artifact of a digest below `root`, with every byte verified.

    Raises
    ------
    ArtifactError
        When it is not there, damaged or of an unknown schema.
    """
    if not _DIGEST.fullmatch(digest):
        said = sentence(
            "“{digest}” is no digest of an artifact: those have 64 hexadecimal digits", digest=_short(digest)
        )
        raise ArtifactError(said)
    folder = root / digest
    try:
        files = {file.name: _plain_bytes(file) for file in folder.iterdir() if file.name in ARTIFACT_FILES}
    except OSError as error:
        said = sentence("artifact {digest}: {reason}", digest=_short(digest), reason=phrase(_reason(error)))
        raise ArtifactError(said) from error
    return read_artifact(files, digest)


def _plain_bytes(file: Path) -> bytes:
    """Content of a file that is one: no link, no pipe, and no larger than an artifact can be."""
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_ARTIFACT_BYTES:
        raise OSError(errno.EINVAL, "no file of an artifact")
    return file.read_bytes()


def set_aside_damaged(root: Path, digest: str) -> bool:
    """Whether the artifact of a digest cannot be read; what is left of it makes room for one that can."""
    try:
        read_artifact_folder(root, digest)
    except ArtifactError:
        folder = root / digest
        if folder.exists():
            folder.rename(root / f".damaged-{digest[:16]}-{secrets.token_hex(8)}")
        return True
    return False


def _too_large(name: str, size: int) -> Fault:
    limit = Number(amount=MAX_TOML_BYTES / 1e6)
    return Fault(name, "", _megabytes(size), sentence("a TOML file of at most {megabytes} MB", megabytes=limit))


def _refuse_depth(value: object, depth: int = 0) -> None:
    """Raise RecursionError for what is nested deeper than any document of ours: its faults could not be shown."""
    if depth > _DEEPEST_TOML:
        raise RecursionError
    if isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            _refuse_depth(entry, depth + 1)
    elif isinstance(value, int):
        str(value)  # a hexadecimal one may be longer than any that can be shown: ValueError


def _toml_content(path: Path) -> bytes:
    if path.is_dir():
        raise FileRefused([Fault(path.name, "", sentence("a folder"), sentence("a TOML file"))])
    try:
        size = path.stat().st_size
        if size > MAX_TOML_BYTES:
            raise FileRefused([_too_large(path.name, size)])
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileRefused([Fault(path.name, "", sentence("no file"), sentence("a TOML file"))])
        return path.read_bytes()
    except OSError as error:
        expected = _nearby(sentence("a TOML file that can be read"), path, frozenset({".toml"}))
        raise FileRefused([Fault(str(path), "", _reason(error), expected)]) from None


def _data_content(data: Path, spec: MarketSpec, file: Path) -> bytes:
    named = repr(spec.market.data)
    named = named if len(named) <= 200 else named[:197] + "..."
    if "\0" in spec.market.data:
        found = sentence("{name}: {reason}", name=Word(text=named), reason=phrase(sentence("no such file")))
        raise MarketRefused([Fault(file.name, "market.data", found, sentence("a CSV, XLSX or Parquet file"))])
    try:
        if data.is_dir():
            found = sentence("{name}, a folder", name=Word(text=named))
            expected = sentence("a CSV, XLSX or Parquet file")
            raise MarketRefused([Fault(file.name, "market.data", found, expected)])
        status = data.stat()
        if not stat.S_ISREG(status.st_mode):  # a device has no end
            found = sentence("{name}, which is no file", name=Word(text=named))
            raise MarketRefused([Fault(file.name, "market.data", found, sentence("a CSV, XLSX or Parquet file"))])
        size = status.st_size
        if size > MAX_DATA_BYTES:
            expected = sentence("at most {megabytes} MB", megabytes=Number(amount=MAX_DATA_BYTES / 1e6))
            raise MarketRefused([Fault(data.name, "", _megabytes(size), expected)])
        return data.read_bytes()
    except OSError as error:
        found = sentence("{name}: {reason}", name=Word(text=named), reason=phrase(_reason(error)))
        relative = sentence("a CSV, XLSX or Parquet file, relative to {file}", file=Word(text=file.name))
        fault = Fault(file.name, "market.data", found, _nearby(relative, data, _DATA_SUFFIXES))
        raise MarketRefused([fault]) from None


def _reason(error: OSError) -> Said:
    """Why a file cannot be read; in the words of the operating system where we have none."""
    if isinstance(error, FileNotFoundError):
        return sentence("no such file")
    if isinstance(error, PermissionError):
        return sentence("permission denied")
    return str(error.strerror or error).lower()


def _short(digest: str) -> Word:
    return Word(text=digest[:12])


def _megabytes(size: int) -> Sentence:
    return sentence("{megabytes} MB", megabytes=Number(amount=size / 1e6))


def _nearby(expected: Sentence, path: Path, suffixes: frozenset[str]) -> Sentence:
    """What is expected, and what else lies where the file should be."""
    try:
        names = sorted(file.name for file in path.parent.iterdir() if file.suffix.lower() in suffixes)
    except OSError:
        folder = Word(text=str(path.parent))
        return sentence("{expected}; there is no folder {folder}", expected=phrase(expected), folder=folder)
    near = nearest(path.name, names)
    if near is not None:
        return meant(expected, near)
    if not names:
        return expected
    shown = Names(names=tuple(names[:8]), is_quoted=False)
    return sentence("{expected}; the folder has {names}", expected=phrase(expected), names=shown)


def _currency_faults(spec: MarketSpec, file: str) -> list[Fault]:
    if spec.market.currency in list_currencies():
        return []
    expected = sentence("a currency code of ISO 4217 such as EUR, USD or CNY")
    return [Fault(file, "market.currency", repr(spec.market.currency), expected)]


def _rename_once(source: Path, target: Path) -> None:
    """Rename a folder; a target that another process finished first has the same content and stays."""
    try:
        source.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
