"""How many requests a client may make: a bucket of tokens each, which fills steadily."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

MOST_CLIENTS = 10_000
"""Buckets that a process keeps; the one that was used longest ago makes room."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a request may be made, and what is left.

    Attributes
    ----------
    is_allowed
        Whether there was a token for it.
    remaining
        Requests that may follow at once.
    reset
        Seconds until the bucket is full again.
    retry_after
        Seconds until there is a token; 0 where the request is allowed.
    """

    is_allowed: bool
    remaining: int
    reset: float
    retry_after: float


@dataclass(frozen=True)
class Buckets:
    """Token buckets of one process: each holds `per_minute` requests and fills at that rate."""

    per_minute: int
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, client: str, moment: float) -> Allowance:
        """Take a token of a client's; `moment` in seconds of a clock that never goes back."""
        rate = self.per_minute / 60
        with self._lock:
            level, seen = self._levels.pop(client, (float(self.per_minute), moment))
            level = min(float(self.per_minute), level + (moment - seen) * rate)
            is_allowed = level >= 1
            level -= is_allowed
            self._levels[client] = level, moment
            if len(self._levels) > MOST_CLIENTS:
                self._levels.popitem(last=False)
        retry_after = 0.0 if is_allowed else (1 - level) / rate
        return Allowance(is_allowed, int(level), (self.per_minute - level) / rate, retry_after)
