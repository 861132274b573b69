"""The smallest budget at which the best split of some curves reaches a level, where ranges alone hold the channels.

The most of a budget rises with it, and the price of money at its best split says how fast: secant steps, between
budgets that are known to reach the level and not to.
"""

from collections.abc import Callable
from dataclasses import dataclass

from optimizer.separable.search import SeparableProblem, SeparableSplit, best_separable

_STEPS = 16

_SETTLED = 0.1
"""Share of the gap up to which a relative step in the budget is worth no other look."""

_FURTHER = 1.5
"""Factor of a budget that the ranges do not let be spent."""

_LOOKS = 9
"""Budgets that are looked at to find one that falls short."""

_FURTHER_DOWN = 4.0
"""Factor of how far below a budget is looked, until one falls short."""

_OF_DISTANCE = 0.1
"""Share of that distance to which best splits are found there."""

_NEAR_ENOUGH = 1.3
"""Distance of a budget that falls short, over that of one that reaches the level, from which on it is told."""


@dataclass(frozen=True, slots=True)
class SizedSplit:
    """A budget for the channels, money, and its best split."""

    budget: float
    split: SeparableSplit


def smallest_reaching(
    problem: Callable[[float], SeparableProblem], level: float, first: float, most: float, *, gap: float, seconds: float
) -> SizedSplit | None:
    """The smallest budget up to `most` whose best split reaches a level; None where there is none.

    `problem` is asked for the problem of a budget, `first` is where to look first, and `gap` the relative gap to which
    best splits are found.
    """
    low, budget, high, settled = 0.0, min(first, most), None, _SETTLED * gap
    for _ in range(_STEPS):
        found = best_separable(problem(budget), gap=gap, seconds=seconds)
        if found is not None and found.value >= level:
            high = SizedSplit(budget, found)
        else:
            low = budget
        if found is None or found.price <= 0.0:
            following = _FURTHER * budget
        else:
            following = budget + (level - found.value) / found.price
        most_now = most if high is None else high.budget
        if not low < following < most_now:
            following = most if high is None and following >= most else 0.5 * (low + most_now)
        if high is not None and high.budget - max(low, following) <= settled * high.budget:
            break
        if high is None and low >= most:
            break
        # A step as small as that ends above the level.
        budget = following * (1.0 + 0.25 * settled)
    return high


def largest_falling_short(
    problem: Callable[[float], SeparableProblem], level: float, budget: float, *, gap: float, seconds: float
) -> tuple[float, list[SizedSplit]]:
    """A budget at most `budget` with which no split reaches a level, and the splits met above it that do."""
    rivals: list[SizedSplit] = []
    short, reaching, less = 0.0, budget, 0.9 * gap
    for _ in range(_LOOKS):
        lower = budget * (1.0 - less) if short == 0.0 else 0.5 * (short + reaching)
        found = best_separable(problem(lower), gap=_OF_DISTANCE * (1.0 - lower / budget), seconds=seconds)
        if found is None or found.bound < level:
            short = lower
            if not rivals or budget - short <= _NEAR_ENOUGH * (budget - reaching):
                break
        else:
            reaching, less = lower, min(_FURTHER_DOWN * less, 0.9)
            rivals.append(SizedSplit(lower, found))
    return short, rivals
