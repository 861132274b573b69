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
from typing import Protocol

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.curves.corners import CornerTable, Stack
from optimizer.curves.expected import ExpectedCurve
from optimizer.curves.stack import CurveStack
from optimizer.program.allocation import Allocation
from optimizer.separable.hulls import MergedHulls
from optimizer.separable.price import Priced, priced
from optimizer.separable.ranges import SpendRange
from optimizer.tabled.stack import TabledStack

METHOD = "branch and bound on the price of money, on the exact curves"

_DOUBLINGS = 5
"""First points of a channel, each at twice the budget of the last, beyond one for each doubling of the channels."""

_STEPS = 24
"""First points between two doublings where points cost next to nothing."""

_KEPT_CORNERS = 64

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
class _FirstCorners:
    """First points of a problem, with the hulls of all corners of its ranges and of the points alone."""

    table: CornerTable
    outer: MergedHulls | None
    inner: MergedHulls | None


class Corners(Protocol):
    """Curves side by side, with the points at which a search starts."""

    @property
    def stack(self) -> Stack:
        """The curves."""
        ...

    @property
    def error(self) -> float:
        """How far what is made of the curves can be off, KPI."""
        ...

    def first_corners(self, problem: "SeparableProblem", root: "_Node") -> _FirstCorners:
        """Points up to a budget, and hulls where they are kept."""
        ...


class TabledCurves:
    """Curves of many draws up to some budget, with the points of their cells; hulls are worth it for many budgets."""

    def __init__(self, stack: TabledStack, *, has_hulls: bool = True) -> None:
        self.stack, self.error, self._has_hulls = stack, stack.error, has_hulls
        self._kept: dict[bytes, _FirstCorners] = {}

    def first_corners(self, problem: "SeparableProblem", root: "_Node") -> _FirstCorners:
        """Points of all cells and at the ends of ranges."""
        top = self.stack.grid.spend[:, -1]
        key = np.concatenate((problem.costs, problem.least, problem.most, problem.may_be_off)).tobytes()
        if key not in self._kept:
            if len(self._kept) >= _KEPT_CORNERS:
                self._kept.clear()
            table = self.stack.table.copy()
            _touch_ends(table, problem, top)
            is_lone = not self._has_hulls
            self._kept[key] = _FirstCorners(table, None, None) if is_lone else _with_hulls(table, root, problem.costs)
        return self._kept[key]


class SeparableCurves:
    """Curves side by side, with first points that budgets between the same powers of two share."""

    error = 0.0

    def __init__(self, curves: Mapping[str, ExpectedCurve]) -> None:
        self.stack = CurveStack(curves)
        self._kept: dict[tuple[int, bytes], _FirstCorners] = {}

    def first_corners(self, problem: "SeparableProblem", root: "_Node") -> _FirstCorners:
        """Points up to a budget and at the ends of ranges, the same ones whatever was asked before."""
        scale, costs = self.stack.scale, problem.costs
        unit = float(costs @ scale)
        octave = int(np.ceil(np.log2(problem.budget / unit)))
        key = octave, np.concatenate((costs, problem.least, problem.most, problem.may_be_off)).tobytes()
        if key not in self._kept:
            if len(self._kept) >= _KEPT_CORNERS:
                self._kept.clear()
            top = scale * 2.0 ** np.ceil(np.log2(unit * 2.0**octave / costs / scale))
            table = CornerTable.of(self.stack, self._ladder(top))
            _touch_ends(table, problem, top)
            is_quick = self.stack.is_quick
            self._kept[key] = _with_hulls(table, root, costs) if is_quick else _FirstCorners(table, None, None)
        return self._kept[key]

    def _ladder(self, top: FloatArray) -> FloatArray:
        doublings = _DOUBLINGS + int(np.ceil(np.log2(len(top))))
        steps = _STEPS if self.stack.is_quick else 1
        rungs = top * 2.0 ** (np.arange(-steps * doublings, 1) / steps)[:, None]
        return np.concatenate((np.zeros((1, len(top))), rungs))


def _touch_ends(table: CornerTable, problem: "SeparableProblem", top: FloatArray) -> None:
    for end in (problem.least, problem.most):
        inside = (end > 0.0) & (end < top)
        table.touch(np.where(inside, end, 0.0), inside)


def _with_hulls(table: CornerTable, root: "_Node", costs: FloatArray) -> _FirstCorners:
    spend, height = _corners(table, root)
    outer, inner = MergedHulls.of(spend, height, costs), MergedHulls.of(spend[:, ::2], height[:, ::2], costs)
    return _FirstCorners(table, outer, inner)


