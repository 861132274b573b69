"""What a backtest found, as values that anything may read: no sampler and no solver stands behind them."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from mmm.sentence import Sentence
from mmm.vocabulary import ForecastName, PeriodName

type Standing = Literal["ahead", "level", "behind"]

FORECAST_TERMS: dict[ForecastName, str] = {
    "model": "the model",
    "seasonal_naive": "repeating the year before",
    "ridge": "ridge regression",
}
"""What each forecast is called, as a term."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model against one rival.

    Attributes
    ----------
    rival
        Whom it is compared with.
    crps_change
        The model's CRPS relative to the rival's, less one: below zero the model is better.
    difference, standard_error
        Mean difference of the two CRPS (model less rival), outcome units a period, and its standard error.
    standing
        `ahead` or `behind` where the difference is more than chance, else `level`.
    """

    rival: ForecastName
    crps_change: float
    difference: float
    standard_error: float
    standing: Standing


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
