"""Why a return or tasks are out of reach: what can be had at most, what stands against more, what would give way."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmm.sentence import Money, Number, Share, Word, sentence
from optimizer.answer.efficiency import best_ratio, rules_against
from optimizer.plan.document import AttainableTask, ConflictingRule, RelaxedRule
from optimizer.program.allocation import Allocation, Requirement
from optimizer.program.formulation import Formulation
from optimizer.program.shadow import binding_rows, settle
from optimizer.question.answered import Refusal
from optimizer.question.asked import Question
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario
from optimizer.tasks.probability import MeasuredTask
from optimizer.tasks.problem import TaskProblem
from optimizer.tasks.pursuit import OutOfReach, Reached, most_attainable, reach_tasks

_SPENT = 0.99
"""Share of the most that may be spent below which it is the rules that hold a split back."""

_COARSE = 1e-3
"""Relative gap at which it is looked for whether a target leaves money unspent."""

_BUDGET = "budget"

_MUCH = 20.0
"""Money with which tasks are looked for as if there were no budget, as a multiple of it."""

_YIELD = 1e-4
"""How much less than the most that was found a target is relaxed to, relative, so that it can be found again."""

_BELOW = (1e-3, 4e-3, 1.6e-2)
"""The same of tasks, until they are found again."""


def target_out_of_reach(scenario: Scenario, form: Formulation, requirement: Requirement) -> Refusal:
    """The best return that can be had, and the rules that stand against more."""
    most = best_ratio(form, requirement.curves, scenario.solve)
    against = rules_against(form, requirement.curves, requirement.per_money, scenario.solve)
    texts = {row.rule: row.text for row in form.rows}
    target = scenario.target
    if target is not None and target.cpa is not None:
        rule, asked, least = "target.cpa", target.cpa, 1.0 / most if most > 0 else np.inf
        attainable = (1.0 + _YIELD) * least
        text = sentence(
            "A unit of {kpi} is to cost at most {asked}; at best it costs {attainable}.",
            kpi=Word(text=scenario.kpi),
            asked=Money(amount=asked),
            attainable=Money(amount=least),
        )
    else:
        rule, asked, attainable = "target.roas", requirement.per_money, (1.0 - _YIELD) * most
        text = sentence(
            "A unit of money is to return {asked}; at best it returns {attainable}.",
            asked=Number(amount=asked, digits=2),
            attainable=Number(amount=most, digits=2),
        )
    conflict = (
        ConflictingRule(rule=rule, text=text),
        *(ConflictingRule(rule=each, text=texts[each]) for each in against),
    )
    return Refusal(conflict, (RelaxedRule(rule=rule, from_=asked, to=attainable),) if np.isfinite(attainable) else ())


def tasks_out_of_reach(question: Question, scenario: Scenario, problem: TaskProblem, reached: OutOfReach) -> Refusal:
    """What of the tasks can be had at most, each on its own, at the probability asked."""
    if problem.returns:
        return _out_of_reach_at_target(question, scenario, problem)
    tasks = problem.tasks
    nearest = [task.attained(reached.nearest.spend) for task in tasks]
    most = [max(near, most_attainable(problem, task)) for task, near in zip(tasks, nearest, strict=True)]
    attainable = tuple(
        AttainableTask(kpi=task.kpi, at_least=task.at_least, attainable=amount)
        for task, amount in zip(scenario.tasks, most, strict=True)
    )
    enough = _enough(problem, most if len(tasks) == 1 else nearest)
    relaxation = tuple(
        RelaxedRule(rule=f"tasks[{index + 1}].at_least", from_=task.at_least, to=amount)
        for index, (task, amount) in enumerate(zip(scenario.tasks, enough, strict=True))
        if amount < task.at_least
    )
    alone = [index for index, (task, amount) in enumerate(zip(tasks, most, strict=True)) if amount < task.task.at_least]
    conflict = [_task_in_conflict(index, tasks[index], most[index]) for index in alone[:1] or range(len(tasks))]
    together = [tasks[index] for index in alone[:1]] or tasks
    limits = _limits_in_conflict(question, scenario, replace(problem, tasks=together), reached.nearest)
    return Refusal((*conflict, *limits), relaxation, attainable)


def _enough(problem: TaskProblem, found: Sequence[float]) -> list[float]:
    """Targets a little below ones that a search of its own reaches again, which are below what was found."""

    def asked(below: float) -> list[float]:
        amounts = zip(problem.tasks, found, strict=True)
        return [min(task.task.at_least, (1.0 - below) * amount) for task, amount in amounts]

    for below in _BELOW:
        tried = [
            replace(task, task=task.task.model_copy(update={"at_least": amount}))
            for task, amount in zip(problem.tasks, asked(below), strict=True)
        ]
        if isinstance(reach_tasks(replace(problem, tasks=tried)), Reached):
            break
    return asked(below + _BELOW[0])


def _out_of_reach_at_target(question: Question, scenario: Scenario, problem: TaskProblem) -> Refusal:
    """What of the tasks can be had at a target for the return, and the return that can be had with the tasks."""
    (required,) = problem.returns
    free = replace(problem, objective=required.curves, price=required.per_money, returns=())
    reached = reach_tasks(free)
    if isinstance(reached, OutOfReach):
        return tasks_out_of_reach(question, scenario, free, reached)
    most = [most_attainable(problem, task) for task in problem.tasks]
    amounts = zip(problem.tasks, most, strict=True)
    alone = [index for index, (task, amount) in enumerate(amounts) if amount < task.task.at_least]
    conflict = [
        _task_in_conflict(index, problem.tasks[index], most[index]) for index in alone[:1] or range(len(problem.tasks))
    ]
    richest = problem.best((), max(problem.gap, _COARSE))
    is_spent = richest is not None and richest.total >= _SPENT * problem.form.setting.ceiling
    split = reached.allocation
    ratio = (1.0 - _YIELD) * required.curves.value(split.spend) / split.total
    asked, to = _target_of(scenario, required.per_money), _target_of(scenario, ratio)
    return Refusal(
        (*conflict, _target_in_conflict(scenario, asked), *([_budget_in_conflict(question, scenario)] * is_spent)),
        (RelaxedRule(rule=_target_rule(scenario), from_=asked, to=to),),
        tuple(
            AttainableTask(kpi=task.kpi, at_least=task.at_least, attainable=amount)
            for task, amount in zip(scenario.tasks, most, strict=True)
        ),
    )


def _target_rule(scenario: Scenario) -> str:
    return "target.cpa" if scenario.target is not None and scenario.target.cpa is not None else "target.roas"


def _target_of(scenario: Scenario, per_money: float) -> float:
    """A return in the words of a scenario's target: money for money, or money for an outcome."""
    return 1.0 / per_money if _target_rule(scenario) == "target.cpa" else per_money


