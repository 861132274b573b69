"""Splits that reach tasks, improved on all draws: polished, with money saved elsewhere, lifted to what they missed."""

from collections.abc import Sequence

from optimizer.program.allocation import Allocation
from optimizer.tasks.lifts import THOROUGH, Effort, distinct, lift, lifts_elsewhere, split_even, worst_share
from optimizer.tasks.polish import Polished, exchange, polish
from optimizer.tasks.problem import TaskProblem

_POLISHED = 3
"""Splits that are polished, the best ones that differ."""

_DIFFERENT = 0.05
"""Share of an even split by which they differ in some channel."""

_MOVES = 6
"""Times that a better split is looked for elsewhere."""

_SAVED = 5e-4
"""Share of the budget that a split elsewhere must save before it is polished."""

_MORE = 2e-3
"""Share of the budget that a move must have saved for another one to be looked for."""

_GAIN = 1e-5
"""Share of a target that a split elsewhere must gain."""


def best_polished(problem: TaskProblem, found: Sequence[Allocation]) -> Polished:
    """The best of some splits that reach the tasks, after the best ones that differ are polished."""
    split = problem.split
    ranked = sorted(found, key=problem.worth, reverse=True)
    starts = distinct(ranked, _DIFFERENT * split_even(ranked[0]))[:_POLISHED]
    polished = [polish(split, problem.held, problem.gain, start) for start in starts]
    best = max(polished, key=lambda each: problem.worth(each.allocation))
    return exchange(split, problem.held, problem.gain, best)


def saved(problem: TaskProblem, polished: Polished, effort: Effort = THOROUGH) -> Polished:
    """The split with less money where splits further away reach the tasks with less."""
    split, best = problem.split, polished
    for _ in range(_MOVES if best.allocation.total > 0 else 0):
        lifts = lifts_elsewhere(split, problem.tasks, best.allocation, (1.0 - _SAVED) * best.allocation.total, effort)
        found = next((each for each in lifts if problem.is_reached(each.spend)), None)
        if found is None:
            break
        before = best.allocation.total
        best = exchange(split, problem.tasks, None, polish(split, problem.tasks, None, found), effort.exchanged)
        if best.allocation.total > (1.0 - _MORE) * before:
            break
    return best


def overtaken(problem: TaskProblem, polished: Polished, rival: Allocation) -> Polished | None:
    """A better split that reaches the tasks near the split behind the bound, if there is one."""
    split = problem.split
    most = None if problem.objective is not None else polished.allocation.total
    near = lift(split, problem.held, rival, most)
    if near is None or not problem.is_reached(near.spend):
        return None
    better = polish(split, problem.held, problem.gain, near)
    better = exchange(split, problem.held, problem.gain, better)
    return better if problem.worth(better.allocation) > problem.worth(polished.allocation) else None


def lifted(problem: TaskProblem, start: Allocation) -> Allocation:
    """The split found from `start`, near it and elsewhere, on which the worst off task reaches the most."""
    split = problem.split
    best = lift(split, problem.held, start) or start
    for _ in range(_MOVES):
        if problem.is_reached(best.spend):
            break
        better = max(
            lifts_elsewhere(split, problem.held, best),
            key=lambda each: worst_share(problem.held, each.spend),
            default=best,
        )
        if worst_share(problem.held, better.spend) <= worst_share(problem.held, best.spend) + _GAIN:
            break
        best = better
    return best
