"""Commands about jobs: worker, refit, jobs, cancel."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption
from service.cli.session import Session, actor, open_session

if TYPE_CHECKING:
    from service.jobs.records import Job
    from service.jobs.worker import Worker

commands = typer.Typer()
worker_commands = typer.Typer(help="Work on jobs: fits, refits, long plans.", invoke_without_command=True)
commands.add_typer(worker_commands, name="worker")

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Id of a job.")]


@worker_commands.callback()
def worker(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Option(help="Its name, never shared; the machine's with a number unless given.")
    ] = None,
    slots: Annotated[int, typer.Option(min=1, max=64, help="Jobs at a time.")] = 1,
    tenant_slots: Annotated[int, typer.Option(min=1, max=1000, help="Jobs of one tenant at a time.")] = 4,
    until_input_ends: Annotated[
        bool, typer.Option("--until-input-ends", hidden=True, help="End when standard input ends.")
    ] = False,
    home: HomeOption = None,
    language: LanguageOption = None,
) -> None:
    """Work on jobs until stopped: fits, refits, long plans.

    It may be killed at any time: what it was at is done by the next worker.
    """
    if context.invoked_subcommand is not None:
        return
    from service.jobs.worker import Worker, WorkerChoices

    logging.basicConfig(level=os.environ.get("MIXPLAN_LOG", "WARNING"))
    session = open_session(context, home, as_json=False, language=language)
    working = Worker(session.home, WorkerChoices(name, max(slots, 1), max(tenant_slots, slots)))
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: working.stop())
    if until_input_ends:
        threading.Thread(target=_stop_at_end_of_input, args=(working,), daemon=True).start()
    session.say(session.reader().gettext("Worker {name} works. Stop with Ctrl-C.").format(name=working.name))
    working.run()


@worker_commands.command()
def recover(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[WORKER]…", help="Names of workers.")] = None,
    host: Annotated[str | None, typer.Option(help="Every worker of this host.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also a worker that was heard of within the last minute.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Give the jobs of workers that are gone for good back to the queue.

    Workers of one machine do this for each other; this is for a machine that is gone.
    """
    from service.jobs.recovery import recover_workers
    from service.times import now

    session = open_session(context, home, as_json, language)
    if not names and host is None:
        raise typer.BadParameter("say which workers are gone: their names, or --host")
    jobs = recover_workers(session.home, tuple(names or ()), host, now(), is_forced=force)
    reader = session.reader()
    if session.as_json:
        session.print_json({"jobs": list(jobs)})
        return
    if not jobs:
        session.say(reader.gettext("None of them had a job."))
    for job in jobs:
        session.show(reader.gettext("{job} goes back to the queue.").format(job=job))


@commands.command()
def refit(
    context: typer.Context,
    markets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MARKET]…", help="Names of markets, or market.toml files with newer data; else all."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws; each market's own unless given.")] = None,
    queue_only: Annotated[bool, typer.Option("--queue-only", help="Leave the work to a worker.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Fit markets again on their newest data, and promote what has earned it.

    Works on the refits itself, beside any worker that runs.
    """
    from service.jobs.asking import ask_batch, ask_refit
    from service.times import now

    session = open_session(context, home, as_json, language)
    names = [_market_of(session, argument) for argument in markets or []]
    if len(names) == 1:
        job = ask_refit(session.home, names[0], actor(), now(), seed=seed)
    else:
        job = ask_batch(session.home, names or None, actor(), now())
    if not queue_only:
        _work_on(session, job)
    _tell_refit(session, session.home.jobs.job(job.id))


@commands.command()
def jobs(
    context: typer.Context,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="Only this job.")] = None,
    market: Annotated[str | None, typer.Option(help="Only jobs of this market.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many, the newest.")] = 20,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """List jobs, the newest first."""
    from service.cli.job_page import job_page, job_table
    from service.jobs.answers import job_answer, job_list

    session = open_session(context, home, as_json, language)
    reader = session.reader()
    if job is not None:
        found = job_answer(session.home.jobs.job(job), reader)
        session.tell(found, reader, lambda: job_page(found, reader))
        return
    page = session.home.jobs.page(limit, market=market)
    if session.as_json:
        session.answer(job_list(page, reader), reader)
    elif page.items:
        session.show(job_table([job_answer(one, reader) for one in page.items], reader))
    else:
        session.say(reader.gettext("No job has been asked for yet."))


@commands.command()
def cancel(
    context: typer.Context,
    job: JobArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Ask a job to stop; what it would have published is not published."""
    from service.jobs.answers import job_answer
    from service.times import now

    session = open_session(context, home, as_json, language)
    reader = session.reader()
    asked = session.home.jobs.cancel(job, now())
    if session.as_json:
        session.answer(job_answer(asked, reader), reader)
    elif asked.is_ended:
        session.show(f"{asked.id}: {reader.gettext(asked.status)}")
    else:
        session.show(reader.gettext("{job} will stop within a few seconds.").format(job=asked.id))


def _stop_at_end_of_input(working: "Worker") -> None:
    sys.stdin.read()
    working.stop()


def _market_of(session: Session, argument: str) -> str:
    """The market that an argument names; data in the file that it leads to become the newest."""
    path = Path(argument)
    if not path.exists():
        return argument
    from service.market_folders import keep_market_folder

    return keep_market_folder(session.home, path).market


def _work_on(session: Session, job: "Job") -> None:
    """Work until a job has ended."""
    from service.cli.job_progress import job_progress
    from service.jobs.worker import Worker, WorkerChoices

    logging.basicConfig(level=os.environ.get("MIXPLAN_LOG", "ERROR"))
    working = Worker(session.home, WorkerChoices())
    previous = {ending: signal.signal(ending, lambda *_: working.stop()) for ending in (signal.SIGTERM, signal.SIGINT)}
    try:
        with job_progress(session.talk, session.reader()) as watch:
            working.run(until=lambda: watch(session.home.jobs.job(job.id)))
    finally:
        for ending, handler in previous.items():
            signal.signal(ending, handler)


def _tell_refit(session: Session, job: "Job") -> None:
    from service.cli.job_page import job_page, job_table
    from service.jobs.answers import job_answer

    reader = session.reader()
    answer = job_answer(job, reader)
    if session.as_json:
        session.answer(answer, reader)
    else:
        session.show(*job_page(answer, reader))
        children = session.home.jobs.page(500, parent=job.id).items if job.kind == "batch" else ()
        if children:
            session.show(job_table([job_answer(one, reader) for one in children], reader))
    if job.status in ("failed", "cancelled"):
        raise typer.Exit(1)
