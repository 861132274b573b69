"""What a backtest on the newest quarter found: champion against challenger on periods that neither had seen."""

from datetime import date
from typing import Literal

from mmm.parsing import StrictModel
from mmm.sentence import Sentence
from mmm.vocabulary import PERIODS_PER_YEAR, PeriodName

type Forecaster = Literal["champion", "challenger", "seasonal_naive"]

type Obstacle = Literal["seen", "history", "period", "columns"]
"""Why nothing is compared: the champion has seen it all; too short a history; or the two have too little in common."""


class QuarterScore(StrictModel):
    """How one forecast did.

    Attributes
    ----------
    forecast
        Whose.
    error
        Sum of absolute errors of the expected outcome over sum of outcomes (WAPE).
    crps
        Mean continuous ranked probability score, outcome units a period: smaller is better.
    covered
        Number of periods inside the 90 % interval.
    """

    forecast: Forecaster
    error: float
    crps: float
    covered: int


class QuarterBacktest(StrictModel):
    """The newest quarter of one outcome, or why nothing is compared.

    `start` and `end` are the first and last of `periods` periods. `difference` is the mean of the challenger's CRPS
    less the champion's, outcome units a period, with its standard error (Newey and West). `not_compared` says in words
    what `obstacle` names.
    """

    kpi: str
    unit: str
    period: PeriodName
    periods: int
    start: date | None = None
    end: date | None = None
    scores: tuple[QuarterScore, ...] = ()
    difference: float | None = None
    standard_error: float | None = None
    obstacle: Obstacle | None = None
    not_compared: Sentence | None = None

    def score(self, forecast: Forecaster) -> QuarterScore | None:
        """The score of one forecast; None where nothing is compared."""
        return next((score for score in self.scores if score.forecast == forecast), None)


def quarter_of(period: PeriodName) -> int:
    """Number of periods of a quarter, at least one."""
    return max(1, round(PERIODS_PER_YEAR[period] / 4.0))
