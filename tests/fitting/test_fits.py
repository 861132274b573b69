"""From a market to an artifact: reproducible, refused in words, honest about panels and coarse data."""

import numpy as np
import pytest
from fitting_markets import assembled, mixed_market, quick, quick_simulated, small_market

from mmm.artifact import Gate, ResponseArtifact, artifact_files, read_artifact
from mmm.baseline import forecast_baseline
from mmm.curves import historical_contributions
from mmm.errors import FitError
from mmm.fit import Progress, fit_outcome
from mmm.market import Market
from mmm.sentence import plain
from mmm.simulation.simulate import simulate_market


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
    assert fitted.channels == ("c0", "c1", "c2", "c3", "c4", "c5")
    assert (fitted.draws.peak_delay[:, :3] == 0.0).all()
    assert (fitted.draws.peak_delay[:, 3:] > 0.0).all()
    assert (fitted.draws.slope[:, [1, 2, 4, 5]] == 1.0).all()


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


def test_a_panel_is_fitted_as_its_national_aggregate_and_says_so() -> None:
    simulated = simulate_market("b2c", periods=104, seed=3, geos=3)
    artifact = fit_outcome(quick(simulated.market), "orders")
    assert artifact.manifest.is_national_aggregate
    np.testing.assert_allclose(artifact.draws.spend, simulated.market.spend.sum(axis=2))
    np.testing.assert_allclose(artifact.draws.outcome, simulated.market.outcomes["orders"].sum(axis=1))


@pytest.mark.parametrize("likelihood", ["student_t", "negative_binomial"])
def test_a_likelihood_that_is_not_offered_is_refused_with_one_that_is(likelihood: str) -> None:
    tables = {
        "outcomes": [{"name": "orders", "column": "orders", "unit": "orders", "likelihood": likelihood}],
        "channels": [{"name": "tv", "spend": "tv", "role": "brand"}],
    }
    rng = np.random.default_rng(0)
    market = assembled(tables, rng.gamma(1.0, 100.0, (60, 1, 1)), rng.normal(300.0, 20.0, (60, 1)))
    with pytest.raises(FitError, match=f"'{likelihood}' cannot be fitted yet; use 'normal'"):
        fit_outcome(market, "orders")


def test_weibull_carryover_is_refused_with_what_to_use() -> None:
    with pytest.raises(FitError, match="'tv': adstock 'weibull' cannot be fitted yet; use 'geometric', or 'delayed'"):
        fit_outcome(changed(small_market(), adstock="weibull"), "orders")


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
