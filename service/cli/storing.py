"""Commands about a whole home: store verify, collect, backup, restore."""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption
from service.cli.session import open_session

if TYPE_CHECKING:
    from service.language import Reader
    from service.storage.verification import Verified

commands = typer.Typer()
store_commands = typer.Typer(help="Verify, clear, back up and restore a home.", no_args_is_help=True)
commands.add_typer(store_commands, name="store")

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="File of the backup.", dir_okay=False)]


@store_commands.command()
def verify(
    context: typer.Context, home: HomeOption = None, as_json: JsonOption = False, language: LanguageOption = None
) -> None:
    """Read every artifact and dataset that is referred to, and say what is missing, damaged or contradictory."""
    from service.storage.verification import verify

    session = open_session(context, home, as_json, language)
    found = verify(session.home)
    reader = session.reader()
    faults = [f"• {reader.say(fault)}" for fault in found.faults]
    session.tell(found, reader, lambda: [_whole(found, reader), *faults])
    if found.faults:
        raise typer.Exit(1)


@store_commands.command()
def collect(
    context: typer.Context,
    hours: Annotated[float, typer.Option("--older-than", min=1.0, help="Hours that it was left alone.")] = 24.0,
    is_rehearsal: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave it.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Take away artifacts and datasets that no model, plan or dataset refers to."""
    from service.storage.collection import collect
    from service.times import now

    session = open_session(context, home, as_json, language)
    found = collect(session.home, now(), age=timedelta(hours=hours), is_rehearsal=is_rehearsal)
    reader = session.reader()
    if session.as_json:
        session.answer(found, reader)
        return
    said = (
        reader.gettext("{count} folders of {megabytes} MB would go.")
        if is_rehearsal
        else reader.gettext("{count} folders of {megabytes} MB are gone.")
    )
    session.show(said.format(count=len(found.folders), megabytes=reader.number(found.bytes / 1e6, 1)))


@store_commands.command()
def backup(
    context: typer.Context,
    file: BackupFile,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Write all that a home is, as of now, into one new file; it may be in use meanwhile."""
    from service.storage.backup import back_up
    from service.times import now

    session = open_session(context, home, as_json, language)
    made = back_up(session.home, file, now())
    reader = session.reader()
    if session.as_json:
        session.answer(made, reader)
        return
    session.show(
        reader.gettext("{file}: {artifacts} artifacts, {datasets} datasets, {rows} rows, {megabytes} MB.").format(
            file=file,
            artifacts=made.artifacts,
            datasets=made.datasets,
            rows=made.rows,
            megabytes=reader.number(made.bytes / 1e6, 1),
        )
    )


@store_commands.command()
def restore(
    context: typer.Context,
    file: BackupFile,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make a home of a backup: in an empty folder, on SQLite or on an empty PostgreSQL database."""
    from service.settings import settings_from
    from service.storage.restoring import restore
    from service.times import now

    session = open_session(context, home, as_json, language)
    restored = restore(settings_from(session.home_folder, os.environ), file, now())
    reader = session.reader()
    if session.as_json:
        session.answer(restored, reader)
        return
    session.show(_whole(restored.verified, reader))
    if restored.jobs:
        session.show(reader.gettext("{count} jobs wait for a worker again.").format(count=restored.jobs))


def _whole(found: "Verified", reader: "Reader") -> str:
    return reader.gettext("{models} models, {artifacts} artifacts and {datasets} datasets; {faults} faults.").format(
        models=found.models, artifacts=found.artifacts, datasets=found.datasets, faults=len(found.faults)
    )
