"""The most profit, or the most at a target return, among splits that reach tasks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.artifact import ResponseArtifact
from optimizer.checker.check import faults_of_plan
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel, Question
from optimizer.scenario.document import Scenario

TWO = tuple(channel for channel in CHANNELS if channel.saturation == "hill")[:2]
ORDERS = make_artifact(draws=60, seed=3, channels=TWO)
LEADS = make_artifact(draws=60, seed=11, channels=TWO, kpi="leads")
TWO_ARTIFACTS = {"orders": ORDERS, "leads": LEADS}
ARTIFACTS = {"orders": make_artifact(draws=60, seed=3), "leads": make_artifact(draws=60, seed=11, kpi="leads")}
TWO_CHANNELS = Planner({kpi: PlanningModel(artifact) for kpi, artifact in TWO_ARTIFACTS.items()})
PLANNER = Planner({kpi: PlanningModel(artifact) for kpi, artifact in ARTIFACTS.items()})
VALUE, BUDGET = 300.0, 600_000.0
TARGET = {"objective": "efficiency", "target": {"roas": 3.0}, "budget": 3_000_000.0}


def asked(**changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "profit and tasks",
            "market": "testland",
            "kpi": "orders",
            "values": {"orders": VALUE},
            "objective": "profit",
            "budget": BUDGET,
            "horizon": {"start": "2027-01-04", "periods": 13},
            **changes,
        }
    )


def leads(at_least: float, probability: float = 0.8) -> dict[str, Any]:
    return {"tasks": [{"kpi": "leads", "at_least": at_least, "probability": probability}]}


def attained_by_free(planner: Planner = PLANNER, **changes: Any) -> float:
    """Leads that the plan without the task has in four draws of five."""
    scenario = asked(**leads(1.0), **changes)
    plan = planner.plan(asked(**changes))
    spend = {channel.channel: channel.spend for channel in plan.channels}
    return planner.question(scenario).tasks[0].attained(spend)


def grid(question: Question) -> float:
    """The most profit on a grid of splits of two channels that reach the task."""
    best, steps = -np.inf, np.linspace(0.0, BUDGET, 61)
    names = question.artifact.channels
    draws = [np.array([question.tasks[0].kpi.channel_draws(name, each).added for each in steps]) for name in names]
    means = [
        np.array([VALUE * question.kpi.channel_draws(name, each).added.mean() for each in steps]) for name in names
    ]
    task = question.tasks[0].task
    for first, one in enumerate(steps):
        for second, other in enumerate(steps[: len(steps) - first]):
            total, brought = one + other, means[0][first] + means[1][second]
            share = (draws[0][first] + draws[1][second] >= task.at_least).mean()
            if share >= task.probability:
                best = max(best, brought - total)
    return float(best)


def check(scenario: Scenario, plan: Plan, artifacts: Mapping[str, ResponseArtifact] = ARTIFACTS) -> None:
    """The plan stands its check, and reaches its tasks."""
    assert faults_of_plan(scenario, plan, artifacts) == ()
    assert all(task.reached_probability >= task.probability for task in plan.tasks)
    assert plan.certificate is not None
    assert plan.certificate.bound >= plan.certificate.value


def test_the_most_profit_that_reaches_a_task_beats_every_split_of_a_grid() -> None:
    scenario = asked(**leads(1.3 * attained_by_free(TWO_CHANNELS)))
    plan, free = TWO_CHANNELS.plan(scenario), TWO_CHANNELS.plan(asked())
    check(scenario, plan, TWO_ARTIFACTS)
    assert plan.certificate is not None
    assert free.certificate is not None
    assert plan.certificate.value >= grid(TWO_CHANNELS.question(scenario))
    assert plan.certificate.value < free.certificate.value * (1 - 1e-3)
    assert plan.tasks[0].reached_probability == pytest.approx(0.8, abs=1.5 / 60)
    # The cheapest way to the task earns no more than the most profitable one.
    cheapest = TWO_CHANNELS.plan(scenario.model_copy(update={"objective": "size"}))
    assert cheapest.profit is not None
    assert cheapest.profit.mean <= plan.certificate.value * (1 + 1e-3)
    assert cheapest.budget <= plan.budget * (1 + 1e-3)


def test_a_task_that_the_most_profit_reaches_anyway_changes_nothing() -> None:
    plan, free = (TWO_CHANNELS.plan(asked(**each)) for each in (leads(0.9 * attained_by_free(TWO_CHANNELS)), {}))
    assert plan.certificate is not None
    assert free.certificate is not None
    assert plan.certificate.value == pytest.approx(free.certificate.value, rel=1e-6)


def test_the_most_at_a_target_return_that_reaches_a_task_keeps_both() -> None:
    scenario = asked(**leads(1.01 * attained_by_free(**TARGET)), **TARGET)
    plan = PLANNER.plan(scenario)
    check(scenario, plan)
    assert plan.certificate is not None
    assert plan.certificate.gap < 1e-4
    assert plan.certificate.value >= 3.0 * plan.budget * (1 - 1e-6)
    free = PLANNER.plan(asked(**TARGET)).certificate
    assert free is not None
    assert plan.certificate.value < free.value * (1 - 1e-3)
    question = PLANNER.question(scenario)
    rng = np.random.default_rng(1)
    for _ in range(300):
        near = {channel.channel: channel.spend * np.exp(0.1 * rng.standard_normal()) for channel in plan.channels}
        brought = VALUE * float(question.kpi.media_draws(near).mean())
        if brought >= 3.0 * sum(near.values()) and question.tasks[0].reached_probability(near) >= 0.8:
            assert brought <= plan.certificate.value * (1 + 1e-6)


def test_a_target_marginal_return_goes_with_a_task() -> None:
    target = {"objective": "efficiency", "target": {"mroas": 1.5}, "budget": 3_000_000.0}
    scenario = asked(**leads(1.2 * attained_by_free(**target)), **target)
    plan = PLANNER.plan(scenario)
    check(scenario, plan)
    assert plan.profit is not None
    assert plan.certificate is not None
    assert plan.certificate.value == pytest.approx(plan.profit.mean - 0.5 * plan.budget, rel=1e-6)


def test_a_task_out_of_reach_at_a_target_return_names_both_and_gives_way() -> None:
    scenario = asked(**leads(1.5 * attained_by_free(**TARGET)), **TARGET)
    refused = PLANNER.plan(scenario)
    assert {rule.rule for rule in refused.conflict} == {"tasks[1]", "target.roas"}
    (attainable,) = refused.attainable
    assert attainable.at_least == scenario.tasks[0].at_least
    assert attainable.attainable < attainable.at_least
    (relaxed,) = refused.relaxation
    assert relaxed.from_ == pytest.approx(3.0)
    eased = scenario.model_copy(
        update={"target": scenario.target and scenario.target.model_copy(update={"roas": relaxed.to})}
    )
    check(eased, PLANNER.plan(eased))


def test_a_task_beyond_the_budget_is_out_of_reach_whatever_pays() -> None:
    beyond_the_curves = TWO_CHANNELS.plan(asked(**leads(1e6)))
    assert {rule.rule for rule in beyond_the_curves.conflict} == {"tasks[1]"}
    refused = TWO_CHANNELS.plan(asked(**leads(1.05 * beyond_the_curves.attainable[0].attainable)))
    assert {rule.rule for rule in refused.conflict} == {"tasks[1]", "budget"}
