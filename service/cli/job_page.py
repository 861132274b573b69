"""Jobs in the terminal."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from service.cli.backtest_page import backtest_page
from service.cli.judgement_page import judgement_page
from service.cli.tables import bullet, heading, table
from service.jobs.answers import JobAnswer
from service.language import Reader
from service.refits.report import RefitReport

STATUS_STYLES = {"succeeded": "green", "failed": "bold red", "cancelled": "yellow", "running": "bold", "queued": ""}


def job_table(jobs: Sequence[JobAnswer], reader: Reader) -> Table:
    """Jobs, one a line."""
    _ = reader.gettext
    shown = table(_("Job"), _("Kind"), _("Market"), _("Status"), _("Progress"), _("Asked"), _("Took"), numbers=[6])
    for job in jobs:
        shown.add_row(
            Text(job.id),
            _(job.kind),
            Text(job.market or ""),
            Text(_(job.status), style=STATUS_STYLES[job.status]),
            _progress(job, reader),
            reader.day(job.created_at.date()),
            _took(job, reader),
        )
    return shown


def job_page(job: JobAnswer, reader: Reader) -> list[RenderableType]:
    """One job: what it was, what came of it, or why it failed."""
    _ = reader.gettext
    title = " · ".join(part for part in (_(job.kind), job.market or "", job.id) if part)
    parts: list[RenderableType] = [heading(title), Text(_(job.status), style=STATUS_STYLES[job.status])]
    if job.progress is not None:
        parts.append(Text(_progress(job, reader)))
    if job.result is not None and "version" in job.result:
        version, alias = job.result["version"], str(job.result["alias"])
        if job.result["outcome"] == "unchanged":
            parts.append(Text(_("Nothing has changed: it was fitted on the same data before.")))
        parts.append(Text(_("Version {version} is {alias}.").format(version=version, alias=_(alias))))
    if job.result is not None and "report" in job.result:
        report = RefitReport.model_validate(job.result["report"])
        parts += judgement_page(report.judgement, reader)
    if job.result is not None and "backtest" in job.result:
        parts += ["", *backtest_page(job.result["backtest"], reader)]
    if job.problem is not None:
        parts.append(Text(str(job.problem["detail"])))
        parts += [bullet(f"{flaw['pointer']}: {flaw['detail']}") for flaw in job.problem.get("errors", [])]
    return parts


def _progress(job: JobAnswer, reader: Reader) -> str:
    if job.progress is None:
        return ""
    share = reader.share(job.progress.done / max(job.progress.total, 1), 0)
    return f"{reader.gettext(job.progress.stage)} {share}"


def _took(job: JobAnswer, reader: Reader) -> str:
    if job.started_at is None or job.ended_at is None:
        return ""
    return reader.gettext("{seconds} s").format(
        seconds=reader.number((job.ended_at - job.started_at).total_seconds(), 1)
    )
