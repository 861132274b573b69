"""Names of workers: held as locks of files, which the operating system frees when a process ends, however it ends."""

import fcntl
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mmm.sentence import Word, sentence
from service.errors import NotAllowed

TRIES = 20
"""How often a name that was asked for is tried: another worker may just be looking whether it is free."""


def take_name(folder: Path, name: str | None) -> tuple[str, IO[str]]:
    """A name that no running worker of this home and machine has, and the lock that keeps it.

    Parameters
    ----------
    folder
        Where the locks lie.
    name
        The name; the first free one that this machine's name gives unless told.

    Raises
    ------
    NotAllowed
        When the name is taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    host = socket.gethostname()
    for candidate in (name,) * TRIES if name is not None else (f"{host}-{number}" for number in range(1, 1000)):
        lock = _locked(folder / f"{candidate}.lock")
        if lock is not None:
            return candidate, lock
        if name is not None:
            time.sleep(0.05)
    raise NotAllowed(sentence("A worker called {name} runs already.", name=Word(text=name or host)))


def names_without_process(folder: Path) -> Iterator[str]:
    """Names whose workers have ended; while one is looked at nobody can take it."""
    for file in sorted(folder.glob("*.lock")):
        lock = _locked(file)
        if lock is not None:
            with lock:
                yield file.stem


def _locked(file: Path) -> IO[str] | None:
    """The lock of a file, held until it is closed; None where another process holds it."""
    lock = file.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
