"""The command that fits a market."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption, MarketFile
from service.cli.session import Session, open_session

if TYPE_CHECKING:
    from mmm.market import Market
    from service.records import ModelVersion

commands = typer.Typer()


@commands.command()
def fit(
    context: typer.Context,
    market: MarketFile,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws; the market's own unless given.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Fit a market, check the gates, and register the model."""
    from mmm.io import load_market
    from service.cli.gates import tell_model
    from service.scenario_files import scenarios_in

    session = open_session(context, home, as_json, language, market)
    loaded = load_market(market)
    version = fit_market(session, loaded, seed=seed)
    tell_model(session, version)
    if version.alias == "champion" and not session.as_json:
        folder = market if market.is_dir() else market.parent
        reader = session.reader(loaded.spec.market.language)
        command = (
            f"mixplan plan {scenarios[0]}" if (scenarios := scenarios_in(folder)) else f"mixplan curves {loaded.name}"
        )
        session.next(reader, command)
    if version.verdict == "fail":
        raise typer.Exit(1)


def fit_market(session: Session, market: "Market", *, seed: int | None) -> "ModelVersion":
    """Fit every outcome of a market and publish the artifacts together.

    A market that was fitted on the same data with the same choices and seed is not fitted again.
    """
    from mmm.spec_digest import spec_digest
    from service.cli.progress import fit_progress
    from service.times import now

    registry = session.home.registry
    header = market.spec.market
    reader = session.reader(header.language, header.currency)
    chosen = market.spec.model.seed if seed is None else seed
    known = registry.fitted(market.name, market.data_digest, spec_digest(market), chosen)
    if known is not None and registry.set_aside_damaged(known):
        session.say(
            reader.gettext("{market}: version {version} is damaged and is fitted again.").format(
                market=market.name, version=known.version
            )
        )
    elif known is not None:
        session.say(
            reader.gettext("{market}: version {version} was fitted on the same data before.").format(
                market=market.name, version=known.version
            )
        )
        return known
    if market.is_panel:
        told = reader.gettext("{market} is a panel: its regions are fitted side by side, for a model of the country.")
        if not market.is_pooled:
            told = reader.gettext("{market} is a panel: the sum of its regions is fitted.")
        session.say(told.format(market=market.name))
    from mmm.fit import fit_outcome
    from mmm.prefit.report import refuse_unfit

    refuse_unfit(market)
    artifacts = []
    for outcome in market.spec.outcomes:
        with fit_progress(session.talk, f"{market.name} · {outcome.name}", reader) as progress:
            artifacts.append(fit_outcome(market, outcome.name, seed=chosen, progress=progress))
    return registry.publish(artifacts, now())
