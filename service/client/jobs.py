"""Jobs: how far they are, what came of them, and stopping them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from service.client.answers import Job
from service.client.calls import Calls, path_of
from service.client.errors import Problem, StillRunning


@dataclass(frozen=True, slots=True)
class Jobs:
    """Calls about jobs; each raises as `Calls.send` does. `clock` gives seconds that only grow."""

    calls: Calls
    clock: Callable[[], float] = time.monotonic

    def all(self, market: str | None = None, parent: str | None = None) -> Iterator[Job]:
        """Every job, the newest first; of one market, or of one batch."""
        return self.calls.pages(Job, "/v1/jobs", "jobs", {"market": market, "parent": parent})

    def get(self, job_id: str) -> Job:
        """How far a job is, and what came of it."""
        return self.calls.get(Job, path_of("/v1/jobs/{id}", id=job_id))

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop; what it would have published is not published."""
        return Job.model_validate(self.calls.send("DELETE", path_of("/v1/jobs/{id}", id=job_id)).json())

    def wait(self, job: Job | str, seconds: float = 600.0, poll: float = 1.0) -> Job:
        """A job once it has succeeded or was cancelled.

        Parameters
        ----------
        job
            The job, or its id.
        seconds
            How long to wait at most.
        poll
            Seconds from one look to the next.

        Raises
        ------
        Problem
            When the job failed: why.
        StillRunning
            When it has not ended by then; it goes on.
        """
        identity = job if isinstance(job, str) else job.id
        deadline = self.clock() + seconds
        while True:
            found = self.get(identity)
            if found.problem is not None:
                raise Problem(found.problem, int(found.problem.get("status", 500)))
            if found.is_ended:
                return found
            if self.clock() + poll > deadline:
                raise StillRunning(f"job {identity} is {found.status} after {seconds:g} s")
            self.calls.sleep(poll)
