"""The backtest of a refit: champion and challenger forecast the newest quarter, and are scored on what came.

This fits, so it needs the sampler: nothing that serves requests may import it.
"""

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.backtest.rolling_origin import Origin, fewest_known_periods, known_at
from mmm.backtest.seasonal_naive import forecast_by_last_year
from mmm.fit import forecast_last
from mmm.forecast_scores import DrawnForecast, Forecast, PeriodScores, score_periods, standard_error_of_mean
from mmm.market import Market, national_aggregate
from mmm.periods import PLURALS, shift_period
from mmm.progress import Listener
from mmm.sentence import Day, Number, Sentence, Term, listed, sentence
from service.refits.champion_forecast import forecast_of_unseen, missing_columns, unseen_periods
from service.refits.quarter import Forecaster, Obstacle, QuarterBacktest, QuarterScore, quarter_of


def newest_quarter_backtest(
    champion: ResponseArtifact, market: Market, outcome: str, *, seed: int, progress: Listener | None = None
) -> QuarterBacktest:
    """Champion against challenger on the newest quarter of a market.

    The champion forecasts with the artifact that is in use, from data that end before the quarter; the challenger is
    its spec fitted without the quarter. Where the champion has seen a part of it, only the rest counts.

    Parameters
    ----------
    champion
        The model in use, of the same outcome.
    market
        Data and choices of the challenger.
    outcome
        Name of one of the market's outcomes.
    seed
        Equal arguments and seeds give equal scores.
    progress
        Told how far the challenger's fit is.

    Raises
    ------
    FitError
        When the challenger cannot be fitted without the quarter.
    """
    spec = next(one for one in market.spec.outcomes if one.name == outcome)
    period = market.spec.market.period
    periods = min(quarter_of(period), unseen_periods(champion, market))
    if (found := _obstacle(champion, market, periods)) is not None:
        obstacle, said = found
        return QuarterBacktest(
            kpi=outcome, unit=spec.unit, period=period, periods=0, obstacle=obstacle, not_compared=said
        )
    known = len(market.dates) - periods
    series = national_aggregate(market).outcomes[outcome][:, 0]
    of_fit = np.random.SeedSequence((seed, known))
    forecasts: dict[Forecaster, Forecast] = {
        "champion": _last(forecast_of_unseen(champion, market, seed=seed), periods),
        "challenger": forecast_last(
            known_at(market, Origin(known, periods)), outcome, periods, seed=of_fit, progress=progress
        ),
        "seasonal_naive": forecast_by_last_year(series[:known], periods, period),
    }
    scores = {name: score_periods(forecast, series[known:]) for name, forecast in forecasts.items()}
    differences = scores["challenger"].crps - scores["champion"].crps
    return QuarterBacktest(
        kpi=outcome,
        unit=spec.unit,
        period=period,
        periods=periods,
        start=market.dates[known],
        end=market.dates[-1],
        scores=tuple(_score(name, found) for name, found in scores.items()),
        difference=float(differences.mean()),
        standard_error=standard_error_of_mean(differences),
    )


def _obstacle(champion: ResponseArtifact, market: Market, periods: int) -> tuple[Obstacle, Sentence] | None:
    """Why champion and challenger cannot be compared on what the champion has not seen; None where they can."""
    manifest, period = champion.manifest, market.spec.market.period
    if manifest.period != period:
        said = sentence(
            "The champion counts in {before} and the data in {after}: nothing is compared.",
            before=Term(text=PLURALS[manifest.period]),
            after=Term(text=PLURALS[period]),
        )
        return "period", said
    if periods == 0:
        last = shift_period(manifest.window_start, manifest.window_periods - 1, manifest.period)
        said = sentence(
            "The champion was fitted on data up to {day} and has seen every period that there is: nothing is compared.",
            day=Day(day=last),
        )
        return "seen", said
    missing = missing_columns(champion, market)
    if missing:
        said = sentence(
            "The champion needs what the data no longer have, {names}: nothing is compared.", names=listed(missing)
        )
        return "columns", said
    known, needed = len(market.dates) - periods, fewest_known_periods(market)
    if known < needed:
        said = sentence(
            "Before the newest quarter lie {known} {unit}, and a fit without it needs {needed}: nothing is compared.",
            known=Number(amount=known),
            unit=Term(text=PLURALS[period]),
            needed=Number(amount=needed),
        )
        return "history", said
    return None


def _last(forecast: DrawnForecast, periods: int) -> DrawnForecast:
    return DrawnForecast(forecast.mean[-periods:], forecast.draws[:, -periods:])


def _score(name: Forecaster, found: PeriodScores) -> QuarterScore:
    return QuarterScore(
        forecast=name, error=found.error, crps=float(found.crps.mean()), covered=int(found.is_covered.sum())
    )
