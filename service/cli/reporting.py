"""The command that writes what the channels did as one file to forward."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption, MarketArgument
from service.cli.session import open_session

commands = typer.Typer()


@commands.command()
def report(
    context: typer.Context,
    market: MarketArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write; MARKET-KPI.html in this folder unless given.", dir_okay=False),
    ] = None,
    kpi: Annotated[str | None, typer.Option("--kpi", help="Which KPI; the first unless given.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Write what each channel did as one HTML file that opens offline."""
    from mmm.decomposition import decompose
    from service.cli.markets import named_market
    from service.errors import not_known
    from service.following import running_plan
    from service.report.page import page, report_of
    from service.report.subject import ReportSubject
    from service.times import now

    session = open_session(context, home, as_json, language, market)
    desk = session.home.desk
    planned = desk.market(named_market(session, market))
    name = kpi or next(iter(planned.artifacts))
    if name not in planned.artifacts:
        raise not_known("KPI", name, planned.artifacts)
    artifact = planned.artifacts[name]
    file = Path(f"{artifact.manifest.market}-{name}.html".replace("/", "-")) if out is None else out
    refuse_to_overwrite(file, force=force)
    reader = session.reader(planned.language, planned.currency)
    subject = ReportSubject(
        version=planned.version,
        artifact=artifact,
        curves=desk.curves(planned, name, None),
        split=decompose(artifact),
        reader=reader,
        written_on=now().date(),
    )
    content = page(report_of(subject, running_plan(session.home, artifact.manifest.market)), reader)
    try:
        with file.open("w" if force else "x", encoding="utf-8", newline="\n") as written:
            written.write(content)
    except FileExistsError:
        refuse_to_overwrite(file, force=False)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written to: {error.strerror}", param_hint="--out") from error
    if session.as_json:
        session.answer({"file": str(file), "market": artifact.manifest.market, "digest": artifact.digest}, reader)
    else:
        typer.echo(str(file))


def refuse_to_overwrite(file: Path, *, force: bool) -> None:
    """Stop where a file is there already.

    Raises
    ------
    NotAllowed
        When it is there and `force` is not given.
    """
    from mmm.sentence import Word, sentence
    from service.errors import NotAllowed

    if file.exists() and not force:
        raise NotAllowed(
            sentence(
                "{file} is there already. Name another with --out, or write over it with --force.",
                file=Word(text=str(file)),
            )
        )
