"""What a search for the best split that reaches tasks is given, and the solves that it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from optimizer.errors import SolverError
from optimizer.program.allocation import Allocation, AllocationProblem, KpiCurves, Requirement
from optimizer.program.formulation import Formulation
from optimizer.program.solve import CompiledSplit, compile_split
from optimizer.tasks.gains import Gain, Held, HeldReturn, NetGain
from optimizer.tasks.probability import MeasuredTask
from optimizer.tree.allocate import allocate

_ROUGH = 1e-3
"""Relative gap of splits that come nearest to tasks, and of the most that can be had."""


@dataclass(frozen=True)
class TaskProblem:
    """Tasks to reach under rules that some split obeys: with the most of an objective, or for the least money.

    Attributes
    ----------
    tasks
        What must be reached.
    form
        The rules.
    objective
        What is maximised; None for the smallest total.
    gap, seconds
        When a single solve stops.
    first_guess
        Split at which the draws about the quantiles are looked for first.
    price
        What a unit of the total takes off the objective.
    returns
        What money must return, which every split keeps.
    """

    tasks: Sequence[MeasuredTask]
    form: Formulation
    objective: KpiCurves | None
    gap: float
    seconds: float
    first_guess: Mapping[str, float]
    price: float = 0.0
    returns: tuple[Requirement, ...] = ()

    @cached_property
    def split(self) -> CompiledSplit:
        """The rules as the solver has them."""
        return compile_split(self.form)

    @property
    def gain(self) -> Gain | None:
        """What is made large; None for the smallest total."""
        if self.objective is None or self.price == 0.0:
            return self.objective
        return NetGain(self.objective, self.price, self.form.setting)

    @property
    def held(self) -> tuple[Held, ...]:
        """What every split must reach: the tasks, then the returns."""
        return (*self.tasks, *(HeldReturn(each, self.form.setting) for each in self.returns))

    def best(
        self, requirements: tuple[Requirement, ...], gap: float, known: Allocation | None = None
    ) -> Allocation | None:
        """The best split that meets some requirements, no worse than a known one; None when there is none."""
        problem = AllocationProblem(self.form, self.objective, (*requirements, *self.returns), price=self.price)
        return allocate(problem, gap=gap, seconds=self.seconds, known=known)

    def nearest(self, requirements: tuple[Requirement, ...]) -> Allocation:
        """The split that comes nearest to some requirements."""
        problem = AllocationProblem(self.form, None, requirements, is_approach=True)
        return _some(allocate(problem, gap=max(self.gap, _ROUGH), seconds=self.seconds))

    def most(self, curves: KpiCurves) -> Allocation:
        """The split with the most of some curves that keeps the returns."""
        problem = AllocationProblem(self.form, curves, self.returns)
        return _some(allocate(problem, gap=max(self.gap, _ROUGH), seconds=self.seconds))

    def worth(self, allocation: Allocation) -> float:
        """What is maximised, at a split."""
        if self.objective is None:
            return -allocation.total
        return self.objective.value(allocation.spend) - self.price * allocation.total

    def is_reached(self, spend: Mapping[str, float]) -> bool:
        """Whether a split reaches every task with its probability, and keeps the returns."""
        return all(each.attained(spend) >= each.task.at_least for each in self.held)


def _some(allocation: Allocation | None) -> Allocation:
    if allocation is None:
        raise SolverError("rules that can be obeyed had no split")
    return allocation
