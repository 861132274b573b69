"""Corners that join the program of a branch where its prices say so, and what these prices bound.

A program has some of the corners above the curves. What another one is worth at its prices (the multipliers of its
rows), less what it costs, is found for all of them at once; the best ones join. As the shares of a channel's corners
add up to one at most, no mixture of all corners exceeds that of the program by more than the best one of each channel
gains, whatever branch the corners are taken from (column generation, and the bound of Lagrange's function with it).
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.tree.branch import Branch
from optimizer.tree.corners import KpiCorners, Prices
from optimizer.tree.master import Solved
from optimizer.tree.state import Search

_SHORT = 0.02
"""Share of the gap by which the program of a branch may be short of the best mixture of all corners."""

_MOST_JOINED = 40
"""Times that corners join before all do."""


def best_mixture(search: Search, branch: Branch) -> Solved | None:
    """The best mixture of all corners in the branch but for very little, and what none exceeds; None where it has none.

    The program is that of the branch, with the ends of its ranges.
    """
    for _ in range(_MOST_JOINED):
        solved = _solved(search)
        if search.split.piece_columns:
            return solved
        if solved is None:
            # The ends of ranges are enough for any split, but not for what has to be reached.
            if not search.problem.kept or not join_all(search, branch):
                return None
            continue
        gained = _joined(search, branch, solved)
        if gained is not None:
            return replace(solved, bound=solved.bound + gained)
    join_all(search, branch)
    return _solved(search)


def _solved(search: Search) -> Solved | None:
    search.programs += 1
    return search.master.solve()


def _joined(search: Search, branch: Branch, solved: Solved) -> float | None:
    """What all corners gain at most; None where that was much, and corners have joined."""
    allowed = _SHORT * search.gap * search.gross / search.unit
    gained, which = [], []
    for kpi, corners in enumerate(search.corners):
        prices = search.master.prices(kpi, solved)
        worth, best = corners.best(prices, branch.low, branch.high)
        gained.append(np.maximum(worth - prices.share, 0.0))
        which.append(best)
    total = sum(float(each.sum()) for each in gained)
    if total <= allowed or (solved.bound + total) * search.unit <= search.enough:
        return total
    for kpi, (corners, more, best) in enumerate(zip(search.corners, gained, which, strict=True)):
        search.master.add(kpi, corners.join(more > allowed / more.size, best, branch.low, branch.high))
    return None


def join_all(search: Search, branch: Branch) -> bool:
    """Put all corners in the branch in the program; whether there were others."""
    if search.split.piece_columns:
        return False
    are_new = False
    for kpi, corners in enumerate(search.corners):
        new = corners.all_within(branch.low, branch.high)
        search.master.add(kpi, new)
        are_new |= len(new.channels) > 0
    return are_new


@dataclass(frozen=True, slots=True)
class AtPrices:
    """What no mixture in a branch exceeds at the prices of a program, in its unit, with the corners that there are.

    `kpis` has corners and prices of each KPI, and what its best corners come to there in the branch. Shape (C,).
    """

    branch: Branch
    bound: float
    kpis: tuple[tuple[KpiCorners, Prices, FloatArray], ...]

    def bound_of(self, part: Branch) -> float:
        """What no mixture in a part of the branch exceeds."""
        whole, bound = self.branch, self.bound
        differs = (part.low != whole.low) | (part.high != whole.high) | (part.is_spending != whole.is_spending)
        channels = np.flatnonzero(differs)
        for corners, prices, worth in self.kpis:
            bound += float((_worth(corners, prices, part, channels) - worth[channels]).sum())
        return bound


def at_prices(search: Search, branch: Branch, solved: Solved) -> AtPrices:
    """The bound of a branch at the prices of its program, whatever corners have come since."""
    bound, kpis = solved.bound, []
    if not search.split.piece_columns:
        everywhere = np.arange(len(branch.low))
        for kpi, corners in enumerate(search.corners):
            prices = search.master.prices(kpi, solved)
            worth = _worth(corners, prices, branch, everywhere)
            bound += float((worth - prices.share).sum())
            kpis.append((corners, prices, worth))
    return AtPrices(branch, bound, tuple(kpis))


def _worth(corners: KpiCorners, prices: Prices, branch: Branch, channels: IntArray) -> FloatArray:
    """What the best corners of some channels come to; where nothing may be spent, no less than what switches cost."""
    worth, _ = corners.best(prices, branch.low, branch.high, channels)
    return np.where(branch.is_spending[channels], worth, np.maximum(worth, prices.switches[channels]))
