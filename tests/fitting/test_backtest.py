"""Backtests: windows, nothing seen of what comes later, rivals that know what they should, and the verdict."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from fitting_markets import assembled, mixed_market, quick, small_market

from mmm.backtest.document import Backtest
from mmm.backtest.ridge_mix import MediaShape, forecast_by_ridge, media_columns
from mmm.backtest.rolling_origin import Origin, fewest_known_periods, known_at, rolling_origins
from mmm.backtest.run import ScoresByForecast, forecasts_at, score_origin, summarize
from mmm.backtest.seasonal_naive import forecast_by_last_year
from mmm.backtest.verdict import compare, earns_its_keep, verdict
from mmm.design import build_design
from mmm.errors import HistoryTooShort
from mmm.forecast_scores import PeriodScores, score_periods
from mmm.market import Market
from mmm.sentence import plain
from mmm.simulation.simulate import simulate_market


def brief(market: Market) -> Market:
    return quick(market, draws=120, tune=200)


def backtested(market: Market, folds: int, periods: int) -> Backtest:
    origins = rolling_origins(market, folds, periods)
    scores = [score_origin(market, "orders", origin, seed=3) for origin in origins]
    return summarize(market, "orders", origins, scores)


def of_each(found: Backtest) -> dict[str, float]:
    return {score.forecast: score.crps for score in found.overall}


def test_windows_follow_one_another_to_the_end_and_each_knows_all_before_it() -> None:
    assert rolling_origins(small_market(104), 3, 10) == (Origin(74, 10), Origin(84, 10), Origin(94, 10))


def test_a_window_is_as_long_as_the_usual_holdout_unless_said_otherwise() -> None:
    assert [origin.known for origin in rolling_origins(small_market(104), 2)] == [78, 91]


def test_too_short_a_history_is_refused_with_the_periods_that_it_needs() -> None:
    market = small_market(104)
    assert fewest_known_periods(market) == 64  # a year, and twelve errors of repeating it
    with pytest.raises(HistoryTooShort) as refused:
        rolling_origins(market, 4, 13)
    assert plain(refused.value.said) == (
        "testland has 104 weeks; 4 windows of 13 weeks need at least 116, because 64 must be known before the first"
    )
    assert rolling_origins(market, 4, 10)[0].known == 64


def test_at_an_origin_neither_outcomes_nor_unfinished_tests_nor_later_events_are_known() -> None:
    market = mixed_market(70)
    known = known_at(market, Origin(20, 6))  # until May 19, 2024: the launch of June and two tests come later
    assert len(known.dates) == len(known.outcomes["orders"]) == len(known.spend) == len(known.controls["price"]) == 26
    assert (known.outcomes["orders"][20:] == 0.0).all()
    np.testing.assert_array_equal(known.outcomes["orders"][:20], market.outcomes["orders"][:20])
    assert known.spec.events == ()
    assert [test.start for test in known.spec.lift_tests] == [date(2024, 3, 4)]
    assert market.outcomes["orders"][20:].all()


def test_what_came_in_the_window_does_not_change_its_forecasts() -> None:
    market, origin = brief(small_market(90)), Origin(77, 13)
    doubled = market.outcomes["orders"].copy()
    doubled[77:] *= 2.0
    other = replace(market, outcomes={"orders": doubled})
    first, second = (forecasts_at(one, "orders", origin, seed=3) for one in (market, other))
    for name, forecast in first.items():
        np.testing.assert_array_equal(forecast.mean, second[name].mean)
        np.testing.assert_array_equal(forecast.interval, second[name].interval)


def test_where_media_are_strong_the_model_beats_repeating_the_year_before_and_earns_its_keep() -> None:
    found = backtested(brief(small_market(104)), 2, 13)
    scores = of_each(found)
    assert scores["model"] < 0.6 * scores["seasonal_naive"]
    assert found.earns_its_keep
    assert found.best in ("model", "ridge")
    assert [window.known for window in found.windows] == [78, 91]
    assert found.windows[-1].end == small_market(104).dates[-1]
    assert "earns its keep" in plain(found.text[1])


@pytest.mark.parametrize("likelihood", ["student_t", "negative_binomial"])
def test_every_likelihood_is_backtested(likelihood: str) -> None:
    market = small_market(90)
    outcomes = (market.spec.outcomes[0].model_copy(update={"likelihood": likelihood}),)
    counted = replace(
        market,
        spec=market.spec.model_copy(update={"outcomes": outcomes}),
        outcomes={"orders": market.outcomes["orders"].round()},
    )
    scores = score_origin(brief(counted), "orders", Origin(80, 10), seed=3)
    assert scores["model"].crps.mean() < scores["seasonal_naive"].crps.mean()


def test_a_panel_is_scored_on_the_sum_of_its_geos() -> None:
    market = brief(simulate_market("b2c", periods=104, seed=3, geos=3).market)
    scores = score_origin(market, "orders", Origin(91, 13), seed=3)
    for one in scores.values():
        np.testing.assert_allclose(one.actual, market.outcomes["orders"].sum(axis=1)[91:])
    assert scores["model"].error < 0.5


def test_ridge_recovers_a_world_that_is_linear_in_its_columns() -> None:
    market = small_market(104)
    spend = np.random.default_rng(5).gamma(1.0, 1000.0, size=(104, 2, 1))
    design = build_design(replace(market, spend=spend), market.spec.outcomes[0], 13)
    brought = media_columns(design, MediaShape(retention_step=1.0, half_saturation_factor=2.0)) @ np.array([400.0, 300])
    noise = 2.0 * np.random.default_rng(6).standard_normal(104)
    truth = 500.0 + 30.0 * design.columns[:, 1] + brought
    forecast = forecast_by_ridge(replace(design, outcome=truth + noise))
    np.testing.assert_allclose(forecast.mean, truth[91:], atol=8.0)
    assert forecast.spread[0] == pytest.approx(2.0, rel=0.5)
    assert score_periods(forecast, (truth + noise)[91:]).is_covered.mean() >= 0.7


def test_the_year_before_is_repeated_and_is_less_certain_the_further_it_reaches() -> None:
    history = np.concatenate([np.arange(12.0), np.arange(12.0) + 3.0])
    forecast = forecast_by_last_year(history, 15, "month")
    np.testing.assert_allclose(forecast.mean, [*(np.arange(12.0) + 3.0), 3.0, 4.0, 5.0])
    np.testing.assert_allclose(forecast.spread, [3.0] * 12 + [3.0 * np.sqrt(2.0)] * 3)


def scores_of(model: float, naive: float, ridge: float, covered: int = 47) -> ScoresByForecast:
    """Fifty-two periods whose CRPS scatters, differently for each forecast, around exactly the mean that is given."""
    rng = np.random.default_rng(7)
    actual = np.full(52, 1000.0)

    def around(crps: float) -> PeriodScores:
        scatter = 10.0 * rng.standard_normal(52)
        scattered = crps + scatter - scatter.mean()
        return PeriodScores(actual, scattered, scattered, np.arange(52) < covered)

    return {"model": around(model), "seasonal_naive": around(naive), "ridge": around(ridge)}


@pytest.mark.parametrize(
    ("crps", "earned", "said"),
    [
        ((50.0, 90.0, 70.0), True, "better than both rivals"),
        ((70.0, 90.0, 70.5), True, "as well as ridge regression"),
        ((70.0, 90.0, 50.0), False, "does not earn its keep yet"),
        ((70.0, 70.5, 90.0), False, "It is not shown"),
        ((90.0, 70.0, 90.0), False, "repeating the year before forecasts better"),
    ],
)
def test_the_verdict_counts_only_differences_beyond_chance(
    crps: tuple[float, float, float], earned: bool, said: str
) -> None:
    overall = scores_of(*crps)
    comparisons = compare(overall)
    assert earns_its_keep(comparisons) is earned
    assert said in plain(verdict(overall, comparisons, "week")[1])


def test_an_interval_that_holds_too_seldom_is_called_too_narrow() -> None:
    sentences = [plain(verdict(one, compare(one), "week")[2]) for one in (scores_of(5, 9, 9), scores_of(5, 9, 9, 36))]
    assert sentences[0] == "Its 90% interval held 47 of 52 weeks."
    assert "36 of 52 weeks, fewer than it should" in sentences[1]


def test_a_market_of_months_is_backtested_by_halves_of_years() -> None:
    rng = np.random.default_rng(8)
    channels = [{"name": "tv", "spend": "tv", "role": "brand"}]
    market = assembled(
        {"channels": channels}, rng.gamma(1.0, 9.0, (60, 1, 1)), 50.0 + rng.random((60, 1)), period="month"
    )
    assert [origin.known for origin in rolling_origins(market, 4)] == [36, 42, 48, 54]
