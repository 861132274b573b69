"""Jobs as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

type JobKind = Literal["refit", "plan", "batch", "backtest"]
"""refit: fit a market's newest data, judge, promote or hold. plan: a scenario that takes long. batch: refits of many
markets, each a job of its own. backtest: forecasts of a market's past, scored."""

type JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]

ENDED: frozenset[JobStatus] = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is: `done` of `total` of one stage, and the seconds that the stage will still take."""

    stage: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job and how far it is.

    Attributes
    ----------
    request
        What was asked, as JSON.
    result
        What came of it, as JSON; None until it has succeeded.
    problem
        Why it failed, as `service.jobs.troubles` keeps it; None unless it failed.
    attempts
        How often a worker began it: more than one where a worker was lost.
    """

    id: str
    kind: JobKind
    market: str | None
    parent: str | None
    status: JobStatus
    request: Mapping[str, Any]
    progress: JobProgress | None
    result: Mapping[str, Any] | None
    problem: Mapping[str, Any] | None
    attempts: int
    actor: str
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED
