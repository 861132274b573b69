"""The price of money at which corners of all channels spend a budget, and what they come to at most.

For any price λ, Σ over channels of max over corners (height − λ · cost · spend), and λ · budget, bounds every split of
the budget (Lagrange). The least of these bounds is at the λ where the corners chosen pass the budget; it is found by
cutting planes of this convex function of one variable.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray

_PRECISION = 1e-13
_MOST_CUTS = 500
_STEPS = (0.0, 0.02)
"""Relative steps from a price that is nearly right."""


@dataclass(frozen=True, slots=True)
class Priced:
    """What corners come to at a price.

    `bound` is what no split of the budget exceeds. `spend` and `height` mix the corners on both sides of the budget so
    that it is spent; they are at a corner in every channel but `mixed` (None where all are), which lies between `ends`.
    """

    price: float
    bound: float
    spend: FloatArray
    height: FloatArray
    mixed: int | None
    ends: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Choice:
    """A corner of each channel, what they cost together and what they come to."""

    spend: FloatArray
    height: FloatArray
    paid: float
    value: float


def priced(
    spend: FloatArray,
    height: FloatArray,
    costs: FloatArray,
    budget: float,
    *,
    spends_all: bool,
    near: float | None = None,
    tolerance: float = _PRECISION,
) -> Priced | None:
    """The least bound over prices, up to a relative tolerance; None where no corners keep to the budget.

    `spend` and `height` of shape (C, corners), heights of minus infinity being none; `costs` of shape (C,). `near` is a
    price from which to look on.
    """
    rows = np.arange(len(spend))
    is_corner = height > -np.inf
    spend = np.where(is_corner, spend, 0.0)

    def chosen(position: np.ndarray) -> Choice:
        at, up = spend[rows, position], height[rows, position]
        return Choice(at, up, float(costs @ at), float(up.sum()))

    least = chosen(np.where(is_corner, spend, np.inf).argmin(axis=1))
    if least.paid > budget * (1.0 + _PRECISION) or not np.isfinite(least.value):
        return None
    richest = chosen(height.argmax(axis=1))
    if richest.paid <= budget and not spends_all:
        return Priced(0.0, richest.value, richest.spend, richest.height, None)
    above = richest
    if richest.paid < budget:
        above = chosen(np.where(is_corner, spend, -1.0).argmax(axis=1))
        if above.paid < budget * (1.0 - _PRECISION):
            return None
    below, price, weights = least, 0.0, costs[:, None]
    bound = above.value
    for cut in range(_MOST_CUTS):
        if above.paid <= below.paid:
            break
        price = (above.value - below.value) / (above.paid - below.paid)
        expected = above.value + price * (budget - above.paid)
        if near is not None and cut < len(_STEPS):
            # Two looks about a price that is nearly right save most of the others.
            step = _STEPS[cut] if below is least else -_STEPS[cut]
            price, expected = near * (1.0 + step), -np.inf
        middle = chosen((height - (price * weights) * spend).argmax(axis=1))
        bound = middle.value + price * (budget - middle.paid)
        if bound <= expected + tolerance * max(abs(bound), abs(above.value)):
            break
        if middle.paid >= budget:
            above = middle
        else:
            below = middle
    return mixed(above, below, costs, budget, price, bound)


def mixed(above: Choice, below: Choice, costs: FloatArray, budget: float, price: float, bound: float) -> Priced:
    """Channels moved one by one from the choice below the budget to that above it, the last one in part."""
    paid = below.paid + np.cumsum(costs * (above.spend - below.spend))
    passed = paid >= budget
    index = int(passed.argmax()) if passed.any() else len(paid) - 1
    spend, height = below.spend.copy(), below.height.copy()
    spend[:index], height[:index] = above.spend[:index], above.height[:index]
    wide = above.spend[index] - below.spend[index]
    if wide == 0.0:
        return Priced(price, bound, spend, height, None)
    left = budget - (below.paid if index == 0 else paid[index - 1])
    share = min(max(left / (costs[index] * wide), 0.0), 1.0)
    spend[index] += share * wide
    height[index] += share * (above.height[index] - below.height[index])
    ends = float(min(below.spend[index], above.spend[index])), float(max(below.spend[index], above.spend[index]))
    return Priced(price, bound, spend, height, index if 0.0 < share < 1.0 else None, ends)
