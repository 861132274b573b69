"""Holidays follow the calendar into the forecast, and daily data have a week."""

from datetime import date

import numpy as np
import pytest
from builders import make_artifact
from fitting_markets import assembled, quick
from market_files import only_fault, read, weekly_sheet

from mmm.artifact import ResponseArtifact
from mmm.baseline import baseline_design, forecast_baseline
from mmm.decomposition import decompose
from mmm.design import build_design
from mmm.fit import fit_outcome
from mmm.holiday_calendar import holiday_terms
from mmm.intake.understood import understood
from mmm.manifest import BaselineInfo, EventInfo, HolidayInfo, baseline_terms
from mmm.market import Market
from mmm.periods import period_range, periods_between
from mmm.priors import EVENT_SPREAD, HOLIDAY_SPREAD, build_priors
from mmm.sentence import plain

START = date(2024, 1, 1)  # a Monday, as in fitting_markets
CHANNELS = [{"name": "search", "spend": "search", "role": "performance"}]


def terms(
    countries: tuple[str, ...], periods: int, period: str = "week", language: str = "en"
) -> dict[str, HolidayInfo]:
    found = holiday_terms(countries, period_range(START, periods, period), period, language)
    return {term.name: term for term in found}


def week_of(day: date) -> int:
    return periods_between(START, day, "week")


def series(periods: int, base: np.ndarray, *, period: str = "week", **model: object) -> Market:
    """A market of one channel over a base, with little noise."""
    rng = np.random.default_rng(3)
    spend = rng.gamma(1.0, 1000.0, size=(periods, 1, 1))
    outcome = base[:, None] + 40.0 * spend[:, 0] / (spend[:, 0] + 1000.0) + 5.0 * rng.standard_normal((periods, 1))
    return quick(assembled({"channels": CHANNELS, "model": model}, spend, outcome, period=period))


@pytest.fixture(scope="module")
def easter_shop() -> ResponseArtifact:
    """Sells half as much again in the week of Good Friday, whenever that is: in 2024, 2025 and 2026."""
    periods = week_of(date(2026, 12, 28))
    easters = [week_of(day) for day in (date(2024, 3, 29), date(2025, 4, 18), date(2026, 4, 3))]
    base = 500.0 + 250.0 * np.isin(np.arange(periods), easters)
    return fit_outcome(series(periods, base, holidays="DE", seasonality=1, holdout=0), "orders")


def test_a_holiday_that_moves_is_forecast_on_its_new_date(easter_shop: ResponseArtifact) -> None:
    base = forecast_baseline(easter_shop, date(2027, 3, 1), 10).mean(axis=0)
    easter = periods_between(date(2027, 3, 1), date(2027, 3, 26), "week")  # a week before that of 2026
    assert base.argmax() == easter
    assert base[easter] - np.delete(base, easter).mean() == pytest.approx(250.0, abs=60.0)


def test_a_holiday_is_a_part_of_the_outcome_under_its_name(easter_shop: ResponseArtifact) -> None:
    split = decompose(easter_shop)
    place = [part.name for part in split.parts if part.kind == "holiday"].index("Good Friday")
    friday = [at for at, part in enumerate(split.parts) if part.kind == "holiday"][place]
    brought = split.brought[:, :, friday].mean(axis=0)
    assert set(np.flatnonzero(brought)) == {
        week_of(day) for day in (date(2024, 3, 29), date(2025, 4, 18), date(2026, 4, 3))
    }
    np.testing.assert_allclose(
        split.fitted, forecast_baseline(easter_shop, START, len(split.dates)) + split.of(["channel"])
    )


def test_spring_festival_is_known_five_years_ahead_and_by_its_chinese_name() -> None:
    festival = terms(("CN",), 150, language="zh")["春节"]
    for day in (date(2025, 1, 29), date(2027, 2, 6), date(2029, 2, 13), date(2031, 1, 23)):
        assert week_of(day) in festival.positions
    counts = dict(zip(festival.positions, festival.days, strict=True))
    assert counts[week_of(date(2025, 1, 29))] == 3  # 29 to 31 January 2025 are days of one week


def test_days_off_in_lieu_are_no_holidays_for_no_forecast_could_know_them() -> None:
    assert not any("休息日" in name or "观察" in name for name in terms(("CN",), 150, language="zh"))


