"""Asking for jobs: what CLI, HTTP and schedules have in common."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from mmm.sentence import sentence
from optimizer.scenario.document import Scenario
from service.errors import NotAllowed
from service.home import Home
from service.jobs.records import Job


@dataclass(frozen=True, slots=True)
class BacktestChoices:
    """What to backtest.

    Attributes
    ----------
    folds
        From how many points of history to forecast, at least 2.
    periods
        Length of each window; the usual one of the market's period where None.
    kpi
        Name of an outcome; the market's first where None.
    seed
        Of the draws; the market's own where None.
    """

    folds: int = 4
    periods: int | None = None
    kpi: str | None = None
    seed: int | None = None


def ask_refit(
    home: Home, market: str, actor: str, now: datetime, *, seed: int | None = None, identity: str | None = None
) -> Job:
    """Queue a refit of a market on its newest dataset.

    Raises
    ------
    NotKnown
        When no data of that market were ever kept.
    NotAllowed
        When a refit of it is queued or runs already.
    """
    request: dict[str, object] = {"dataset": home.datasets.market(market).dataset}
    if seed is not None:
        request["seed"] = seed
    return home.jobs.ask("refit", market, request, actor, now, identity=identity)


def ask_plan(home: Home, scenario: Scenario, actor: str, now: datetime, *, identity: str | None = None) -> Job:
    """Queue the planning of a scenario."""
    written = scenario.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return home.jobs.ask("plan", scenario.market, {"scenario": written}, actor, now, identity=identity)


def ask_backtest(
    home: Home, market: str, choices: BacktestChoices, actor: str, now: datetime, *, identity: str | None = None
) -> Job:
    """Queue a backtest of a market on its newest dataset.

    Raises
    ------
    NotKnown
        When no data of that market were ever kept.
    """
    request = {"dataset": home.datasets.market(market).dataset, **asdict(choices)}
    return home.jobs.ask("backtest", market, request, actor, now, identity=identity)


def ask_batch(
    home: Home, markets: Sequence[str] | None, actor: str, now: datetime, *, identity: str | None = None
) -> Job:
    """Queue refits of several markets as one batch; of every market that has data when none is named.

    Raises
    ------
    NotKnown
        When no data of one of them were ever kept.
    NotAllowed
        When there is no market with data.
    """
    chosen = [kept.name for kept in home.datasets.markets()] if markets is None else list(dict.fromkeys(markets))
    if not chosen:
        raise NotAllowed(sentence("No market has data here. Fit one, or post its data, and then refit."))
    for market in chosen:
        home.datasets.market(market)
    return home.jobs.ask("batch", None, {"markets": chosen}, actor, now, identity=identity)
