"""The best split of a budget over channels that each have a range, exactly, and a bound that no split exceeds.

Outer approximation without a solver: the curves are replaced by corners of over-estimators (`separable.table`), whose
best split and bound follow from one price of money (`separable.price`). Corners that are chosen are made exact. What
is left then is one channel on a part of its curve that is not concave, or in the gap of an off-or-at-least rule: its
range is cut in two there (branch and bound, the most promising range first).
"""

import heapq
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.curves.corners import CornerTable
from optimizer.program.allocation import Allocation
from optimizer.separable.price import Priced, priced
from optimizer.separable.problem import Branch, SeparableProblem, corners_within, root_of

METHOD = "branch and bound on the price of money, on the exact curves"

_WITHIN = 0.9
"""Share of the gap at which the search stops: what is asked, and room for cleaning the split."""

_STALLED = 0.7
"""A range is cut when new points leave more than this share of the distance between its bound and its split."""

_AT_END = 1e-6
"""Relative distance from an end of its range at which a channel counts as held there."""

_NEGLIGIBLE = 0.1
"""Share of the gap that all channels together may be above zero where nothing is proposed for them."""

_ROUNDING = 1e-12
"""Relative allowance in the bound for sums of double precision."""

_OF_PRICE = 0.01
"""Share of the gap to which the price of money is found."""

_MOST_NODES = 20_000
_MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class SeparableSplit:
    """A split in the order of the stack, the price of money at it (KPI per unit paid), its value and its bound."""

    spend: FloatArray
    price: float
    value: float
    bound: float


@dataclass
class _Search:
    problem: SeparableProblem
    table: CornerTable
    gap: float
    spend: FloatArray | None = None
    price: float = 0.0
    value: float = -np.inf
    left_behind: float = -np.inf
    queue: list[tuple[float, int, Branch]] = field(default_factory=list)
    nodes: int = 0

    @property
    def enough(self) -> float:
        """Bound at which a branch is left behind; none is before there is a split."""
        return -np.inf if self.spend is None else self.value + _WITHIN * self.gap * abs(self.value)

    def keep(self, node: Branch, bound: float) -> None:
        self.nodes += 1
        heapq.heappush(self.queue, (-bound, self.nodes, node))


def best_separable(problem: SeparableProblem, *, gap: float, seconds: float) -> SeparableSplit | None:
    """The best split, its value on the exact curves and a bound within the relative gap; None where none was found.

    A search that takes longer than `seconds` returns the split and the bound that it has.
    """
    started = time.perf_counter()
    root = root_of(problem)
    if root is None:
        return None
    first = problem.curves.first_corners(problem, root)
    outer = None if first.outer is None else first.outer.at(problem.budget)
    inner = None if first.inner is None else first.inner.at(problem.budget)
    search = _Search(problem, first.table, gap)
    if outer is not None:
        root = replace(root, price=outer.price)
        if inner is not None:
            _try(search, root, inner)
    bound = np.inf if outer is None else outer.bound
    if bound > search.enough:
        search.table = first.table.copy()  # what this budget makes exact is not there for the next one
        root = replace(root, first=outer)
    search.keep(root, bound)
    while search.queue:
        bound, _, node = heapq.heappop(search.queue)
        is_late = search.nodes > _MOST_NODES or time.perf_counter() - started > seconds
        if -bound <= search.enough or is_late:
            search.left_behind = max(search.left_behind, -bound)
            break
        _explore(search, node, -bound)
    if search.spend is None:
        return None
    most = max(search.value, search.left_behind, *(-bound for bound, _, _ in search.queue))
    return SeparableSplit(search.spend, search.price, search.value, most + _ROUNDING * abs(most) + problem.curves.error)


def _try(search: _Search, node: Branch, found: Priced) -> None:
    """Keep a split that is at points of the curves in every channel but one."""
    value, channel = float(found.height.sum()), found.mixed
    if channel is not None:
        spend = float(found.spend[channel])
        if not node.allows(channel, spend):
            return
        value += search.problem.curves.stack.value(channel, spend) - float(found.height[channel])
    search.spend, search.value, search.price = found.spend, value, found.price


