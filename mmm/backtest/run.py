"""A backtest: at each of some points in history the model and its rivals forecast what came next, and are scored.

The rivals are the seasonal-naive forecast (`mmm.backtest.seasonal_naive`) and a media mix by ridge regression
(`mmm.backtest.ridge_mix`). A panel is fitted as `mixplan fit` would fit it, and scored on the sum of its geos.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.backtest.ridge_mix import forecast_by_ridge
from mmm.backtest.rolling_origin import Origin, known_at
from mmm.backtest.seasonal_naive import forecast_by_last_year
from mmm.backtest.verdict import Comparison, best_of, compare, earns_its_keep, verdict
from mmm.design import build_design
from mmm.fit import forecast_last
from mmm.forecast_scores import Forecast, PeriodScores, joined, score_periods
from mmm.market import Market, national_aggregate, without_lift_tests
from mmm.progress import Listener
from mmm.sentence import Sentence
from mmm.vocabulary import ForecastName, PeriodName


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """One forecast's scores over some periods.

    Attributes
    ----------
    forecast
        Whose.
    error
        Sum of absolute errors of the expected outcome over sum of outcomes (WAPE).
    crps
        Mean continuous ranked probability score, outcome units a period: smaller is better.
    coverage
        Share of periods inside the 90 % interval.
    """

    forecast: ForecastName
    error: float
    crps: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Window:
    """What followed one origin: first and last period, how many were known and forecast, and each forecast's scores."""

    start: date
    end: date
    known: int
    periods: int
    scores: tuple[ForecastScore, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """A backtest of one outcome.

    Attributes
    ----------
    market, kpi, unit, period
        What was forecast.
    windows
        The earliest first.
    overall
        Each forecast's scores over all windows together.
    comparisons
        The model against each rival.
    best
        The forecast with the smallest CRPS overall.
    earns_its_keep
        Whether the model is better than the seasonal-naive forecast by more than chance, and not worse than ridge
        regression by more than chance.
    text
        The same in sentences.
    """

    market: str
    kpi: str
    unit: str
    period: PeriodName
    windows: tuple[Window, ...]
    overall: tuple[ForecastScore, ...]
    comparisons: tuple[Comparison, ...]
    best: ForecastName
    earns_its_keep: bool
    text: tuple[Sentence, ...]


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
