"""What the data say before a fit: what forbids it, what makes it doubtful, and nothing about clean data."""

from pathlib import Path

import numpy as np
import pytest
from fitting.markets_before_fit import PERIODS, Draft, changed, draft
from fitting_markets import assembled, quick

from mmm.errors import MarketRefused
from mmm.fit import fit_outcome
from mmm.io import load_market
from mmm.least_squares import unexplained
from mmm.market import Market
from mmm.prefit.demand import partial_correlation
from mmm.prefit.report import before_fit, data_gate
from mmm.sentence import plain
from mmm.simulation.simulate import simulate_market

DATA = Path(__file__).parents[2] / "data"


def warned(market: Market) -> dict[str, str]:
    """Kind of each warning, and what it is about."""
    report = before_fit(market)
    assert report.faults == ()
    return {warning.name: warning.subject for warning in report.warnings}


def test_nothing_is_said_about_clean_data() -> None:
    for seed in range(5):
        report = before_fit(draft(seed=seed).market())
        assert (report.faults, report.warnings) == ((), ())


@pytest.mark.parametrize("name", ["consumer-brand-cn", "industrial-b2b"])
def test_nothing_is_said_about_the_sample_markets(name: str) -> None:
    report = before_fit(load_market(DATA / name))
    assert (report.faults, report.warnings) == ((), ())


@pytest.mark.parametrize("geos", [1, 3])
def test_nothing_is_said_about_a_simulated_market_or_panel(geos: int) -> None:
    report = before_fit(simulate_market("b2c", periods=130, seed=2, geos=geos).market)
    assert (report.faults, report.warnings) == ((), ())


# What forbids a fit


def test_fewer_periods_than_unknowns_forbid_a_fit() -> None:
    (fault,) = before_fit(draft(12).market()).faults
    assert "12 weeks" in plain(fault.found)


def test_a_channel_that_the_others_add_up_to_forbids_a_fit_and_all_of_them_are_named() -> None:
    def add_up(made: Draft) -> None:
        made.spend[:, 2] = made.spend[:, 0] + made.spend[:, 1]

    faults = before_fit(changed(add_up)).faults
    assert [fault.field for fault in faults] == ["channels[1]", "channels[2]", "channels[3]"]
    assert "below 100" in plain(faults[0].expected)


def test_spend_that_is_the_season_forbids_a_fit() -> None:
    def ride_the_season(made: Draft) -> None:
        angle = 2.0 * np.pi * np.arange(PERIODS) / 52.1775
        made.spend[:, 0] = 1000.0 + 500.0 * np.sin(angle) + 200.0 * np.cos(angle) + 0.01 * made.spend[:, 0]

    (fault,) = before_fit(changed(ride_the_season)).faults
    assert "'tv' explained to 100.0%" in plain(fault.found)
    assert "above all by trend and season" in plain(fault.found)


def test_a_budget_that_is_a_share_of_last_weeks_sales_forbids_a_fit() -> None:
    (fault,) = before_fit(changed(lambda made: follow(made, wobble=0.5))).faults
    assert "'tv' set by 'orders' of the period before" in plain(fault.found)


def test_a_fit_is_refused_with_every_reason_before_anything_is_sampled() -> None:
    def spoil(made: Draft) -> None:
        made.spend[:, 2] = 2.0 * made.spend[:, 1] + 0.01 * made.spend[:, 2]
        follow(made, wobble=0.5)

    with pytest.raises(MarketRefused) as refused:
        fit_outcome(changed(spoil), "orders")
    assert [fault.field for fault in refused.value.faults] == ["channels[2]", "channels[3]", "channels[1]"]


# What makes it doubtful


def follow(made: Draft, wobble: float) -> None:
    """Spend of tv becomes a tenth of last week's orders, give or take."""
    own = np.random.default_rng(8).standard_normal(PERIODS)
    made.spend[1:, 0] = made.orders[:-1] / 10.0 + wobble * own[1:]


def test_spend_that_follows_demand_is_told() -> None:
    assert warned(changed(lambda made: follow(made, wobble=4.0))) == {"follows_demand": "tv"}


def test_a_channel_that_moves_with_another_is_told() -> None:
    def move_along(made: Draft) -> None:
        made.spend[:, 1] = made.spend[:, 0] + 0.15 * made.spend[:, 1]

    market = changed(move_along)
    assert [warning.subject for warning in before_fit(market).warnings] == ["tv", "search"]
    assert set(warned(market)) == {"inflation"}
    assert "above all with 'search'" in plain(before_fit(market).warnings[0].text)


def test_a_channel_that_was_on_air_in_few_periods_is_told() -> None:
    def two_bursts(made: Draft) -> None:
        made.spend[:, 0] = 0.0
        made.spend[[20, 21, 22, 80, 81], 0] = 3000.0

    assert warned(changed(two_bursts)) == {"rarely_on_air": "tv"}


def test_a_channel_with_next_to_no_money_is_told() -> None:
    def shrink(made: Draft) -> None:
        made.spend[:, 2] *= 0.005

    assert warned(changed(shrink)) == {"tiny_channel": "social"}


