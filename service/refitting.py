"""Fitting every outcome of a market: what `mixplan fit` and a refit have in common."""

from collections.abc import Callable

from mmm.artifact import ResponseArtifact
from mmm.fit import fit_outcome
from mmm.market import Market
from mmm.prefit.report import refuse_unfit
from mmm.progress import Progress


def fit_all(market: Market, seed: int, report: Callable[[str, str, int, int], None]) -> tuple[ResponseArtifact, ...]:
    """The artifact of each outcome; `report` is told outcome, stage, done and total.

    Raises
    ------
    MarketRefused
        When the data make a fit meaningless.
    FitError
        When a fit fails.
    """
    refuse_unfit(market)
    return tuple(_fit(market, outcome.name, seed, report) for outcome in market.spec.outcomes)


def _fit(market: Market, outcome: str, seed: int, report: Callable[[str, str, int, int], None]) -> ResponseArtifact:
    def listen(progress: Progress) -> None:
        report(outcome, progress.stage, progress.done, progress.total)

    return fit_outcome(market, outcome, seed=seed, progress=listen)
