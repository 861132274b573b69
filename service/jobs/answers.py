"""Jobs as they are answered: the same for `--json` and for HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from mmm.backtest.document import Backtest
from service.jobs.records import Job, JobKind, JobStatus
from service.jobs.troubles import problem_from
from service.language import Reader
from service.paging import Page
from service.problems import problem_document
from service.refits.report import RefitReport


class JobProgressAnswer(BaseModel):
    """How far a job is; `seconds_left` until its stage ends."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    stage: str
    done: int
    total: int
    seconds_left: float | None


class JobAnswer(BaseModel):
    """A job; `result` once it has succeeded, `problem` once it has failed."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: JobKind
    market: str | None
    parent: str | None
    status: JobStatus
    progress: JobProgressAnswer | None
    result: Mapping[str, Any] | None
    problem: Mapping[str, Any] | None
    attempts: int
    actor: str
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobList(BaseModel):
    """A page of jobs, the newest first; `next` is the cursor of the following page."""

    model_config = ConfigDict(frozen=True)

    jobs: tuple[JobAnswer, ...]
    next: int | None


def job_answer(job: Job, reader: Reader) -> JobAnswer:
    """A job in a reader's language."""
    return JobAnswer(
        id=job.id,
        kind=job.kind,
        market=job.market,
        parent=job.parent,
        status=job.status,
        progress=None if job.progress is None else JobProgressAnswer.model_validate(job.progress),
        result=None if job.result is None else _read(job.result),
        problem=None if job.problem is None else problem_document(problem_from(job.problem), reader),
        attempts=job.attempts,
        actor=job.actor,
        worker=job.worker,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )


def _read(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """A result whose report or backtest is a value, so that its sentences are told in the reader's language."""
    if "report" in result:
        return {**result, "report": RefitReport.model_validate(result["report"])}
    if "backtest" in result:
        return {**result, "backtest": TypeAdapter(Backtest).validate_python(result["backtest"])}
    return result


def job_list(page: Page[Job], reader: Reader) -> JobList:
    """A page of jobs in a reader's language."""
    return JobList(jobs=tuple(job_answer(job, reader) for job in page.items), next=page.next_cursor)
