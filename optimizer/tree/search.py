"""Branch and bound over the switches of the rules and the curves that are not concave.

A branch is a range for every channel and integer. Its bound is that of a linear program over corners above the curves
(`optimizer.tree.master`), which are made exact where the program's split lies until that no longer helps. What is left
then is a switch between on and off, or a channel on a part of its curve that its concave hull leaves behind: the branch
is cut in two there. Splits that obey the rules are valued on the exact curves.
"""

import heapq
import time

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.tree.branch import Branch
from optimizer.tree.cut import cut, settled_further
from optimizer.tree.judging import REQUIREMENT_MARGIN, distance, excess, judge
from optimizer.tree.master import Solved
from optimizer.tree.state import SOLVER_SAFETY, Proposal, Search

_CORRECTIONS = 6
"""Times that a proposal is asked for as much more as it fell short of its requirements."""

_STALLED = 0.6
"""A branch is cut when new corners leave more than this share of what they were above the curves."""

_NOTHING = 1e-7
"""Share of the most that a channel could spend below which one that the rules keep at zero counts as kept there."""

_MOST_PASSES = 40
_MOST_BRANCHES = 100_000

_GRACE = 10.0
"""Seconds beyond the time asked in which a first split is looked for where there is none yet."""


def explore(search: Search, root: Branch, deadline: float) -> bool:
    """Look for the best split until bound and value meet or the time ends; whether it ended for want of branches."""
    search.keep(root, np.inf)
    while search.queue:
        bound, _, branch = heapq.heappop(search.queue)
        if -bound <= search.enough:
            search.left_behind = max(search.left_behind, -bound)
            search.queue.clear()
            break
        following: tuple[Branch, float] | None = (branch, -bound)
        while following is not None:
            allowed = deadline if search.best is not None else deadline + _GRACE
            if time.perf_counter() > allowed or search.branches > _MOST_BRANCHES:
                search.keep(*following)
                return False
            following = _explore(search, *following)
    return True


def _explore(search: Search, branch: Branch, bound: float) -> tuple[Branch, float] | None:
    """Make a branch exact where it matters; it is done with, or cut in two, of which one is looked at next."""
    _meet_ends(search, branch)
    search.master.move_to(branch)
    before = np.inf
    for _ in range(_MOST_PASSES):
        solved = _solve(search)
        if solved is None:
            return None
        bound = min(bound, _safe(search, solved.bound * search.unit))
        if bound <= search.enough:
            break
        proposal = _proposal(search, solved)
        values, gaps = _touch(search, solved, proposal)
        if _keep_at_zero(search, branch, proposal, gaps):
            continue
        away = distance(search, solved.bound * search.unit, values, proposal)
        above = excess(search, gaps, proposal.total)
        integral = search.rounding.rounded(proposal.spend, proposal.total, solved.values)
        is_missed = False
        if integral is not None:
            judge(search, Proposal(proposal.spend, proposal.total, integral), values)
            if bound <= search.enough:
                break
            if away <= 1.0:
                is_missed = bool(search.problem.kept) and not _correct(search, branch, integral)
                if not is_missed:
                    break
        if (above <= 1.0 and not is_missed) or above >= _STALLED * before:
            is_curved = above > 1.0 or is_missed
            children = cut(search, branch, solved, proposal, gaps if is_curved else np.zeros_like(gaps))
            if children is None and is_missed:
                children = settled_further(search, branch, solved)
            if children is None:
                break
            first, second = children
            if second is not None:
                search.keep(second, bound)
            return None if first is None else (first, bound)
        before = above
    search.left_behind = max(search.left_behind, bound)
    return None


def _solve(search: Search) -> Solved | None:
    search.programs += 1
    return search.master.solve()


def _safe(search: Search, bound: float) -> float:
    return bound + SOLVER_SAFETY * max(abs(bound), search.problem.gross)


def _meet_ends(search: Search, branch: Branch) -> None:
    """Make the over-estimators exact at the ends of a branch, which its hulls begin and end with."""
    for kpi, corners in enumerate(search.corners):
        for end in (branch.low, branch.high):
            corners.touch(end)
        search.master.add(kpi, corners.fresh())


def _proposal(search: Search, solved: Solved) -> Proposal:
    split = search.split
    spend = np.maximum(solved.values[list(split.spend_columns.values())], 0.0) * split.spend_scale
    total = float(solved.values[split.total_column]) * split.spend_scale
    return Proposal(spend, total, solved.values[split.program.integers])


def _touch(search: Search, solved: Solved, proposal: Proposal) -> tuple[FloatArray, FloatArray]:
    """Make over-estimators exact at a split: values (K, C), and how far the program was above them (K, C)."""
    heights, values = search.master.heights(solved), []
    for kpi, corners in enumerate(search.corners):
        at = corners.nearby(proposal.spend)
        values.append(corners.touch(at))
        steep = (at == 0.0) & (heights[kpi] > 0.0)
        if steep.any():
            # The curve rises infinitely steeply at zero: only a nearer point helps.
            corners.touch(np.where(steep, corners.nearer_to_zero(), 0.0), steep)
        search.master.add(kpi, corners.fresh())
    exact = np.array(values).reshape(heights.shape)
    return exact, np.maximum(heights - exact, 0.0)


def _keep_at_zero(search: Search, branch: Branch, proposal: Proposal, gaps: FloatArray) -> bool:
    """Keep channels off in a branch that leaves them nothing; whether there are some.

    Where a curve rises infinitely steeply at zero, no line could follow it down to there.
    """
    most, is_kept = search.links.high, False
    steep = (proposal.spend == 0.0) & (branch.high > 0.0) & ~branch.is_spending & (gaps > 0.0).any(axis=0)
    if not steep.any():
        return False
    nearest = np.min([corners.nearer_to_zero() for corners in search.corners], axis=0)
    for channel in np.flatnonzero(steep & (nearest <= _NOTHING * most)).tolist():
        if search.master.most_spend(channel) <= _NOTHING * most[channel]:
            branch.low[channel] = branch.high[channel] = 0.0
            is_kept = True
    if is_kept:
        search.master.move_to(branch)
    return is_kept


def _correct(search: Search, branch: Branch, integers: FloatArray) -> bool:
    """Look in a branch, with its integers held, for splits that meet the requirements exactly; whether one does.

    They are asked for more by what was missing.
    """
    held = branch.copy()
    held.least[:] = held.most[:] = integers
    margins = np.full(len(search.problem.requirements), REQUIREMENT_MARGIN * search.gap)
    search.master.move_to(held)
    is_met = False
    for _ in range(_CORRECTIONS):
        search.master.ask_for(margins.tolist())
        solved = _solve(search)
        if solved is None:
            break
        proposal = _proposal(search, solved)
        values, _ = _touch(search, solved, proposal)
        search.master.move_to(held)
        reached = np.array(judge(search, Proposal(proposal.spend, proposal.total, integers), values))
        if reached.min() >= 1.0:
            is_met = True
            break
        margins = margins + np.maximum(0.0, 1.0 - reached)
    search.master.ask_for([0.0] * len(margins))
    search.master.move_to(branch)
    return is_met
