"""Columns are found by their names, and market.toml fits the data."""

import pytest
from market_files import Sheet, market_document, only_fault, panel_sheet, read, refusal, weekly_sheet

from mmm.sentence import plain

EVENT = {"name": "launch", "start": "2025-03-03", "periods": 2}
LIFT = {
    "channel": "search",
    "start": "2025-03-03",
    "periods": 6,
    "spend_change": -3000.0,
    "estimate": -81.0,
    "standard_error": 16.0,
}


def test_a_column_that_is_not_there_is_refused_with_the_nearest_name_and_where_it_is_used() -> None:
    channels = market_document()["channels"]
    channels[1] = {**channels[1], "spend": "search_spent"}
    fault = only_fault(weekly_sheet(), channels=channels)
    assert (fault.row, fault.field) == (1, "search_spent")
    assert "channels[2].spend" in plain(fault.expected)
    assert "'search_spend'" in plain(fault.expected)


def test_a_name_in_other_capitals_is_the_nearest() -> None:
    sheet = weekly_sheet()
    sheet.header[2] = "TV_SPEND"
    assert "'TV_SPEND'" in plain(only_fault(sheet).expected)


def test_every_missing_column_is_listed() -> None:
    sheet = Sheet(["a", "b"], [["1", "2"]])
    assert {fault.field for fault in refusal(sheet)} == set(weekly_sheet().header) - {"remark"}


def test_a_name_that_two_columns_have_is_refused() -> None:
    sheet = weekly_sheet().add("tv_spend", lambda at: str(at))
    fault = only_fault(sheet)
    assert (fault.row, fault.field, plain(fault.found)) == (1, "tv_spend", "2 columns of this name")


def test_chinese_names_of_columns_are_read() -> None:
    sheet = weekly_sheet()
    sheet.header[:3] = ["周", "订单数", "电视 花费"]
    outcomes = [{"name": "订单", "column": "订单数", "unit": "单"}]
    channels = [{"name": "电视", "spend": "电视 花费", "role": "brand"}]
    market = read(sheet, columns={"date": "周"}, outcomes=outcomes, channels=channels)
    assert list(market.outcomes) == ["订单"]


def test_a_value_per_unit_may_be_a_column() -> None:
    outcomes = [{"name": "orders", "column": "orders", "unit": "orders", "value_per_unit": "price"}]
    sheet = weekly_sheet()
    market = read(sheet, outcomes=outcomes)
    assert market.values_per_unit["orders"][3, 0] == float(sheet.rows[3][5])


def test_a_customer_value_becomes_money_per_unit() -> None:
    value = {"margin": 18.0, "repeat_rate": 0.5, "discount_rate": 0.0}
    outcomes = [{"name": "orders", "column": "orders", "unit": "orders", "value_per_unit": value}]
    assert read(weekly_sheet(), outcomes=outcomes).values_per_unit["orders"][0, 0] == 36.0


def test_reach_and_frequency_make_exposure() -> None:
    sheet = weekly_sheet().add("reach", lambda at: 100 + at).add("frequency", lambda at: 2 + at % 3)
    channels = [{"name": "tv", "spend": "tv_spend", "role": "brand", "reach": "reach", "frequency": "frequency"}]
    assert read(sheet, channels=channels).exposure["tv"][1, 0] == 101 * 3


def test_an_outcome_does_not_explain_itself() -> None:
    fault = only_fault(weekly_sheet(), controls=[{"name": "sold", "column": "orders"}])
    assert fault.field == "controls[1].column"


def test_a_survey_without_answers_in_most_weeks_is_no_fault() -> None:
    sheet = weekly_sheet().add("aware", lambda at: 30 if at % 13 == 0 else "")
    sheet.add("asked", lambda at: 100 if at % 13 == 0 else "")
    survey = {"name": "awareness", "kind": "survey", "successes": "aware", "sample": "asked"}
    assert refusal(sheet, indicators=[survey]) == ()
    fault = only_fault(sheet.put(15, "aware", "101"), indicators=[survey])
    assert (fault.row, fault.field) == (15, "aware")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": "2024-03-04"}, "lift_tests[1].start"),
        ({"start": "2026-02-16"}, "lift_tests[1].start"),
        ({"start": "2025-03-04"}, "lift_tests[1].start"),
        ({"geos": ["north"]}, "lift_tests[1].geos"),
    ],
)
def test_a_lift_test_that_the_data_do_not_hold_is_refused(change: dict[str, object], field: str) -> None:
    assert only_fault(weekly_sheet(), lift_tests=[{**LIFT, **change}]).field == field


