"""The split that answers a question, or why there is none."""

import time
from collections.abc import Sequence
from dataclasses import replace

from optimizer.answer.conflict import conflicting_rules, is_feasible, smallest_relaxation
from optimizer.answer.expected import best_in_ranges, best_under_rules, forms_of
from optimizer.answer.out_of_reach import target_out_of_reach, tasks_out_of_reach
from optimizer.answer.sized_in_ranges import RangedTask, size_in_ranges
from optimizer.capacities.within import answer_within
from optimizer.caution.regret import RegretOfDraws, best_of_draws, least_regret
from optimizer.caution.shortfall import WorthOfDraws, most_cautious
from optimizer.errors import SolverError
from optimizer.program.allocation import Allocation, AllocationProblem
from optimizer.program.formulation import Formulation
from optimizer.question.answered import Answer, Refusal
from optimizer.question.asked import Question
from optimizer.question.goal import Goal, goal_of
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario
from optimizer.separable.ranges import money_for_channels, spend_ranges
from optimizer.tasks.probability import MeasuredTask
from optimizer.tasks.problem import TaskProblem
from optimizer.tasks.pursuit import OutOfReach, Reached, reach_tasks
from optimizer.tree.allocate import allocate

_NOTHING = 1e-9
"""Share of the most that may be spent below which a plan spends nothing."""


def answer(question: Question, scenario: Scenario | None = None, known: Allocation | None = None) -> Answer | Refusal:
    """The best split for the question, or for a variation of its scenario on the same horizon.

    A budget is spent whole where the rules allow, else as far as they allow. `known` is a split that does what the
    variation asks: the answer is no worse, and is not looked for as far from it.
    """
    scenario = scenario or question.scenario
    if scenario.capacity:
        return answer_within(question, scenario, known, _answer)
    return _answer(question, scenario, known)


def _answer(question: Question, scenario: Scenario, known: Allocation | None) -> Answer | Refusal:
    """The best split with straight lines for capacities, as the question has them."""
    found = best_in_ranges(question, scenario) or _sized_in_ranges(question, scenario)
    if found is None or (scenario.objective == "size" and known and known.total < found.allocation.total):
        return reach_by_programs(question, scenario, known)
    return found


def reach_by_programs(question: Question, scenario: Scenario, known: Allocation | None = None) -> Answer | Refusal:
    """The best split under any rules, by programs that HiGHS solves."""
    if (quick := best_under_rules(question, scenario)) is not None:
        return quick
    form = _feasible_form(question, scenario)
    if form is None:
        setting = question.setting(scenario, spends_all=False, ceiling=scenario.budget)
        return Refusal(conflicting_rules(setting), smallest_relaxation(setting))
    tasks, goal = question.tasks if scenario.tasks else (), goal_of(question, scenario)
    if not tasks and goal.curves is not None:
        return _best(question, scenario, form, goal)
    problem = _task_problem(question, scenario, form, tasks)
    if problem.objective is not None:
        best = _best(question, scenario, form, goal)
        if isinstance(best, Refusal) or problem.is_reached(best.allocation.spend):
            return best
    reached = reach_tasks(problem, known)
    if isinstance(reached, OutOfReach):
        return tasks_out_of_reach(question, scenario, problem, reached)
    return Answer(form, reached.allocation, (*reached.requirements, *goal.requirements), goal)


def _sized_in_ranges(question: Question, scenario: Scenario) -> Answer | None:
    """The smallest budget for one task where nothing but ranges holds the channels; None where none was found so."""
    tasks = tuple(task for task in question.tasks if task.task in scenario.tasks)
    if scenario.objective != "size" or len(tasks) != 1:
        return None
    setting = question.setting(scenario, spends_all=False, ceiling=scenario.budget)
    ranges = spend_ranges(setting)
    if ranges is None or any(not each.may_be_off and each.least > each.most for each in ranges.values()):
        return None
    form, limits = formulate(setting), scenario.solve
    money, guess = money_for_channels(setting), question.timeline.reference
    found = size_in_ranges(RangedTask(tasks[0].nearly(), form, ranges, money, limits.gap, limits.seconds, guess))
    if found is None:
        return None
    allocation, mean = found
    return Answer(form, allocation, (mean,), goal_of(question, scenario))


