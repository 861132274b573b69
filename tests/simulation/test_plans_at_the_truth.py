import tomllib

import numpy as np
import pytest

from mmm.simulation.outlook import Outlook, look_ahead
from mmm.simulation.simulate import simulate_market
from mmm.simulation.toml_text import plan_text, size_text
from mmm.simulation.truth import SimulatedMarket, truth_artifact
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

GRID_ERROR = 1e-5
"""What the grid of dynamic programming may miss of the optimum: half a step on a flat top."""


def planner_at_the_truth(simulated: SimulatedMarket) -> Planner:
    kpi = simulated.market.spec.outcomes[0].name
    return Planner({kpi: PlanningModel(truth_artifact(simulated), None)})


def scenario(text: str) -> Scenario:
    return Scenario.model_validate(tomllib.loads(text))


def ahead(kind: str, seed: int) -> tuple[SimulatedMarket, Outlook]:
    simulated = simulate_market(kind, seed=seed)
    return simulated, look_ahead(simulated)


@pytest.mark.parametrize("kind", ["b2b", "b2c"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_optimiser_and_dynamic_programming_find_the_same_best_plan(kind, seed):
    simulated, outlook = ahead(kind, seed)
    plan = planner_at_the_truth(simulated).plan(scenario(plan_text(simulated, outlook)))
    best = outlook.best(float(outlook.reference_spend.sum()), outlook.band)
    earned = outlook.judge(np.array([channel.spend for channel in plan.channels])).incremental
    assert plan.status == "optimal"
    assert earned >= best.incremental * (1 - 1e-4)
    assert best.incremental <= plan.certificate.bound * (1 + GRID_ERROR)
    assert plan.certificate.value == pytest.approx(earned, rel=1e-6)


@pytest.mark.parametrize("kind", ["b2b", "b2c"])
def test_the_optimiser_and_the_outlook_forecast_the_same_total(kind):
    simulated, outlook = ahead(kind, 4)
    plan = planner_at_the_truth(simulated).plan(scenario(plan_text(simulated, outlook)))
    split = outlook.judge(np.array([channel.spend for channel in plan.channels]))
    (forecast,) = plan.outcomes
    assert forecast.base.mean == pytest.approx(outlook.base, rel=1e-9)
    assert forecast.total.mean == pytest.approx(outlook.base + split.within_horizon, rel=1e-6)


@pytest.mark.parametrize("kind", ["b2b", "b2c"])
def test_a_sample_target_costs_about_last_years_spend_when_the_truth_is_known(kind):
    simulated, outlook = ahead(kind, 5)
    plan = planner_at_the_truth(simulated).plan(scenario(size_text(simulated, outlook)))
    assert plan.status == "optimal"
    assert 0.6 < plan.budget / outlook.reference_spend.sum() < 1.15
