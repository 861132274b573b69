"""A target return and ceilings on CPA with optimised flighting: kept, certified, named where out of reach."""

from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from optimizer.checker.check import faults_of_plan
from optimizer.errors import ScenarioRefused
from optimizer.flight.floors import Floor
from optimizer.flight.period_rules import PeriodRules
from optimizer.flight.problem import CountedKpi, Raised, flight_problem
from optimizer.flight.search import best_flighting
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Flighting, Scenario

ARTIFACTS = {"orders": make_artifact(draws=40, seed=3)}
CONCAVE = {
    "orders": make_artifact(draws=40, seed=3, channels=tuple(each for each in CHANNELS if each.saturation != "hill"))
}
PLANNER = Planner({"orders": PlanningModel(ARTIFACTS["orders"])})
CONCAVE_PLANNER = Planner({"orders": PlanningModel(CONCAVE["orders"])})

OPTIMIZED = {"pattern": "optimized"}


def asked(periods: int = 10, **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "returns",
            "market": "testland",
            "kpi": "orders",
            "objective": "efficiency",
            "budget": 3_000_000.0,
            "horizon": {"start": "2027-01-04", "periods": periods},
            "flighting": OPTIMIZED,
            **changes,
        }
    )


def cpa(plan: Plan) -> float:
    return plan.budget / plan.outcomes[0].incremental.mean


@pytest.mark.parametrize("target", [{"cpa": 150.0}, {"roas": 2.0}])
def test_a_target_return_is_kept_and_the_bound_closes_on_concave_curves(target: dict[str, float]) -> None:
    scenario = asked(target=target, values={"orders": 250.0} if "roas" in target else {})
    plan = CONCAVE_PLANNER.plan(scenario)
    even = CONCAVE_PLANNER.plan(scenario.model_copy(update={"flighting": Flighting()}))
    assert plan.certificate is not None
    assert even.certificate is not None
    assert cpa(plan) <= (150.0 if "cpa" in target else 125.0) * (1 + 1e-6)
    assert even.certificate.value < plan.certificate.value <= plan.certificate.bound
    assert plan.certificate.gap <= 2e-3
    assert faults_of_plan(scenario, plan, CONCAVE) == ()


def test_no_random_phasing_with_the_target_return_brings_more_than_the_bound() -> None:
    scenario = asked(target={"cpa": 150.0})
    question = PLANNER.question(scenario)
    form = formulate(question.setting(scenario, spends_all=False))
    floor = Floor(1.0 / 150.0)
    problem = flight_problem(form, PeriodRules.none(10, 4), Raised([CountedKpi(question.kpi)], floors=(floor,)))
    found = best_flighting(problem, gap=1e-3, seconds=10.0)
    assert found is not None
    assert problem.is_kept(found.choice)
    rng, kept = np.random.default_rng(5), []
    for _ in range(400):
        spend = found.spend * np.exp(0.2 * rng.standard_normal((4, 1)) + 0.1 * rng.standard_normal((4, 10)))
        if problem.value(spend) >= spend.sum() / 150.0:
            kept.append(problem.value(spend))
    assert len(kept) > 20
    assert max(kept) <= found.value * (1 + 1e-3)
    assert found.value <= found.bound


def test_in_one_period_the_plan_at_a_target_is_that_of_the_split() -> None:
    even, phased = (PLANNER.plan(asked(1, target={"cpa": 150.0}, flighting=each)) for each in ({}, OPTIMIZED))
    assert even.certificate is not None
    assert phased.certificate is not None
    assert phased.certificate.value == pytest.approx(even.certificate.value, rel=1e-3)
    assert phased.certificate.bound >= even.certificate.value * (1 - 1e-9)


def test_a_return_that_no_phasing_has_is_refused_with_the_best_one() -> None:
    refused, even = (PLANNER.plan(asked(5, target={"cpa": 40.0}, flighting=each)) for each in (OPTIMIZED, {}))
    assert [rule.rule for rule in refused.conflict] == ["target.cpa"]
    (best,), (evenly,) = refused.relaxation, even.relaxation
    assert 40.0 < best.to <= evenly.to
    eased = PLANNER.plan(asked(5, target={"cpa": best.to * 1.001}))
    assert cpa(eased) <= best.to * 1.001 * (1 + 1e-6)


def test_ceilings_on_cpa_are_kept_and_cost_something() -> None:
    def planned(ceiling: float | None, pattern: str = "optimized") -> Plan:
        rules = {"search": {"cpa_at_most": ceiling}, "social": {"cpa_at_most": ceiling}}
        changes = {"objective": "maximize", "budget": 600_000.0, "flighting": {"pattern": pattern}, "channels": rules}
        plan = PLANNER.plan(asked(6, **changes))
        assert faults_of_plan(asked(6, **changes), plan, ARTIFACTS) == ()
        assert plan.certificate is not None
        assert plan.certificate.value <= plan.certificate.bound
        return plan

    free, held, even = planned(None), planned(105.0), planned(105.0, "even")
    assert free.certificate is not None
    assert held.certificate is not None
    assert even.certificate is not None
    assert any(
        channel.spend > 105.0 * channel.contribution.mean for channel in free.channels if channel.channel != "tv"
    )
    for channel in held.channels:
        if channel.channel in ("search", "social"):
            assert channel.spend <= 105.0 * channel.contribution.mean * (1 + 1e-6)
    assert even.certificate.value < held.certificate.value < free.certificate.value
    assert held.certificate.bound <= free.certificate.bound * (1 + 1e-6)


def test_a_channel_that_cannot_keep_its_ceiling_is_off() -> None:
    changes = {"objective": "profit", "values": {"orders": 300.0}}
    held = PLANNER.plan(asked(6, **changes, channels={"tv": {"cpa_at_most": 10.0}}))
    off = PLANNER.plan(asked(6, **changes, channels={"tv": {"max": 0.0}}))
    assert {channel.channel: channel.spend for channel in held.channels}["tv"] == 0.0
    assert held.certificate is not None
    assert off.certificate is not None
    assert held.certificate.value == pytest.approx(off.certificate.value, rel=1e-3)
    refused = PLANNER.plan(asked(6, **changes, channels={"tv": {"cpa_at_most": 10.0, "min": 50_000.0}}))
    assert {rule.rule for rule in refused.conflict} == {"channels.tv.min", "channels.tv.cpa_at_most"}


def test_a_cost_of_one_outcome_where_several_count_is_refused_by_name() -> None:
    models = {kpi: PlanningModel(make_artifact(draws=20, kpi=kpi)) for kpi in ("orders", "leads")}
    with pytest.raises(ScenarioRefused, match="values of orders alone"):
        Planner(models).plan(asked(target={"cpa": 80.0}, values={"orders": 300.0, "leads": 10.0}))
    with pytest.raises(ScenarioRefused, match="cpa_at_most"):
        PLANNER.plan(asked(objective="profit", channels={"tv": {"marginal_cpa_at_most": 80.0}}))
