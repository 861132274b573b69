"""The engine for ranges against the one for rules: same splits, same certificate, on the same curves."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from exact_method import best_known
from instances import Instance, draw_instance, draw_market

from optimizer.answer.split import answer
from optimizer.planning import Planner
from optimizer.program.allocation import Allocation, AllocationProblem, KpiCurves
from optimizer.program.solve import compile_split, most_spend
from optimizer.question.answered import Answer
from optimizer.question.asked import Desk, PlanningModel
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario
from optimizer.separable.problem import SeparableCurves, SeparableProblem, corners_of
from optimizer.separable.ranges import money_for_channels, spend_ranges
from optimizer.separable.search import METHOD, best_separable, separable_allocation
from optimizer.separable.sizing import largest_falling_short, least_budget
from optimizer.tree.allocate import allocate

GAP = 1e-4


@pytest.mark.parametrize("seed", range(30))
def test_both_engines_agree_within_their_gaps(seed: int) -> None:
    instance = draw(seed, (2, 3, 5, 10))
    other = allocate(instance.problem(), gap=GAP, seconds=20)
    found = solved(instance)
    if found is None or other is None:
        assert found is None
        assert other is None
        return
    spend = np.array([found.spend[name] for name in instance.names])
    assert instance.is_allowed(spend)
    assert instance.value(spend) == pytest.approx(found.value, rel=1e-9)
    assert found.value <= found.bound
    assert found.gap <= GAP
    assert found.value <= other.bound * (1 + 1e-12)
    assert other.value <= found.bound * (1 + 1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_no_split_that_brute_force_finds_exceeds_the_bound_of_a_narrow_gap(seed: int) -> None:
    instance = draw(100 + seed, (2, 3))
    found, known = solved(instance, gap=1e-7), best_known(instance, 400)
    if found is None:
        assert known is None
        return
    assert found.gap <= 1e-7
    assert known is None or instance.value(known) <= found.bound * (1 + 1e-9)


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    instance = draw(5, (10,))
    curves = stacked(instance)
    for budget in (0.7, 1.3, 0.9):
        solved(instance, curves=curves, factor=budget)
    again, first = solved(instance, curves=curves), solved(instance)
    assert again is not None
    assert first is not None
    assert dict(again.spend) == dict(first.spend)
    assert again.bound == first.bound


@pytest.mark.parametrize(
    ("channels", "whole"),
    [
        ({"c0": {"min": 10.0, "max": 60.0}, "c1": {"locked": 30.0}}, {}),
        ({"c0": {"change": (-0.5, 0.2)}, "c1": {"per_period_max": 20.0}}, {}),
        ({"c0": {"fee": 0.1, "coop": 0.2, "max": 50.0}}, {"rules": {"at_most_seen": 1.5, "test_reserve": 0.1}}),
    ],
)
def test_ranges_are_what_the_rows_of_the_rules_allow(channels: dict[str, Any], whole: dict[str, Any]) -> None:
    setting = setting_of(channels, whole, spends_all=False)
    ranges = spend_ranges(setting)
    assert ranges is not None
    split = compile_split(formulate(setting))
    for name, within in ranges.items():
        room = money_for_channels(setting) - sum(
            setting.unit_costs[other] * each.least for other, each in ranges.items() if other != name
        )
        assert most_spend(split, name) == pytest.approx(min(within.most, room / setting.unit_costs[name]), rel=2e-3)


@pytest.mark.parametrize(
    ("channels", "whole"),
    [
        ({"c0": {"increment": 5.0}}, {}),
        ({"c0": {"fixed_cost": 5.0}}, {}),
        ({"c0": {"cpa_at_most": 5.0}}, {}),
        ({}, {"business": "b2b"}),
        ({}, {"rules": {"at_most_channels": 2}}),
        ({}, {"rules": {"cash_per_period": 50.0}}),
        ({}, {"rules": {"total_change": (-0.5, 0.5)}}),
        ({}, {"groups": [{"name": "g", "channels": ["c0", "c1"], "share": (0.1, 0.5)}]}),
        ({}, {"either_or": [{"channels": ["c0", "c1"], "at_most": 1}]}),
        ({}, {"requires": [{"channel": "c0", "upstream": ["c1"], "at_most_ratio": 0.5}]}),
        ({}, {"precedence": [{"channel": "c0", "after": {"c1": 10.0}}]}),
    ],
)
def test_rules_over_several_channels_or_switches_are_no_ranges(channels: dict[str, Any], whole: dict[str, Any]) -> None:
    assert spend_ranges(setting_of(channels, whole, spends_all=True)) is None


def test_a_plan_without_rules_over_channels_comes_from_this_engine_and_keeps_its_bounds() -> None:
    artifact, scenario = draw_market(np.random.default_rng([4, 1]), channels=5, draws=40)
    first = artifact.channels[0]
    document = scenario.model_dump() | {
        "business": "none",
        "rules": {},
        "channels": {first: {"min": 0.1 * (scenario.budget or 0.0)}},
    }
    scenario = Scenario.model_validate(document)
    plan = Planner({scenario.kpi: PlanningModel(artifact)}).plan(scenario)
    assert plan.certificate is not None
    assert plan.certificate.method == METHOD
    assert plan.status == "optimal"
    assert plan.channels[0].spend >= 0.1 * plan.budget * (1 - 1e-9)
    question = Desk({scenario.kpi: PlanningModel(artifact)}).question(scenario, None)
    found = answer(question)
    assert isinstance(found, Answer)
    other = allocate(AllocationProblem(found.form, question.kpi.curves()), gap=GAP, seconds=20)
    assert other is not None
    assert other.value <= found.allocation.bound
    assert found.allocation.value <= other.bound


@pytest.mark.parametrize("seed", range(12))
def test_no_split_of_less_than_the_least_budget_reaches_the_level(seed: int) -> None:
    problem = problem_of(draw(seed, (3, 5, 10)))
    whole = best_separable(problem, gap=1e-6, seconds=20)
    assert whole is not None
    level = 0.8 * whole.value
    least = least_budget(problem, level)
    assert least is not None
    below = best_separable(replace(problem, budget=least.bound * (1.0 - 1e-6)), gap=1e-6, seconds=20)
    assert below is None or below.value < level
    short, rivals = largest_falling_short(
        lambda money: replace(problem, budget=money), level, problem.budget, gap=1e-4, seconds=20
    )
    assert least.bound * (1.0 - 1e-9) <= short <= problem.budget
    beneath = best_separable(replace(problem, budget=short), gap=1e-6, seconds=20)
    assert beneath is None or beneath.value < level
    assert all(each.split.value > 0 and each.budget > short for each in rivals)


def test_points_that_are_made_exact_in_any_order_have_their_neighbours() -> None:
    rng, instance = np.random.default_rng(3), draw(2, (5,))
    problem = problem_of(instance)
    corners = corners_of(problem)
    assert corners is not None
    for _ in range(30):
        corners.touch(problem.budget * rng.random(5))
    spend, height = corners.corners()
    budgets = np.linspace(0.0, problem.budget, 400)
    for channel in range(5):
        is_corner = height[channel] > -np.inf
        order = np.argsort(spend[channel][is_corner], kind="stable")
        xs, ys = spend[channel][is_corner][order], height[channel][is_corner][order]
        for budget in budgets[budgets <= xs.max()]:
            if problem.least[channel] <= budget <= problem.most[channel]:
                exact = problem.curves.stack.value(channel, float(budget))
                assert np.interp(budget, xs, ys) >= exact * (1.0 - 1e-9) - 1e-12


def problem_of(instance: Instance) -> SeparableProblem:
    setting = instance.problem().form.setting
    ranges = spend_ranges(setting)
    assert ranges is not None
    money = money_for_channels(setting)
    return SeparableProblem.of(stacked(instance), ranges, setting.unit_costs, money, spends_all=False)


def draw(seed: int, sizes: tuple[int, ...]) -> Instance:
    return replace(draw_instance(np.random.default_rng([9, seed]), sizes), band=None)


def stacked(instance: Instance) -> SeparableCurves:
    objective = instance.problem().objective
    assert isinstance(objective, KpiCurves)
    return SeparableCurves(objective.curves)


def solved(
    instance: Instance, gap: float = GAP, factor: float = 1.0, curves: SeparableCurves | None = None
) -> Allocation | None:
    setting = instance.problem().form.setting
    ranges = spend_ranges(setting)
    assert ranges is not None
    money = factor * money_for_channels(setting)
    problem = SeparableProblem.of(curves or stacked(instance), ranges, setting.unit_costs, money)
    return separable_allocation(problem, gap=gap, seconds=20)


def setting_of(channels: dict[str, Any], whole: dict[str, Any], *, spends_all: bool) -> Any:
    setting = replace(draw(0, (3,)), budget=100.0, most=np.full(3, np.inf), viable=np.zeros(3)).problem().form.setting
    document = setting.scenario.model_dump(by_alias=True) | {"channels": channels, "split": None} | whole
    scenario = Scenario.model_validate(document)
    return replace(
        setting,
        scenario=scenario,
        spends_all=spends_all,
        largest_seen=dict.fromkeys(setting.names, 25.0),
        phasing=dict.fromkeys(setting.names, np.full(2, 0.5)),
    )
