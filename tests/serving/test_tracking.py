"""A plan against what happened: alerts that are seldom false, a bridge that adds up, tasks that know what came."""

from dataclasses import replace

import numpy as np
import pytest
from tracked import START, actuals, asked, some_draws, tracked_artifact, world

from mmm.artifact import ResponseArtifact
from mmm.noise_paths import NoiseDraws, draw_noise
from mmm.sentence import plain
from optimizer.horizon.outlook import planned_spend
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from service.tracking.actuals import Actuals
from service.tracking.alarm import alarm_band, watched_sums
from service.tracking.conditioning import conditioned
from service.tracking.document import Bridge, Tracking
from service.tracking.paths import joint_paths, noise_covariance
from service.tracking.track import track

TASKS = [
    {"kpi": "orders", "at_least": 31_000, "counts": "total", "probability": 0.6},
    {"kpi": "orders", "at_least": 10_000, "counts": "incremental", "probability": 0.5},
    {"kpi": "orders", "at_least": 8_000, "counts": "total", "by": "2027-01-31"},
]


@pytest.fixture(scope="module")
def artifact() -> ResponseArtifact:
    return tracked_artifact()


@pytest.fixture(scope="module")
def plan(artifact: ResponseArtifact) -> Plan:
    return Planner({"orders": PlanningModel(artifact)}).plan(asked(tasks=TASKS))


@pytest.fixture(scope="module")
def halved(plan: Plan, artifact: ResponseArtifact) -> Tracking:
    """The whole quarter, in which what tv brings is halved from the fifth week on."""
    return track(plan, {"orders": artifact}, actuals(plan, artifact, world(plan, artifact, 3, halved={"tv": 4})))


def parts(bridge: Bridge) -> float:
    return bridge.spend + bridge.mix + bridge.effect.mean + bridge.base.mean + bridge.chance.mean


def test_before_anything_is_known_the_plan_is_as_it_was(plan: Plan, artifact: ResponseArtifact) -> None:
    found = track(plan, {"orders": artifact}, Actuals(start=START, spend=dict.fromkeys(artifact.channels, ())))
    kpi = found.outcomes[0]
    assert (found.periods_spent, found.last, found.alerts, kpi.bridge) == (0, None, (), None)
    assert kpi.planned.mean == pytest.approx(plan.outcomes[0].total.mean, rel=1e-9)
    assert kpi.projected.mean == pytest.approx(kpi.planned.mean, rel=1e-9)
    assert kpi.planned.p05 == pytest.approx(plan.outcomes[0].total.p05, rel=0.02)
    for task, before in zip(found.tasks, plan.tasks, strict=True):
        assert task.reached_probability == pytest.approx(before.reached_probability, abs=0.03)
        assert task.expected == pytest.approx(before.expected, rel=1e-3)  # the plan's has its draws' noise


def test_chance_alone_leaves_the_band_about_once_in_twenty_quarters(plan: Plan) -> None:
    """Worlds are drawn from draws of the model that the band has not seen."""
    both = tracked_artifact(draws=1200)
    seen, unseen = (some_draws(both, places) for places in (slice(0, 600), slice(600, None)))
    spend = planned_spend(plan, seen)
    band = alarm_band(joint_paths(seen, START, spend).totals, "week")
    worlds = joint_paths(unseen, START, spend).totals[:2000]
    false = np.mean([band.outside(outcome) is not None for outcome in worlds])
    assert 0.02 < false < 0.085


def test_a_halved_effect_is_noticed_and_named(plan: Plan, artifact: ResponseArtifact) -> None:
    noticed = named = 0
    for seed in range(20):
        known = actuals(plan, artifact, world(plan, artifact, seed, halved={"tv": 4}))
        found = track(plan, {"orders": artifact}, known)
        bridge = found.outcomes[0].bridge
        assert bridge is not None
        assert parts(bridge) + bridge.planned == pytest.approx(bridge.actual, rel=1e-12)
        noticed += any(alert.kind == "outcome" and alert.direction == "below" for alert in found.alerts)
        named += -bridge.effect.mean > max(abs(bridge.base.mean), abs(bridge.chance.mean))
    assert noticed >= 17
    assert named >= 18


