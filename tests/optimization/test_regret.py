"""Plans that are sorry least: against the best split of every draw, at a bound that no split is below."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.artifact import ResponseArtifact, seal
from optimizer.checker.check import faults_of_plan
from optimizer.plan.document import Plan, RegretPlan
from optimizer.planning import Planner, PlanningModel
from optimizer.question.asked import Desk
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=24)
MODELS = {"orders": PlanningModel(ARTIFACT)}
BUDGET = 400_000.0


def asked(level: float = 0.25, **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "regret",
            "market": "testland",
            "kpi": "orders",
            "budget": BUDGET,
            "horizon": {"start": "2027-01-04", "periods": 8},
            "risk": {"attitude": "regret", "level": level},
            "solve": {"gap": 1e-3},
            **changes,
        }
    )


def regret_of(found: Plan) -> RegretPlan:
    assert found.regret is not None
    return found.regret


@pytest.fixture(scope="module")
def found() -> Plan:
    return Planner(MODELS).plan(asked())


def either_channel() -> ResponseArtifact:
    """In one draw tv brings 100 x / (x + 10) and video nothing, in the other video 200 x / (x + 10) and tv nothing."""
    infos = tuple(
        info.model_copy(update={"adstock": "geometric", "saturation": "michaelis_menten"}) for info in CHANNELS[:2]
    )
    drawn = make_artifact(draws=2, channels=infos)
    flat = {
        "retention": np.zeros((2, 2)),
        "half_saturation": np.full((2, 2), 10.0),
        "slope": np.ones((2, 2)),
        "ceiling": np.array([[100.0, 0.0], [0.0, 200.0]]),
    }
    return seal(drawn.manifest.model_copy(update={"carryover_periods": 1}), replace(drawn.draws, **flat))


def test_the_largest_regret_of_two_cases_is_least_where_both_are_equal() -> None:
    # Alone, tv brings 75 of 30 and video 150. Regrets 75 - 100 x / (x + 10) and 150 - 200 y / (y + 10) with x + y = 30
    # are equal at one x: a fine grid of x finds it.
    x = np.linspace(0.0, 30.0, 300_001)
    regrets = np.maximum(75 - 100 * x / (x + 10), 150 - 200 * (30 - x) / (40 - x))
    horizon = {"start": "2027-01-04", "periods": 1}
    scenario = asked(0.01, budget=30.0, horizon=horizon, solve={"gap": 1e-5})
    plan = Planner({"orders": PlanningModel(either_channel())}).plan(scenario)
    assert regret_of(plan).largest == pytest.approx(regrets.min(), abs=2e-2)
    assert plan.channels[0].spend == pytest.approx(float(x[regrets.argmin()]), abs=1e-2)
    assert [each.best for each in regret_of(plan).draws] == [
        pytest.approx(75.0, rel=1e-4),
        pytest.approx(150, rel=1e-4),
    ]


def test_no_split_regrets_less_than_the_bound_or_brings_more_than_the_best_of_a_draw(found: Plan) -> None:
    assert found.certificate is not None
    assert found.certificate.bound <= found.certificate.value
    question = Desk(MODELS).question(asked(), None)
    best = np.array([each.best for each in regret_of(found).draws])
    shares = np.random.default_rng(3).dirichlet(np.full(4, 0.8), size=400)
    least = np.inf
    for share in shares:
        spend = dict(zip(ARTIFACT.channels, BUDGET * share, strict=True))
        missed = best - question.kpi.media_draws(spend)
        assert missed.min() >= 0.0
        least = min(least, float(np.sort(missed)[-6:].mean()))
    assert found.certificate.bound <= least
    assert found.certificate.value <= least * (1 + 1e-3)


def test_it_regrets_less_than_the_plan_for_the_mean_and_brings_less_on_average(found: Plan) -> None:
    regret = regret_of(found)
    assert regret.worst < regret.neutral_worst
    assert regret.mean < regret.neutral_mean
    assert regret.average >= 0.0
    assert len(regret.draws) == 24


def test_its_rules_hold_for_the_best_of_every_draw_too(found: Plan) -> None:
    ruled = Planner(MODELS).plan(asked(channels={"tv": {"off_or_at_least": 150_000.0}}, business="b2c"))
    free = {each.draw: each.best for each in regret_of(found).draws}
    assert all(each.best <= free[each.draw] * (1 + 1e-3) for each in regret_of(ruled).draws)
    assert ruled.split is not None
    assert ruled.split.cost_of_rule is None


def test_the_checker_counts_regrets_anew(found: Plan) -> None:
    def faults(plan: Plan) -> tuple[str, ...]:
        return faults_of_plan(asked(), plan, {"orders": ARTIFACT})

    assert faults(found) == ()
    regret = regret_of(found)
    draws = tuple(each.model_copy(update={"best": 0.5 * each.best}) for each in regret.draws)
    told = faults(found.model_copy(update={"regret": regret.model_copy(update={"draws": draws})}))
    assert any("brings more than the best split" in fault for fault in told)
    assert any("regret is said to be" in fault for fault in told)


def test_regret_does_not_go_with_tasks() -> None:
    with pytest.raises(ValueError, match="risk: regret goes with maximize or profit without tasks"):
        asked(tasks=[{"kpi": "orders", "at_least": 10.0}])
