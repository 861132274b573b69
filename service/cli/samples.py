"""Commands that need no data of one's own: demo and simulate."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from mmm.simulation.world_names import WorldName
from service.cli.options import HomeOption, JsonOption, LanguageChoice, LanguageOption
from service.cli.session import open_session

commands = typer.Typer()

SAMPLES = ("consumer-brand-cn", "industrial-b2b")
"""Folders of the sample markets, in the order in which they are shown."""


@commands.command()
def demo(
    context: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Fit the two sample markets; size and split a budget for each."""
    from mmm.io import load_market
    from service.cli.fitting import fit_market
    from service.cli.planning import plan_page
    from service.scenario_files import read_scenario, scenarios_in

    session = open_session(context, home, as_json, language)
    folder = samples_folder()
    plans: list[object] = []
    reader = session.reader()
    for name in SAMPLES:
        market = load_market(folder / name)
        fit_market(session, market, seed=None)
        for file in scenarios_in(folder / name):
            plan, reader, page = plan_page(session, read_scenario(file))
            plans.append(plan)
            if not session.as_json:
                session.show(*page)
        if not session.as_json and name == SAMPLES[-1]:
            session.next(reader, f"mixplan what-if {folder / name / 'plan.toml'} --budget 400000")
    if session.as_json:
        session.answer({"plans": plans}, reader)


@commands.command()
def simulate(
    context: typer.Context,
    business: Annotated[Literal["b2b", "b2c"], typer.Option(help="What kind of market.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same market.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder to write to.")],
    periods: Annotated[int, typer.Option(min=52, max=520, help="Weeks of history.")] = 156,
    world: Annotated[
        WorldName,
        typer.Option(help="What the truth is like; all but “model” break what the fit assumes (docs/simulation.md)."),
    ] = "model",
    market_language: Annotated[
        LanguageChoice, typer.Option("--language", help="Language of the market: its names and its comments.")
    ] = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Write a market with known truth, and two scenarios for it."""
    from mmm.simulation.files import write_simulated
    from mmm.simulation.simulate import simulate_market

    session = open_session(context, home, as_json, language)
    try:
        simulated = simulate_market(business, periods=periods, seed=seed, language=market_language, world=world)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--world") from error
    try:
        files = write_simulated(simulated, out)
    except OSError as error:
        raise typer.BadParameter(f"{out} cannot be written to: {error.strerror}", param_hint="--out") from error
    reader = session.reader(market_language)
    if session.as_json:
        session.answer({"files": [str(file) for file in files]}, reader)
        return
    for file in files:
        session.show(str(file))
    session.next(reader, f"mixplan fit {out}")


def samples_folder() -> Path:
    """The folder `data` of the project, beside the packages.

    Raises
    ------
    typer.BadParameter
        When this installation has none.
    """
    import service

    folder = Path(str(service.__file__)).resolve().parents[1] / "data"
    missing = [name for name in SAMPLES if not (folder / name / "market.toml").is_file()]
    if missing:
        raise typer.BadParameter(
            f"the sample markets are not there: {folder} has no {' and no '.join(missing)}. They come with the "
            "project's files, not with its packages: run this from a checkout, or make a market with "
            "“mixplan simulate”."
        )
    return folder
