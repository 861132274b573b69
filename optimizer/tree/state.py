"""What a search knows: the problem, corners of every KPI, the best split so far, and branches that are still open."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.allocation import AllocationProblem, KpiCurves
from optimizer.program.solve import CompiledSplit
from optimizer.tree.branch import Branch
from optimizer.tree.corners import KpiCorners
from optimizer.tree.links import Links
from optimizer.tree.master import Master
from optimizer.tree.rounding import Rounding

SOLVER_SAFETY = 1e-7
"""Relative allowance in the bound for the solver's own feasibility tolerance."""

_WITHIN = 0.9
"""Share of the gap at which a branch is left behind: what is asked, and room for cleaning the split."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A split of the rules' columns: money by channel, the total, and integers in the order of the program."""

    spend: FloatArray
    total: float
    integers: FloatArray


@dataclass
class Search:
    """State of one search: corners of every KPI, the best split so far, and branches that are still open."""

    problem: AllocationProblem
    split: CompiledSplit
    links: Links
    master: Master
    corners: Sequence[KpiCorners]
    kpis: Sequence[KpiCurves]
    scales: Sequence[float]
    unit: float
    gap: float
    rounding: Rounding
    best: Proposal | None = None
    value: float = -np.inf
    left_behind: float = -np.inf
    queue: list[tuple[float, int, Branch]] = field(default_factory=list)
    branches: int = 0
    programs: int = 0

    @property
    def bound(self) -> float:
        """What no split exceeds."""
        error = sum(kpi.error for kpi in self.problem.counted)
        return max([self.value, self.left_behind, *(-bound for bound, _, _ in self.queue)]) + error

    @property
    def gross(self) -> float:
        """What gaps are relative to."""
        return gross_of(self.problem, self.scales, self.best, self.value)

    @property
    def enough(self) -> float:
        """Bound at which a branch is left behind."""
        return -np.inf if self.best is None else self.value + _WITHIN * self.gap * self.gross

    def keep(self, branch: Branch, bound: float) -> None:
        """Remember a branch."""
        self.branches += 1
        heapq.heappush(self.queue, (-bound, -self.branches, branch))


def gross_of(problem: AllocationProblem, scales: Sequence[float], best: Proposal | None, value: float) -> float:
    """Value before its price is paid, or, where there is none, what is at stake."""
    total = 0.0 if best is None else best.total
    at_stake = scales[0] if problem.counted else problem.form.setting.ceiling
    worth = abs(value + problem.price * total) if best is not None else 0.0
    return problem.gross or worth or at_stake
