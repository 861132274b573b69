"""Rows stand on one complete calendar, or are refused with the row that does not."""

from datetime import date, timedelta

import pytest
from market_files import PANEL_COLUMNS, Sheet, only_fault, panel_sheet, places, read, refusal, weekly_sheet

from mmm.periods import shift_period
from mmm.sentence import plain


def dated(period: str, start: date, write: object = str, periods: int = 60) -> Sheet:
    sheet = weekly_sheet(periods)
    return sheet.fill("week", lambda at: write(shift_period(start, at, period)))


def header(period: str) -> dict[str, str]:
    return {"name": "shop", "data": "shop.csv", "period": period, "currency": "EUR"}


@pytest.mark.parametrize(
    ("period", "write"),
    [
        ("day", str),
        ("week", str),
        ("month", str),
        ("month", lambda day: f"{day:%Y-%m}"),
        ("month", lambda day: f"{day.year}年{day.month}月"),
        ("quarter", str),
        ("quarter", lambda day: f"{day.year}Q{(day.month + 2) // 3}"),
        ("quarter", lambda day: f"{day:%Y-%m}"),
        ("year", str),
        ("year", lambda day: str(day.year)),
    ],
)
def test_each_period_loads_in_its_usual_spellings(period: str, write: object) -> None:
    market = read(dated(period, date(1990, 1, 1), write), market=header(period))
    assert market.dates[0] == date(1990, 1, 1)
    assert market.dates[-1] == shift_period(date(1990, 1, 1), 59, period)


def test_months_dated_on_their_last_day_are_read_as_months_and_noted() -> None:
    def month_end(day: date) -> str:
        return str(shift_period(day, 1, "month") - timedelta(days=1))

    market = read(dated("month", date(2020, 1, 1), month_end), market=header("month"))
    assert market.dates[:2] == (date(2020, 1, 1), date(2020, 2, 1))
    assert "2020-01-31" in plain(market.notes[0])


def test_one_month_dated_on_another_day_than_the_rest_is_refused() -> None:
    fault = only_fault(dated("month", date(2020, 1, 1)).put(9, "week", "2020-08-02"), market=header("month"))
    assert (fault.row, plain(fault.found)) == (9, "2020-08-02")
    assert "first day of a month" in plain(fault.expected)


def test_quarters_of_a_fiscal_year_keep_their_months() -> None:
    market = read(dated("quarter", date(2010, 2, 1)), market=header("quarter"))
    assert market.dates[:2] == (date(2010, 2, 1), date(2010, 5, 1))


def test_weeks_keep_the_weekday_on_which_they_start() -> None:
    assert read(dated("week", date(2025, 1, 5))).dates[1] == date(2025, 1, 12)


def test_a_period_that_appears_twice_is_refused_with_both_rows() -> None:
    sheet = weekly_sheet()
    sheet.rows.insert(10, list(sheet.rows[9]))
    fault = only_fault(sheet)
    assert (fault.row, fault.field) == (12, "week")
    assert "row 11" in plain(fault.found)


def test_a_gap_is_refused_with_the_periods_that_are_missing() -> None:
    sheet = weekly_sheet()
    del sheet.rows[10:12]
    fault = only_fault(sheet)
    assert (fault.row, fault.field) == (12, "week")
    assert "2025-03-17, 2025-03-24" in plain(fault.expected)


def test_a_row_out_of_order_is_refused_by_itself() -> None:
    sheet = weekly_sheet()
    sheet.rows.insert(40, sheet.rows.pop(10))
    fault = only_fault(sheet)
    assert (fault.row, fault.field) == (42, "week")
    assert "2025-03-17" in plain(fault.found)


def test_a_file_from_the_newest_to_the_oldest_is_refused_at_its_second_row() -> None:
    sheet = weekly_sheet()
    sheet.rows.reverse()
    fault = only_fault(sheet)
    assert fault.row == 3
    assert "sort" in plain(fault.expected)


