"""Caution with optimised flighting: worst draws recounted, bounded, and better than under an even phasing."""

from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from optimizer.caution.shortfall import mean_of_worst
from optimizer.checker.check import faults_of_plan
from optimizer.flight.cautious import most_cautious_flighting
from optimizer.flight.concave import FlightProblem
from optimizer.flight.period_rules import PeriodRules
from optimizer.flight.problem import CountedKpi, Raised, flight_problem
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario

STEEP = make_artifact(draws=40, seed=3, channels=CHANNELS[1:3])
CONCAVE = make_artifact(draws=40, seed=3, channels=tuple(each for each in CHANNELS if each.saturation != "hill"))
BUDGET = 300_000.0


def asked(**changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "cautious",
            "market": "testland",
            "kpi": "orders",
            "budget": BUDGET,
            "horizon": {"start": "2027-01-04", "periods": 8},
            "flighting": {"pattern": "optimized"},
            "risk": {"attitude": "cautious", "level": 0.2},
            **changes,
        }
    )


def planner_of(artifact: Any) -> Planner:
    return Planner({"orders": PlanningModel(artifact)})


def problem_of(planner: Planner) -> FlightProblem:
    question = planner.question(asked())
    form = formulate(question.setting(asked(), spends_all=True))
    return flight_problem(form, PeriodRules.none(8, len(form.setting.names)), Raised([CountedKpi(question.kpi)]))


def worst(plan: Plan) -> float:
    assert plan.risk is not None
    return plan.risk.worst


def test_weighed_draws_are_a_weighted_mean_of_what_each_draw_brings() -> None:
    problem = problem_of(planner_of(STEEP))
    rng = np.random.default_rng(1)
    spend, weights = rng.gamma(0.5, 10_000.0, problem.rows.shape), rng.dirichlet(np.ones(40))
    weights[:10] = 0.0
    weights /= weights.sum()
    draws = problem.outcomes(spend)
    assert problem.value(spend) == pytest.approx(draws.mean(), rel=1e-12)
    assert problem.weighed(weights).value(spend) == pytest.approx(float(weights @ draws), rel=1e-12)


def test_the_worst_draws_are_certified_on_concave_curves() -> None:
    planner = planner_of(CONCAVE)
    cautious, neutral = planner.plan(asked()), planner.plan(asked(risk={"attitude": "neutral"}))
    even = planner.plan(asked(flighting={}))
    assert cautious.certificate is not None
    assert cautious.certificate.gap <= 1e-3
    assert cautious.certificate.method.startswith("cautious")
    assert worst(even) < worst(cautious) <= cautious.certificate.bound
    assert cautious.outcomes[0].incremental.mean < neutral.outcomes[0].incremental.mean
    assert cautious.risk is not None
    assert cautious.risk.neutral_worst <= worst(cautious)
    assert faults_of_plan(asked(), cautious, {"orders": CONCAVE}) == ()


@pytest.mark.parametrize("level", [0.05, 0.3])
def test_no_random_phasing_has_better_worst_draws_than_the_bound(level: float) -> None:
    problem = problem_of(planner_of(STEEP))
    found = most_cautious_flighting(problem, level, gap=1e-3, seconds=10.0)
    assert found is not None
    assert found.value == pytest.approx(mean_of_worst(problem.outcomes(found.spend), level), rel=1e-9)
    rng, best = np.random.default_rng(5), 0.0
    for _ in range(200):
        near = found.spend * np.exp(0.3 * rng.standard_normal(found.spend.shape))
        far = rng.dirichlet(np.ones(2))[:, None] * rng.dirichlet(np.full(8, 10.0 ** rng.uniform(-1, 1)), 2)
        best = max(best, *(mean_of_worst(problem.outcomes(BUDGET * each / each.sum()), level) for each in (near, far)))
    assert best <= found.bound
    assert best <= found.value * (1 + 1e-3)


def test_cautious_profit_and_rules_of_periods_hold_together() -> None:
    scenario = asked(
        objective="profit",
        values={"orders": 400.0},
        channels={"social": {"per_period_max": 9_000.0, "off_or_at_least": 20_000.0}},
        rules={"cash_per_period": 60_000.0},
    )
    plan = planner_of(CONCAVE).plan(scenario)
    assert plan.certificate is not None
    assert plan.certificate.value == pytest.approx(worst(plan) - plan.budget, rel=1e-6)
    assert plan.certificate.value <= plan.certificate.bound
    assert max(flight.spend for flight in plan.flighting if flight.channel == "social") <= 9_000.0 * (1 + 1e-6)
    assert faults_of_plan(scenario, plan, {"orders": CONCAVE}) == ()
