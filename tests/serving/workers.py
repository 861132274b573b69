"""Worker processes as `mixplan worker` starts them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from service.home import Home
from service.jobs.records import Job

PATIENCE = 400.0
"""Seconds that a test waits for another process at most; a busy machine takes a minute to start one."""


def start_worker(
    home: Home, *arguments: str, log: IO[str] | None = None, **environment: str
) -> "subprocess.Popen[str]":
    """A worker process on a home; what it says goes into `log`, else a pipe that holds no more than 64 KB unread."""
    return subprocess.Popen(
        [sys.executable, "-m", "service.cli.main", "worker", "--home", str(home.settings.home), *arguments],
        env={**os.environ, **_database(home), "MIXPLAN_LOG": "WARNING", **environment},
        stdout=subprocess.DEVNULL,
        stderr=log or subprocess.PIPE,
        text=True,
    )


@contextmanager
def working(home: Home, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker that ends with the block."""
    worker = start_worker(home, *arguments, **environment)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.communicate(timeout=120)


def ended(home: Home, identity: str, seconds: float = PATIENCE) -> Job:
    """A job once it has ended."""
    return awaited(home, identity, seconds, lambda job: job.is_ended)


def awaited(home: Home, identity: str, seconds: float, is_so) -> Job:
    """A job once something holds of it: polled, because it is another process that does it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = home.jobs.job(identity)
        if is_so(job):
            return job
        time.sleep(0.05)
    raise AssertionError(f"after {seconds} s the job is {home.jobs.job(identity)}")


def children_of(worker: "subprocess.Popen[str]") -> list[int]:
    """Process ids of a worker's children."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == worker.pid:
                found.append(int(entry.name))
    return found


def is_running(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _database(home: Home) -> dict[str, str]:
    url = home.settings.database_url
    return {} if url is None else {"MIXPLAN_DATABASE_URL": url}
