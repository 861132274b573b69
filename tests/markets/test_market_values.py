"""A market's digest is of its values, and its national aggregate adds its geos up."""

from dataclasses import replace

import numpy as np
import pytest
from market_files import PANEL_COLUMNS, market_document, panel_sheet, read, weekly_sheet

from mmm.intake.understood import understood
from mmm.market import national_aggregate, with_data_digest
from mmm.sentence import plain


def test_channels_in_another_order_have_the_same_digest() -> None:
    turned = read(weekly_sheet(), channels=market_document()["channels"][::-1])
    assert turned.data_digest == read(weekly_sheet()).data_digest


def test_two_columns_that_swap_places_change_the_digest() -> None:
    channels = market_document()["channels"]
    channels[0]["spend"], channels[1]["spend"] = channels[1]["spend"], channels[0]["spend"]
    assert read(weekly_sheet(), channels=channels).data_digest != read(weekly_sheet()).data_digest


def test_minus_zero_is_zero() -> None:
    market = read(weekly_sheet().put(5, "price", "0"))
    negative = {"price": np.where(market.controls["price"] == 0, -0.0, market.controls["price"])}
    assert with_data_digest(replace(market, controls=negative)).data_digest == market.data_digest


def test_the_arrays_of_a_market_cannot_be_written() -> None:
    market = read(panel_sheet(), columns=PANEL_COLUMNS)
    for values in (market.spend, market.population, *market.outcomes.values(), *market.controls.values()):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_the_national_aggregate_adds_money_up_and_averages_controls_by_population() -> None:
    sheet = panel_sheet()
    outcomes = [{"name": "orders", "column": "orders", "unit": "orders", "value_per_unit": "price"}]
    market = read(sheet, columns=PANEL_COLUMNS, outcomes=outcomes)
    national = national_aggregate(market)
    first = [sheet.rows[at] for at in (0, 40, 80)]  # the first week of each geo
    orders, prices = [float(row[1]) for row in first], [float(row[5]) for row in first]
    assert not national.is_panel
    assert national.spend[0, 0, 0] == pytest.approx(sum(float(row[2]) for row in first))
    assert national.outcomes["orders"][0, 0] == pytest.approx(sum(orders))
    assert national.controls["price"][0, 0] == pytest.approx((prices[0] + 2 * prices[1] + 3 * prices[2]) / 6)
    revenue = sum(units * price for units, price in zip(orders, prices, strict=True))
    assert national.values_per_unit["orders"][0, 0] == pytest.approx(revenue / sum(orders))


def test_what_was_understood_names_calendar_geos_channels_and_notes() -> None:
    said = [plain(line) for line in understood(read(panel_sheet(), columns=PANEL_COLUMNS))]
    assert said[0] == "shop: 40 weeks, 2025-01-06 to 2025-10-06, money in EUR."
    assert said[1] == "3 geos of 6,000 people: north, south, west."
    assert any(line.startswith("Outcome orders: ") and "worth" in line for line in said)
    assert sum(line.startswith("Channel ") for line in said) == 3
    assert "Controls: price." in said
    assert "Organic media: newsletter." in said


def test_a_channel_that_rested_says_in_how_many_periods_and_another_says_nothing_of_it() -> None:
    sheet = weekly_sheet(104).fill("tv_spend", lambda at: "0" if at < 3 else str(1000 + 10 * (at % 7)))
    tv, search = (
        plain(line) for line in understood(read(sheet)) if plain(line).startswith(("Channel tv", "Channel search"))
    )
    assert tv.endswith("nothing in 3 of 104 periods.")
    assert search.endswith("of all spend.")


def test_the_brand_share_counts_mixed_channels_by_their_weight() -> None:
    sheet = (
        weekly_sheet().fill("tv_spend", lambda at: str(1 + at % 2)).fill("search_spend", lambda at: str(1 + at // 30))
    )
    sheet.fill("social_spend", lambda at: str(1 + at % 3 // 2 + at % 5 // 4))
    total = [sum(float(row[at]) for row in sheet.rows) for at in (2, 3, 4)]
    share = (total[0] + 0.4 * total[2]) / sum(total)
    line = next(plain(line) for line in understood(read(sheet)) if "of it brand" in plain(line))
    assert f"{share:.1%} of it brand" in line
