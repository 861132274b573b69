"""The best split for a cautious planner: the most of what the worst draws bring, with a bound that no split exceeds.

The conditional value at risk of a split is the mean of its KPI over the worst `level` of the joint draws (Rockafellar
and Uryasev 2000, "Optimization of Conditional Value-at-Risk"). It is the least, over all weights of the draws with
0 ≤ w_s ≤ 1 / (level · S) and sum one, of the weighted mean Σ w_s F_s(x). Each such mean is a curve of its own for every
channel, S-shaped or not, and lies above the conditional value at risk everywhere: the split with the most of the least
of some of them is bounded exactly (`optimizer.tree.allocate`). The weights of the worst draws at that split join them,
and bound and value meet.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.allocation import Allocation, AllocationProblem, KpiCurves
from optimizer.program.formulation import Formulation
from optimizer.responses.kpi import KpiResponses
from optimizer.scenario.document import SolveLimits
from optimizer.tree.allocate import allocate

_MOST_ROUNDS = 60
_KEPT = 12
"""Weights of draws that are kept, the ones that bind; older ones that do not make room."""


@dataclass(frozen=True, slots=True)
class WorthOfDraws:
    """What a split brings in each joint draw: KPIs times what their units are worth. Draws of KPIs go together."""

    parts: Sequence[tuple[KpiResponses, float]]

    def draws(self, spend: Mapping[str, float]) -> FloatArray:
        """Shape (S,)."""
        return np.sum([worth * kpi.media_draws(spend) for kpi, worth in self.parts], axis=0)

    def curves(self, weights: FloatArray) -> KpiCurves:
        """Curves of a weighted mean of the draws, `weights` of shape (S,)."""
        (first, worth), *others = self.parts
        return first.summed_curves(worth * weights, [(kpi, each * weights) for kpi, each in others])

    def even(self) -> FloatArray:
        """Equal weights of sum one. Shape (S,)."""
        return self.parts[0][0].shares()

    def offset(self, weights: FloatArray) -> float:
        """What is added to a weighted mean: nothing."""
        return 0.0


class DrawnWorth(Protocol):
    """What a split is worth in each of some draws, and curves of weighted means of that. N draws."""

    def draws(self, spend: Mapping[str, float]) -> FloatArray:
        """Shape (N,)."""
        ...

    def curves(self, weights: FloatArray) -> KpiCurves:
        """Curves of a weighted mean, but for a constant. `weights` of shape (N,)."""
        ...

    def even(self) -> FloatArray:
        """Equal weights of sum one. Shape (N,)."""
        ...

    def offset(self, weights: FloatArray) -> float:
        """The constant."""
        ...


def worst_draws(draws: FloatArray, level: float) -> FloatArray:
    """Weights of the worst `level` of the draws, of sum one. `draws` of shape (S,); returns shape (S,)."""
    count = len(draws)
    most = 1.0 / (level * count)
    weights = np.zeros(count)
    left = 1.0
    for position in np.argsort(draws, kind="stable"):
        weights[position] = min(most, left)
        left -= weights[position]
        if left <= 0:
            break
    return weights


def mean_of_worst(draws: FloatArray, level: float) -> float:
    """Mean of the worst `level` of the draws: the conditional value at risk. `draws` of shape (S,)."""
    return float(worst_draws(draws, level) @ draws)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Curves of a weighted mean and what is added to it: nowhere below what is made large."""

    curves: KpiCurves
    offset: float

    @classmethod
    def of(cls, worth: DrawnWorth, weights: FloatArray) -> "_Cut":
        return cls(worth.curves(weights), worth.offset(weights))


@dataclass
class _Search:
    worth: DrawnWorth
    level: float
    price: float
    gross: float = 0.0
    cuts: list[_Cut] = field(default_factory=list)
    best: Allocation | None = None
    value: float = -np.inf
    bound: float = np.inf

    @property
    def relative_gap(self) -> float:
        """Distance between bound and value, relative to the value before its price is paid."""
        if self.best is None or not np.isfinite(self.bound):
            return np.inf
        gross = self.gross or abs(self.value + self.price * self.best.total)
        return max(0.0, self.bound - self.value) / (gross or 1.0)

    def gap_asked(self, gap: float) -> float:
        """Gap of the next solve: well inside of what is left, and of what is asked in the end."""
        return max(0.3 * gap, 1e-6, min(0.1 * self.relative_gap, 1e-3))

    def judge(self, found: Allocation) -> FloatArray:
        """Keep the split if it is the best so far; the weights of its worst draws."""
        draws = self.worth.draws(found.spend)
        weights = worst_draws(draws, self.level)
        value = float(weights @ draws) - self.price * found.total
        if value > self.value:
            self.best, self.value = found, value
        return weights


def most_cautious(
    form: Formulation, worth: DrawnWorth, level: float, price: float, limits: SolveLimits, gross: float = 0.0
) -> Allocation | None:
    """The split with the largest mean of its worst draws, less `price` for each unit of the total.

    Its value is that mean less the price, its bound holds for every split; None when the rules allow none. The gap is
    relative to `gross`, or to the value before its price where none is given.
    """
    started = time.perf_counter()
    search = _Search(worth, level, price, gross)
    search.cuts.append(_Cut.of(worth, worth.even()))
    for _ in range(_MOST_ROUNDS):
        left = limits.seconds - (time.perf_counter() - started)
        if left <= 0 and search.best is not None:
            break
        problem = _problem(form, search)
        found = allocate(problem, gap=search.gap_asked(limits.gap), seconds=max(left, 0.1), known=search.best)
        if found is None:
            return None
        search.bound = min(search.bound, found.bound)
        weights = search.judge(found)
        if search.relative_gap <= limits.gap:
            break
        search.cuts.append(_Cut.of(worth, weights))
        search.cuts = _binding(search.cuts, found)
    best = search.best
    if best is None:
        return None
    return replace(
        best,
        value=search.value,
        bound=max(search.bound, search.value),
        gap=search.relative_gap,
        seconds=time.perf_counter() - started,
    )


def _problem(form: Formulation, search: _Search) -> AllocationProblem:
    first, *others = search.cuts
    return AllocationProblem(
        form,
        first.curves,
        price=search.price,
        rivals=tuple(cut.curves for cut in others),
        offsets=tuple(cut.offset for cut in search.cuts),
        gross=search.gross,
    )


def _binding(cuts: list[_Cut], found: Allocation) -> list[_Cut]:
    """The latest curves, and of the older ones those that are least at a split."""
    if len(cuts) <= _KEPT:
        return cuts
    *older, latest = cuts
    ranked = sorted(older, key=lambda each: each.curves.value(found.spend) + each.offset)
    return [*ranked[: _KEPT - 1], latest]