def _target_in_conflict(scenario: Scenario, asked: float) -> ConflictingRule:
    if _target_rule(scenario) == "target.cpa":
        text = sentence(
            "A unit of {kpi} is to cost at most {asked}.", kpi=Word(text=scenario.kpi), asked=Money(amount=asked)
        )
    else:
        text = sentence("A unit of money is to return {asked}.", asked=Number(amount=asked, digits=2))
    return ConflictingRule(rule=_target_rule(scenario), text=text)


def _task_in_conflict(index: int, task: MeasuredTask, most: float) -> ConflictingRule:
    return ConflictingRule(
        rule=f"tasks[{index + 1}]",
        text=sentence(
            "{kpi} is to reach {target} with a probability of {probability}; at most {attainable} can be had.",
            kpi=Word(text=task.task.kpi),
            target=Number(amount=task.task.at_least),
            probability=Share(fraction=task.task.probability, digits=0),
            attainable=Number(amount=most),
        ),
    )


def _limits_in_conflict(
    question: Question, scenario: Scenario, problem: TaskProblem, nearest: Allocation
) -> list[ConflictingRule]:
    """What stands against tasks: rules and the budget, of which each is needed for that, without any other one.

    A deletion filter, as for rules in conflict: what is left out stays out where the tasks are still out of reach.
    """
    form, has_budget = problem.form, scenario.budget is not None
    if has_budget:
        unlimited = _without_budget(question, scenario)
        has_budget = not _is_out_of_reach(problem, unlimited)
        form = form if has_budget else unlimited
    settle(form, nearest.spend, nearest.is_on, nearest.total)
    rules = dict.fromkeys(row.rule for row in form.rows if row.rule != _BUDGET)
    binding = dict.fromkeys(row.rule for row in binding_rows(form) if row.rule != _BUDGET)
    for fewer in ({}, binding):
        at_once = form.without(*(rule for rule in rules if rule not in fewer))
        if _is_out_of_reach(problem, at_once):
            form, rules = at_once, fewer
            break
    texts, needed = {row.rule: row.text for row in form.rows}, []
    for rule in rules:
        rest = form.without(rule)
        if _is_out_of_reach(problem, rest):
            form = rest
        else:
            needed.append(ConflictingRule(rule=rule, text=texts[rule]))
    # Where the curves alone stand against a task, more than the budget would not help either.
    is_named = has_budget or (scenario.budget is None and not needed)
    return [*needed, _budget_in_conflict(question, scenario)] if is_named else needed


def _without_budget(question: Question, scenario: Scenario) -> Formulation:
    """The rules with far more money than the budget."""
    free = scenario.model_copy(update={"budget": None})
    return formulate(question.setting(free, spends_all=False, ceiling=_MUCH * question.ceiling))


def _is_out_of_reach(problem: TaskProblem, form: Formulation) -> bool:
    """Whether no split under some of the rules was found to reach the tasks."""
    tried = replace(problem, form=form)
    if len(problem.tasks) == 1:
        (task,) = problem.tasks
        return most_attainable(tried, task, enough=task.task.at_least) < task.task.at_least
    return isinstance(reach_tasks(tried), OutOfReach)


def _budget_in_conflict(question: Question, scenario: Scenario) -> ConflictingRule:
    if scenario.budget is not None:
        return ConflictingRule(
            rule=_BUDGET, text=sentence("The budget is {budget}.", budget=Money(amount=scenario.budget))
        )
    text = sentence(
        "Sizing looks no further than {ceiling}: beyond that the curves say nothing.",
        ceiling=Money(amount=question.ceiling),
    )
    return ConflictingRule(rule=_BUDGET, text=text)
