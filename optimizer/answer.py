"""The split that answers a question, or why there is none."""

from dataclasses import dataclass

from mmm.sentence import Money, Number, Share, Word, sentence
from optimizer.allocate import Allocation, AllocationProblem, Requirement, allocate
from optimizer.conflict import conflicting_rules, is_feasible, smallest_relaxation
from optimizer.errors import SolverError
from optimizer.formulation import Formulation
from optimizer.plan import AttainableTask, ConflictingRule, RelaxedRule
from optimizer.question import Question, with_budget
from optimizer.rules import formulate
from optimizer.scenario import Scenario
from optimizer.tasks import MeasuredTask, reach_tasks


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


def answer(question: Question, scenario: Scenario | None = None) -> Answer | Refusal:
    """The best split for the question, or for a variation of its scenario on the same horizon.

    A budget is spent whole where the rules allow, else as far as they allow.
    """
    scenario = scenario or question.scenario
    form = _feasible_form(question, scenario)
    if form is None:
        setting = question.setting(scenario, spends_all=False, ceiling=scenario.budget)
        return Refusal(conflicting_rules(setting), smallest_relaxation(setting))
    objective = None if scenario.objective == "size" else question.kpi.curves()

    def solve(requirements: tuple[Requirement, ...]) -> Allocation | None:
        return allocate(
            AllocationProblem(form, objective, requirements), gap=scenario.solve.gap, seconds=scenario.solve.seconds
        )

    tasks = question.tasks if scenario.tasks else ()
    if objective is not None or not tasks:
        best = solve(())
        if best is None:
            raise SolverError("rules that can be obeyed had no best split")
        if all(task.reached_probability(best.spend) >= task.task.probability for task in tasks):
            return Answer(form, best, ())
    reached = reach_tasks(tasks, solve, question.timeline.reference)
    if reached is None:
        return _out_of_reach(question, scenario, tasks)
    return Answer(form, *reached)


def smallest_budget(question: Question, task: MeasuredTask) -> float | None:
    """The smallest budget that reaches one task alone, under the same rules; None when nothing does."""
    scenario = question.scenario.model_copy(update={"objective": "size", "tasks": (task.task,)})
    form = _feasible_form(question, scenario)
    if form is None:
        return None
    limits = scenario.solve

    def solve(requirements: tuple[Requirement, ...]) -> Allocation | None:
        return allocate(AllocationProblem(form, None, requirements), gap=limits.gap, seconds=limits.seconds)

    reached = reach_tasks((task,), solve, question.timeline.reference)
    return None if reached is None else reached[0].total


def _feasible_form(question: Question, scenario: Scenario) -> Formulation | None:
    """Rows that some split obeys: with the budget spent whole if that can be, else with it as a limit."""
    for spends_all in (True, False) if scenario.objective != "size" else (False,):
        form = formulate(question.setting(scenario, spends_all=spends_all, ceiling=scenario.budget))
        if is_feasible(form):
            return form
    return None


def _out_of_reach(question: Question, scenario: Scenario, tasks: tuple[MeasuredTask, ...]) -> Refusal:
    """What of the tasks can be had at most, each on its own, at the probability asked."""
    conflict: list[ConflictingRule] = []
    relaxation: list[RelaxedRule] = []
    attainable: list[AttainableTask] = []
    form = _feasible_form(question, with_budget(scenario, question.ceiling))
    for index, task in enumerate(tasks):
        best = form and allocate(
            AllocationProblem(form, task.kpi.curves(task.periods)),
            gap=scenario.solve.gap,
            seconds=scenario.solve.seconds,
        )
        most = task.attained(best.spend) if best else 0.0
        attainable.append(AttainableTask(kpi=task.task.kpi, at_least=task.task.at_least, attainable=most))
        if most < task.task.at_least:
            relaxation.append(RelaxedRule(rule=f"tasks[{index + 1}].at_least", from_=task.task.at_least, to=most))
        conflict.append(
            ConflictingRule(
                rule=f"tasks[{index + 1}]",
                text=sentence(
                    "{kpi} is to reach {target} with a probability of {probability}; at most {attainable} can be had.",
                    kpi=Word(text=task.task.kpi),
                    target=Number(amount=task.task.at_least),
                    probability=Share(fraction=task.task.probability, digits=0),
                    attainable=Number(amount=most),
                ),
            )
        )
    if scenario.budget is None:
        text = sentence(
            "Sizing looks no further than {ceiling}: beyond that the curves say nothing.",
            ceiling=Money(amount=question.ceiling),
        )
    else:
        text = sentence("The budget is {budget}.", budget=Money(amount=scenario.budget))
    conflict.append(ConflictingRule(rule="budget", text=text))
    return Refusal(tuple(conflict), tuple(relaxation), tuple(attainable))
