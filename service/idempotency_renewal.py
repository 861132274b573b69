"""Claims of requests that take long, renewed while this process is at them: what it does is not done a second time."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from service.idempotency import IN_FLIGHT, Claim, KeyedRequests
from service.times import now

LONGEST_SECONDS = 3600.0
"""Seconds after which a claim is renewed no more: whoever has it hangs."""

_log = logging.getLogger("mixplan.http")


@dataclass(frozen=True, slots=True)
class _Held:
    keyed: KeyedRequests
    claim: Claim
    since: float


@dataclass
class Renewal:
    """Renews the claims of one process, from a thread that lives as long as there are some.

    Attributes
    ----------
    seconds
        From one renewal to the next: well below the time after which a claim counts as lost.
    clock
        The time.
    """

    seconds: float = IN_FLIGHT.total_seconds() / 4
    clock: Callable[[], datetime] = now
    _held: dict[str, _Held] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_running: bool = False

    def hold(self, keyed: KeyedRequests, claim: Claim) -> None:
        """Renew a claim from now on."""
        with self._lock:
            self._held[claim.owner] = _Held(keyed, claim, time.monotonic())
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, daemon=True).start()

    def let_go(self, claim: Claim) -> None:
        """Renew a claim no more."""
        with self._lock:
            self._held.pop(claim.owner, None)

    def renew_all(self) -> bool:
        """Renew what is held; whether there was anything."""
        earliest = time.monotonic() - LONGEST_SECONDS
        with self._lock:
            held = [one for one in self._held.values() if one.since > earliest]
            self._is_running = bool(held)
        for one in held:
            try:
                one.keyed.renew(one.claim, self.clock())
            except DBAPIError as error:  # it is tried again before the claim counts as lost
                _log.warning("the claim of a keyed request was not renewed (%s)", type(error).__name__)
        return bool(held)

    def _run(self) -> None:
        while True:
            time.sleep(self.seconds)
            if not self.renew_all():
                return