def separable_allocation(problem: SeparableProblem, *, gap: float, seconds: float) -> Allocation | None:
    """The best split as `optimizer.tree.allocate` has it; None where none was found."""
    started = time.perf_counter()
    found = best_separable(problem, gap=gap, seconds=seconds)
    if found is None:
        return None
    spend = dict(zip(problem.curves.stack.names, found.spend.tolist(), strict=True))
    total = problem.budget if problem.spends_all else float(problem.costs @ found.spend)
    return Allocation(
        spend=spend,
        is_on={name: amount > 0 for name, amount in spend.items()},
        total=total * problem.pays,
        value=found.value,
        bound=found.bound,
        gap=(found.bound - found.value) / (abs(found.value) or 1.0),
        rounds=1,
        seconds=time.perf_counter() - started,
        method=METHOD,
    )


def price_of_money(problem: SeparableProblem, spend: Mapping[str, float]) -> float | None:
    """KPI that one more unit paid brings at a best split: the slope at which most of the channels agree that may move.

    None where no channel is within its range.
    """
    stack = problem.curves.stack
    at = np.array([spend[name] for name in stack.names])
    is_free = (at > problem.least * (1.0 + _AT_END)) & (at < problem.most * (1.0 - _AT_END)) & (at > 0.0)
    if not is_free.any():
        return None
    costs = problem.costs[is_free]
    slopes = stack.measured(at, is_free).slopes[is_free] / costs
    order = np.argsort(slopes)
    middle = np.searchsorted(np.cumsum(costs[order]), 0.5 * costs.sum())
    return float(slopes[order][middle])


def _explore(search: _Search, node: Branch, bound: float) -> None:
    """Make a branch exact where it matters; then it is done with, or cut in two."""
    table = search.table
    before, near, everywhere = np.inf, node.price, np.ones(len(node.least), dtype=bool)
    for _ in range(_MOST_ROUNDS):
        found = node.first or _on_corners(search, node, near)
        if found is None:
            return
        node = replace(node, first=None)
        bound = min(bound, found.bound)
        if bound <= search.enough:
            break
        mixed = found.mixed
        if mixed is not None and (capped := _capped(search, node, mixed, found.ends[1])) is not None:
            node = capped
            continue
        near = found.price
        values = table.touch(found.spend, everywhere)
        value = float(values.sum())
        is_allowed = mixed is None or node.allows(mixed, float(found.spend[mixed]))
        if value > search.value and is_allowed:
            search.spend, search.value, search.price = found.spend, value, found.price
        if bound <= search.enough:
            break
        above = _NEGLIGIBLE * search.gap * abs(value) / len(found.spend)
        _approach_zero(table, (found.spend == 0.0) & (found.height > above) & node.is_ranged)
        if not is_allowed:
            value += float(found.height[mixed] - values[mixed])
        distance = bound - value
        is_exact = not is_allowed and value >= bound - _WITHIN * search.gap * abs(bound)
        if mixed is not None and (is_exact or distance > _STALLED * before):
            children = replace(node, price=found.price).cut(mixed, float(found.spend[mixed]))
            for child in children:
                search.keep(child, bound)
            if children:
                return
        before = distance
    search.left_behind = max(search.left_behind, bound)


def _on_corners(search: _Search, node: Branch, near: float | None) -> Priced | None:
    """What the corners in a branch come to at the best price."""
    problem, (spend, height) = search.problem, corners_within(search.table, node)
    return priced(
        spend,
        height,
        problem.costs,
        problem.budget,
        spends_all=problem.spends_all,
        near=near,
        tolerance=_OF_PRICE * search.gap,
    )


def _capped(search: _Search, node: Branch, channel: int, highest: float) -> Branch | None:
    """The branch with a channel's range ended where it would have all the money, if it went beyond."""
    cap = search.problem.budget / float(search.problem.costs[channel])
    if highest <= cap:
        return None
    only = np.arange(len(node.most)) == channel
    search.table.touch(np.where(only, cap, 0.0), only)
    return replace(node, most=np.where(only, cap, node.most))


def _approach_zero(table: CornerTable, steep: np.ndarray) -> None:
    """Points nearer to zero where a curve rises infinitely steeply there and nothing is proposed."""
    if steep.any():
        points = table.spend[:, : table.count, 0]
        nearest = np.where(points > 0.0, points, np.inf).min(axis=1)
        table.touch(nearest / 8.0, steep)
