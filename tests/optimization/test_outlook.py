"""The outcome by period is the plan's own, period by period; what is known of spend after the data counts."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.artifact import ResponseArtifact, seal
from mmm.sentence import plain
from optimizer.horizon.outlook import outlook, planned_spend
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend

ARTIFACT = make_artifact(draws=80)
START = date(2027, 1, 4)


def scenario(start: date = START, periods: int = 13, **changes: object) -> Scenario:
    asked = {"name": "Q1", "market": "testland", "kpi": "orders", "budget": 500_000.0, "business": "b2c"}
    return Scenario.model_validate({**asked, "horizon": {"start": start, "periods": periods}, **changes})


def with_reach(artifact: ResponseArtifact) -> ResponseArtifact:
    """The market with a frequency of its own for video."""
    video = CHANNELS[1].model_copy(update={"saturation": "reach", "cost_per_impression": 0.01})
    manifest = artifact.manifest.model_copy(update={"channels": (CHANNELS[0], video, *CHANNELS[2:])})
    frequency = np.ones_like(artifact.draws.spend)
    frequency[:, 1] = np.random.default_rng(3).uniform(1.5, 4.0, len(frequency))
    half, ceiling = artifact.draws.half_saturation.copy(), artifact.draws.ceiling.copy()
    half[:, 1], ceiling[:, 1] = half[:, 1] / 10_000.0, ceiling[:, 1] / 20_000.0
    return seal(manifest, replace(artifact.draws, frequency=frequency, half_saturation=half, ceiling=ceiling))


def says_the_same(plan: Plan, artifact: ResponseArtifact, known: KnownSpend | None = None) -> None:
    found = outlook(artifact, plan.horizon.start, planned_spend(plan, artifact), seed=1, known=known)
    said = plan.outcomes[0]
    brought = found.media.sum(axis=(1, 2)) + found.after.sum(axis=1)
    assert float(found.base.sum(axis=1).mean()) == pytest.approx(said.base.mean, rel=1e-9)
    assert float(brought.mean()) == pytest.approx(said.incremental.mean, rel=1e-9)
    assert float(found.after.sum(axis=1).mean()) == pytest.approx(said.after_horizon.mean, rel=1e-9)
    assert float(np.quantile(found.base.sum(axis=1), 0.05)) == pytest.approx(said.base.p05, rel=1e-9)
    assert float(found.expected.sum(axis=1).mean()) == pytest.approx(said.total.mean, rel=1e-9)


@pytest.mark.parametrize("pattern", ["even", "history"])
def test_periods_of_a_plans_own_flighting_add_up_to_what_the_plan_says(pattern: str) -> None:
    planned = Planner({"orders": PlanningModel(ARTIFACT)}).plan(scenario(flighting={"pattern": pattern}))
    says_the_same(planned, ARTIFACT)


def test_channels_with_reach_and_a_horizon_after_the_data_add_up_too() -> None:
    artifact = with_reach(ARTIFACT)
    asked = scenario(start=date(2027, 3, 1), periods=6, flighting={"pattern": "history"})
    says_the_same(Planner({"orders": PlanningModel(artifact)}).plan(asked), artifact)


def test_two_kpis_count_the_history_of_the_plans_own() -> None:
    leads = make_artifact(kpi="leads", seed=4, draws=80)
    planner = Planner({"orders": PlanningModel(ARTIFACT), "leads": PlanningModel(leads)})
    planned = planner.plan(scenario(tasks=[{"kpi": "leads", "at_least": 10.0}]))
    found = outlook(leads, START, planned_spend(planned, leads), seed=1, past=ARTIFACT)
    said = next(each for each in planned.outcomes if each.kpi == "leads")
    assert float(found.expected.sum(axis=1).mean()) == pytest.approx(said.total.mean, rel=1e-9)


def test_spend_known_after_the_data_takes_the_place_of_last_years() -> None:
    later = date(2027, 2, 1)
    doubled = KnownSpend(START, dict.fromkeys(ARTIFACT.channels, (60000.0,) * 4))
    planner = Planner({"orders": PlanningModel(ARTIFACT)}, known=doubled)
    planned = planner.plan(scenario(start=later, periods=9))  # strict: the checker counts it anew
    says_the_same(planned, ARTIFACT, doubled)
    assumed = Planner({"orders": PlanningModel(ARTIFACT)}).plan(scenario(start=later, periods=9))
    assert planned.outcomes[0].base.mean > assumed.outcomes[0].base.mean
    said = "The data end before"
    assert any(plain(each).startswith(said) for each in assumed.warnings)
    assert not any(plain(each).startswith(said) for each in planned.warnings)


def test_spend_that_is_known_in_part_leaves_the_warning() -> None:
    some = KnownSpend(START, {"tv": (60_000.0,) * 4})
    planned = Planner({"orders": PlanningModel(ARTIFACT)}, known=some).plan(scenario(start=date(2027, 2, 1), periods=9))
    assert any(plain(each).startswith("The data end before") for each in planned.warnings)


def test_a_horizon_cut_in_two_brings_what_it_does_in_one() -> None:
    spend = np.random.default_rng(5).gamma(4.0, 5000.0, size=(13, 4))
    whole = outlook(ARTIFACT, START, spend, seed=1)
    first = outlook(ARTIFACT, START, spend[:4], seed=1)
    spent = KnownSpend(START, {name: tuple(spend[:4, place]) for place, name in enumerate(ARTIFACT.channels)})
    rest = outlook(ARTIFACT, date(2027, 2, 1), spend[4:], seed=1, known=spent)
    np.testing.assert_allclose(np.hstack([first.expected, rest.expected]), whole.expected, rtol=1e-12)
    np.testing.assert_allclose(rest.after, whole.after, rtol=1e-9)


def test_the_noise_is_that_of_the_seed_and_of_the_model() -> None:
    spend = np.full((400, 4), 1000.0)
    noise = outlook(ARTIFACT, START, spend, seed=1).noise
    assert (noise == outlook(ARTIFACT, START, spend, seed=1).noise).all()
    assert (noise != outlook(ARTIFACT, START, spend, seed=2).noise).any()
    assert noise.std(axis=1).mean() == pytest.approx(ARTIFACT.draws.noise_scale.mean(), rel=0.02)


def test_what_does_not_fit_the_model_is_an_error() -> None:
    with pytest.raises(ValueError, match="before the data"):
        outlook(ARTIFACT, date(2024, 12, 30), np.zeros((2, 4)), seed=1)
    with pytest.raises(ValueError, match="shape"):
        outlook(ARTIFACT, START, np.zeros((2, 3)), seed=1)
