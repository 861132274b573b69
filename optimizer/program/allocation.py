"""What the best split is asked for: curves, requirements, the problem, and the split that answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.curves.corners import Stack
from optimizer.curves.expected import ExpectedCurve
from optimizer.curves.stack import CurveStack, StackedPoints
from optimizer.program.formulation import Formulation

METHOD = "branch and bound on linear programs above the exact curves (HiGHS)"


@dataclass(frozen=True)
class KpiCurves:
    """Expected curves of one KPI by channel.

    `known_stack` are the same curves side by side where they are kept; from tables they may be off by its `error` in
    all, and so may values.
    """

    curves: Mapping[str, ExpectedCurve]
    known_stack: Stack | None = None

    @cached_property
    def stack(self) -> Stack:
        """The same curves side by side."""
        return CurveStack(self.curves) if self.known_stack is None else self.known_stack

    @property
    def exact(self) -> "KpiCurves":
        """The curves without tables."""
        return self if self.error == 0.0 else KpiCurves(self.curves)

    @property
    def error(self) -> float:
        """How far values, and bounds made of the curves, may be off."""
        return 0.0 if self.known_stack is None else self.known_stack.error

    def value(self, spend: Mapping[str, float]) -> float:
        """Expected KPI of a split (money per channel)."""
        if self.error > 0.0:
            return float(self._measured(spend, 0.0).values.sum())
        return sum(curve.value(spend[name]) for name, curve in self.curves.items())

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, float]:
        """Slope of each channel at a split, or at `least` where a channel has less."""
        if self.error > 0.0:
            return dict(zip(self.stack.names, self._measured(spend, least).slopes.tolist(), strict=True))
        return {name: curve.point(max(spend[name], least)).slope for name, curve in self.curves.items()}

    def _measured(self, spend: Mapping[str, float], least: float) -> StackedPoints:
        budgets: FloatArray = np.array([max(spend[name], least) for name in self.stack.names])
        return self.stack.measured(budgets, np.ones(len(budgets), dtype=bool))


@dataclass(frozen=True, slots=True)
class Requirement:
    """An expected KPI that the split must reach: `at_least`, and `per_money` for each unit of the total."""

    curves: KpiCurves
    at_least: float
    per_money: float = 0.0

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, float]:
        """What another unit of each channel's spend adds to the KPI, at `least` where it has less."""
        return self.curves.slopes(spend, least)

    def reached(self, value: float, total: float) -> float:
        """Share of what is required that a value comes to; one where nothing is."""
        asked = self.at_least + self.per_money * total
        return value / asked if asked > 0 else 1.0


@dataclass(frozen=True, slots=True)
class AllocationProblem:
    """Maximise `objective`, less `price` for each unit of the total, under rows and requirements.

    Attributes
    ----------
    form
        The rules.
    objective
        What is maximised. Where it is None, the total is minimised, or `spend_worth` maximised where that is given.
    requirements
        What the split must reach.
    is_approach
        Requirements are not kept but approached: what is maximised is the sum of the shares of them that are reached,
        each at most one.
    price
        What a unit of the total costs, in the unit of the objective.
    rivals
        Curves in the unit of the objective: the least of it and of them is what counts.
    offsets
        What is added to each of them before they are compared; nothing where there are none.
    gross
        What a split brings about, where offsets take most of it off: gaps are relative to it.
    spend_worth
        Worth of a unit of money in a channel, instead of an objective.
    """

    form: Formulation
    objective: KpiCurves | None
    requirements: tuple[Requirement, ...] = ()
    is_approach: bool = False
    price: float = 0.0
    rivals: tuple[KpiCurves, ...] = ()
    offsets: tuple[float, ...] = ()
    gross: float = 0.0
    spend_worth: Mapping[str, float] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[KpiCurves, ...]:
        """Curves of which the least is maximised."""
        return () if self.objective is None else (self.objective, *self.rivals)

    @property
    def is_smallest(self) -> bool:
        """Whether the total is minimised."""
        return self.objective is None and not self.is_approach and not self.spend_worth

    def worth(self, values: Sequence[float], spend: Mapping[str, float], total: float) -> float:
        """What is maximised, for values of `counted`; an approach is not known by these."""
        if self.objective is not None:
            offsets = self.offsets or (0.0,) * len(values)
            return min(map(sum, zip(values, offsets, strict=True))) - self.price * total
        if self.spend_worth:
            return sum(worth * spend[name] for name, worth in self.spend_worth.items())
        return -total

    @property
    def kept(self) -> tuple[Requirement, ...]:
        """Requirements that a split must meet."""
        return () if self.is_approach else self.requirements


@dataclass(frozen=True, slots=True)
class Allocation:
    """A split with its value and bound (KPI, or money for the smallest total), the relative gap, and how it was found.

    For an approach, value and bound are sums of shares of requirements. With a price, the gap is relative to what the
    split brings before its price is paid.
    """

    spend: Mapping[str, float]
    is_on: Mapping[str, bool]
    total: float
    value: float
    bound: float
    gap: float
    rounds: int
    seconds: float
    method: str = METHOD
