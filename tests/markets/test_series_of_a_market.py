"""Series must vary, differ from one another and be long enough to teach anything."""

import numpy as np
from market_files import PANEL_COLUMNS, market_document, only_fault, panel_sheet, read, refusal, weekly_sheet

from mmm.intake.checks_series import parameter_count
from mmm.sentence import plain
from mmm.spec import MarketSpec


def test_an_outcome_of_zeros_is_refused() -> None:
    fault = only_fault(weekly_sheet().fill("orders", lambda _: "0"))
    assert fault.field == "orders"
    assert "0 in every row" in plain(fault.found)


def test_an_outcome_that_never_varies_is_refused() -> None:
    assert "950 in every row" in plain(only_fault(weekly_sheet().fill("orders", lambda _: "950")).found)


def test_a_channel_that_never_varies_is_refused() -> None:
    for level in ("0", "1200"):
        fault = only_fault(weekly_sheet().fill("social_spend", lambda _, level=level: level))
        assert fault.field == "social_spend"
        assert "'social'" in plain(fault.found)


def test_a_control_that_never_varies_is_refused() -> None:
    assert only_fault(weekly_sheet().fill("price", lambda _: "20")).field == "price"


def test_a_panel_channel_that_varies_between_geos_alone_is_refused() -> None:
    sheet = panel_sheet().fill("tv_spend", lambda at: str(100 * (at // 40 + 1)))
    assert only_fault(sheet, columns=PANEL_COLUMNS).field == "tv_spend"


def test_two_identical_channels_are_refused_by_name() -> None:
    sheet = weekly_sheet()
    sheet.fill("social_spend", lambda at: sheet.rows[at][2])
    fault = only_fault(sheet)
    assert fault.field == "social_spend"
    assert "'social' and 'tv' (tv_spend) identical" in plain(fault.found)


def test_channels_that_are_multiples_of_one_another_are_refused() -> None:
    sheet = weekly_sheet()
    sheet.fill("social_spend", lambda at: repr(2.5 * float(sheet.rows[at][2]) + 100 + at % 2))
    assert "collinear" in plain(only_fault(sheet).found)


def test_a_control_that_is_a_channel_in_disguise_is_refused() -> None:
    sheet = weekly_sheet()
    sheet.fill("price", lambda at: repr(-float(sheet.rows[at][3])))
    assert "'price' and 'search'" in plain(only_fault(sheet).found)


def test_a_channel_that_is_the_sum_of_others_is_refused_with_their_names() -> None:
    sheet = weekly_sheet()
    sheet.fill("social_spend", lambda at: repr(float(sheet.rows[at][2]) + float(sheet.rows[at][3])))
    fault = only_fault(sheet)
    assert plain(fault.found).startswith("'tv', 'search', 'social' as a weighted sum")


def test_channels_that_move_together_are_accepted_with_a_note() -> None:
    sheet, noise = weekly_sheet(), np.random.default_rng(1).normal(0, 400, 60)
    sheet.fill("social_spend", lambda at: repr(float(sheet.rows[at][2]) + 2000 + float(noise[at])))
    notes = [plain(note) for note in read(sheet).notes]
    assert any("'tv' and 'social' move together" in note for note in notes)


def test_fewer_periods_than_unknowns_are_refused_with_both_numbers() -> None:
    needed = parameter_count(MarketSpec.model_validate(market_document()))
    assert refusal(weekly_sheet(needed)) == ()
    fault = only_fault(weekly_sheet(needed - 1))
    assert f"{needed - 1} weeks" in plain(fault.found)
    assert f"at least {needed}" in plain(fault.expected)


def test_the_holdout_does_not_count_as_history() -> None:
    assert "13 of which are the holdout" in plain(only_fault(weekly_sheet(30), model={"holdout": 13}).found)


def test_unknowns_are_counted_by_what_the_market_asks_for() -> None:
    # Three geometric Hill channels and one organic medium: 4 each; price 1; intercept, noise, trend: 3.
    assert parameter_count(MarketSpec.model_validate(market_document())) == 4 * 4 + 1 + 3
    # A delayed Michaelis-Menten channel alone: 1 + 2 + 1; two Fourier pairs: 4; no trend.
    channel = {
        "name": "tv",
        "spend": "tv_spend",
        "role": "brand",
        "adstock": "delayed",
        "saturation": "michaelis_menten",
    }
    document = market_document(channels=[channel], controls=[], organic=[], model={"trend": "none", "seasonality": 2})
    assert parameter_count(MarketSpec.model_validate(document)) == 4 + 4 + 2


def test_a_geo_without_any_outcome_is_noted() -> None:
    sheet = panel_sheet()
    for row in range(42, 82):
        sheet.put(row, "orders", "0")
    notes = [plain(note) for note in read(sheet, columns=PANEL_COLUMNS).notes]
    assert "'orders' is zero throughout in south." in notes