def test_a_lift_test_inside_of_the_data_is_accepted() -> None:
    assert refusal(weekly_sheet(), lift_tests=[LIFT]) == ()


def test_a_lift_test_in_an_unknown_geo_is_refused_with_the_nearest() -> None:
    columns = {"date": "week", "geo": "region"}
    fault = only_fault(panel_sheet(), columns=columns, lift_tests=[{**LIFT, "geos": ["nort"]}])
    assert "'north'" in plain(fault.expected)


def test_an_event_outside_of_the_data_is_noted() -> None:
    notes = read(weekly_sheet(), events=[{**EVENT, "start": "2030-01-07"}]).notes
    assert any("outside of the data" in plain(note) for note in notes)


def test_an_event_inside_of_a_week_is_noted_with_its_week() -> None:
    notes = read(weekly_sheet(), events=[{**EVENT, "start": "2025-03-06"}]).notes
    assert any("2025-03-03" in plain(note) for note in notes)


def test_exposure_without_spend_is_noted() -> None:
    sheet = weekly_sheet().add("grp", lambda at: 10 + at).put(5, "tv_spend", "0")
    channels = [{"name": "tv", "spend": "tv_spend", "role": "brand", "exposure": "grp"}]
    assert any("exposure without spend in 1 rows" in plain(note) for note in read(sheet, channels=channels).notes)


@pytest.mark.parametrize("choice", [{"holdout": 60}, {"carryover_periods": 70}])
def test_choices_longer_than_the_history_are_refused(choice: dict[str, int]) -> None:
    fields = {fault.field for fault in refusal(weekly_sheet(), model=choice)}
    assert f"model.{next(iter(choice))}" in fields


def test_a_value_per_unit_of_zero_throughout_is_refused() -> None:
    outcomes = [{"name": "orders", "column": "orders", "unit": "orders", "value_per_unit": "margin"}]
    fault = only_fault(weekly_sheet().add("margin", lambda _: "0"), outcomes=outcomes)
    assert fault.field == "margin"


def test_a_panel_without_its_column_of_geos_is_one_fault() -> None:
    columns = {"date": "week", "geo": "regions", "population": "people"}
    fault = only_fault(panel_sheet(), columns=columns)
    assert (fault.row, fault.field) == (1, "regions")


def test_faults_come_in_the_order_of_rows() -> None:
    sheet = weekly_sheet().put(30, "week", "x").put(9, "price", "x").put(50, "orders", "")
    assert [fault.row for fault in refusal(sheet)] == [9, 30, 50]


def test_whoever_is_reached_is_reached_at_least_once() -> None:
    channels = [{"name": "tv", "spend": "tv_spend", "role": "brand", "reach": "reach", "frequency": "frequency"}]
    sheet = weekly_sheet().add("reach", lambda at: 100 * (at % 4)).add("frequency", lambda at: (at % 4) * 0.8)
    told = refusal(sheet, channels=channels)
    assert [(fault.row, fault.field, plain(fault.found)) for fault in told[:2]] == [
        (3, "frequency", "0.8"),
        (7, "frequency", "0.8"),
    ]
    assert "at least 1 where reach is above 0" in plain(told[0].expected)
    sheet.fill("frequency", lambda at: 2 + at % 3).put(9, "frequency", "")
    fault = only_fault(sheet, channels=channels)
    assert (fault.row, fault.field) == (9, "frequency")


def test_a_frequency_that_hardly_varies_is_noted() -> None:
    channels = [{"name": "tv", "spend": "tv_spend", "role": "brand", "reach": "reach", "frequency": "frequency"}]
    sheet = weekly_sheet().add("reach", lambda at: 100 + at).add("frequency", lambda at: 2.0)
    notes = [plain(note) for note in read(sheet, channels=channels).notes]
    assert "The frequency of 'tv' hardly varies: its best frequency will be assumed, not measured." in notes


def test_geos_have_reach_and_frequency_side_by_side_and_added_up() -> None:
    channels = [{"name": "tv", "spend": "tv_spend", "role": "brand", "reach": "reach", "frequency": "frequency"}]
    columns = {"date": "week", "geo": "region"}
    sheet = panel_sheet().add("reach", lambda at: 100 + at % 7).add("frequency", lambda at: 2 + at % 3)
    for geos in ("pooled", "national"):
        found = read(sheet, columns=columns, channels=channels, model={"geos": geos})
        assert found.frequency["tv"].shape == (len(found.dates), 3)
