"""The command that holds the model against simpler forecasts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.options import HomeOption, JsonOption, LanguageOption, MarketFile
from service.cli.session import Session, actor, open_session

if TYPE_CHECKING:
    from service.jobs.asking import BacktestChoices

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
    queue_only: Annotated[bool, typer.Option("--queue-only", help="Leave the work to a worker.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LanguageOption = None,
) -> None:
    """Forecast the past from what was known, and score it against simpler forecasts."""
    from mmm.io import load_market
    from service.errors import not_known
    from service.jobs.asking import BacktestChoices

    session = open_session(context, home, as_json, language, market)
    loaded = load_market(market)
    header = loaded.spec.market
    reader = session.reader(header.language, header.currency)
    names = [outcome.name for outcome in loaded.spec.outcomes]
    name = kpi or names[0]
    if name not in names:
        raise not_known("KPI", name, names)
    if queue_only:
        _leave_to_worker(session, market, BacktestChoices(folds, periods, name, seed))
        return
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


def _leave_to_worker(session: Session, market: Path, choices: "BacktestChoices") -> None:
    """Keep the data that a file leads to as the market's newest, and queue a backtest of them."""
    from service.cli.job_page import job_page
    from service.jobs.answers import job_answer
    from service.jobs.asking import ask_backtest
    from service.market_folders import keep_market_folder
    from service.times import now

    kept = keep_market_folder(session.home, market)
    reader = session.reader()
    job = job_answer(ask_backtest(session.home, kept.market, choices, actor(), now()), reader)
    session.tell(job, reader, lambda: job_page(job, reader))
    session.next(reader, f"mixplan jobs {job.id}")
