"""The command that holds the model against simpler forecasts."""

from typing import Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption, MarketFile
from service.cli.session import open_session

commands = typer.Typer()


@commands.command()
def backtest(
    context: typer.Context,
    market: MarketFile,
    folds: Annotated[int, typer.Option(min=2, max=60, help="From how many points of history to forecast.")] = 4,
    periods: Annotated[
        int | None,
        typer.Option(min=1, max=400, help="Periods of each forecast; unless given 13 weeks, 56 days, 6 months or so."),
    ] = None,
    kpi: Annotated[str | None, typer.Option("--kpi", help="Which KPI; the first unless given.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draws; the market's own unless given.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Forecast the past from what was known, and score it against simpler forecasts."""
    from mmm.io import load_market
    from service.errors import not_known

    session = open_session(context, home, as_json, language, market)
    loaded = load_market(market)
    header = loaded.spec.market
    reader = session.reader(header.language, header.currency)
    names = [outcome.name for outcome in loaded.spec.outcomes]
    name = kpi or names[0]
    if name not in names:
        raise not_known("KPI", name, names)
    # Imported here: scikit-learn and the sampler take seconds, which help and refusals need not wait for.
    from mmm.backtest.rolling_origin import rolling_origins
    from mmm.backtest.run import score_origin, summarize
    from service.cli.progress import fit_progress

    origins = rolling_origins(loaded, folds, periods)
    chosen = loaded.spec.model.seed if seed is None else seed
    scores = []
    for origin in origins:
        title = f"{loaded.name} · {name} · {reader.day(loaded.dates[origin.known])}"
        with fit_progress(session.talk, title, reader) as progress:
            scores.append(score_origin(loaded, name, origin, seed=chosen, progress=progress))
    found = summarize(loaded, name, origins, scores)
    if session.as_json:
        session.answer(found, reader)
        return
    from service.cli.backtest_page import backtest_page

    session.show(*backtest_page(found, reader))