def test_a_week_on_another_weekday_is_refused() -> None:
    fault = only_fault(weekly_sheet().put(9, "week", "2025-02-25"))
    assert (fault.row, fault.field) == (9, "week")
    assert "Tuesday" in plain(fault.found)
    assert "Monday" in plain(fault.expected)


def test_an_impossible_date_does_not_count_as_a_gap_too() -> None:
    fault = only_fault(weekly_sheet().put(9, "week", "2025-02-30"))
    assert (fault.row, fault.field) == (9, "week")
    assert "28 days" in plain(fault.expected)


def test_an_empty_date_is_refused() -> None:
    assert only_fault(weekly_sheet().put(9, "week", "")).row == 9


def test_mixed_formats_are_refused_in_the_row_that_differs() -> None:
    fault = only_fault(weekly_sheet().put(9, "week", "2025/02/24"))
    assert (fault.row, plain(fault.found)) == (9, "'2025/02/24'")


@pytest.mark.parametrize(
    ("said", "is_in_file"), [("week", "day"), ("month", "week"), ("day", "week"), ("week", "month"), ("year", "month")]
)
def test_rows_that_are_another_period_apart_than_said_are_one_fault(said: str, is_in_file: str) -> None:
    fault = only_fault(dated(is_in_file, date(2020, 1, 6)), market=header(said))
    assert f"one {is_in_file} apart" in plain(fault.found)
    assert f'period = "{is_in_file}"' in plain(fault.expected)


def test_dates_that_name_months_are_no_weeks() -> None:
    fault = only_fault(dated("month", date(2020, 1, 1), lambda day: f"{day:%Y-%m}"))
    assert "whole months" in plain(fault.found)


def test_a_panel_whose_geos_are_not_named_is_told_so() -> None:
    sheet = panel_sheet()
    sheet.rows.sort(key=lambda row: row[0])
    fault = only_fault(sheet)
    assert "3 times" in plain(fault.found)
    assert "'region'" in plain(fault.expected)


def test_a_panel_loads_in_either_order_of_rows_with_one_digest() -> None:
    by_geo, by_date = panel_sheet(), panel_sheet()
    by_date.rows.sort(key=lambda row: row[0])
    first, second = read(by_geo, columns=PANEL_COLUMNS), read(by_date, columns=PANEL_COLUMNS)
    assert first.spend.shape == (40, 3, 3)
    assert first.geos == ("north", "south", "west")
    assert first.population.tolist() == [1000.0, 2000.0, 3000.0]
    assert first.spend[7, 1, 2] == float(by_geo.rows[87][3])
    assert first.data_digest == second.data_digest


def test_a_geo_with_other_periods_than_the_rest_is_refused_by_name() -> None:
    sheet = panel_sheet()
    del sheet.rows[79]
    fault = only_fault(sheet, columns=PANEL_COLUMNS)
    assert "'south'" in plain(fault.found)
    assert "2025-10-06" in plain(fault.found)


def test_a_duplicate_in_a_panel_names_its_geo() -> None:
    sheet = panel_sheet()
    sheet.rows.insert(50, list(sheet.rows[49]))
    fault = only_fault(sheet, columns=PANEL_COLUMNS)
    assert fault.row == 52
    assert "'south'" in plain(fault.found)


def test_an_empty_geo_is_refused() -> None:
    assert (52, "region") in places(refusal(panel_sheet().put(52, "region", ""), columns=PANEL_COLUMNS))


def test_a_population_that_changes_is_refused() -> None:
    fault = only_fault(panel_sheet().put(52, "people", "2100"), columns=PANEL_COLUMNS)
    assert (fault.row, fault.field) == (52, "people")
    assert "'south'" in plain(fault.found)


@pytest.mark.parametrize("people", ["0", "-5"])
def test_a_population_of_nobody_is_refused(people: str) -> None:
    assert (52, "people") in places(refusal(panel_sheet().put(52, "people", people), columns=PANEL_COLUMNS))
