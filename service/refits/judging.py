"""A refit judged from end to end: backtest, curves, splits, verdict.

The backtest fits, so this needs the sampler: nothing that serves requests may import it.
"""

from collections.abc import Mapping, Sequence

from mmm.artifact import ResponseArtifact
from mmm.market import Market
from mmm.progress import Listener
from service.refits.backtest import newest_quarter_backtest
from service.refits.curve_stability import stability_of_curves
from service.refits.policy import USUAL_POLICY, PromotionPolicy
from service.refits.report import RefitReport
from service.refits.split_stability import StandingScenario, stability_of_split
from service.refits.verdict import first_verdict, verdict


def judged_refit(
    champion: Mapping[str, ResponseArtifact] | None,
    challenger: Mapping[str, ResponseArtifact],
    market: Market,
    scenarios: Sequence[StandingScenario] = (),
    *,
    seed: int,
    policy: PromotionPolicy = USUAL_POLICY,
    progress: Listener | None = None,
) -> RefitReport:
    """The judgement on a challenger that was fitted on a market, with all that it rests on.

    Parameters
    ----------
    champion
        The artifacts in use by outcome; None where the market has none.
    challenger
        The artifacts of the refit by outcome.
    market
        Data and choices that the challenger was fitted with.
    scenarios
        The standing scenarios of the market.
    seed
        Of the backtest's fits.
    policy
        The limits of the rules.
    progress
        Told how far a fit of the backtest is.

    Raises
    ------
    FitError
        When a challenger cannot be fitted without the newest quarter.
    """
    gates = {kpi: artifact.manifest.gates for kpi, artifact in challenger.items()}
    if champion is None:
        return RefitReport(market=market.name, judgement=first_verdict(gates))
    backtests = tuple(
        newest_quarter_backtest(champion[kpi], market, kpi, seed=seed, progress=progress)
        for kpi in challenger
        if kpi in champion
    )
    curves = stability_of_curves(champion, challenger)
    splits = stability_of_split(scenarios, champion, challenger)
    return RefitReport(
        market=market.name,
        judgement=verdict(gates, backtests, curves, splits, policy),
        backtests=backtests,
        curves=curves,
        splits=splits,
    )
