"""Budgets for channels that each have a range, the branches of a search, and the corners at which it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.curves.corners import CornerTable, Stack
from optimizer.curves.expected import ExpectedCurve
from optimizer.curves.stack import CurveStack
from optimizer.separable.hulls import MergedHulls
from optimizer.separable.price import Priced
from optimizer.separable.ranges import SpendRange
from optimizer.tabled.stack import TabledStack

_DOUBLINGS = 5
"""First points of a channel, each at twice the budget of the last, beyond one for each doubling of the channels."""

_STEPS = 24
"""First points between two doublings where points cost next to nothing."""

_KEPT_CORNERS = 64


@dataclass(frozen=True, slots=True)
class FirstCorners:
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

    def first_corners(self, problem: "SeparableProblem", root: "Branch") -> FirstCorners:
        """Points up to a budget, and hulls where they are kept."""
        ...


class TabledCurves:
    """Curves of many draws up to some budget, with the points of their cells; hulls are worth it for many budgets."""

    def __init__(self, stack: TabledStack, *, has_hulls: bool = True) -> None:
        self.stack, self.error, self._has_hulls = stack, stack.error, has_hulls
        self._kept: dict[bytes, FirstCorners] = {}

    def first_corners(self, problem: "SeparableProblem", root: "Branch") -> FirstCorners:
        """Points of all cells and at the ends of ranges."""
        top = self.stack.grid.spend[:, -1]
        key = np.concatenate((problem.costs, problem.least, problem.most, problem.may_be_off)).tobytes()
        if key not in self._kept:
            if len(self._kept) >= _KEPT_CORNERS:
                self._kept.clear()
            table = self.stack.table.copy()
            _touch_ends(table, problem, top)
            is_lone = not self._has_hulls
            self._kept[key] = FirstCorners(table, None, None) if is_lone else _with_hulls(table, root, problem.costs)
        return self._kept[key]


class SeparableCurves:
    """Curves side by side, with first points that budgets between the same powers of two share."""

    error = 0.0

    def __init__(self, curves: Mapping[str, ExpectedCurve]) -> None:
        self.stack = CurveStack(curves)
        self._kept: dict[tuple[int, bytes], FirstCorners] = {}

    def first_corners(self, problem: "SeparableProblem", root: "Branch") -> FirstCorners:
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
            self._kept[key] = _with_hulls(table, root, costs) if is_quick else FirstCorners(table, None, None)
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


def _with_hulls(table: CornerTable, root: "Branch", costs: FloatArray) -> FirstCorners:
    spend, height = corners_within(table, root)
    outer, inner = MergedHulls.of(spend, height, costs), MergedHulls.of(spend[:, ::2], height[:, ::2], costs)
    return FirstCorners(table, outer, inner)


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
class Branch:
    """Ranges that a branch is left with. `is_ranged` is False where a channel is off, `may_be_off` where it may be.

    `price` is that of money near by, and `first` what the corners come to where that is known.
    """

    least: FloatArray
    most: FloatArray
    is_ranged: np.ndarray
    may_be_off: np.ndarray
    price: float | None = None
    first: Priced | None = None

    def allows(self, channel: int, spend: float) -> bool:
        """Whether a channel may spend so much, and is on."""
        return bool(self.is_ranged[channel] and self.least[channel] <= spend <= self.most[channel])

    def cut(self, channel: int, spend: float) -> "list[Branch]":
        """The ranges up to `spend` and from it on; for a channel between nothing and its range, these two."""
        off, ranged, least, most = (each.copy() for each in (self.may_be_off, self.is_ranged, self.least, self.most))
        off[channel] = False
        if spend < self.least[channel]:
            ranged[channel] = False
            return [replace(self, is_ranged=ranged, first=None), replace(self, may_be_off=off, first=None)]
        if not self.least[channel] < spend < self.most[channel]:
            return []
        least[channel] = most[channel] = spend
        return [replace(self, most=most, first=None), replace(self, least=least, may_be_off=off, first=None)]


@dataclass
class RangedCorners:
    """Corners above the curves within all ranges of a problem; more of them where they are made exact."""

    table: CornerTable
    root: Branch

    def corners(self) -> tuple[FloatArray, FloatArray]:
        """Spend and height, minus infinity where there is none. Shapes (C, corners)."""
        return corners_within(self.table, self.root)

    def touch(self, spend: FloatArray) -> None:
        """Make the corners exact at one budget a channel. Shape (C,)."""
        self.table.touch(spend, np.ones(len(spend), dtype=bool))


def corners_of(problem: SeparableProblem) -> RangedCorners | None:
    """The first corners of a problem; None where a range is empty."""
    root = root_of(problem)
    return None if root is None else RangedCorners(problem.curves.first_corners(problem, root).table.copy(), root)


def root_of(problem: SeparableProblem) -> Branch | None:
    """All ranges; None where one is empty."""
    is_ranged = problem.least <= problem.most
    if not (is_ranged | problem.may_be_off).all():
        return None
    is_nothing = is_ranged & (problem.most <= 0.0)
    return Branch(problem.least, problem.most, is_ranged & ~is_nothing, problem.may_be_off | is_nothing)


def corners_within(table: CornerTable, node: Branch) -> tuple[FloatArray, FloatArray]:
    """Spend and height of the corners in a branch, minus infinity elsewhere. Shapes (C, corners)."""
    channels = len(node.least)
    spend = table.spend[:, : table.count].reshape(channels, -1)
    inside = (spend >= node.least[:, None]) & (spend <= node.most[:, None]) & node.is_ranged[:, None]
    height = np.where(inside, table.height[:, : table.count].reshape(channels, -1), -np.inf)
    height[:, 0] = np.where(node.may_be_off, 0.0, height[:, 0])
    return spend, height
