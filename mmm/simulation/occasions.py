"""Promotions and holidays of the trading year, as the part of a week that each one takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from mmm.simulation.worlds import BusinessKind
from mmm.vocabulary import FloatArray, Language

SPRING_FESTIVAL: dict[int, date] = {
    2014: date(2014, 1, 31),
    2015: date(2015, 2, 19),
    2016: date(2016, 2, 8),
    2017: date(2017, 1, 28),
    2018: date(2018, 2, 16),
    2019: date(2019, 2, 5),
    2020: date(2020, 1, 25),
    2021: date(2021, 2, 12),
    2022: date(2022, 2, 1),
    2023: date(2023, 1, 22),
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
}
"""First day of the lunar year."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A span of days in one year and how strong it is: 1 is the year's largest of its kind."""

    start: date
    days: int
    strength: float = 1.0


def promotions(business: BusinessKind, language: Language, weeks: Sequence[date]) -> FloatArray:
    """Promotion strength per week, in [0, 1]: the part of the week under promotion times its strength. Shape (T,)."""
    if business == "b2b":
        return np.zeros(len(weeks))
    yearly = _chinese_promotions if language == "zh" else _western_promotions
    return _weekly(weeks, [occasion for year in _years(weeks) for occasion in yearly(year)])


def holidays(business: BusinessKind, language: Language, weeks: Sequence[date]) -> FloatArray:
    """Part of each week in which shipping or offices stand still, in [0, 1]. Shape (T,)."""
    if language == "zh":
        yearly = _chinese_holidays
    elif business == "b2b":
        yearly = _western_office_holidays
    else:
        yearly = _western_shipping_holidays
    return _weekly(weeks, [occasion for year in _years(weeks) for occasion in yearly(year)])


def _chinese_promotions(year: int) -> Iterator[Occasion]:
    yield Occasion(date(year, 3, 2), 7, 0.35)  # 38 节
    yield Occasion(date(year, 6, 1), 12, 0.4)  # 618: the long run-up
    yield Occasion(date(year, 6, 13), 7, 0.8)
    yield Occasion(date(year, 9, 5), 6, 0.3)  # 99 大促
    yield Occasion(date(year, 10, 24), 14, 0.5)  # 双 11: the long run-up
    yield Occasion(date(year, 11, 6), 7, 1.0)
    yield Occasion(date(year, 12, 9), 5, 0.4)  # 双 12


def _western_promotions(year: int) -> Iterator[Occasion]:
    yield Occasion(date(year, 1, 2), 14, 0.4)
    yield Occasion(date(year, 7, 8), 7, 0.7)
    yield Occasion(_thanksgiving(year) - timedelta(days=3), 8, 1.0)
    yield Occasion(_thanksgiving(year) + timedelta(days=5), 16, 0.5)


def _chinese_holidays(year: int) -> Iterator[Occasion]:
    if year in SPRING_FESTIVAL:
        yield Occasion(SPRING_FESTIVAL[year] - timedelta(days=1), 8)
    yield Occasion(date(year, 10, 1), 7, 0.4)


def _western_office_holidays(year: int) -> Iterator[Occasion]:
    yield Occasion(date(year, 1, 1), 2)
    yield Occasion(date(year, 7, 3), 2)
    yield Occasion(_thanksgiving(year), 4)
    yield Occasion(date(year, 12, 23), 9)


def _western_shipping_holidays(year: int) -> Iterator[Occasion]:
    yield Occasion(date(year, 1, 1), 1)
    yield Occasion(_thanksgiving(year), 1)
    yield Occasion(date(year, 12, 24), 7)


def _thanksgiving(year: int) -> date:
    """The fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def _years(weeks: Sequence[date]) -> range:
    return range(weeks[0].year - 1, weeks[-1].year + 2)


def _weekly(weeks: Sequence[date], occasions: Sequence[Occasion]) -> FloatArray:
    first = weeks[0].toordinal()
    strength = np.zeros(7 * len(weeks))
    for occasion in occasions:
        start = occasion.start.toordinal() - first
        span = slice(max(0, start), max(0, start + occasion.days))
        strength[span] = np.maximum(strength[span], occasion.strength)
    return strength.reshape(len(weeks), 7).mean(axis=1)
