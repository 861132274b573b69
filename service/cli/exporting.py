"""The command that writes a plan as a file for a spreadsheet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption
from service.cli.session import Session, open_session

if TYPE_CHECKING:
    from service.records import SavedPlan

commands = typer.Typer()


@commands.command()
def export(
    context: typer.Context,
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="A scenario file, or the id of a saved scenario or plan."),
    ],
    file_format: Annotated[Literal["csv", "xlsx"], typer.Option("--format", help="Kind of file.")] = "xlsx",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; MARKET-PLAN.xlsx in this folder unless given.", dir_okay=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Write a plan as CSV or XLSX for a spreadsheet; no text in it can start a formula.

    A file is planned first, and the plan kept; of an id the newest plan is written.
    """
    from service.cli.reporting import refuse_to_overwrite
    from service.export.csv_file import plan_csv
    from service.export.workbook import plan_workbook
    from service.markets import newest_manifest

    named = Path(scenario)
    is_file = named.is_file()
    if not is_file and named.suffix in (".toml", ".json"):
        raise typer.BadParameter(f"there is no file {scenario}", param_hint="SCENARIO")
    session = open_session(context, home, as_json, language, named if is_file else None)
    saved = _planned(session, named) if is_file else session.home.scenarios.plan(scenario)
    manifest = newest_manifest(session.home.registry, saved.plan.market)
    reader = session.reader("en" if manifest is None else manifest.language, saved.plan.currency)
    file = out or Path(f"{saved.plan.market}-{saved.id}.{file_format}")
    refuse_to_overwrite(file, force=force)
    content = (plan_csv if file_format == "csv" else plan_workbook)(saved, reader)
    try:
        with file.open("wb" if force else "xb") as written:
            written.write(content)
    except FileExistsError:
        refuse_to_overwrite(file, force=False)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written to: {error.strerror}", param_hint="--out") from error
    if session.as_json:
        named_by = {"scenario": saved.scenario_id, "plan": saved.id, "digests": saved.digests}
        session.answer({"file": str(file), **named_by}, reader)
    else:
        typer.echo(str(file))


def _planned(session: Session, file: Path) -> "SavedPlan":
    """The plan of a scenario file, kept; an infeasible one is shown, and ends the command with exit code 1."""
    from service.cli.planning import tell_plan
    from service.scenario_files import read_scenario
    from service.times import now

    asked = read_scenario(file)
    answer = session.home.desk.answer(asked, now())
    if answer.saved is None:
        tell_plan(session, asked)
        raise typer.Exit(1)
    return answer.saved
