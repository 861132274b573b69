"""Commands about markets and their models: check, models, promote, rollback, curves."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption, MarketArgument, MarketFile
from service.cli.session import Session, open_session

commands = typer.Typer()


@commands.command()
def check(
    context: typer.Context,
    market: MarketFile,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """List every fault of a market, or what was understood of it and what to know before a fit."""
    from mmm.intake.understood import understood
    from mmm.io import load_market
    from mmm.prefit.report import refuse_unfit

    session = open_session(context, home, as_json, language, market)
    loaded = load_market(market)
    header = loaded.spec.market
    reader = session.reader(header.language, header.currency)
    warnings, sentences = refuse_unfit(loaded), understood(loaded)
    if session.as_json:
        told = {"market": header.name, "data_digest": loaded.data_digest, "understood": sentences, "warnings": warnings}
        session.answer(told, reader)
        return
    from service.cli.tables import bullet, heading

    session.show(heading(header.name), *(bullet(reader.say(said)) for said in sentences))
    if warnings:
        advised = (f"{reader.say(warning.text)}\n→ {reader.say(warning.action)}" for warning in warnings)
        session.show(heading(reader.gettext("Before the fit")), *(bullet(said) for said in advised))
    session.next(reader, f"mixplan fit {market}")


@commands.command()
def models(
    context: typer.Context,
    market: Annotated[str | None, typer.Argument(metavar="[MARKET]", help="Only this market, with its gates.")] = None,
    diff: Annotated[
        tuple[int, int] | None,
        typer.Option("--diff", metavar="A B", help="What differs between these two versions of the market."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """List model versions, their gates, and which is in use."""
    from service.markets import model_detail, newest_manifest

    session = open_session(context, home, as_json, language, market)
    if diff is not None:
        _tell_difference(session, market, diff)
        return
    registry = session.home.registry
    names = registry.markets() if market is None else (named_market(session, market),)
    found = [model_detail(registry, version) for name in names for version in registry.versions(name)]
    manifests = [newest_manifest(registry, name) for name in names]
    languages = {manifest.language for manifest in manifests if manifest is not None}
    reader = session.reader(languages.pop() if len(languages) == 1 else "en")
    if session.as_json:
        session.answer({"models": found}, reader)
        return
    from service.cli.gates import damage, gate_table, model_table

    if not found:
        session.say(reader.gettext("No market has a model yet. Fit one with “mixplan fit”, or try “mixplan demo”."))
        return
    session.show(model_table(found, reader), *damage(found, reader))
    if market is not None:
        session.show(*gate_table(found[0], reader))


@commands.command()
def promote(
    context: typer.Context,
    market: MarketArgument,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version that shall be champion.")],
    force: Annotated[bool, typer.Option("--force", help="Promote a model that failed a gate.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make a model version the champion."""
    from service.times import now

    session = open_session(context, home, as_json, language, market)
    name = named_market(session, market)
    _tell_standing(session, session.home.registry.promote(name, version, now(), force=force).market)


@commands.command()
def rollback(
    context: typer.Context,
    market: MarketArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Make the champion before this one the champion again."""
    from service.times import now

    session = open_session(context, home, as_json, language, market)
    name = named_market(session, market)
    _tell_standing(session, session.home.registry.rollback(name, now()).market)


@commands.command()
def curves(
    context: typer.Context,
    market: MarketArgument,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", help="Over this scenario's horizon; the last year unless given.", exists=True),
    ] = None,
    kpi: Annotated[
        str | None, typer.Option("--kpi", help="Which KPI; the scenario's, or the first, unless given.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Show response curves and what each channel brings."""
    from mmm.periods import PLURALS
    from mmm.sentence import Day, Number, Term, Word, sentence
    from service.answers import curves_answer
    from service.cli.curve_page import curve_page
    from service.errors import not_known
    from service.scenario_files import read_scenario

    session = open_session(context, home, as_json, language, market)
    asked = None if scenario is None else read_scenario(scenario)
    desk = session.home.desk
    planned = desk.market(named_market(session, market))
    name = kpi or (next(iter(planned.artifacts)) if asked is None else asked.kpi)
    if name not in planned.artifacts:
        raise not_known("KPI", name, planned.artifacts)
    answer = curves_answer(planned.artifacts[name], desk.curves(planned, name, asked))
    reader = session.reader(planned.language, planned.currency)
    if session.as_json:
        session.answer(answer, reader)
        return
    if asked is None:
        over = sentence("Over the last year of the data (all of it where it is shorter), at what was spent then.")
    else:
        periods, period = Number(amount=asked.horizon.periods), Term(text=PLURALS[planned.period])
        over = sentence(
            "Over {periods} {period} from {start}, at what the reference plan of “{scenario}” spends.",
            periods=periods,
            period=period,
            start=Day(day=asked.horizon.start),
            scenario=Word(text=asked.name),
        )
    session.show(*curve_page(answer, reader.say(over), reader, session.out.width))


def named_market(session: Session, argument: str) -> str:
    """The name of the market that an argument means: itself, or what the market.toml at that path says.

    Raises
    ------
    FileRefused
        When the file at that path is no TOML.
    """
    if argument in session.home.registry.markets():
        return argument
    path = Path(argument)
    file = path / "market.toml" if path.is_dir() else path
    if not file.is_file():
        return argument
    from mmm.io import read_toml

    header = read_toml(file).get("market")
    name = header.get("name") if isinstance(header, dict) else None
    return name if isinstance(name, str) else argument


def _tell_difference(session: Session, market: str | None, versions: tuple[int, int]) -> None:
    from service.cli.model_difference import difference_page
    from service.markets import newest_manifest
    from service.refits.difference import FittedVersion, difference

    if market is None:
        raise typer.BadParameter("--diff compares two versions of one market: name the market")
    registry = session.home.registry
    name = named_market(session, market)
    first, second = (registry.version(name, number) for number in versions)
    found = difference(FittedVersion(first, registry.load(first)), FittedVersion(second, registry.load(second)))
    manifest = newest_manifest(registry, name)
    reader = session.reader("en" if manifest is None else manifest.language, found.currency)
    session.tell(found, reader, lambda: difference_page(found, reader))


def _tell_standing(session: Session, market: str) -> None:
    from service.markets import model_detail, newest_manifest
    from service.registry import standing

    registry = session.home.registry
    champion = registry.champion(market)
    manifest = newest_manifest(registry, market)
    reader = session.reader("en" if manifest is None else manifest.language)
    session.tell(model_detail(registry, champion), reader, lambda: [reader.say(standing(champion))])
