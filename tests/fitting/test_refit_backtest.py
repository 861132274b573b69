"""Champion against challenger on the newest quarter: the same terms for both, and nothing compared that was seen."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import assembled, quick, small_market

from mmm.artifact import ResponseArtifact, ResponseDraws, seal
from mmm.decomposition import decompose
from mmm.forecast_scores import score_periods
from mmm.manifest import BaselineInfo, ChannelInfo, Manifest, OrganicInfo, OutcomeInfo
from mmm.market import Market
from mmm.sentence import plain
from optimizer.scenario.document import Scenario
from service.refits.backtest import newest_quarter_backtest
from service.refits.champion_forecast import forecast_of_unseen, missing_columns, unseen_periods
from service.refits.judging import judged_refit
from service.refits.policy import PromotionPolicy
from service.refits.quarter import quarter_of
from service.refits.split_stability import StandingScenario
from service.refits.verdict import verdict

DRAWS = 40


def model_of(market: Market, known: int, *, seed: int = 7, shocks: bool = False) -> ResponseArtifact:
    """A model near the truth of `small_market`, with the first `known` periods of its history; nothing is sampled."""
    rng = np.random.default_rng(seed)
    count = len(market.spec.channels)
    columns = {name: values[:known] for name, values in {**market.controls, **market.organic}.items()}
    controls, organic = tuple(market.controls), tuple(market.organic)

    def near(center: float, size: int) -> np.ndarray:
        return center * np.exp(0.03 * rng.standard_normal((DRAWS, size)))

    exposure = np.stack(
        [
            2.0 * market.exposure[one.name][:known, 0]
            if one.name in market.exposure
            else market.spend[:known, place, 0]
            for place, one in enumerate(market.spec.channels)
        ],
        axis=1,
    )
    manifest = Manifest(
        market="testland",
        language="en",
        currency="EUR",
        period="week",
        outcome=OutcomeInfo(name="orders", unit="orders", stage="purchase", value_per_unit=10.0),
        channels=tuple(
            ChannelInfo(
                name=one.name, role="brand", brand_weight=1.0, adstock="geometric", saturation="michaelis_menten"
            )
            for one in market.spec.channels
        ),
        organic=tuple(OrganicInfo(name=name, adstock="geometric", saturation="michaelis_menten") for name in organic),
        window_start=market.dates[0],
        window_periods=known,
        carryover_periods=6,
        baseline=BaselineInfo(
            trend_unit=52.0,
            has_slope=True,
            fourier_pairs=1,
            season_length=52.1775,
            controls=controls,
            control_means=(100.0,) * len(controls),
            control_scales=(2.0,) * len(controls),
        ),
        evidence="measured",
        data_digest="0" * 64,
        spec_digest="0" * 64,
        seed=seed,
        draws=DRAWS,
    )
    terms = np.array([300.0, 0.0, 0.0, 0.0, *(25.0 for _ in controls)])
    draws = ResponseDraws(
        retention=np.full((DRAWS, count), 0.05),
        peak_delay=np.zeros((DRAWS, count)),
        half_saturation=near(1000.0, count),
        slope=np.ones((DRAWS, count)),
        ceiling=near(150.0, count),
        organic_retention=np.full((DRAWS, len(organic)), 0.3),
        organic_peak_delay=np.zeros((DRAWS, len(organic))),
        organic_half_saturation=near(60.0, len(organic)),
        organic_slope=np.ones((DRAWS, len(organic))),
        organic_ceiling=near(80.0, len(organic)),
        baseline=terms + rng.standard_normal((DRAWS, len(terms))),
        noise_scale=np.full(DRAWS, 15.0),
        spend=market.spend[:known, :, 0],
        organic=np.stack([columns[name][:, 0] for name in organic], axis=1) if organic else np.zeros((known, 0)),
        controls=np.stack([columns[name][:, 0] for name in controls], axis=1) if controls else np.zeros((known, 0)),
        outcome=market.outcomes["orders"][:known, 0],
        noise_persistence=np.full(DRAWS, 0.9) if shocks else None,
        noise_share=np.full(DRAWS, 0.95) if shocks else None,
        exposure=exposure if market.exposure else None,
    )
    return seal(manifest, draws)


def rich_market(periods: int = 104) -> Market:
    """Two channels, one of them with exposure, a control and an organic medium."""
    rng = np.random.default_rng(4)
    spec = {
        "channels": [
            {"name": "tv", "spend": "tv", "role": "brand", "exposure": "grp"},
            {"name": "search", "spend": "search", "role": "performance"},
        ],
        "controls": [{"name": "price", "column": "price"}],
        "organic": [{"name": "letter", "column": "letter"}],
    }
    spend = rng.gamma(1.0, 1000.0, size=(periods, 2, 1))
    made = assembled(
        spec,
        spend,
        300.0 + 20.0 * rng.standard_normal((periods, 1)),
        controls={"price": 100.0 + 2.0 * rng.standard_normal((periods, 1))},
        organic={"letter": rng.gamma(2.0, 50.0, size=(periods, 1))},
    )
    return replace(made, exposure={"tv": spend[:, 0] / 10.0 * rng.uniform(0.8, 1.2, (periods, 1))})


def cut(market: Market, periods: int) -> Market:
    """The market before its last periods came in."""
    return replace(
        market,
        dates=market.dates[:periods],
        outcomes={"orders": market.outcomes["orders"][:periods]},
        values_per_unit={"orders": np.full((periods, 1), 10.0)},
        spend=market.spend[:periods],
    )


def test_a_champion_forecasts_as_if_its_window_went_on_with_what_was_done() -> None:
    market = rich_market()
    champion, whole = model_of(market, 91), model_of(market, 104)
    forecast = forecast_of_unseen(champion, market, seed=1)
    expected = decompose(whole).fitted[:, 91:]
    np.testing.assert_allclose(forecast.mean, expected.mean(axis=0), rtol=1e-9)
    assert forecast.draws.shape == (DRAWS, 13)
    assert (forecast.draws - expected).std() == pytest.approx(15.0, rel=0.1)


def test_a_shock_that_has_not_faded_is_forecast_on() -> None:
    market = small_market(104)
    high = market.outcomes["orders"].copy()
    high[85:91] += 60.0
    market = replace(market, outcomes={"orders": high})
    plain_one, shocked = (forecast_of_unseen(model_of(market, 91, shocks=one), market, seed=1) for one in (False, True))
    gain = shocked.mean - plain_one.mean
    assert gain[0] > 5.0
    np.testing.assert_allclose(gain[1:] / gain[:-1], 0.9, rtol=1e-6)


def test_what_came_after_the_window_changes_no_forecast() -> None:
    market = small_market(104)
    doubled = market.outcomes["orders"].copy()
    doubled[91:] *= 2.0
    champion = model_of(market, 91)
    first, second = (
        forecast_of_unseen(champion, one, seed=1) for one in (market, replace(market, outcomes={"orders": doubled}))
    )
    np.testing.assert_array_equal(first.draws, second.draws)


def test_a_challenger_that_learned_from_noise_loses_by_more_than_chance_to_a_champion_near_the_truth() -> None:
    market = quick(small_market(104), draws=120, tune=200)
    champion = model_of(market, 91)
    found = newest_quarter_backtest(champion, market, "orders", seed=3)
    old, new, naive = (found.score(name) for name in ("champion", "challenger", "seasonal_naive"))
    assert (found.periods, found.start, found.end) == (13, market.dates[91], market.dates[-1])
    assert old.crps < new.crps < 0.5 * naive.crps
    own = score_periods(forecast_of_unseen(champion, market, seed=3), market.outcomes["orders"][91:, 0])
    assert (old.error, old.covered) == (own.error, int(own.is_covered.sum()))
    assert found.difference == pytest.approx(new.crps - old.crps)

    muddled = market.outcomes["orders"].copy()
    muddled[:91] = np.random.default_rng(1).permutation(muddled[:91])
    worse = newest_quarter_backtest(champion, replace(market, outcomes={"orders": muddled}), "orders", seed=3)
    assert worse.score("challenger").crps > 1.5 * worse.score("champion").crps
    assert worse.difference > 1.645 * worse.standard_error > 0


def test_only_periods_that_the_champion_has_not_seen_count() -> None:
    market = quick(small_market(104), draws=60, tune=100)
    found = newest_quarter_backtest(model_of(market, 100), market, "orders", seed=3)
    assert (found.periods, found.start) == (4, market.dates[100])


def test_where_the_champion_has_seen_everything_nothing_is_compared() -> None:
    market = small_market(104)
    champion = model_of(market, 104)
    assert unseen_periods(champion, market) == 0
    found = newest_quarter_backtest(champion, market, "orders", seed=3)
    assert (found.periods, found.scores, found.difference) == (0, (), None)
    assert found.obstacle == "seen"
    assert "has seen every period" in plain(found.not_compared)
    with pytest.raises(ValueError, match="has seen all periods"):
        forecast_of_unseen(champion, market, seed=3)


def test_what_cannot_be_compared_is_said() -> None:
    market = rich_market()
    champion = model_of(market, 91)
    fewer = replace(market, controls={}, spec=market.spec.model_copy(update={"controls": ()}))
    assert missing_columns(champion, fewer) == ("price",)
    gone = newest_quarter_backtest(champion, fewer, "orders", seed=3)
    assert gone.obstacle == "columns"
    assert "'price'" in plain(gone.not_compared)
    monthly = seal(champion.manifest.model_copy(update={"period": "month"}), champion.draws)
    assert "counts in months" in plain(newest_quarter_backtest(monthly, market, "orders", seed=3).not_compared)
    short = cut(small_market(104), 70)
    said = plain(newest_quarter_backtest(model_of(short, 57), short, "orders", seed=3).not_compared)
    assert said == "Before the newest quarter lie 57 weeks, and a fit without it needs 64: nothing is compared."


def test_a_refit_is_judged_on_all_that_was_found() -> None:
    market = quick(small_market(104), draws=60, tune=100)
    champion, challenger = {"orders": model_of(market, 91)}, {"orders": model_of(market, 104, seed=8)}
    asked = Scenario.model_validate(
        {
            "name": "Q1",
            "market": "testland",
            "kpi": "orders",
            "budget": 40_000.0,
            "horizon": {"start": "2025-12-29", "periods": 13},
        }
    )
    found = judged_refit(champion, challenger, market, [StandingScenario("a", asked)], seed=3)
    assert [one.periods for one in found.backtests] == [13]
    assert found.splits is not None
    assert found.splits.moves[0].moved < 0.05
    expected = verdict({"orders": ()}, found.backtests, found.curves, found.splits)
    assert found.judgement == expected
    assert {reason.rule for reason in expected.reasons} == {"gates", "forecast", "curves", "split"}
    strict = judged_refit(champion, challenger, market, seed=3, policy=PromotionPolicy(worse_crps=-0.5))
    assert strict.judgement.decision == "hold"


def test_a_first_model_is_judged_by_its_gates() -> None:
    market = small_market(104)
    found = judged_refit(None, {"orders": model_of(market, 104)}, market, seed=3)
    assert (found.judgement.decision, found.curves, found.backtests) == ("promote", None, ())


def test_a_quarter_is_a_quarter_of_a_year_and_never_nothing() -> None:
    assert [quarter_of(period) for period in ("day", "week", "month", "quarter", "year")] == [91, 13, 3, 1, 1]