def _best(question: Question, scenario: Scenario, form: Formulation, goal: Goal) -> Answer | Refusal:
    """The best split without tasks; refused where a target for the return is out of reach."""
    limits = scenario.solve
    if scenario.risk.attitude == "regret":
        return _least_regret(question, scenario, form, goal)
    if scenario.risk.attitude == "cautious":
        best = most_cautious(form, worth_of_draws(question, goal), scenario.risk.level, goal.price, limits)
    else:
        problem = AllocationProblem(form, goal.curves, goal.requirements, price=goal.price)
        best = allocate(problem, gap=limits.gap, seconds=limits.seconds)
    if best is None and not goal.requirements:
        raise SolverError("rules that can be obeyed had no best split")
    if best is None or (goal.requirements and best.total <= _NOTHING * form.setting.ceiling):
        return target_out_of_reach(scenario, form, goal.requirements[0])
    return Answer(form, best, goal.requirements, goal)


def _least_regret(question: Question, scenario: Scenario, form: Formulation, goal: Goal) -> Answer:
    """The split with the least regret against the best split of every draw of a sample."""
    started, limits, worth = time.perf_counter(), scenario.solve, worth_of_draws(question, goal)
    neutral = allocate(AllocationProblem(form, goal.curves, price=goal.price), gap=limits.gap, seconds=limits.seconds)
    if neutral is None:
        raise SolverError("rules that can be obeyed had no best split")
    regret = RegretOfDraws(worth, best_of_draws(form, worth.parts, goal.price, limits))
    left = limits.model_copy(update={"seconds": max(0.5, limits.seconds - (time.perf_counter() - started))})
    gross = neutral.value + goal.price * neutral.total
    best = least_regret(form, regret, scenario.risk.level, goal.price, gross, left)
    if best is None:
        raise SolverError("rules that can be obeyed had no split with the least regret")
    return Answer(form, replace(best, seconds=time.perf_counter() - started), (), goal, regret)


def worth_of_draws(question: Question, goal: Goal) -> WorthOfDraws:
    """What a split brings in each joint draw, in the unit of a goal."""
    return WorthOfDraws(question.valued() if goal.is_money else [(question.kpi, 1.0)])


def smallest_budget(question: Question, tasks: Sequence[MeasuredTask]) -> float | None:
    """The smallest budget that reaches some tasks, or none at all, under the same rules; None when nothing does."""
    asked = tuple(task.task for task in tasks)
    scenario = question.scenario.model_copy(update={"objective": "size", "tasks": asked})
    if not tasks and (asked_anyway := least_of_ranges(question, scenario)) is not None:
        return asked_anyway
    form = _feasible_form(question, scenario)
    if form is None:
        return None
    problem = _task_problem(question, scenario, form, tuple(tasks))
    if not tasks:
        least = problem.best((), scenario.solve.gap)
        return None if least is None else least.total
    reached = reach_tasks(problem)
    return reached.allocation.total if isinstance(reached, Reached) else None


def least_of_ranges(question: Question, scenario: Scenario) -> float | None:
    """The smallest total where nothing but ranges holds the channels; None where more does, or one is empty."""
    setting = question.setting(scenario, spends_all=False, ceiling=scenario.budget)
    ranges = spend_ranges(setting)
    if ranges is None or any(not each.may_be_off and each.least > each.most for each in ranges.values()):
        return None
    paid = sum(setting.unit_costs[name] * each.least for name, each in ranges.items() if not each.may_be_off)
    total = paid / (1.0 - scenario.rules.test_reserve)
    return total if total <= setting.ceiling else None


def _task_problem(
    question: Question, scenario: Scenario, form: Formulation, tasks: tuple[MeasuredTask, ...]
) -> TaskProblem:
    goal, limits = goal_of(question, scenario), scenario.solve
    return TaskProblem(
        tuple(task.nearly() for task in tasks),
        form,
        goal.curves,
        limits.gap,
        limits.seconds,
        question.timeline.reference,
        goal.price,
        goal.requirements,
    )


def _feasible_form(question: Question, scenario: Scenario) -> Formulation | None:
    """Rows that some split obeys: with the budget spent whole if that can be, else with it as a limit."""
    return next((form for form in forms_of(question, scenario) if is_feasible(form)), None)
