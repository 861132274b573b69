"""What a fit finds of a known truth, on few markets here; benchmarks/recovery.py does many."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fitting_markets import quick

from mmm.curves import historical_contributions
from mmm.fit import fit_outcome
from mmm.simulation.outlook import look_ahead
from mmm.simulation.simulate import simulate_market
from mmm.simulation.truth import SimulatedMarket, truth_artifact
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from service.scenario_files import read_scenario

DATA = Path(__file__).parents[2] / "data"
SHIPPED = {
    "consumer-brand-cn": partial(simulate_market, "b2c", seed=1111, language="zh"),
    "industrial-b2b": partial(simulate_market, "b2b", periods=260, seed=40),
}
"""How each market in `data/` was made."""


def covered(simulated: SimulatedMarket) -> list[bool]:
    """Per channel, whether its true contribution lies in the 90 % interval."""
    kpi = simulated.market.spec.outcomes[0].name
    fitted = fit_outcome(quick(simulated.market, draws=500, tune=700, holdout=0), kpi)
    low, high = np.quantile(historical_contributions(fitted).sum(axis=1), (0.05, 0.95), axis=0)
    true = historical_contributions(truth_artifact(simulated))[0].sum(axis=0)
    return [bool(inside) for inside in (low <= true) & (true <= high)]


def test_true_contributions_lie_in_their_intervals_for_at_least_85_percent_of_channels() -> None:
    inside = [
        value for seed in range(1, 5) for kind in ("b2c", "b2b") for value in covered(simulate_market(kind, seed=seed))
    ]
    assert len(inside) == 56
    assert np.mean(inside) >= 0.85


@pytest.mark.parametrize("name", SHIPPED)
def test_a_plan_from_a_shipped_market_truly_brings_97_percent_of_the_best_and_more_than_last_year(name: str) -> None:
    simulated = SHIPPED[name](name=name)
    kpi = simulated.market.spec.outcomes[0].name
    scenario = read_scenario(DATA / name / "plan.toml")
    assert scenario.budget is not None
    plan = Planner({kpi: PlanningModel(fit_outcome(simulated.market, kpi))}).plan(scenario)
    outlook = look_ahead(simulated, scenario.horizon.periods)
    best = outlook.best(scenario.budget, outlook.band)
    brought = outlook.judge(spend_of(plan)).incremental
    assert brought >= 0.97 * best.incremental
    assert brought > outlook.judge(outlook.reference_spend).incremental


def spend_of(plan: Plan) -> np.ndarray:
    return np.array([channel.spend for channel in plan.channels])