def test_the_alert_says_what_came_and_whose_effect_it_may_be(halved: Tracking) -> None:
    alert = halved.alerts[0]
    assert (alert.kind, alert.kpi, alert.direction) == ("outcome", "orders", "below")
    assert alert.since > START
    assert "of tv above all" in plain(alert.text)
    assert "refit" in plain(alert.action)


def test_tasks_become_less_likely_with_a_halved_effect(halved: Tracking) -> None:
    total, incremental, milestone = halved.tasks
    assert total.reached_probability == 0.0
    assert total.periods_left == 0
    assert total.pace_needed is None
    assert "are missing" in plain(total.text)
    assert incremental.reached_probability < incremental.planned_probability - 0.2
    assert milestone.reached_probability in (0.0, 1.0)


def test_half_way_the_rest_is_expected_to_bring_less_too(plan: Plan, artifact: ResponseArtifact) -> None:
    whole = world(plan, artifact, 3, halved={"tv": 4})
    found = track(plan, {"orders": artifact}, actuals(plan, artifact, whole[:9]))
    kpi, total = found.outcomes[0], found.tasks[0]
    rest = sum(period.forecast.mean for period in kpi.periods if period.forecast is not None)
    assert rest < 0.95 * sum(period.planned.mean for period in kpi.periods[9:])
    assert kpi.projected.p05 < whole.sum() < kpi.projected.p95
    assert total.reached_probability < 0.3 * total.planned_probability
    assert (total.pace_needed or 0.0) > (total.pace_expected or 0.0)
    assert total.so_far + (total.pace_expected or 0.0) * total.periods_left == pytest.approx(total.expected)


def test_less_money_is_named_as_less_money(plan: Plan, artifact: ResponseArtifact) -> None:
    spend = 0.6 * planned_spend(plan, artifact)
    expected = joint_paths(artifact, START, spend).mean[:, :-1].sum(axis=0)
    found = track(plan, {"orders": artifact}, actuals(plan, artifact, expected[:8], spend[:8]))
    bridge = found.outcomes[0].bridge
    assert bridge is not None
    assert bridge.spend < 0
    assert bridge.spend == pytest.approx(bridge.actual - bridge.planned, rel=0.02)
    assert (bridge.mix, bridge.effect.mean) == pytest.approx((0.0, 0.0), abs=1.0)
    assert found.total.ratio == pytest.approx(0.6)
    assert found.total.projected == pytest.approx(0.6 * found.total.planned)
    alerts = [(alert.kind, alert.channel, alert.direction) for alert in found.alerts]
    assert alerts[0] == ("spend", None, "below")
    assert ("spend", "tv", "below") in alerts


def test_the_same_money_elsewhere_is_named_as_mix(plan: Plan, artifact: ResponseArtifact) -> None:
    spend = planned_spend(plan, artifact)
    tv, social = (artifact.channels.index(name) for name in ("tv", "social"))
    spend[:, social] += 0.5 * spend[:, tv]
    spend[:, tv] *= 0.5
    expected = joint_paths(artifact, START, spend).mean[:, :-1].sum(axis=0)
    found = track(plan, {"orders": artifact}, actuals(plan, artifact, expected[:8], spend[:8]))
    bridge = found.outcomes[0].bridge
    assert bridge is not None
    assert bridge.spend == pytest.approx(0.0, abs=1e-6)
    assert bridge.mix == pytest.approx(bridge.actual - bridge.planned, rel=0.02)
    assert {alert.channel for alert in found.alerts} == {"tv", "social"}


