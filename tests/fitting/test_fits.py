"""From a market to an artifact: reproducible, refused in words, honest about panels and coarse data."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import assembled, mixed_market, quick, quick_simulated, small_market

from mmm.artifact import ResponseArtifact, artifact_files, read_artifact
from mmm.baseline import forecast_baseline
from mmm.curves import carryover_weights, historical_contributions
from mmm.errors import FitError
from mmm.fit import fit_outcome
from mmm.manifest import Gate
from mmm.market import Market, with_data_digest
from mmm.progress import Progress
from mmm.sentence import plain
from mmm.simulation.simulate import simulate_market
from mmm.spec import MarketSpec


@pytest.fixture(scope="module")
def fitted() -> ResponseArtifact:
    return fit_outcome(quick(mixed_market(104)), "orders")


def gates(artifact: ResponseArtifact) -> dict[str, Gate]:
    return {gate.name: gate for gate in artifact.manifest.gates}


def changed(market: Market, **channel: object) -> Market:
    tables = market.spec.model_dump(mode="json", exclude_unset=True)
    tables["channels"] = [{**tables["channels"][0], **channel}, *tables["channels"][1:]]
    wanted = {name: tables[name] for name in ("channels", "model", "outcomes")}
    return assembled(wanted, market.spend, market.outcomes["orders"])


def with_likelihood(market: Market, likelihood: str) -> Market:
    outcomes = (market.spec.outcomes[0].model_copy(update={"likelihood": likelihood}),)
    return replace(market, spec=market.spec.model_copy(update={"outcomes": outcomes}))


def test_the_same_market_and_seed_give_the_same_artifact() -> None:
    market = quick(small_market())
    first, second = fit_outcome(market, "orders", seed=5), fit_outcome(market, "orders", seed=5)
    assert first.digest == second.digest
    assert artifact_files(first) == artifact_files(second)


def test_another_seed_gives_other_draws_and_the_same_answer() -> None:
    market = quick(small_market(), draws=1000)
    first, second = fit_outcome(market, "orders", seed=5), fit_outcome(market, "orders", seed=6)
    assert first.digest != second.digest
    brought = [historical_contributions(one).sum(axis=1).mean(axis=0) for one in (first, second)]
    np.testing.assert_allclose(brought[0], brought[1], rtol=0.1)


def test_an_artifact_reads_back_from_its_files(fitted: ResponseArtifact) -> None:
    again = read_artifact(artifact_files(fitted), fitted.digest)
    assert again.manifest == fitted.manifest
    np.testing.assert_array_equal(again.draws.ceiling, fitted.draws.ceiling)


def test_channels_keep_the_order_of_the_file_whatever_their_kind(fitted: ResponseArtifact) -> None:
    assert fitted.channels == tuple(f"c{place}" for place in range(9))
    assert (fitted.draws.peak_delay[:, :3] == 0.0).all()
    assert (fitted.draws.peak_delay[:, 3:] > 0.0).all()
    assert (fitted.draws.slope[:, [1, 2, 4, 5, 7, 8]] == 1.0).all()


def test_base_and_contributions_add_up_to_the_outcome_but_for_noise(fitted: ResponseArtifact) -> None:
    manifest, draws = fitted.manifest, fitted.draws
    base = forecast_baseline(fitted, manifest.window_start, manifest.window_periods)
    expected = base + historical_contributions(fitted).sum(axis=2)
    residual = draws.outcome - expected.mean(axis=0)
    assert abs(residual.mean()) < 0.01 * draws.outcome.mean()
    assert residual.std() == pytest.approx(draws.noise_scale.mean(), rel=0.3)


def test_progress_goes_through_both_stages_to_the_end() -> None:
    told: list[Progress] = []
    fit_outcome(quick(small_market(80), holdout=13), "orders", progress=told.append)
    assert list(dict.fromkeys(one.stage for one in told)) == ["holdout fit", "fit"]
    for stage in ("holdout fit", "fit"):
        last = [one for one in told if one.stage == stage][-1]
        assert last.done == last.total > 0


def test_chains_that_do_not_agree_are_sampled_longer() -> None:
    told: list[Progress] = []
    fit_outcome(quick(small_market(), draws=50, tune=100), "orders", progress=told.append)
    totals = list(dict.fromkeys(one.total for one in told))
    assert totals == [2 * 150, 2 * 2 * 150, 4 * 2 * 150]  # 50 draws a chain can never make 400 effective ones


def test_a_panel_is_added_up_where_its_market_asks_for_it_and_says_so() -> None:
    simulated = simulate_market("b2c", periods=104, seed=3, geos=3)
    artifact = fit_outcome(quick(simulated.market, geos="national"), "orders")
    assert artifact.manifest.is_national_aggregate
    np.testing.assert_allclose(artifact.draws.spend, simulated.market.spend.sum(axis=2))
    np.testing.assert_allclose(artifact.draws.outcome, simulated.market.outcomes["orders"].sum(axis=1))


def test_geos_together_teach_more_than_their_sum_and_speak_of_the_country() -> None:
    simulated = simulate_market("b2c", periods=104, seed=3, geos=8)
    market = quick(simulated.market, draws=400, holdout=13)
    pooled, added = (
        fit_outcome(replace(market, spec=geos_as(market, how)), "orders") for how in ("pooled", "national")
    )
    assert not pooled.manifest.is_national_aggregate
    truth = simulated.truth.contributions.sum(axis=(0, 2))
    found = [historical_contributions(one).sum(axis=1) for one in (pooled, added)]
    low, high = np.quantile(found[0], [0.05, 0.95], axis=0)
    assert ((low <= truth) & (truth <= high)).mean() >= 0.7
    widths = [np.ptp(np.quantile(np.log(one), [0.05, 0.95], axis=0), axis=0).mean() for one in found]
    assert widths[0] < 0.9 * widths[1]
    assert gates(pooled)["holdout_coverage"].verdict != "fail"


def geos_as(market: Market, how: str) -> MarketSpec:
    return market.spec.model_copy(update={"model": market.spec.model.model_copy(update={"geos": how})})


def test_counts_that_are_no_whole_numbers_are_refused_with_what_to_use() -> None:
    market = with_likelihood(small_market(), "negative_binomial")
    with pytest.raises(FitError, match="some values are no whole numbers; use 'normal' or 'student_t'"):
        fit_outcome(market, "orders")


def test_leads_with_many_zeros_are_fitted_as_counts() -> None:
    rng = np.random.default_rng(4)
    spend = rng.gamma(0.5, 1000.0, size=(150, 2, 1))
    mean = 1.0 + (2.0 * spend / (spend + 1000.0)).sum(axis=1)
    leads = rng.negative_binomial(3.0, 3.0 / (3.0 + mean)).astype(float)
    market = with_likelihood(replace(small_market(150), spend=spend, outcomes={"orders": leads}), "negative_binomial")
    artifact = fit_outcome(quick(market, draws=500), "orders")
    assert (leads == 0).mean() > 0.15
    assert gates(artifact)["convergence"].verdict == gates(artifact)["divergences"].verdict == "pass"
    low, high = np.quantile(historical_contributions(artifact).sum(axis=(1, 2)), [0.01, 0.99])
    assert low < (mean - 1.0).sum() < high
    assert artifact.draws.noise_scale.mean() == pytest.approx(np.sqrt(mean + mean**2 / 3.0).mean(), rel=0.25)


def test_counts_of_a_season_are_fitted_though_half_the_year_has_none() -> None:
    rng = np.random.default_rng(1)
    market = small_market(156, seed=1)
    season = np.maximum(64.0 * np.sin(2.0 * np.pi * np.arange(156) / 52.18) + 8.0, 0.0)[:, None]
    brought = 10.0 * (market.spend / (market.spend + 1000.0)).sum(axis=1) * (season > 0.0)
    mean = season + brought + 0.02
    sold = rng.negative_binomial(5.0, 5.0 / (5.0 + mean)).astype(float)
    market = with_likelihood(replace(market, outcomes={"orders": sold}), "negative_binomial")
    artifact = fit_outcome(quick(market), "orders")
    assert (sold == 0).mean() > 0.4
    assert gates(artifact)["divergences"].verdict == "pass"
    assert gates(artifact)["convergence"].verdict != "fail"
    assert gates(artifact)["effective_draws"].verdict != "fail"


def test_outliers_pull_less_at_a_fit_with_heavy_tails() -> None:
    market = small_market(120, seed=2)
    spoilt = market.outcomes["orders"].copy()
    spoilt[[20, 60, 95]] += 400.0
    spoilt = replace(market, outcomes={"orders": spoilt})
    normal, heavy = (
        fit_outcome(quick(with_likelihood(spoilt, kind), draws=500), "orders") for kind in ("normal", "student_t")
    )
    truth = (150.0 * market.spend / (market.spend + 1000.0)).sum(axis=0)[:, 0]
    found = [historical_contributions(one).sum(axis=1) for one in (normal, heavy)]
    spreads, errors = zip(*((one.std(axis=0), np.abs(one.mean(axis=0) - truth)) for one in found), strict=True)
    assert (spreads[1] < 0.8 * spreads[0]).all()
    assert errors[1].sum() < errors[0].sum()


def test_weibull_carryover_finds_a_tail_that_geometric_carryover_has_not() -> None:
    rng = np.random.default_rng(8)
    spend = rng.gamma(0.3, 3000.0, size=(200, 2, 1))
    weights = carryover_weights("weibull", 13, np.array([0.6]), np.array([0.6]))[0]
    stock = np.stack([np.convolve(spend[:, place, 0], weights)[:200] for place in range(2)], axis=1)
    outcome = 300.0 + (300.0 * stock / (stock + 1000.0)).sum(axis=1) + rng.normal(0.0, 6.0, 200)
    market = replace(small_market(200), spend=spend, outcomes={"orders": outcome[:, None]})
    kinds = {"adstock": "weibull", "saturation": "michaelis_menten"}
    artifact = fit_outcome(quick(changed(market, **kinds), draws=500), "orders")
    found = carryover_weights("weibull", 13, artifact.draws.retention[:, 0], artifact.draws.peak_delay[:, 0])
    np.testing.assert_allclose(found.mean(axis=0), weights, atol=0.03)


def lift_test(market: Market, estimate: float, error: float, change: float) -> Market:
    """The market with a test on its second channel: what `change` of its spend in four weeks did."""
    test = {
        "channel": "search",
        "start": "2024-06-03",
        "periods": 4,
        "spend_change": change,
        "estimate": estimate,
        "standard_error": error,
    }
    tables = {**market.spec.model_dump(mode="json", exclude_unset=True), "lift_tests": [test]}
    return replace(market, spec=MarketSpec.model_validate(tables))


def test_a_lift_test_narrows_its_channel_and_says_whether_history_agrees() -> None:
    market = quick(small_market(80, seed=1), draws=500)
    history = fit_outcome(market, "orders")
    # History knows this channel well, so the test is a sharp one.
    # The truth: no carryover, and a response of 150 x / (x + 1000) in each period.
    brought = 150.0 * market.spend[:, 1, 0] / (market.spend[:, 1, 0] + 1000.0)
    truth, change = float(brought[22:26].sum()), float(market.spend[22:26, 1, 0].sum())
    tested = fit_outcome(lift_test(market, truth, 0.03 * truth, change), "orders")
    before, after = (
        np.quantile(historical_contributions(one)[:, :, 1].sum(axis=1), [0.05, 0.95]) for one in (history, tested)
    )
    assert np.ptp(after) < 0.5 * np.ptp(before)
    assert after[0] < brought.sum() < after[1]
    assert gates(tested)["lift_test"].verdict == "pass"
    contradicting = fit_outcome(lift_test(market, 6.0 * truth, 0.03 * truth, change), "orders")
    assert gates(contradicting)["lift_test"].verdict == "review"
    action = gates(contradicting)["lift_test"].action
    assert action is not None
    assert "cannot both be right" in plain(action)


def test_a_lift_test_that_added_more_than_was_spent_is_refused() -> None:
    market = lift_test(quick(small_market(80)), 10.0, 1.0, -4000.0)
    tests = (market.spec.lift_tests[0].model_copy(update={"spend_change": 1e9}),)
    with pytest.raises(FitError, match="spend_change is 1,000,000,000, but only"):
        fit_outcome(replace(market, spec=market.spec.model_copy(update={"lift_tests": tests})), "orders")


def test_an_unknown_outcome_is_refused_with_those_there_are() -> None:
    with pytest.raises(FitError, match="no outcome 'sales'; it has orders"):
        fit_outcome(small_market(), "sales")


def test_annual_data_fail_the_gate_of_carryover_and_measure_nothing() -> None:
    rng = np.random.default_rng(4)
    spend = rng.gamma(4.0, 250.0, (50, 1, 1))
    outcome = 1000.0 + 0.5 * spend[:, :, 0] + 50.0 * rng.standard_normal((50, 1))
    tables = {"channels": [{"name": "press", "spend": "press", "role": "brand"}]}
    artifact = fit_outcome(quick(assembled(tables, spend, outcome, period="year")), "orders")
    gate = gates(artifact)["carryover"]
    assert gate.verdict == "fail"
    assert "nobody can tell how long advertising works" in plain(gate.text)
    assert gate.action is not None
    assert artifact.manifest.evidence == "prior"
    assert artifact.manifest.verdict == "fail"


def test_a_prior_on_the_return_moves_a_channel_that_the_data_say_little_about() -> None:
    said = [
        fit_outcome(quick(changed(small_market(), roas={"median": median, "spread": 0.1})), "orders")
        for median in (0.3, 3.0)
    ]
    returns = [
        10.0 * historical_contributions(one).sum(axis=1)[:, 0].mean() / one.draws.spend[:, 0].sum() for one in said
    ]
    assert returns[0] < 0.5
    assert returns[1] > 1.5


def test_a_break_that_no_column_explains_is_missed_by_the_forecast_and_the_gates_say_so() -> None:
    market = quick_simulated("b2c", 5)
    outcome = market.outcomes["orders"].copy()
    outcome[-13:] *= 0.5
    broken = assembled(
        {"channels": [channel.model_dump(mode="json", exclude_none=True) for channel in market.spec.channels]},
        market.spend,
        outcome,
    )
    found = gates(fit_outcome(quick(broken), "orders"))
    assert found["holdout_coverage"].verdict == "fail"
    assert found["holdout_coverage"].action is not None


def priced(market: Market, cost: np.ndarray) -> Market:
    """The market with impressions of its second channel, bought at a cost that changes."""
    tables = market.spec.model_dump(mode="json", exclude_unset=True)
    tables["channels"][1]["exposure"] = "search_impressions"
    exposure = {"search": market.spend[:, 1] / cost[:, None]}
    return with_data_digest(replace(market, spec=MarketSpec.model_validate(tables), exposure=exposure))


def test_effects_by_exposure_follow_what_money_bought_and_not_the_money() -> None:
    # Impressions became three times as dear, and the same spend bought a third: only exposure explains the fall.
    rng = np.random.default_rng(12)
    cost = np.linspace(1.0, 3.0, 120)
    spend = np.stack([rng.gamma(1.0, 1000.0, 120), np.full(120, 1500.0) * rng.uniform(0.7, 1.3, 120)], axis=1)
    worked = spend[:, 1] / cost * 3.0
    outcome = 300.0 + 150.0 * spend[:, 0] / (spend[:, 0] + 1000.0) + 250.0 * worked / (worked + 2000.0)
    outcome += rng.normal(0.0, 5.0, 120)
    market = replace(small_market(120), spend=spend[:, :, None], outcomes={"orders": outcome[:, None]})
    artifact = fit_outcome(quick(priced(market, cost), draws=500), "orders")
    assert artifact.draws.exposure is not None
    np.testing.assert_allclose(artifact.draws.exposure[-52:, 1].sum(), spend[-52:, 1].sum())
    np.testing.assert_array_equal(artifact.draws.spend, spend)
    found = historical_contributions(artifact)[:, :, 1]
    truth = 250.0 * worked / (worked + 2000.0)
    fall = (found[:, :30].sum(axis=1) / found[:, -30:].sum(axis=1)).mean()
    assert fall == pytest.approx(truth[:30].sum() / truth[-30:].sum(), rel=0.15)
    assert read_artifact(artifact_files(artifact), artifact.digest).draws.exposure is not None
