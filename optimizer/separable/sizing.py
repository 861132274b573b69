"""The smallest budget at which some curves reach a level, where ranges alone hold the channels.

For any price λ of money, every split that reaches a level L costs at least (L − Σ over channels of max over corners
(height − λ · cost · spend)) / λ, where corners lie above the curves. The largest of these bounds is at the λ where the
corners chosen pass the level. What a part that is not concave, or the gap of an off-or-at-least rule, leaves is closed
by best splits of budgets between that bound and a budget that reaches the level.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.separable.price import Choice
from optimizer.separable.problem import SeparableProblem, corners_of
from optimizer.separable.search import SeparableSplit, best_separable

_MOST_LOOKS = 60
_PRECISION = 1e-9
"""Relative distance of the bounds of two prices from which on no other price is looked at."""

_STEPS = (0.99, 1.01)
"""Factors of a price that is nearly right."""

_REFINED = 2
"""Times that corners are made exact where the channels lie."""

_LOOKS = 6
"""Budgets that are looked at to find one that falls short."""

_WITHIN = 0.9
"""Share of the gap asked that a budget may be away from one that falls short."""

_OF_DISTANCE = 0.1
"""Share of that distance to which best splits are found there, and by which looks go beyond where the level is due."""

_NEAR_ENOUGH = 1.3
"""Distance of a budget that falls short, over that of one that reaches the level, from which on it is told."""


@dataclass(frozen=True, slots=True)
class LeastBudget:
    """A budget that no split which reaches the level is below, and splits about it, money by channel, as the curves'.

    `bound` is money for the channels. `spend` mixes the corners chosen so that the level is reached on them, and is at
    a corner that is allowed in every channel. `price` is KPI for the last money.
    """

    bound: float
    spend: FloatArray
    price: float


@dataclass(frozen=True, slots=True)
class SizedSplit:
    """A budget for the channels, money, and its best split."""

    budget: float
    split: SeparableSplit


def least_budget(problem: SeparableProblem, level: float) -> LeastBudget | None:
    """The least that splits of at most the problem's budget can reach a level for; None where none does on the corners.

    `level` above zero. Corners are made exact where the split lies.
    """
    root = corners_of(problem)
    if root is None:
        return None
    asked = level - problem.curves.error
    found: LeastBudget | None = None
    for _ in range(_REFINED):
        spend, height = root.corners()
        latest = _priced(spend, height, problem, asked, None if found is None else found.price)
        if latest is None:
            return None
        if found is not None and latest.bound - found.bound <= _PRECISION * latest.bound:
            return latest
        found = latest
        root.touch(found.spend)
    return found


def _priced(
    spend: FloatArray, height: FloatArray, problem: SeparableProblem, level: float, near: float | None
) -> LeastBudget | None:
    """The largest bound over prices, looked for from `near` on. `spend` and `height` as `RangedCorners` has them."""
    rows, weights = np.arange(len(spend)), problem.costs[:, None]
    is_corner = height > -np.inf
    spend = np.where(is_corner, spend, 0.0)
    costs = weights * spend

    def chosen(position: np.ndarray) -> Choice:
        at, up = spend[rows, position], height[rows, position]
        return Choice(at, up, float(problem.costs @ at), float(up.sum()))

    below = chosen(np.where(is_corner, costs, np.inf).argmin(axis=1))
    above = chosen(height.argmax(axis=1))
    if above.value < level:
        return None
    if below.value >= level:
        return LeastBudget(below.paid, below.spend, 0.0)
    price, bound = 0.0, below.paid
    for nearly in () if near is None else [step * near for step in _STEPS]:
        # Looks on both sides of a price that is nearly right save most of the others.
        middle = chosen((height - nearly * costs).argmax(axis=1))
        if middle.value >= level and middle.paid < above.paid:
            above = middle
        elif middle.value < level and middle.paid > below.paid:
            below = middle
    for _ in range(_MOST_LOOKS):
        if above.paid <= below.paid:
            break
        price = (above.value - below.value) / (above.paid - below.paid)
        expected = above.paid + (level - above.value) / price
        middle = chosen((height - price * costs).argmax(axis=1))
        bound = max(bound, middle.paid + (level - middle.value) / price)
        if bound >= expected * (1.0 - _PRECISION):
            break
        if middle.value >= level:
            above = middle
        else:
            below = middle
    return LeastBudget(bound * (1.0 - _PRECISION), _mixed(problem, below, above, level), price)


def _mixed(problem: SeparableProblem, below: Choice, above: Choice, level: float) -> FloatArray:
    """Channels moved one by one from the choice below the level to that above it, the last one in part if allowed."""
    value = below.value + np.cumsum(above.height - below.height)
    index = int((value >= level).argmax()) if (value >= level).any() else len(value) - 1
    spend = np.where(np.arange(len(value)) <= index, above.spend, below.spend)
    before = below.value if index == 0 else float(value[index - 1])
    rise = float(above.height[index] - below.height[index])
    share = min(max((level - before) / rise, 0.0), 1.0) if rise > 0.0 else 1.0
    within = float(below.spend[index] + share * (above.spend[index] - below.spend[index]))
    if problem.least[index] <= within <= problem.most[index]:
        spend[index] = within
    return spend


def largest_falling_short(
    problem: Callable[[float], SeparableProblem], level: float, budget: float, *, gap: float, seconds: float
) -> tuple[float, list[SizedSplit]]:
    """A budget at most `budget` with which no split reaches a level, and the splits met above it that do.

    `problem` is asked for the problem of a budget.
    """
    rivals: list[SizedSplit] = []
    least = least_budget(problem(budget), level)
    short, reaching = budget if least is None else min(least.bound, budget), budget
    lower = budget * (1.0 - _WITHIN * gap)
    if short >= lower:
        return lower, rivals
    for _ in range(_LOOKS):
        if rivals and (budget - short <= _NEAR_ENOUGH * (budget - reaching)):
            break
        found = best_separable(problem(lower), gap=_OF_DISTANCE * (1.0 - lower / budget), seconds=seconds)
        if found is None or found.bound < level:
            short, lower = lower, 0.5 * (lower + reaching)
            if not rivals:
                break
            continue
        rivals.append(SizedSplit(lower, found))
        reaching, due = lower, -np.inf
        if found.price > 0.0:
            due = lower - max(found.value - level, 0.0) / found.price - _OF_DISTANCE * (budget - lower)
        # The most of a budget rises about as its last money says: where the level is due, a little lower.
        lower = due if short < due < lower else 0.5 * (short + lower)
    return short, rivals
