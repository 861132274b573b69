"""Public holidays of a market's countries: on which periods they fall, in its window and years past its end.

They are looked up when a fit begins and are part of its artifact from then on, so that a forecast follows moving
holidays (Easter, Spring Festival) to their new dates without asking a calendar, and forever alike.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from mmm.manifest import HolidayInfo
from mmm.periods import periods_between, shift_period
from mmm.vocabulary import Language, PeriodName

YEARS_AHEAD = 5
"""Years past the window's end whose holidays are kept: no plan looks further, and lunar tables are sure of them."""

FEWEST_OCCASIONS = 2
"""A holiday seen once cannot be told from whatever else happened in its period."""

DAYS_BETWEEN_OCCASIONS = 30
"""Dates of one name that are closer are one occasion, as the days of Spring Festival are."""

_LIBRARY_LANGUAGE: dict[Language, str] = {"en": "en_US", "zh": "zh_CN"}


def unknown_countries(countries: Sequence[str]) -> tuple[str, ...]:
    """Those of the codes that no calendar is known for."""
    if not countries:
        return ()
    import holidays

    known = holidays.list_supported_countries()
    return tuple(code for code in countries if code not in known)


def holiday_terms(
    countries: Sequence[str], dates: Sequence[date], period: PeriodName, language: Language
) -> tuple[HolidayInfo, ...]:
    """Holidays that can be learned from a window, and where they fall until `YEARS_AHEAD` years past its end.

    A holiday can be learned when it comes at least `FEWEST_OCCASIONS` times in the window and not equally often in
    every period. One that several countries keep on the same days is one.

    Parameters
    ----------
    countries
        Codes of ISO 3166, of two capitals.
    dates
        Starts of the window's periods whose outcome the fit may see. Length T.
    period
        Kind of period.
    language
        Of the names, where the calendar has them in it.
    """
    if not countries:
        return ()
    first, seen = dates[0], len(dates)
    end = shift_period(dates[-1], 1, period)
    last = date(end.year + YEARS_AHEAD, 12, 31)
    named: dict[tuple[str, tuple[date, ...]], list[str]] = {}
    for country in countries:
        for name, days in _holidays_of(country, first, last, language).items():
            named.setdefault((name, days), []).append(country)
    shared = [name for name, _ in named]
    terms = []
    for (name, days), kept_by in named.items():
        in_window = [day for day in days if day < end]
        counts = _days_by_position(first, days, period)
        visible = [counts.get(position, 0) for position in range(seen)]
        if _occasions(in_window) < FEWEST_OCCASIONS or min(visible) == max(visible):
            continue
        told = name if shared.count(name) == 1 else f"{name} ({', '.join(kept_by)})"
        terms.append(HolidayInfo(name=told, positions=tuple(counts), days=tuple(counts.values())))
    return tuple(terms)


def _holidays_of(country: str, first: date, last: date, language: Language) -> dict[str, tuple[date, ...]]:
    """Dates of each holiday of a country, in order.

    Days off in lieu are left out: they are decreed year by year, so that a forecast could not have them.
    """
    # Imported here: only a fit of a market that asks for holidays needs it.
    import holidays

    calendar = holidays.country_holidays(country, years=range(first.year, last.year + 1), observed=False)
    wanted = _LIBRARY_LANGUAGE[language]
    if wanted in calendar.supported_languages:
        calendar = holidays.country_holidays(
            country, years=range(first.year, last.year + 1), observed=False, language=wanted
        )
    found: dict[str, list[date]] = {}
    for day in sorted(calendar):
        if first <= day <= last:
            for name in calendar.get_list(day):
                found.setdefault(name, []).append(day)
    return {name: tuple(days) for name, days in found.items()}


def _occasions(days: Sequence[date]) -> int:
    gap = timedelta(days=DAYS_BETWEEN_OCCASIONS)
    return bool(days) + sum(later - earlier > gap for earlier, later in pairwise(days))


def _days_by_position(first: date, days: Iterable[date], period: PeriodName) -> dict[int, int]:
    """How many of the days fall into each period that has any, by its position."""
    counts: dict[int, int] = {}
    for day in days:
        position = periods_between(first, day, period)
        counts[position] = counts.get(position, 0) + 1
    return counts