@pytest.mark.parametrize("period", ["quarter", "year"])
def test_periods_too_coarse_for_carryover_are_told(period: str) -> None:
    made = draft(60)
    made.spend, made.tables = made.spend[:, :1], {"channels": [{"name": "tv", "spend": "tv", "role": "brand"}]}
    assert warned(made.market(period))["coarse"] == "testland"


def test_many_zeros_under_normal_noise_are_told_and_counts_may_have_them() -> None:
    def few_leads(made: Draft) -> None:
        made.orders = np.random.default_rng(1).poisson(1.0, PERIODS).astype(float)

    def few_leads_as_counts(made: Draft) -> None:
        few_leads(made)
        made.likelihood = "negative_binomial"

    market = changed(few_leads)
    assert warned(market)["many_zeros"] == "orders"
    action = next(one.action for one in before_fit(market).warnings if one.name == "many_zeros")
    assert "negative_binomial" in plain(action)
    assert "many_zeros" not in warned(changed(few_leads_as_counts))


def test_outliers_are_told_with_the_worst_of_them_unless_tails_are_heavy() -> None:
    def two_odd_weeks(made: Draft) -> None:
        made.orders[[33, 70]] += [400.0, 700.0]

    def with_heavy_tails(made: Draft) -> None:
        two_odd_weeks(made)
        made.likelihood = "student_t"

    market = changed(two_odd_weeks)
    assert warned(market) == {"outliers": "orders"}
    (warning,) = before_fit(market).warnings
    assert f"in 2 weeks, most of all in that of {market.dates[70]}" in plain(warning.text)
    assert warned(changed(with_heavy_tails)) == {}


def test_a_break_is_told_with_its_day_unless_an_event_explains_it() -> None:
    def break_down(made: Draft) -> None:
        made.orders[70:] -= 200.0

    def break_down_and_say_so(made: Draft) -> None:
        break_down(made)
        made.tables["events"] = [{"name": "shops closed", "start": "2025-05-05", "periods": PERIODS - 70}]

    market = changed(break_down)
    assert warned(market) == {"break": "orders"}
    assert str(market.dates[70]) in plain(before_fit(market).warnings[0].text)
    assert warned(changed(break_down_and_say_so)) == {}


@pytest.mark.parametrize("name", ["branded search", "brand_queries", "品牌搜索指数", "site sessions"])
def test_a_control_that_is_called_like_a_step_to_the_sale_is_told(name: str) -> None:
    def rename(made: Draft) -> None:
        made.control = name

    assert warned(changed(rename)) == {"mediator": name}


@pytest.mark.parametrize("name", ["price", "brand price", "generic queries", "promotion", "价格指数"])
def test_a_control_of_another_name_is_not_told(name: str) -> None:
    def rename(made: Draft) -> None:
        made.control = name

    assert warned(changed(rename)) == {}


def test_a_control_that_media_make_is_told_whatever_its_name() -> None:
    def make_interest(made: Draft) -> None:
        made.price = made.spend @ [1.0, 0.5, 0.2] + 100.0 * np.random.default_rng(2).standard_normal(PERIODS)

    assert warned(changed(make_interest))["mediator"] == "price"


# How it is measured, and what becomes of it


def test_the_inflation_of_independent_series_is_one_however_many_there_are() -> None:
    noise = np.random.default_rng(4).standard_normal((200, 41))
    noise -= noise.mean(axis=0)
    assert unexplained(noise[:, 0], noise[:, 1:]) == pytest.approx(1.0, abs=0.15)


def test_the_inflation_of_two_series_follows_from_their_correlation() -> None:
    one, other = np.random.default_rng(4).standard_normal((2, 5000))
    one, other = one - one.mean(), other - other.mean()
    mixed = 0.9 * one + np.sqrt(1 - 0.81) * other
    assert unexplained(mixed, one[:, None]) == pytest.approx(1 - 0.81, rel=0.05)


def test_what_follows_the_period_before_correlates_one_way() -> None:
    rng = np.random.default_rng(5)
    sales = rng.standard_normal(300)
    spend = np.concatenate([[0.0], sales[:-1]]) + 0.5 * rng.standard_normal(300)
    constant = np.ones((300, 1))
    assert partial_correlation(spend, sales, constant) > 0.8
    assert abs(partial_correlation(sales, spend, constant)) < 0.2


def test_warnings_are_a_gate_that_asks_for_a_review() -> None:
    def two_odd_weeks(made: Draft) -> None:
        made.orders[[33, 70]] += 600.0

    gate = fit_outcome(quick(changed(two_odd_weeks), holdout=0), "orders").manifest.gates[-1]
    assert (gate.name, gate.verdict, gate.value) == ("data", "review", 1.0)
    assert "lies far off in 2 weeks" in plain(gate.text)
    assert data_gate(()).verdict == "pass"


def test_a_channel_of_zeros_and_a_constant_control_are_survived() -> None:
    made = draft()
    made.spend[:, 2], made.price = 0.0, np.full(PERIODS, 20.0)
    assert set(warned(made.market())) == {"rarely_on_air", "tiny_channel"}


def test_a_market_without_controls_is_read_too() -> None:
    made = draft()
    tables = {"channels": [{"name": "tv", "spend": "tv", "role": "brand"}]}
    assert warned(assembled(tables, made.spend[:, :1, None], made.orders[:, None])) == {}
