"""What is assumed of brand before any data, each number with its reason."""

import math

from mmm.vocabulary import PERIODS_PER_YEAR, PeriodName

HALF_LIFE_YEARS = 0.23
"""Median half-life of the stock of brand: twelve weeks. Leone (1995) finds that what advertising does to sales
mostly comes within six to nine months; if nine tenths do, half-lives are eight to twelve weeks. Memory of a brand is at
the long end of that, because the short run has a carryover of its own."""

RETENTION_SPREAD = 0.8
"""Sd of the logit of its retention: 90 % of half-lives of twelve weeks within three and 45 weeks."""

SMALLEST_MEDIAN_RETENTION = 0.1
"""Annual data keep some of the stock."""

CARRYOVER_PERIODS: dict[PeriodName, int] = {"day": 365, "week": 78, "month": 18, "quarter": 6, "year": 2}
"""Number of lags of the stock: after a year and a half less than 2 % are left at the median retention."""

INDICATED_SHARE_SPREAD = 0.8
"""Sd of the logarithm of what a channel does to an indicator: 90 % within a factor of 3.7, because nobody
moved money between channels by what they do to an indicator, as is done by outcomes."""

LONG_RUN_MULTIPLE, LONG_RUN_SPREAD = 1.0, 1.0
"""Median multiple of the short run that brand media bring through brand, and sd of its logarithm, where nobody knows:
the rule of thumb of the trade is that all effects of television are twice the short one (Wood and Poltrack 2015, who
warn of averages): 90 % within 0.2 and 5.2."""


def usual_slow_retention(period: PeriodName) -> float:
    """Median of the prior of what is left of the stock of brand after one period, in (0, 1)."""
    periods = HALF_LIFE_YEARS * PERIODS_PER_YEAR[period]
    return max(math.pow(0.5, 1.0 / periods), SMALLEST_MEDIAN_RETENTION)
