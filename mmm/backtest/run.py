"""A backtest: at each of some points in history the model and its rivals forecast what came next, and are scored.

The rivals are the seasonal-naive forecast (`mmm.backtest.seasonal_naive`) and a media mix by ridge regression
(`mmm.backtest.ridge_mix`). A panel is fitted as `mixplan fit` would fit it, and scored on the sum of its geos.
"""

from collections.abc import Sequence

import numpy as np

from mmm.backtest.document import Backtest, ForecastScore, Window
from mmm.backtest.ridge_mix import forecast_by_ridge
from mmm.backtest.rolling_origin import Origin, known_at
from mmm.backtest.seasonal_naive import forecast_by_last_year
from mmm.backtest.verdict import best_of, compare, earns_its_keep, verdict
from mmm.design import build_design
from mmm.fit import forecast_last
from mmm.forecast_scores import Forecast, PeriodScores, joined, score_periods
from mmm.market import Market, national_aggregate, without_lift_tests
from mmm.progress import Listener
from mmm.vocabulary import ForecastName

type Forecasts = dict[ForecastName, Forecast]
type ScoresByForecast = dict[ForecastName, PeriodScores]


def score_origin(
    market: Market, outcome: str, origin: Origin, *, seed: int, progress: Listener | None = None
) -> ScoresByForecast:
    """How each forecast did in the window after one origin; arguments and refusals as of `forecasts_at`."""
    actual = market.outcomes[outcome].sum(axis=1)[origin.known : origin.end]
    forecasts = forecasts_at(market, outcome, origin, seed=seed, progress=progress)
    return {name: score_periods(forecast, actual) for name, forecast in forecasts.items()}


def forecasts_at(
    market: Market, outcome: str, origin: Origin, *, seed: int, progress: Listener | None = None
) -> Forecasts:
    """What each would have forecast for the window after one origin.

    Parameters
    ----------
    market
        With its whole history.
    outcome
        Name of one of its outcomes.
    origin
        One of `mmm.backtest.rolling_origin.rolling_origins`.
    seed
        Equal markets, origins and seeds give equal forecasts.
    progress
        Told how far the fit is.

    Raises
    ------
    FitError
        When the model cannot be fitted.
    """
    spec = next(one for one in market.spec.outcomes if one.name == outcome)
    known = known_at(market, origin)
    history = known.outcomes[outcome].sum(axis=1)[: origin.known]
    of_origin = np.random.SeedSequence((seed, origin.known))
    return {
        "model": forecast_last(known, outcome, origin.periods, seed=of_origin, progress=progress),
        "seasonal_naive": forecast_by_last_year(history, origin.periods, market.spec.market.period),
        "ridge": forecast_by_ridge(build_design(_untested(known), spec, origin.periods)),
    }


def summarize(market: Market, outcome: str, origins: Sequence[Origin], scores: Sequence[ScoresByForecast]) -> Backtest:
    """The backtest of an outcome from the scores of its origins, in the same order."""
    overall = {name: joined([one[name] for one in scores]) for name in scores[0]}
    comparisons = compare(overall)
    period = market.spec.market.period
    return Backtest(
        market=market.name,
        kpi=outcome,
        unit=next(spec.unit for spec in market.spec.outcomes if spec.name == outcome),
        period=period,
        windows=tuple(
            Window(
                start=market.dates[origin.known],
                end=market.dates[origin.end - 1],
                known=origin.known,
                periods=origin.periods,
                scores=_scores(one),
            )
            for origin, one in zip(origins, scores, strict=True)
        ),
        overall=_scores(overall),
        comparisons=comparisons,
        best=best_of(overall),
        earns_its_keep=earns_its_keep(comparisons),
        text=verdict(overall, comparisons, period),
    )


def _scores(scores: ScoresByForecast) -> tuple[ForecastScore, ...]:
    return tuple(
        ForecastScore(name, one.error, float(one.crps.mean()), float(one.is_covered.mean()))
        for name, one in scores.items()
    )


def _untested(market: Market) -> Market:
    """The country without lift tests, which a regression cannot use."""
    return without_lift_tests(national_aggregate(market))
