"""What the checks after a fit find in markets that are wrong in one known way, and leave alone in one that is right."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
from fitting_markets import assembled, quick, small_market

from mmm.artifact import ResponseArtifact
from mmm.baseline import forecast_baseline
from mmm.checks.health import health
from mmm.common_demand import COMMON_LIMIT, common_movement, own_movements
from mmm.contribution import historical_contributions
from mmm.design import build_design
from mmm.fit import fit_outcome
from mmm.manifest import Gate
from mmm.market import Market
from mmm.sentence import plain
from mmm.simulation.simulate import simulate_market
from mmm.simulation.world_names import WorldName
from mmm.vocabulary import COMMON_DEMAND_NAMES


def with_likelihood(market: Market, likelihood: str) -> Market:
    outcomes = (market.spec.outcomes[0].model_copy(update={"likelihood": likelihood}),)
    return replace(market, spec=market.spec.model_copy(update={"outcomes": outcomes}))


def with_outcome(market: Market, outcome: np.ndarray) -> Market:
    return replace(market, outcomes={"orders": outcome})


@cache
def simulated(world: WorldName, seed: int = 1) -> ResponseArtifact:
    market = simulate_market("b2c", seed=seed, world=world).market
    return fit_outcome(quick(market), market.spec.outcomes[0].name)


def gate(artifact: ResponseArtifact, name: str) -> Gate:
    return next(gate for gate in artifact.manifest.gates if gate.name == name)


def test_a_market_of_the_models_own_kind_scores_high_and_nothing_is_suspected() -> None:
    artifact = simulated("model")
    for name in ("predictive", "residuals", "common_cause", "drift", "alike"):
        assert gate(artifact, name).verdict == "pass", name
    found = health(artifact.manifest.gates)
    assert found is not None
    assert found.score >= 90.0


def test_outliers_fail_the_predictive_check_under_normal_noise_and_pass_under_heavy_tails() -> None:
    market = small_market(120)
    rng = np.random.default_rng(4)
    bumps = np.where(rng.random((120, 1)) < 0.06, rng.choice([-150.0, 150.0], size=(120, 1)), 0.0)
    spoilt = quick(with_outcome(market, market.outcomes["orders"] + bumps))
    found = gate(fit_outcome(with_likelihood(spoilt, "normal"), "orders"), "predictive")
    assert found.verdict == "review"
    assert "the largest deviation" in plain(found.text)
    assert found.action is not None
    assert "student_t" in plain(found.action)
    assert gate(fit_outcome(with_likelihood(spoilt, "student_t"), "orders"), "predictive").verdict == "pass"


def test_rare_counts_fail_the_predictive_check_under_normal_noise_and_pass_as_counts() -> None:
    market = small_market(120)
    rng = np.random.default_rng(2)
    rare = quick(with_outcome(market, rng.poisson(market.outcomes["orders"] / 900.0).astype(float)))
    assert gate(fit_outcome(with_likelihood(rare, "normal"), "orders"), "predictive").verdict == "review"
    assert gate(fit_outcome(with_likelihood(rare, "negative_binomial"), "orders"), "predictive").verdict == "pass"


def test_twins_are_named_and_their_sum_is_known_better_than_either() -> None:
    artifact = simulated("twins")
    found = gate(artifact, "alike")
    assert found.verdict == "review"
    said = plain(found.text)
    assert "social_feed, search" in said
    together, alone = (
        float(said.split(word)[1].split("%")[0]) for word in ("is known to within ", "of one alone to within ")
    )
    assert together < 0.8 * alone


def test_what_budgets_share_is_taken_for_demand_and_not_for_the_effect_of_media() -> None:
    def inside(artifact: ResponseArtifact) -> int:
        brought = historical_contributions(artifact).sum(axis=1)
        low, high = np.quantile(brought, (0.05, 0.95), axis=0)
        return int(((truth > low) & (truth < high)).sum())

    made = simulate_market("b2c", seed=1, world="spend_follows_demand")
    truth = made.truth.contributions.sum(axis=(0, 2))
    with_control = fit_outcome(quick(made.market), made.market.spec.outcomes[0].name)
    told = plain(gate(with_control, "common_cause").text)
    assert gate(with_control, "common_cause").verdict == "review"
    assert "is taken for demand that budgets follow" in told
    choices = made.market.spec.model.model_copy(update={"common_demand": False})
    spec = made.market.spec.model_copy(update={"model": choices})
    without = fit_outcome(quick(replace(made.market, spec=spec)), spec.outcomes[0].name)
    assert "takes it for the effect of media" in plain(gate(without, "common_cause").text)
    assert inside(with_control) >= len(truth) - 1
    assert inside(without) <= len(truth) - 2


def test_demand_that_budgets_follow_is_what_it_usually_is_in_a_forecast() -> None:
    artifact = simulated("spend_follows_demand")
    info = artifact.manifest.baseline
    name = info.controls[-1]
    assert name in COMMON_DEMAND_NAMES.values()
    start = artifact.manifest.window_start + timedelta(weeks=artifact.manifest.window_periods)
    place = 1 + info.has_slope + len(info.knots) + 2 * info.fourier_pairs + len(info.controls) - 1
    coefficients = artifact.draws.baseline.copy()
    coefficients[:, place] = 0.0
    unmoved = replace(artifact, draws=replace(artifact.draws, baseline=coefficients))
    expected = forecast_baseline(unmoved, start, 8)
    np.testing.assert_allclose(forecast_baseline(artifact, start, 8), expected, rtol=1e-9)


def test_budgets_planned_apart_do_not_count_as_moved_by_one_cause_even_when_all_grow_and_have_a_season() -> None:
    rng = np.random.default_rng(0)
    week = np.arange(156)
    shared = np.exp(0.004 * week + 0.5 * np.sin(2 * np.pi * week / 52.1775))
    spend = 1000.0 * shared[:, None, None] * np.exp(0.3 * rng.standard_normal((156, 4, 1)))
    channels = [{"name": f"c{place}", "spend": f"c{place}", "role": "performance"} for place in range(4)]
    outcome = 1000.0 + rng.standard_normal((156, 1))

    def moved(of: np.ndarray) -> float:
        market = assembled({"channels": channels}, of, outcome)
        found = common_movement(own_movements(build_design(market, market.spec.outcomes[0], 0)))
        assert found is not None
        return found

    assert moved(spend) < COMMON_LIMIT
    hidden = np.exp(0.4 * np.sin(week / 5.0))[:, None, None]
    assert moved(spend * hidden) > COMMON_LIMIT


def test_an_effect_that_fades_over_the_window_is_found_and_its_channel_named() -> None:
    rng = np.random.default_rng(6)
    spend = 1000.0 * rng.gamma(2.0, 0.5, size=(156, 2, 1))
    fading = np.where(np.arange(156) < 78, 1.6, 0.4)[:, None]
    reached = 150.0 * spend / (spend + 1000.0)
    outcome = 600.0 + reached[:, 0] * fading + reached[:, 1] + 8.0 * rng.standard_normal((156, 1))
    channels = [
        {"name": name, "spend": name, "role": "performance", "saturation": "logistic"} for name in ("fading", "steady")
    ]
    artifact = fit_outcome(quick(assembled({"channels": channels}, spend, outcome)), "orders")
    assert gate(artifact, "drift").verdict == "review"
    assert "effect of fading" in plain(gate(artifact, "drift").text)


def test_a_curve_that_was_never_seen_to_bend_is_named_and_its_reach_is_in_the_evidence() -> None:
    artifact = simulated("model")
    for evidence in artifact.manifest.contraction:
        assert evidence.reach is not None
        assert evidence.bend_seen is not None
        assert (evidence.reach >= 1.0) == (evidence.bend_seen >= 0.5)
    unseen = [one.channel for one in artifact.manifest.contraction if one.bend_seen is not None and one.bend_seen < 0.5]
    assert (gate(artifact, "bend").verdict == "review") == bool(unseen)