@dataclass(frozen=True, slots=True)
class SeparableProblem:
    """A budget for channels that each have a range.

    `costs`, `least` and `most` are of shape (C,), in the order of the stack; `may_be_off` says where nothing is allowed
    beside the range. `most` is infinite where the budget alone is a limit. `pays` is what the plan's total is per unit
    of `budget`, for a reserve on top.
    """

    curves: Corners
    costs: FloatArray
    least: FloatArray
    most: FloatArray
    may_be_off: np.ndarray
    budget: float
    spends_all: bool
    pays: float = 1.0

    @classmethod
    def of(
        cls,
        curves: Corners,
        ranges: Mapping[str, SpendRange],
        costs: Mapping[str, float],
        budget: float,
        *,
        spends_all: bool = True,
        pays: float = 1.0,
    ) -> "SeparableProblem":
        """The problem of ranges and costs by channel."""
        ordered = [ranges[name] for name in curves.stack.names]
        paid = np.array([costs[name] for name in curves.stack.names])
        most = np.array([each.most for each in ordered])
        return cls(
            curves,
            paid,
            np.array([each.least for each in ordered]),
            np.where(paid * most >= budget, np.inf, most),
            np.array([each.may_be_off for each in ordered]),
            budget,
            spends_all,
            pays,
        )


@dataclass(frozen=True, slots=True)
class SeparableSplit:
    """A split in the order of the stack, the price of money at it (KPI per unit paid), its value and its bound."""

    spend: FloatArray
    price: float
    value: float
    bound: float


@dataclass(frozen=True, slots=True)
class _Node:
    """Ranges that a branch is left with. `is_ranged` is False where a channel is off, `may_be_off` where it may be."""

    least: FloatArray
    most: FloatArray
    is_ranged: np.ndarray
    may_be_off: np.ndarray
    price: float | None = None

    def allows(self, channel: int, spend: float) -> bool:
        return bool(self.is_ranged[channel] and self.least[channel] <= spend <= self.most[channel])

    def cut(self, channel: int, spend: float) -> "list[_Node]":
        """The ranges up to `spend` and from it on; for a channel between nothing and its range, these two."""
        off, ranged, least, most = (each.copy() for each in (self.may_be_off, self.is_ranged, self.least, self.most))
        off[channel] = False
        if spend < self.least[channel]:
            ranged[channel] = False
            return [replace(self, is_ranged=ranged), replace(self, may_be_off=off)]
        if not self.least[channel] < spend < self.most[channel]:
            return []
        least[channel] = most[channel] = spend
        return [replace(self, most=most), replace(self, least=least, may_be_off=off)]


@dataclass
class _Search:
    problem: SeparableProblem
    table: CornerTable
    gap: float
    spend: FloatArray | None = None
    price: float = 0.0
    value: float = -np.inf
    left_behind: float = -np.inf
    queue: list[tuple[float, int, _Node]] = field(default_factory=list)
    nodes: int = 0

    @property
    def enough(self) -> float:
        """Bound at which a branch is left behind."""
        return self.value + _WITHIN * self.gap * abs(self.value)

    def keep(self, node: _Node, bound: float) -> None:
        self.nodes += 1
        heapq.heappush(self.queue, (-bound, self.nodes, node))


def best_separable(problem: SeparableProblem, *, gap: float, seconds: float) -> SeparableSplit | None:
    """The best split, its value on the exact curves and a bound within the relative gap; None where none was found.

    A search that takes longer than `seconds` returns the split and the bound that it has.
    """
    started = time.perf_counter()
    root = _root(problem)
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
        search.table = first.table.copy()
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


def _try(search: _Search, node: _Node, found: Priced) -> None:
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


def _root(problem: SeparableProblem) -> _Node | None:
    """All ranges; None where one is empty."""
    is_ranged = problem.least <= problem.most
    if not (is_ranged | problem.may_be_off).all():
        return None
    is_nothing = is_ranged & (problem.most <= 0.0)
    return _Node(problem.least, problem.most, is_ranged & ~is_nothing, problem.may_be_off | is_nothing)


def _explore(search: _Search, node: _Node, bound: float) -> None:
    """Make a branch exact where it matters; then it is done with, or cut in two."""
    problem, table = search.problem, search.table
    before, near, everywhere = np.inf, node.price, np.ones(len(node.least), dtype=bool)
    for _ in range(_MOST_ROUNDS):
        spend, height = _corners(table, node)
        found = priced(
            spend,
            height,
            problem.costs,
            problem.budget,
            spends_all=problem.spends_all,
            near=near,
            tolerance=_OF_PRICE * search.gap,
        )
        if found is None:
            return
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


def _corners(table: CornerTable, node: _Node) -> tuple[FloatArray, FloatArray]:
    """Spend and height of the corners in a branch, minus infinity elsewhere. Shapes (C, corners)."""
    channels = len(node.least)
    spend = table.spend[:, : table.count].reshape(channels, -1)
    inside = (spend >= node.least[:, None]) & (spend <= node.most[:, None]) & node.is_ranged[:, None]
    height = np.where(inside, table.height[:, : table.count].reshape(channels, -1), -np.inf)
    height[:, 0] = np.where(node.may_be_off, 0.0, height[:, 0])
    return spend, height


def _capped(search: _Search, node: _Node, channel: int, highest: float) -> _Node | None:
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
