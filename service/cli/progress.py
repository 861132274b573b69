"""The bar of a fit, on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.language import Reader

if TYPE_CHECKING:
    from mmm.progress import Progress as FitProgress


@contextmanager
def fit_progress(console: Console, title: str, reader: Reader) -> Iterator["Callable[[FitProgress], None]"]:
    """A bar of draws done and divergences met; without a terminal, one line a stage."""
    if not console.is_terminal:
        stages: set[str] = set()

        def tell(progress: "FitProgress") -> None:
            if progress.stage not in stages:
                stages.add(progress.stage)
                console.print(f"{title}: {reader.gettext(progress.stage)}", markup=False)

        yield tell
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[remark]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks = {}

        def draw(progress: "FitProgress") -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bars.add_task(f"{title}: {reader.gettext(progress.stage)}", remark="")
            remark = (
                reader.gettext("{count} divergences").format(count=progress.divergences) if progress.divergences else ""
            )
            bars.update(tasks[progress.stage], completed=progress.done, total=progress.total, remark=remark)

        yield draw
