"""The split that answers a question, or why there is none."""

from dataclasses import dataclass

from mmm.sentence import Money, Number, Share, Word, sentence
from optimizer.allocate import Allocation, Requirement
from optimizer.conflict import conflicting_rules, is_feasible, smallest_relaxation
from optimizer.errors import SolverError
from optimizer.formulation import Formulation
from optimizer.plan import AttainableTask, ConflictingRule, RelaxedRule
from optimizer.pursuit import OutOfReach, Reached, most_attainable, reach_tasks
from optimizer.question import Question
from optimizer.rules import formulate
from optimizer.scenario import Scenario
from optimizer.task_problem import TaskProblem
from optimizer.tasks import MeasuredTask

_YIELD = 1e-4
"""How much less than the most that was found a target is relaxed to, relative, so that it can be found again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A split under the rows of `form`, and the expected increments that its tasks came down to."""

    form: Formulation
    allocation: Allocation
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """No split does what was asked: the rules that clash, the least that would have to give way."""

    conflict: tuple[ConflictingRule, ...]
    relaxation: tuple[RelaxedRule, ...]
    attainable: tuple[AttainableTask, ...] = ()


def answer(question: Question, scenario: Scenario | None = None, known: Allocation | None = None) -> Answer | Refusal:
    """The best split for the question, or for a variation of its scenario on the same horizon.

    A budget is spent whole where the rules allow, else as far as they allow. `known` is a split that does what the
    variation asks: the answer is no worse, and is not looked for as far from it.
    """
    scenario = scenario or question.scenario
    form = _feasible_form(question, scenario)
    if form is None:
        setting = question.setting(scenario, spends_all=False, ceiling=scenario.budget)
        return Refusal(conflicting_rules(setting), smallest_relaxation(setting))
    tasks = question.tasks if scenario.tasks else ()
    problem = _task_problem(question, scenario, form, tasks)
    if problem.objective is not None or not tasks:
        best = problem.best((), scenario.solve.gap)
        if best is None:
            raise SolverError("rules that can be obeyed had no best split")
        if problem.is_reached(best.spend):
            return Answer(form, best, ())
    reached = reach_tasks(problem, known)
    if isinstance(reached, OutOfReach):
        return _out_of_reach(question, scenario, problem, reached)
    return Answer(form, reached.allocation, reached.requirements)


def smallest_budget(question: Question, task: MeasuredTask) -> float | None:
    """The smallest budget that reaches one task alone, under the same rules; None when nothing does."""
    scenario = question.scenario.model_copy(update={"objective": "size", "tasks": (task.task,)})
    form = _feasible_form(question, scenario)
    if form is None:
        return None
    reached = reach_tasks(_task_problem(question, scenario, form, (task,)))
    return reached.allocation.total if isinstance(reached, Reached) else None


def _task_problem(
    question: Question, scenario: Scenario, form: Formulation, tasks: tuple[MeasuredTask, ...]
) -> TaskProblem:
    objective = None if scenario.objective == "size" else question.kpi.curves()
    limits = scenario.solve
    return TaskProblem(tasks, form, objective, limits.gap, limits.seconds, question.timeline.reference)


def _feasible_form(question: Question, scenario: Scenario) -> Formulation | None:
    """Rows that some split obeys: with the budget spent whole if that can be, else with it as a limit."""
    for spends_all in (True, False) if scenario.objective != "size" else (False,):
        form = formulate(question.setting(scenario, spends_all=spends_all, ceiling=scenario.budget))
        if is_feasible(form):
            return form
    return None


def _out_of_reach(question: Question, scenario: Scenario, problem: TaskProblem, reached: OutOfReach) -> Refusal:
    """What of the tasks can be had at most, each on its own, at the probability asked."""
    tasks = problem.tasks
    nearest = [task.attained(reached.nearest.spend) for task in tasks]
    most = [max(near, most_attainable(problem, task)) for task, near in zip(tasks, nearest, strict=True)]
    attainable = tuple(
        AttainableTask(kpi=task.task.kpi, at_least=task.task.at_least, attainable=amount)
        for task, amount in zip(tasks, most, strict=True)
    )
    relaxation = tuple(
        RelaxedRule(rule=f"tasks[{index + 1}].at_least", from_=task.task.at_least, to=(1.0 - _YIELD) * amount)
        for index, (task, amount) in enumerate(zip(tasks, most if len(tasks) == 1 else nearest, strict=True))
        if amount < task.task.at_least
    )
    alone = [index for index, (task, amount) in enumerate(zip(tasks, most, strict=True)) if amount < task.task.at_least]
    conflict = [_task_in_conflict(index, tasks[index], most[index]) for index in alone[:1] or range(len(tasks))]
    return Refusal((*conflict, _budget_in_conflict(question, scenario)), relaxation, attainable)


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


def _budget_in_conflict(question: Question, scenario: Scenario) -> ConflictingRule:
    if scenario.budget is not None:
        return ConflictingRule(
            rule="budget", text=sentence("The budget is {budget}.", budget=Money(amount=scenario.budget))
        )
    text = sentence(
        "Sizing looks no further than {ceiling}: beyond that the curves say nothing.",
        ceiling=Money(amount=question.ceiling),
    )
    return ConflictingRule(rule="budget", text=text)
