"""The split with the least regret: how much less it brings, in the worst draws, than what would have been best there.

In draw s the best split brings V_s under the same rules; a split x regrets V_s − F_s(x). What is made small is the mean
of the largest `level` of the regrets, or the largest one where `level` is less than one draw (Savage 1951, "The Theory
of Statistical Decision"; the mean of the worst as in Rockafellar and Uryasev 2000). As for a cautious plan that is the
most, over weights of the draws, of Σ w_s (V_s − F_s(x)): curves of a weighted mean, taken from a constant.

V_s takes a solve of its own, so regrets are counted over a sample of the draws, evenly spaced. Each V_s is known up to
the gap of its solve: regret is told with what no split of that draw exceeds, its bound with what one attains.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.caution.shortfall import WorthOfDraws, most_cautious, worst_draws
from optimizer.curves.expected import ExpectedCurve
from optimizer.errors import SolverError
from optimizer.program.allocation import Allocation, AllocationProblem, KpiCurves
from optimizer.program.formulation import Formulation
from optimizer.responses.kpi import KpiResponses
from optimizer.scenario.document import SolveLimits
from optimizer.separable.problem import SeparableCurves, SeparableProblem
from optimizer.separable.ranges import money_for_channels, spend_ranges
from optimizer.separable.search import separable_allocation
from optimizer.tree.allocate import allocate

SAMPLE = 40
"""Draws over which regret is counted, or all where there are fewer."""

_GAP = 1e-4
"""Relative gap of the best split of a draw."""

_SHARE_OF_TIME = 0.6
"""Share of the time allowed for the best splits of all draws together."""


_PATIENCE = 4.0
"""Times its even share of what is left that a draw may take: most need far less."""


@dataclass(frozen=True, slots=True)
class BestOfDraws:
    """The most that any split brings in each draw of a sample, less the price of its money. N draws of S.

    Attributes
    ----------
    draws
        Their positions. Shape (N,).
    attained, bound
        What a split was found to bring, and what none exceeds. Shape (N,).
    size
        Number of draws of the model, S.
    """

    draws: IntArray
    attained: FloatArray
    bound: FloatArray
    size: int


@dataclass(frozen=True, slots=True)
class RegretOfDraws:
    """What a split brings in each draw of a sample beyond the best one there: its regret, below zero."""

    worth: WorthOfDraws
    best: BestOfDraws

    def draws(self, spend: Mapping[str, float]) -> FloatArray:
        """Shape (N,)."""
        return self.worth.draws(spend)[self.best.draws] - self.best.attained

    def curves(self, weights: FloatArray) -> KpiCurves:
        """Curves of a weighted mean of what is brought, `weights` of shape (N,)."""
        spread = np.zeros(self.best.size)
        spread[self.best.draws] = weights
        return self.worth.curves(spread)

    def even(self) -> FloatArray:
        """Equal weights of sum one. Shape (N,)."""
        return np.full(len(self.best.draws), 1.0 / len(self.best.draws))

    def offset(self, weights: FloatArray) -> float:
        """What is taken off a weighted mean."""
        return -float(weights @ self.best.attained)

    def regrets(self, spend: Mapping[str, float], total: float, price: float) -> FloatArray:
        """Regret of a split in each draw of the sample, at most. Shape (N,)."""
        return self.best.bound - (self.worth.draws(spend)[self.best.draws] - price * total)


def sample_of(count: int) -> IntArray:
    """Positions of the draws over which regret is counted, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, SAMPLE)).round().astype(np.int64))


def best_of_draws(
    form: Formulation, parts: Sequence[tuple[KpiResponses, float]], price: float, limits: SolveLimits
) -> BestOfDraws:
    """The best split of every draw of a sample under the rules, each with a bound of its own.

    Raises
    ------
    SolverError
        When the rules, which can be obeyed, have no best split in a draw.
    """
    size = parts[0][0].artifact.manifest.draws
    positions = sample_of(size)
    deadline = time.perf_counter() + _SHARE_OF_TIME * limits.seconds
    found = []
    for left, each in zip(range(len(positions), 0, -1), positions, strict=True):
        seconds = max(1.0, _PATIENCE * (deadline - time.perf_counter()) / left)
        found.append(_best_of_draw(form, _curves_of_draw(parts, int(each)), price, seconds))
    attained, bound = (np.array([getattr(each, name) for each in found]) for name in ("value", "bound"))
    return BestOfDraws(positions, attained, bound, size)


def least_regret(
    form: Formulation, regret: RegretOfDraws, level: float, price: float, gross: float, limits: SolveLimits
) -> Allocation | None:
    """The split with the least mean of its largest regrets; its bound is no more than that of any split.

    The gap is relative to `gross`, what a split brings. None when the rules allow no split.
    """
    found = most_cautious(form, regret, level, price, limits, gross)
    if found is None:
        return None
    regrets = regret.regrets(found.spend, found.total, price)
    value = largest(regrets, level)
    bound = min(max(0.0, -found.bound), value)
    return Allocation(
        spend=found.spend,
        is_on=found.is_on,
        total=found.total,
        value=value,
        bound=bound,
        gap=(value - bound) / gross if gross > 0 else 0.0,
        rounds=found.rounds,
        seconds=found.seconds,
        method=found.method,
    )


def largest(regrets: FloatArray, level: float) -> float:
    """Mean of the largest `level` of some regrets. `regrets` of shape (N,)."""
    return float(worst_draws(-regrets, level) @ regrets)


def _best_of_draw(form: Formulation, curves: Mapping[str, ExpectedCurve], price: float, seconds: float) -> Allocation:
    setting = form.setting
    is_whole = setting.spends_all and price == 0.0 and setting.scenario.budget is not None
    ranges = spend_ranges(setting) if is_whole else None
    if ranges is not None:
        money = money_for_channels(setting)
        problem = SeparableProblem.of(
            SeparableCurves(curves), ranges, setting.unit_costs, money, pays=setting.ceiling / money
        )
        best = separable_allocation(problem, gap=_GAP, seconds=seconds)
        if best is not None:
            return best
    found = allocate(AllocationProblem(form, KpiCurves(curves), price=price), gap=_GAP, seconds=seconds)
    if found is None:
        raise SolverError("rules that can be obeyed had no best split in one of the draws")
    return found


def _curves_of_draw(parts: Sequence[tuple[KpiResponses, float]], position: int) -> dict[str, ExpectedCurve]:
    (first, worth), *others = parts
    return {
        name: ExpectedCurve(
            response.of_draw(position),
            np.array([worth]),
            [(kpi.responses[name].of_draw(position), np.array([each])) for kpi, each in others],
        )
        for name, response in first.responses.items()
    }
