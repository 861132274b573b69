"""Turns to solve: so many at a time in a process, so many that wait for one, and a wait that ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock

from mmm.sentence import Number, sentence
from service.errors import Busy


@dataclass
class Turns:
    """Places of a process where solving is done, shared by all tenants of it.

    Attributes
    ----------
    places
        How many solve at a time, at least 1.
    patience
        Seconds that one waits for a turn at most.
    room
        How many requests may wait beside those that solve, at least 1.
    in_progress
        How many solve now.
    admitted
        How many requests solve or wait now.
    listener
        Told of each turn that is taken (1) and given back (-1).
    """

    places: int = 1
    patience: float = 5.0
    room: int = 16
    in_progress: int = 0
    admitted: int = 0
    listener: Callable[[int], None] | None = None
    _free: BoundedSemaphore = field(init=False)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._free = BoundedSemaphore(self.places)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A turn to solve.

        Raises
        ------
        Busy
            When none came within the patience.
        """
        asked_at = time.monotonic()
        if not self._free.acquire(timeout=self.patience):
            waited = Number(amount=round(time.monotonic() - asked_at, 1))
            raise Busy(sentence("Other scenarios are being solved; {seconds} seconds brought no turn.", seconds=waited))
        try:
            self._count(1)
            yield
        finally:
            self._count(-1)
            self._free.release()

    @property
    def is_full(self) -> bool:
        """Whether as many requests wait as there is room for."""
        return self.admitted >= self.places + self.room

    def admit(self) -> None:
        """Let a request in that will solve, until it is dismissed.

        Raises
        ------
        Busy
            When as many wait as there is room for.
        """
        with self._lock:
            self.require_room()
            self.admitted += 1

    def require_room(self) -> None:
        """Refuse whoever would solve where there is no room.

        Raises
        ------
        Busy
            When as many wait as there is room for.
        """
        if self.is_full:
            waiting = Number(amount=self.room)
            raise Busy(sentence("Other scenarios are being solved, and {waiting} more wait.", waiting=waiting))

    def dismiss(self) -> None:
        """Let a request that was admitted go."""
        with self._lock:
            self.admitted -= 1

    def _count(self, change: int) -> None:
        with self._lock:
            self.in_progress += change
        if self.listener is not None:
            self.listener(change)
