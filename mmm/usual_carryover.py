"""How long advertising usually works, by kind of business and role: medians of priors, before any data.

Half-lives of a few weeks for brand media and of days for performance media are what regressions on weekly consumer
sales find (Broadbent 1979, "One Way TV Advertisements Work"; Leone 1995, "Generalizing What Is Known About Temporal
Aggregation and Advertising Carryover"). Businesses decide in committees over weeks and months, so what reaches them
works on for longer, whatever its role.
"""

import math
from typing import Literal

from mmm.vocabulary import PERIODS_PER_YEAR, AdstockKind, PeriodName, Role

type Buyers = Literal["b2b", "b2c"]

RETENTION_PER_WEEK: dict[Buyers, dict[Role, float]] = {
    "b2c": {"brand": 0.55, "performance": 0.3},
    "b2b": {"brand": 0.75, "performance": 0.65},
}
"""Median of the prior of weekly retention: half-lives of 8 and 4 days for consumers, 17 and 11 days for businesses."""

PEAK_RETENTION: dict[Buyers, float] = {"b2c": 0.6, "b2b": 0.75}
"""Median retention of a delayed carryover one period away from its peak: a hump of about three and four periods."""

PEAK_DELAY_DAYS: dict[Buyers, float] = {"b2c": 10.0, "b2b": 17.0}
"""Median time from exposure to the peak of a delayed carryover."""

SMALLEST_MEDIAN_RETENTION = 0.1
"""Coarse periods keep some carryover, because exposure late in a period works in the next one."""

LATEST_MEDIAN_PEAK = 0.4
"""Largest median of the peak's place in the carryover window, as a share of the window."""


def usual_retention(adstock: AdstockKind, buyers: Buyers, role: Role, period: PeriodName) -> float:
    """Median of the prior of retention per period, in (0, 1): the weekly one, for as many weeks as a period has."""
    if adstock == "delayed":
        return PEAK_RETENTION[buyers]
    weeks = PERIODS_PER_YEAR["week"] / PERIODS_PER_YEAR[period]
    return max(math.pow(RETENTION_PER_WEEK[buyers][role], weeks), SMALLEST_MEDIAN_RETENTION)


def usual_peak_delay(buyers: Buyers, period: PeriodName, lags: int) -> float:
    """Median of the prior of the delay of a peak, in periods, well inside the carryover window of `lags` periods."""
    return min(
        PEAK_DELAY_DAYS[buyers] * PERIODS_PER_YEAR[period] / PERIODS_PER_YEAR["day"], LATEST_MEDIAN_PEAK * (lags - 1)
    )
