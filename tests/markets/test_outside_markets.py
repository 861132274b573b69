"""Data that nobody here wrote load as a new user would describe them."""

import shutil
from pathlib import Path

import pytest

from mmm.checks.sampler import DIVERGENCE_LIMITS, diverged_share
from mmm.design import build_design
from mmm.intake.understood import understood
from mmm.io import load_market
from mmm.market import Market, national_aggregate
from mmm.prefit.report import before_fit
from mmm.priors import build_priors
from mmm.progress import sample_until_agreed
from mmm.sampling import Effort, sample
from mmm.sentence import plain
from mmm.settled import settle

CASES = Path(__file__).parents[2] / ".." / "shared" / "cases"
MARKETS = Path(__file__).parents[2] / "benchmarks" / "outside"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the outside cases (../shared/cases) are not here")


def market_of(tmp_path: Path, data: str, name: str) -> Market:
    shutil.copyfile(CASES / data, tmp_path / data)
    shutil.copyfile(MARKETS / f"{name}.toml", tmp_path / "market.toml")
    market = load_market(tmp_path)
    assert before_fit(market).faults == ()
    return market


def test_a_weekly_market_with_five_channels_loads(tmp_path: Path) -> None:
    market = market_of(tmp_path, "robyn_weekly.csv", "robyn")
    assert market.spend.shape == (208, 5, 1)
    share = market.spend.sum() / market.outcomes["revenue"].sum()
    assert share == pytest.approx(0.038, abs=0.001)  # as the README of the case says
    said = [plain(sentence) for sentence in understood(market)]
    assert said[0] == "robyn: 208 weeks, 2015-11-23 to 2019-11-11, money in EUR."
    assert any(line.startswith("Channel ooh (brand)") and "61.9% of all spend" in line for line in said)


def test_a_monthly_market_with_one_channel_loads(tmp_path: Path) -> None:
    market = market_of(tmp_path, "insurance_monthly.csv", "insurance")
    assert (len(market.dates), str(market.dates[-1])) == (40, "2005-04-01")


def test_an_annual_market_loads_with_a_warning_on_carryover(tmp_path: Path) -> None:
    market = market_of(tmp_path, "pinkham_annual.csv", "pinkham")
    assert len(market.dates) == 54
    (warning,) = [one for one in before_fit(market).warnings if one.name == "coarse"]
    assert "cannot show carryover of days or weeks" in plain(warning.text)


def test_an_export_of_a_platform_loads(tmp_path: Path) -> None:
    market = market_of(tmp_path, "platform_export.csv", "shop")
    assert market.spend.shape == (104, 3, 1)


def test_a_panel_of_twenty_geos_loads_and_adds_up(tmp_path: Path) -> None:
    market = market_of(tmp_path, "meridian_geo_full_funnel.csv", "funnel")
    assert market.spend.shape == (156, 3, 20)
    assert national_aggregate(market).spend.sum() == pytest.approx(market.spend.sum())


def test_a_fit_that_long_steps_leave_with_divergences_ends_without_them(tmp_path: Path) -> None:
    market = market_of(tmp_path, "insurance_monthly.csv", "insurance")
    outcome = market.spec.outcomes[0]
    design = build_design(market, outcome, 0)
    _, data = settle(design, build_priors(market, outcome, design))
    effort = Effort(4, 500, 500)
    assert diverged_share(sample(data, effort, 1)) > DIVERGENCE_LIMITS[0]
    assert diverged_share(sample_until_agreed(data, (effort,), 1, "fit", None)) <= DIVERGENCE_LIMITS[0]
