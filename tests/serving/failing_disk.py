"""A disk that fails: what the calls of the operating system do then, one after the other."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CALLS = ("mkdir", "open", "fsync", "rename", "utime", "link", "fchmod")


class FailingDisk:
    """Counts the calls that change a disk and fails the one of a number, alone or with all that follow.

    Every one of `CALLS` counts, and opening a file to write, each write into it, and flushing it.
    """

    def __init__(self, failure: int = 0, number: int = -1, *, is_lasting: bool = False) -> None:
        self.failure, self.number, self.is_lasting = failure, number, is_lasting
        self.calls: list[str] = []

    def meet(self, call: str) -> None:
        """One call: it is counted, or fails."""
        self.calls.append(call)
        at = len(self.calls) - 1
        if self.number >= 0 and (at == self.number or (self.is_lasting and at > self.number)):
            raise OSError(self.failure, os.strerror(self.failure))

    @contextmanager
    def installed(self, monkeypatch: pytest.MonkeyPatch) -> Iterator["FailingDisk"]:
        """A block during which this is the disk."""
        with monkeypatch.context() as patch:
            for call in CALLS:
                patch.setattr(os, call, self._met(call, getattr(os, call)))
            patch.setattr(io, "open", self._opened(io.open))
            yield self

    def _met(self, call: str, true: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            self.meet(call)
            return true(*arguments, **named)

        return called

    def _opened(self, true: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if not set(mode) & set("wax+"):
                return true(file, mode, *arguments, **named)
            self.meet("open to write")
            return _File(true(file, mode, *arguments, **named), self)

        return opened


class _File:
    def __init__(self, file: Any, disk: FailingDisk) -> None:
        self._file, self._disk = file, disk

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, content: Any) -> Any:
        self._disk.meet("write")
        return self._file.write(content)

    def flush(self) -> None:
        self._disk.meet("flush")
        self._file.flush()
