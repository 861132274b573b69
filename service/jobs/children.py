"""Child processes of a worker: kept warm from job to job, killed when a job is cancelled."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TextIO, cast

from service.jobs.records import JobProgress
from service.settings import DATABASE_VARIABLE, HOME_VARIABLE, Settings

PATIENCE = 0.25
"""Seconds between two looks at whether a job was cancelled."""


class ChildDied(Exception):
    """A child ended without an answer; the message says how."""


class Cancelled(Exception):
    """The job was cancelled, and its child is gone."""


class Child:
    """One process that computes."""

    def __init__(self, settings: Settings) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "service.jobs.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(settings),
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the worker, which decides what becomes of its children
        )
        self._requests = cast(TextIO, self._process.stdin)
        self._lines = cast(TextIO, self._process.stdout)
        self._answers: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def ask(
        self,
        request: Mapping[str, Any],
        on_progress: Callable[[JobProgress], None],
        is_cancelled: Callable[[], bool],
    ) -> dict[str, Any]:
        """The answer to a request.

        Raises
        ------
        ChildDied
            When the process ends without an answer.
        Cancelled
            When `is_cancelled` says so; the process is killed.
        """
        try:
            self._requests.write(json.dumps(request, ensure_ascii=False) + "\n")
            self._requests.flush()
        except OSError as error:
            raise ChildDied(self._end()) from error
        while True:
            if is_cancelled():
                self.kill()
                raise Cancelled
            try:
                line = self._answers.get(timeout=PATIENCE)
            except Empty:
                continue
            if line is None:
                raise ChildDied(self._end())
            message: dict[str, Any] = json.loads(line)
            if "progress" not in message:
                return message
            told = message["progress"]
            on_progress(JobProgress(told["stage"], told["done"], told["total"], told["left"]))

    def kill(self) -> None:
        """End the process at once and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        for line in self._lines:
            self._answers.put(line)
        self._answers.put(None)

    def _end(self) -> str:
        code = self._process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


@dataclass(frozen=True)
class Children:
    """The children of a worker; one that has answered waits for the next job."""

    settings: Settings
    _idle: list[Child] = field(default_factory=list)
    _busy: list[Child] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def child(self) -> Iterator[Child]:
        """A child for one job.

        Raises
        ------
        ChildDied
            After `kill_all`: there are no more.
        """
        with self._lock:
            if self._closed.is_set():
                raise ChildDied("the worker ends")
            waiting = [child for child in self._idle if child.is_alive]
            self._idle[:] = waiting[1:]
            child = waiting[0] if waiting else Child(self.settings)
            self._busy.append(child)
        try:
            yield child
        finally:
            with self._lock:
                self._busy.remove(child)
                if child.is_alive:
                    self._idle.append(child)

    def kill_all(self) -> None:
        """End every child at once; there are no more after that."""
        with self._lock:
            self._closed.set()
            for child in (*self._idle, *self._busy):
                child.kill()


def _environment(settings: Settings) -> dict[str, str]:
    home = {HOME_VARIABLE: str(settings.home.resolve())}
    database = {} if settings.database_url is None else {DATABASE_VARIABLE: settings.database_url}
    return {**os.environ, **home, **database}
