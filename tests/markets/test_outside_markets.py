"""Data that nobody here wrote load as a new user would describe them."""

import shutil
from pathlib import Path

import pytest

from mmm.intake.understood import understood
from mmm.io import load_market
from mmm.market import Market, national_aggregate
from mmm.prefit.report import before_fit
from mmm.sentence import plain

CASES = Path(__file__).parents[2] / ".." / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the outside cases (../shared/cases) are not here")


def market_of(tmp_path: Path, data: str, text: str) -> Market:
    shutil.copyfile(CASES / data, tmp_path / data)
    (tmp_path / "market.toml").write_text(text, encoding="utf-8")
    market = load_market(tmp_path)
    assert before_fit(market).faults == ()
    return market


def test_a_weekly_market_with_five_channels_loads(tmp_path: Path) -> None:
    market = market_of(
        tmp_path,
        "robyn_weekly.csv",
        """
        market = { name = "robyn", data = "robyn_weekly.csv", period = "week", currency = "EUR" }
        columns = { date = "DATE" }
        outcomes = [{ name = "revenue", column = "revenue", unit = "EUR", value_per_unit = 1.0 }]
        channels = [
            { name = "tv", spend = "tv_S", role = "brand" },
            { name = "ooh", spend = "ooh_S", role = "brand" },
            { name = "print", spend = "print_S", role = "brand" },
            { name = "search", spend = "search_S", exposure = "search_clicks_P", role = "performance" },
            { name = "facebook", spend = "facebook_S", exposure = "facebook_I", role = "performance" },
        ]
        controls = [{ name = "competitor", column = "competitor_sales_B" }]
        organic = [{ name = "newsletter", column = "newsletter" }]
        """,
    )
    assert market.spend.shape == (208, 5, 1)
    share = market.spend.sum() / market.outcomes["revenue"].sum()
    assert share == pytest.approx(0.038, abs=0.001)  # as the README of the case says
    said = [plain(sentence) for sentence in understood(market)]
    assert said[0] == "robyn: 208 weeks, 2015-11-23 to 2019-11-11, money in EUR."
    assert any(line.startswith("Channel ooh (brand)") and "61.9% of all spend" in line for line in said)


def test_a_monthly_market_with_one_channel_loads(tmp_path: Path) -> None:
    market = market_of(
        tmp_path,
        "insurance_monthly.csv",
        """
        market = { name = "insurance", data = "insurance_monthly.csv", period = "month", currency = "USD" }
        columns = { date = "month" }
        outcomes = [{ name = "quotes", column = "Quotes", unit = "quotes" }]
        channels = [{ name = "tv", spend = "TV.advert", role = "brand" }]
        """,
    )
    assert (len(market.dates), str(market.dates[-1])) == (40, "2005-04-01")


def test_an_annual_market_loads_with_a_warning_on_carryover(tmp_path: Path) -> None:
    market = market_of(
        tmp_path,
        "pinkham_annual.csv",
        """
        market = { name = "pinkham", data = "pinkham_annual.csv", period = "year", currency = "USD" }
        columns = { date = "year" }
        outcomes = [{ name = "sales", column = "sales", unit = "thousand USD", value_per_unit = 1.0 }]
        channels = [{ name = "advertising", spend = "advertising", role = "brand" }]
        """,
    )
    assert len(market.dates) == 54
    (warning,) = [one for one in before_fit(market).warnings if one.name == "coarse"]
    assert "cannot show carryover of days or weeks" in plain(warning.text)


def test_an_export_of_a_platform_loads(tmp_path: Path) -> None:
    market = market_of(
        tmp_path,
        "platform_export.csv",
        """
        market = { name = "shop", data = "platform_export.csv", period = "week", currency = "USD" }
        columns = { date = "date" }
        outcomes = [{ name = "revenue", column = "revenue", unit = "USD", value_per_unit = 1.0 }]
        channels = [
            { name = "google", spend = "google_search_spend", exposure = "google_search_clicks", role = "performance" },
            { name = "meta", spend = "meta_prospecting_spend", role = "performance" },
            { name = "tiktok", spend = "tiktok_spend", exposure = "tiktok_impressions", brand_weight = 0.5 },
        ]
        """,
    )
    assert market.spend.shape == (104, 3, 1)


def test_a_panel_of_twenty_geos_loads_and_adds_up(tmp_path: Path) -> None:
    market = market_of(
        tmp_path,
        "meridian_geo_full_funnel.csv",
        """
        market = { name = "funnel", data = "meridian_geo_full_funnel.csv", period = "week", currency = "USD" }
        columns = { date = "time", geo = "geo", population = "population" }
        controls = [{ name = "queries", column = "GenericGQV_control" }]
        [[outcomes]]
        name = "conversions"
        column = "conversions"
        unit = "conversions"
        value_per_unit = "revenue_per_conversion"
        [[channels]]
        name = "awareness"
        spend = "AwarenessVideo_spend"
        exposure = "AwarenessVideo_impression"
        role = "brand"
        [[channels]]
        name = "display"
        spend = "PerformanceDisplay_spend"
        role = "performance"
        [[channels]]
        name = "native"
        spend = "PerformanceNative_spend"
        role = "performance"
        [[indicators]]
        name = "branded queries"
        column = "BrandedGQV_control"
        """,
    )
    assert market.spend.shape == (156, 3, 20)
    assert national_aggregate(market).spend.sum() == pytest.approx(market.spend.sum())
