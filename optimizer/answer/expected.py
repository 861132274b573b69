"""The most of one KPI's expected curves at a budget, where no task and no return has to be reached."""

from collections.abc import Iterator
from dataclasses import replace

from optimizer.program.allocation import AllocationProblem
from optimizer.program.formulation import Formulation
from optimizer.question.answered import Answer
from optimizer.question.asked import Question
from optimizer.question.goal import goal_of
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario
from optimizer.separable.problem import SeparableProblem
from optimizer.separable.ranges import money_for_channels, spend_ranges
from optimizer.separable.search import price_of_money, separable_allocation
from optimizer.tree.allocate import allocate


def best_in_ranges(question: Question, scenario: Scenario) -> Answer | None:
    """The most of a KPI where the rules are a budget, which is spent whole, and a range for each channel; else None."""
    is_plain = scenario.objective == "maximize" and not scenario.tasks and not scenario.values
    if not is_plain or scenario.risk.attitude != "neutral":
        return None
    setting = question.setting(scenario, spends_all=True, ceiling=scenario.budget)
    ranges = spend_ranges(setting)
    if ranges is None:
        return None
    money, limits = money_for_channels(setting), scenario.solve
    curves = question.kpi.separable_curves(money, setting.unit_costs)
    problem = SeparableProblem.of(curves, ranges, setting.unit_costs, money, pays=setting.ceiling / money)
    best = separable_allocation(problem, gap=limits.gap, seconds=limits.seconds)
    if best is None or best.gap > limits.gap:
        return None
    price = price_of_money(problem, best.spend)
    per_total = None if price is None else price / problem.pays
    return Answer(setting, best, (), goal_of(question, scenario), price=per_total)


def best_under_rules(question: Question, scenario: Scenario) -> Answer | None:
    """The most of a KPI under rules, where nothing has to be reached; None where that is not asked, or none is found.

    A split that is found says that the rules can be obeyed.
    """
    if (
        scenario.objective != "maximize"
        or scenario.tasks
        or scenario.values
        or scenario.capacity
        or scenario.risk.attitude != "neutral"
    ):
        return None
    limits = scenario.solve
    for form in forms_of(question, scenario):
        setting = form.setting
        curves = question.kpi.curves_for(setting.ceiling, setting.unit_costs)
        best = allocate(AllocationProblem(form, curves), gap=limits.gap, seconds=limits.seconds)
        if best is not None:
            return Answer(form, best, (), replace(goal_of(question, scenario), curves=curves))
    return None


def forms_of(question: Question, scenario: Scenario) -> Iterator[Formulation]:
    """The rows with the budget spent whole, then with it as a limit.

    Money is not spent where it only makes room below a capacity.
    """
    is_whole = scenario.objective == "maximize" and not (scenario.capacity and question.capacity.rows)
    for spends_all in (True, False) if is_whole else (False,):
        yield formulate(question.setting(scenario, spends_all=spends_all, ceiling=scenario.budget))
