"""When an outcome is so far from what was expected that somebody should look: a rule with a known false alarm rate.

Looking every week at an interval that holds 95 % of the outcomes finds one outside far more often than in one quarter
of twenty. So the band is simultaneous (a sup-t band; Montiel Olea and Plagborg-Møller 2019, "Simultaneous Confidence
Bands: Theory, Implementation, and an Application to SVARs"): of the sums from the first period to each later one, and
of the sums over any four weeks, each is expected +- c standard deviations, with one c such that a given share of the
joint paths leaves any of these intervals anywhere in the horizon. The sums over four weeks see a change that comes late
before the whole sum does.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, PeriodName

FALSE_ALARMS = 0.05
"""Share of horizons in which nothing changed and there is an alert all the same; of all KPIs together."""

WINDOW: dict[PeriodName, int] = {"day": 28, "week": 4, "month": 1, "quarter": 1, "year": 1}
"""Periods of the sums that move along with time."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A sum that lies outside of its interval: of the periods from `start` to `end`, both of which count.

    It is the one that lies farthest out; `since` is the end of the first one that did.
    """

    since: int
    start: int
    end: int
    total: float
    low: float
    high: float

    @property
    def is_above(self) -> bool:
        """Whether more came than is usual."""
        return self.total > self.high


@dataclass(frozen=True, slots=True)
class AlarmBand:
    """Intervals of the sums that are watched. T periods.

    Attributes
    ----------
    window
        Periods of a moving sum.
    low, high
        Of the sums to date first, shape (T,), then of the moving sums, shape (T - window + 1,); joined.
    periods
        T.
    """

    window: int
    low: FloatArray
    high: FloatArray
    periods: int

    @property
    def to_date(self) -> list[tuple[float, float]]:
        """Where the sum to date may lie in each period. Length T."""
        return list(zip(self.low[: self.periods].tolist(), self.high[: self.periods].tolist(), strict=True))

    def outside(self, actual: FloatArray) -> Outside | None:
        """What of the outcomes of the first periods, shape (m,) with m <= T, is outside; None where nothing is."""
        seen = len(actual)
        padded = np.append(actual, np.zeros(self.periods - seen))
        sums, ends = watched_sums(padded[None], self.window)[0], _ends(self.periods, self.window)
        is_out = (ends < seen) & ((sums < self.low) | (sums > self.high))
        if not is_out.any():
            return None
        apart = np.abs(sums - 0.5 * (self.low + self.high)) / np.maximum(self.high - self.low, 1e-300)
        place = int(np.argmax(np.where(is_out, apart, -1.0)))
        end = int(ends[place])
        return Outside(
            since=int(ends[is_out].min()),
            start=0 if place < self.periods else end - self.window + 1,
            end=end,
            total=float(sums[place]),
            low=float(self.low[place]),
            high=float(self.high[place]),
        )


def alarm_band(totals: FloatArray, period: PeriodName, level: float = FALSE_ALARMS) -> AlarmBand:
    """The band that a share `level` of paths leaves. `totals` of shape (N, T), with noise."""
    periods = totals.shape[1]
    window = min(WINDOW[period], periods)
    sums = watched_sums(totals, window)
    middle, spread = sums.mean(axis=0), sums.std(axis=0)
    farthest = np.abs((sums - middle) / np.where(spread > 0, spread, 1.0)).max(axis=1)
    reach = float(np.quantile(farthest, 1.0 - level)) * spread
    return AlarmBand(window, middle - reach, middle + reach, periods)


def watched_sums(totals: FloatArray, window: int) -> FloatArray:
    """Sums to date, then sums over `window` periods. `totals` (N, T); returns shape (N, 2 T - window + 1)."""
    to_date = np.cumsum(totals, axis=1)
    moving = to_date[:, window - 1 :].copy()
    moving[:, 1:] -= to_date[:, :-window]
    return np.concatenate([to_date, moving], axis=1)


def _ends(periods: int, window: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Last period of each of the sums that are watched."""
    return np.concatenate([np.arange(periods), np.arange(window - 1, periods)])
