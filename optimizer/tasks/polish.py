"""Local improvement of a split that reaches its tasks, on the draws themselves.

About a split, each draw of a task's KPI is nearly linear in spend. Those draws that lie below the
target there are given up; all others that come near must stay above it. Small linear steps under
the rules, switches and whole steps held, improve the split until none helps. The multipliers of
the draws at the end say which mean of draws the tasks come down to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.program.allocation import Allocation
from optimizer.program.solve import CompiledSplit
from optimizer.program.step import LinearStep, StepRows, solve_step
from optimizer.tasks.gains import Gain, Held
from optimizer.tasks.lifts import longest_move, split_even
from optimizer.tasks.watched import Watched

_MOST_STEPS = 40
_FIRST_RADIUS = 0.25
"""First length of a step per channel, as a share of an even split."""

_LAST_RADIUS = 1e-5
_LEAST = 1e-5
"""Spend at which channels that are off have slopes, as a share of an even split of the most that may be spent."""

_WORTHWHILE = 1e-5
"""Relative improvement promised by a step below which the split counts as polished."""

_LONGER, _SHORTER = 2.0, 0.4
"""Factor of the length of a step that kept its promise, and of the longest move of one that did not."""

_KEPT, _BROKEN = 0.5, 0.25
"""Shares of what a step promised: beyond the first the next one is longer, up to the second it is shorter."""

_CORRECTIONS = 4
"""Corrections of a step for curvature before a shorter one is tried."""

_BEYOND = 0.05
"""Share of what was missing by which a correction aims above the target, since it meets some curvature itself."""

_HOPELESS = 0.7
"""Share of what was missing that a correction must not leave for another one to be tried."""

_EXCHANGED = 3
"""Draws that hold a split back, per task, and draws given up, that may change places."""

_WORTH_EXCHANGING = 5e-5
"""Relative improvement that an exchange must promise, and bring."""

_EXCHANGES = 12
"""Most exchanges of draws in one split."""

_EXCHANGE_RADIUS = 0.1
"""Length of a step in which draws change places, as a share of an even split."""


@dataclass(frozen=True, slots=True)
class Polished:
    """A split, and what holds it back per task.

    Attributes
    ----------
    allocation
        The split.
    watched, multipliers
        Draws that a step from it would have to keep above the target, and what each of them costs. Per task.
    radius
        Length of a step from which on more polishing would start, money.
    """

    allocation: Allocation
    watched: tuple[Watched, ...]
    multipliers: tuple[FloatArray, ...]
    radius: float

    @property
    def focus(self) -> tuple[FloatArray | None, ...]:
        """Per task, weights of the draws that hold the split back, None where it does not. Shape (S,)."""
        return tuple(each.focus(part) for each, part in zip(self.watched, self.multipliers, strict=True))

    @property
    def holding(self) -> tuple[IntArray, ...]:
        """Per task, positions of the draws that hold the split back, the most costly ones first. Shape (any,)."""
        return tuple(
            each.draws[[position for position in np.argsort(-parts) if parts[position] > 0]]
            for each, parts in zip(self.watched, self.multipliers, strict=True)
        )


def polish(
    split: CompiledSplit,
    tasks: Sequence[Held],
    objective: Gain | None,
    start: Allocation,
    worthwhile: float = _WORTHWHILE,
    radius: float | None = None,
) -> Polished:
    """The split improved by small steps; it reaches every task and obeys every rule, as `start` does.

    Without an objective less money is better. `worthwhile` is the relative improvement that a step must promise, and
    `radius` the length of the first one, money.
    """
    best, even, least = start, split_even(start) or split.spend_scale, _LEAST * split.spend_scale
    radius = radius or _FIRST_RADIUS * even
    held: tuple[Watched, ...] = ()
    multipliers: tuple[FloatArray, ...] = ()
    for _ in range(_MOST_STEPS):
        watched = [Watched.of(task, best.spend, radius, least) for task in tasks]
        slopes = None if objective is None else objective.slopes(best.spend, least)
        step = solve_step(split, best.spend, best.is_on, slopes, _rows(watched), radius)
        if step is None:
            break
        held, multipliers, worth = tuple(watched), step.multipliers, _worth(objective, best)
        promised, length = _promised(slopes, best, step), longest_move(best.spend, step.spend)
        if promised <= worthwhile * abs(worth):
            break
        moved = _bent(split, watched, slopes, best, step, radius)
        gained = -np.inf if moved is None else _worth(objective, moved) - worth
        if moved is not None and gained > 0.0:
            best = moved
        if gained > _KEPT * promised:
            radius *= _LONGER
        elif gained <= _BROKEN * promised:
            radius = _SHORTER * min(radius, length)
            if radius < _LAST_RADIUS * even:
                break
    return Polished(best, held, multipliers, radius)


def exchange(
    split: CompiledSplit, tasks: Sequence[Held], objective: Gain | None, polished: Polished, of: int = _EXCHANGED
) -> Polished:
    """A polished split improved further, as long as draws that hold it back are worth giving up for others.

    `of` is the number of draws on each side that may change places.
    """
    for _ in range(_EXCHANGES):
        moved = _exchanged(split, tasks, objective, polished, of)
        if moved is None:
            break
        length = longest_move(polished.allocation.spend, moved.spend)
        polished = polish(split, tasks, objective, moved, radius=length or None)
    return polished


def _bent(
    split: CompiledSplit,
    watched: Sequence[Watched],
    slopes: Mapping[str, float] | None,
    start: Allocation,
    step: LinearStep | None,
    radius: float,
) -> Allocation | None:
    """The step corrected for the curvature that it met, until every task is reached; None when that fails."""
    missing = np.inf
    for _ in range(_CORRECTIONS):
        if step is None or _promised(slopes, start, step) <= 0.0:
            return None
        spend = step.spend
        missed = max(each.shortfall(spend) for each in watched)
        if missed <= 0.0:
            return replace(start, spend=spend, total=step.total)
        if missed > _HOPELESS * missing:
            return None
        missing, watched = missed, [each.corrected(start.spend, spend, _BEYOND * missed) for each in watched]
        step = solve_step(split, start.spend, start.is_on, slopes, _rows(watched), radius)
    return None


def _exchanged(
    split: CompiledSplit,
    tasks: Sequence[Held],
    objective: Gain | None,
    polished: Polished,
    of: int,
) -> Allocation | None:
    """A better split where a draw that holds one back is given up for one given up so far; None if none is."""
    start, least = polished.allocation, _LEAST * split.spend_scale
    radius = _EXCHANGE_RADIUS * (split_even(start) or split.spend_scale)
    slopes = None if objective is None else objective.slopes(start.spend, least)
    watched = [Watched.of(task, start.spend, radius, least).exchanging(of) for task in tasks]
    worth = _worth(objective, start)
    for index, (each, draws) in enumerate(zip(watched, polished.holding, strict=False)):
        for given_up in draws[:of]:
            for regained in each.nearest_below(of):
                changed = [*watched[:index], each.exchanged(int(given_up), int(regained)), *watched[index + 1 :]]
                step = solve_step(split, start.spend, start.is_on, slopes, _rows(changed), radius)
                if step is None or _promised(slopes, start, step) <= _WORTH_EXCHANGING * abs(worth):
                    continue
                moved = _bent(split, changed, slopes, start, step, radius)
                if moved is not None and _worth(objective, moved) > worth + _WORTH_EXCHANGING * abs(worth):
                    return moved
    return None


def _promised(slopes: Mapping[str, float] | None, start: Allocation, step: LinearStep) -> float:
    """What a step improves if all is linear."""
    return start.total - step.total if slopes is None else _rise(slopes, start.spend, step)


def _rows(watched: Sequence[Watched]) -> list[StepRows]:
    return [each.rows for each in watched]


def _worth(objective: Gain | None, allocation: Allocation) -> float:
    return -allocation.total if objective is None else objective.value(allocation.spend)


def _rise(slopes: Mapping[str, float], spend: Mapping[str, float], step: LinearStep) -> float:
    return sum(slope * (step.spend[name] - spend[name]) for name, slope in slopes.items())
