"""The best split that reaches tasks with their probabilities.

A task is restated as an increment that the mean of the draws about its quantile must reach (its
level), and splits that reach it are searched for (`optimizer.tasks.restated`). The best ones found are
polished on all draws (`optimizer.tasks.improvement`), and the best of them is held against a bound.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.program.allocation import Allocation, Requirement
from optimizer.tasks.improvement import best_polished, lifted, overtaken, saved
from optimizer.tasks.polish import Polished
from optimizer.tasks.probability import MeasuredTask
from optimizer.tasks.problem import TaskProblem
from optimizer.tasks.restated import APPROACH_ROUNDS, RestatedSearch, mixed

_RIVALS = 2
"""Splits behind a bound that are pursued in turn."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A split that reaches every task, and the requirements that its bound was found under."""

    allocation: Allocation
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """The nearest split to tasks that none was found to reach together."""

    nearest: Allocation


def reach_tasks(problem: TaskProblem, known: Allocation | None = None) -> Reached | OutOfReach:
    """The best split that reaches every task with its probability, recounted on the draws.

    `known` is a split that reaches them: the answer is no worse, and splits far from those met are not tried.
    """
    search = RestatedSearch(problem)
    if known is None:
        search.start(problem.first_guess)
    else:
        search.go_on(known)
    if not search.found:
        nearest = search.come_near()
        if nearest is not None:
            return OutOfReach(nearest)
    best = best_polished(problem, search.found)
    if problem.objective is None and known is None:
        best = saved(problem, best)
    answer, rival = _certified(problem, best)
    for _ in range(_RIVALS):
        better = None if rival is None else overtaken(problem, best, rival)
        if better is None:
            break
        best = better
        answer, rival = _certified(problem, best)
    return answer


def most_attainable(problem: TaskProblem, task: MeasuredTask, enough: float = np.inf) -> float:
    """The largest target of a task's KPI that a split was found to reach with the probability asked.

    Among splits that keep the returns, where there are any. From `enough` on no more is looked for.
    """
    best, most, focus = None, 0.0, task.focus(problem.first_guess)
    for splits in range(1, APPROACH_ROUNDS + 1):
        allocation = problem.most(task.kpi.weighted_curves(task.periods, focus))
        attained = task.attained(allocation.spend)
        if best is None or attained > most:
            best, most = allocation, attained
        if most >= enough:
            return most
        focus = mixed(focus, task.focus(allocation.spend), splits)
    if best is not None and most > 0 and not problem.returns:
        alone = replace(problem, tasks=(task,))
        most = max(most, task.attained(lifted(alone, best).spend))
    return most


def _certified(problem: TaskProblem, polished: Polished) -> tuple[Reached, Allocation | None]:
    """The split with a bound, and the split that has it where it is further away than the gap asked.

    The tasks are restated as means over the draws, so weighted that the split is the best one
    near it; the bound holds for every split on which those means are no less.
    """
    allocation = polished.allocation
    requirements = []
    for task, weights in zip(problem.tasks, polished.focus, strict=False):
        if weights is not None:
            curves = task.kpi.weighted_curves(task.periods, weights)
            requirements.append(Requirement(curves, (1.0 - 1e-9) * curves.value(allocation.spend)))
    kept = tuple(requirement for requirement in requirements if requirement.at_least > 0)
    best = problem.best(kept, problem.gap, allocation)
    if best is not None and problem.is_reached(best.spend) and problem.worth(best) >= problem.worth(allocation):
        return Reached(best, kept), None
    value = allocation.total if problem.objective is None else problem.worth(allocation)
    bound = (0.0 if problem.objective is None else np.inf) if best is None else best.bound
    # A return may be missed by a rounding error, which the bound does not allow for.
    bound = max(bound, value) if problem.returns else bound
    gross = abs(value + problem.price * allocation.total)
    gap = abs(bound - value) / max(gross, 1e-300) if gross else 0.0
    answer = Reached(replace(allocation, value=value, bound=bound, gap=gap), kept)
    return answer, best if gap > problem.gap else None
