"""The bar of a job that is waited for, on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from service.jobs.records import Job
from service.language import Reader


@contextmanager
def job_progress(console: Console, reader: Reader) -> Iterator[Callable[[Job], bool]]:
    """A function that shows how far a job is and says whether it has ended; without a terminal, one line a stage."""
    if not console.is_terminal:
        told: set[str] = set()

        def tell(job: Job) -> bool:
            if job.progress is not None and job.progress.stage not in told:
                told.add(job.progress.stage)
                console.print(f"{job.market or job.kind}: {reader.gettext(job.progress.stage)}", markup=False)
            return job.is_ended

        yield tell
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=30), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {}

        def draw(job: Job) -> bool:
            progress = job.progress
            if progress is not None:
                if progress.stage not in tasks:
                    title = f"{job.market or reader.gettext(job.kind)}: {reader.gettext(progress.stage)}"
                    tasks[progress.stage] = bars.add_task(title)
                bars.update(tasks[progress.stage], completed=progress.done, total=progress.total)
            return job.is_ended

        yield draw