def test_outcomes_that_lag_leave_the_bridge_to_the_periods_that_are_known(
    plan: Plan, artifact: ResponseArtifact
) -> None:
    spend = planned_spend(plan, artifact)[:6]
    found = track(plan, {"orders": artifact}, actuals(plan, artifact, world(plan, artifact, 8)[:4], spend))
    kpi = found.outcomes[0]
    assert (found.periods_spent, kpi.periods_known) == (6, 4)
    assert kpi.bridge is not None
    assert kpi.bridge.planned == pytest.approx(sum(period.planned.mean for period in kpi.periods[:4]))
    assert any("not known yet (2)" in plain(note) for note in found.notes)
    assert [period.actual is None for period in kpi.periods[:6]] == [False] * 4 + [True] * 2


def test_two_kpis_share_the_false_alarms_and_are_tracked_apart(artifact: ResponseArtifact) -> None:
    leads = tracked_artifact(seed=2, kpi="leads")
    planner = Planner({"orders": PlanningModel(artifact), "leads": PlanningModel(leads)})
    planned = planner.plan(asked(tasks=[{"kpi": "leads", "at_least": 1000.0}]))
    models = {"orders": artifact, "leads": leads}
    known = actuals(planned, artifact, world(planned, artifact, 1)[:5])
    alone = track(planned, models, known)
    assert [kpi.periods_known for kpi in alone.outcomes] == [5, 0]
    low, high = alone.outcomes[0].periods[4].allowed
    one = alarm_band(joint_paths(artifact, START, planned_spend(planned, artifact)).totals, "week")
    assert high - low > one.to_date[4][1] - one.to_date[4][0]


def test_conditional_means_are_those_of_a_normal_by_hand() -> None:
    """One period, two parts that the draws have apart: each takes its part of the variance."""
    artifact = tracked_artifact(draws=100)
    paths = joint_paths(artifact, START, np.zeros((1, 4)))
    still = replace(paths, draws=paths.draws.copy())
    rng = np.random.default_rng(5)
    values = rng.standard_normal((100, 2))
    values = (values - values.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(values.T)).T)
    still.draws[:] = 0.0
    still.draws[:, 0, 0], still.draws[:, 4, 0] = 30.0 * values[:, 0], 40.0 * values[:, 1]
    noise = float(noise_covariance(artifact.draws.noise, 1)[0, 0])
    found = conditioned(still, np.array([100.0]))
    whole = 900.0 + 1600.0 + noise
    assert found.shift[:, 0] == pytest.approx([90_000.0 / whole, 0, 0, 0, 160_000.0 / whole, 100.0 * noise / whole])
    assert found.shift[:, 0].sum() == pytest.approx(100.0)
    spread = (found.deviation(0).p95 - found.deviation(0).p05) / 2 / 1.6448536
    assert spread == pytest.approx((900.0 - 900.0**2 / whole) ** 0.5)


def test_covariance_of_noise_is_that_of_its_draws() -> None:
    noise = NoiseDraws(np.full(40_000, 10.0), np.full(40_000, 0.7), np.full(40_000, 0.6))
    drawn = np.cov(draw_noise(noise, 4, np.random.default_rng(1)).T)
    np.testing.assert_allclose(noise_covariance(noise, 4), drawn, atol=2.0)
    assert noise_covariance(noise, 4)[0] == pytest.approx([100.0, 42.0, 29.4, 20.58])


def test_sums_that_are_watched_are_to_date_and_of_four_weeks() -> None:
    sums = watched_sums(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), 4)
    assert sums.tolist() == [[1.0, 3.0, 6.0, 10.0, 15.0, 10.0, 14.0]]


def test_what_cannot_be_tracked_is_an_error(plan: Plan, artifact: ResponseArtifact) -> None:
    nothing = Actuals(start=START, spend=dict.fromkeys(artifact.channels, ()))
    with pytest.raises(ValueError, match="infeasible"):
        track(plan.model_copy(update={"status": "infeasible"}), {"orders": artifact}, nothing)
    with pytest.raises(ValueError, match="no model of orders"):
        track(plan, {}, nothing)
