"""A worker beside a server: a process of its own, begun again when it fails, that ends with the server."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AGAIN_SECONDS = 3.0
"""Wait before a worker that failed is begun again."""

PATIENCE = 20.0
"""Seconds that a worker may take to end before it is killed; its jobs go back to the queue either way."""

_log = logging.getLogger("mixplan.worker")


@contextmanager
def worker_beside(home: Path) -> Iterator[None]:
    """Have a worker of a home as long as the block runs.

    It ends when its standard input does, so that it never outlives this process, however that ends.
    """
    stopping = threading.Event()
    processes = [_begin(home)]

    def watch() -> None:
        while not stopping.is_set():
            code = processes[-1].wait()
            if not stopping.wait(AGAIN_SECONDS):
                _log.error("the worker ended with exit code %d and is begun again", code)
                processes.append(_begin(home))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopping.set()
        _end(processes[-1])
        watcher.join()


def _begin(home: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "service.cli.main", "worker", "--until-input-ends", "--home", str(home)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
