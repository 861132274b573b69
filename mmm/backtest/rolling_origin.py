"""Rolling origins: at which points of its history a market is forecast, and what was known at each.

What was known are outcomes and indicators of brand before the origin. Spend, controls and organic media of the
forecast window are given as they came: the question is what they do, not what they will be. Lift tests that were not
finished and events that had not begun are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import TimeSeriesSplit

from mmm.design import FEWEST_PERIODS_FOR_HOLDOUT, HOLDOUT_PERIODS
from mmm.errors import HistoryTooShort
from mmm.intake.checks_series import parameter_count
from mmm.market import Market
from mmm.periods import PLURALS, periods_between
from mmm.sentence import Number, Term, Word, sentence
from mmm.vocabulary import SEASON_LAG, FloatArray

FEWEST_NAIVE_ERRORS = 12
"""Periods beyond a year that the first origin must know: how far the seasonal-naive forecast errs is learned there."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A point in history: `known` periods lie before it, the `periods` after it are forecast."""

    known: int
    periods: int

    @property
    def end(self) -> int:
        """Position of the first period after the window."""
        return self.known + self.periods


def rolling_origins(market: Market, folds: int, periods: int | None = None) -> tuple[Origin, ...]:
    """The origins of a backtest, the earliest first; their windows follow one another up to the end of history.

    Parameters
    ----------
    market
        Whose history is cut.
    folds
        Number of origins, at least two.
    periods
        Length of each window; the usual holdout of its kind of period unless given.

    Raises
    ------
    HistoryTooShort
        When fewer periods lie before the first origin than a fit and its rivals need.
    """
    window = HOLDOUT_PERIODS[market.spec.market.period] if periods is None else periods
    count, least = len(market.dates), fewest_known_periods(market)
    needed = least + folds * window
    if count < needed:
        raise HistoryTooShort(
            sentence(
                "{market} has {count} {unit}; {folds} windows of {periods} {unit} need at least {needed}, because "
                "{least} must be known before the first",
                market=Word(text=market.name),
                count=Number(amount=count),
                unit=Term(text=PLURALS[market.spec.market.period]),
                folds=Number(amount=folds),
                periods=Number(amount=window),
                needed=Number(amount=needed),
                least=Number(amount=least),
            )
        )
    splits = TimeSeriesSplit(folds, test_size=window).split(np.zeros(count))
    return tuple(Origin(len(known), len(ahead)) for known, ahead in splits)


def fewest_known_periods(market: Market) -> int:
    """Periods that must lie before the first origin: for the year to repeat, its errors, and the model's unknowns."""
    return max(
        SEASON_LAG[market.spec.market.period] + FEWEST_NAIVE_ERRORS,
        FEWEST_PERIODS_FOR_HOLDOUT,
        parameter_count(market.spec),
    )


def known_at(market: Market, origin: Origin) -> Market:
    """The market as it was known at an origin, up to the end of the window, whose outcomes are zero, as are indicators.

    Zeros, and not what came: nothing downstream can look ahead by mistake.
    """
    first, period = market.dates[0], market.spec.market.period
    spec = market.spec.model_copy(
        update={
            "events": tuple(
                event for event in market.spec.events if periods_between(first, event.start, period) < origin.known
            ),
            "lift_tests": tuple(
                test
                for test in market.spec.lift_tests
                if periods_between(first, test.start, period) + (test.measured_periods or test.periods) <= origin.known
            ),
        }
    )
    outcomes, indicators, samples = (
        _until(series, origin.end) for series in (market.outcomes, market.indicators, market.samples)
    )
    for values in (*outcomes.values(), *indicators.values(), *samples.values()):
        values[origin.known :] = 0.0
    return replace(
        market,
        spec=spec,
        dates=market.dates[: origin.end],
        outcomes=outcomes,
        values_per_unit={
            name: None if values is None else values[: origin.end] for name, values in market.values_per_unit.items()
        },
        spend=market.spend[: origin.end],
        exposure=_until(market.exposure, origin.end),
        frequency=_until(market.frequency, origin.end),
        controls=_until(market.controls, origin.end),
        organic=_until(market.organic, origin.end),
        indicators=indicators,
        samples=samples,
        data_digest="",
        notes=(),
    )


def _until(series: Mapping[str, FloatArray], end: int) -> dict[str, FloatArray]:
    return {name: values[:end].copy() for name, values in series.items()}