def test_a_holiday_seen_once_is_left_out() -> None:
    assert "Good Friday" not in terms(("DE",), 60)
    assert "Good Friday" in terms(("DE",), 70)
    assert "春节" not in terms(("CN",), 30, language="zh")  # three days, one occasion


def test_a_holiday_that_countries_share_is_one_and_one_of_the_same_name_on_other_days_is_two() -> None:
    found = terms(("DE", "US"), 150)
    assert "Christmas Day" in found
    assert {"Labor Day (DE)", "Labor Day (US)"} <= set(found)


def test_every_year_has_every_holiday_so_that_years_have_none() -> None:
    assert terms(("DE",), 20, "year") == {}


def test_a_market_without_holidays_asks_no_calendar_and_has_none() -> None:
    design = build_design(series(60, np.full(60, 500.0)), _outcome(), 0)
    assert design.baseline.holidays == ()
    assert design.baseline.week_pairs == 0


def test_a_holiday_is_expected_to_do_less_than_an_event_that_somebody_named() -> None:
    market = series(110, np.full(110, 500.0), holidays=["DE"])
    design = build_design(market, _outcome(), 0)
    scales = build_priors(market, _outcome(), design).linear_scales[0]
    variation = design.outcome.std() / design.outcome_scale
    assert len(design.baseline.holidays) > 5
    np.testing.assert_allclose(scales[-1], HOLIDAY_SPREAD * variation)
    assert HOLIDAY_SPREAD < EVENT_SPREAD


def test_the_week_of_daily_data_is_learned_and_forecast() -> None:
    days = np.arange(210)
    base = 500.0 - 300.0 * (days % 7 == 6) + 80.0 * (days % 7 == 4)  # closed on Sundays, busy on Fridays
    artifact = fit_outcome(series(210, base, period="day", seasonality=0, holdout=0), "orders")
    ahead = forecast_baseline(artifact, date(2024, 7, 29), 14).mean(axis=0)  # day 210, a Monday
    np.testing.assert_allclose(ahead - ahead[0], [0, 0, 0, 0, 80, 0, -300] * 2, atol=20.0)
    week = [at for at, part in enumerate(decompose(artifact).parts) if part.kind == "week"]
    assert len(week) == 1
    brought = decompose(artifact).brought[:, :, week[0]]
    np.testing.assert_allclose(brought[:, :210].sum(axis=1), 0.0, atol=1e-6)  # it counts against the week's average


def test_less_than_four_weeks_of_days_have_no_week() -> None:
    assert build_design(series(27, np.full(27, 500.0), period="day"), _outcome(), 0).baseline.week_pairs == 0
    assert build_design(series(28, np.full(28, 500.0), period="day"), _outcome(), 0).baseline.week_pairs == 3


def test_an_artifact_from_before_there_were_holidays_still_reads() -> None:
    stored = make_artifact(draws=5).manifest.baseline.model_dump(exclude={"week_pairs", "holidays"})
    old = BaselineInfo.model_validate(stored)
    assert baseline_terms(old) == baseline_design(old, np.arange(9), np.zeros((9, 0))).shape[1] == 4


def test_new_columns_follow_the_old_ones_so_that_stored_coefficients_keep_their_meaning() -> None:
    plain_info = BaselineInfo(
        trend_unit=52.0, has_slope=True, season_length=365.25, events=(EventInfo(name="launch", start=2, periods=1),)
    )
    friday = HolidayInfo(name="Good Friday", positions=(4,), days=(1,))
    info = plain_info.model_copy(update={"week_pairs": 3, "holidays": (friday,)})
    wide, narrow = (baseline_design(one, np.arange(6), np.zeros((6, 0))) for one in (info, plain_info))
    np.testing.assert_array_equal(wide[:, :3], narrow)
    np.testing.assert_array_equal(wide[:, -1], [0, 0, 0, 0, 1, 0])
    assert wide.shape[1] == baseline_terms(info)


def test_a_country_without_a_calendar_is_refused() -> None:
    fault = only_fault(weekly_sheet(), model={"holidays": ["DE", "XX"]})
    assert fault.field == "model.holidays"
    assert "'XX'" in plain(fault.found)


def test_check_names_the_holidays_that_it_understood() -> None:
    said = [plain(line) for line in understood(read(weekly_sheet(120), model={"holidays": "DE"}))]
    assert any(line.startswith("Holidays: Good Friday, Easter Monday") for line in said)


def _outcome() -> object:
    return series(60, np.full(60, 500.0)).spec.outcomes[0]
