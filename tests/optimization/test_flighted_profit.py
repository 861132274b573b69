"""Profit and a target mROAS with optimised flighting: against the split, marginal returns, and random phasings."""

from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from optimizer.checker.check import faults_of_plan
from optimizer.flight.concave import FlightProblem
from optimizer.flight.period_rules import PeriodRules
from optimizer.flight.problem import CountedKpi, Raised, flight_problem
from optimizer.flight.search import best_flighting
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=40, seed=3)
CONCAVE = make_artifact(draws=40, channels=tuple(each for each in CHANNELS if each.saturation != "hill"))
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})
VALUE = 400.0


def asked(periods: int = 10, **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "profit",
            "market": "testland",
            "kpi": "orders",
            "values": {"orders": VALUE},
            "objective": "profit",
            "horizon": {"start": "2027-01-04", "periods": periods},
            "flighting": {"pattern": "optimized"},
            **changes,
        }
    )


def problem_of(planner: Planner, scenario: Scenario, price: float = 1.0) -> FlightProblem:
    question = planner.question(scenario)
    form = formulate(question.setting(scenario, spends_all=False))
    rules = PeriodRules.none(*question.timeline.flighting.shape)
    return flight_problem(form, rules, Raised([CountedKpi(question.kpi, importance=VALUE)], price))


@pytest.fixture(scope="module")
def free() -> Plan:
    return PLANNER.plan(asked())


def test_in_one_period_the_most_profit_is_that_of_the_split() -> None:
    both = [PLANNER.plan(asked(1, flighting={"pattern": pattern})).certificate for pattern in ("even", "optimized")]
    even, phased = both
    assert even is not None
    assert phased is not None
    assert phased.unit == "money"
    assert phased.value == pytest.approx(even.value, rel=1e-3)
    assert phased.bound >= even.value * (1 - 1e-9)


def test_at_the_most_profit_every_period_on_air_returns_a_unit_a_unit() -> None:
    """Concave curves: v · ∂F / ∂x is the price where money is spent, and no more than that where none is."""
    planner = Planner({"orders": PlanningModel(CONCAVE)})
    problem = problem_of(planner, asked())
    found = best_flighting(problem, gap=1e-6, seconds=10.0)
    assert found is not None
    assert found.gap <= 1e-5
    returns = np.array([part.gradient for part in problem.expand(found.spend, is_hull=False)])
    on_air = found.spend > 0.05 * found.spend.mean()
    assert on_air.any()
    assert returns[on_air] == pytest.approx(1.0, abs=0.02)
    assert returns.max() < 1.02


def test_no_random_phasing_earns_more_than_the_bound(free: Plan) -> None:
    assert free.certificate is not None
    problem = problem_of(PLANNER, asked())
    rng = np.random.default_rng(5)
    best = -np.inf
    for _ in range(150):
        total = free.budget * 10.0 ** rng.uniform(-1, 0.5)
        by_channel = rng.dirichlet(np.ones(4))[:, None] * rng.dirichlet(np.full(10, 10.0 ** rng.uniform(-1, 1)), 4)
        best = max(best, problem.value(total * by_channel) - total)
    assert best <= free.certificate.value
    assert free.certificate.value <= free.certificate.bound


def test_profit_is_recounted_and_beats_an_even_phasing(free: Plan) -> None:
    assert free.certificate is not None
    assert free.profit is not None
    assert free.certificate.value == pytest.approx(free.profit.mean, rel=1e-6)
    assert faults_of_plan(asked(), free, {"orders": ARTIFACT}) == ()
    even = PLANNER.plan(asked(flighting={"pattern": "even"})).certificate
    assert even is not None
    assert even.value < free.certificate.value
    dearer = free.model_copy(update={"budget": free.budget * 1.05})
    assert any("value is said" in fault for fault in faults_of_plan(asked(), dearer, {"orders": ARTIFACT}))


def test_a_dearer_target_return_spends_less_and_a_budget_is_a_limit(free: Plan) -> None:
    target = PLANNER.plan(asked(objective="efficiency", target={"mroas": 2.0}, budget=10_000_000.0))
    assert 0 < target.budget < free.budget
    assert target.certificate is not None
    assert target.profit is not None
    assert target.certificate.value == pytest.approx(target.profit.mean - target.budget, rel=1e-6)
    held = PLANNER.plan(asked(budget=200_000.0, channels={"tv": {"per_period_max": 9_000.0, "fixed_cost": 500.0}}))
    assert held.budget <= 200_000.0 * (1 + 1e-9)
    assert max(flight.spend for flight in held.flighting if flight.channel == "tv") <= 9_000.0 * (1 + 1e-6)


def test_nothing_is_spent_where_nothing_pays() -> None:
    found = PLANNER.plan(asked(values={"orders": 1.0}))
    assert found.budget == 0.0
    assert found.certificate is not None
    assert found.certificate.bound == pytest.approx(0.0, abs=1e-6)
