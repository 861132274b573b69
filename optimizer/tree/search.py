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
from optimizer.tree.cut import Parts, cut, settled_further
from optimizer.tree.judging import REQUIREMENT_MARGIN, distance, excess, judge
from optimizer.tree.master import Solved
from optimizer.tree.pricing import AtPrices, at_prices, best_mixture, join_all
from optimizer.tree.state import SOLVER_SAFETY, Proposal, Search

_CORRECTIONS = 6
"""Times that a proposal is asked for as much more as it fell short of its requirements."""

_STALLED = 0.6
"""A branch is cut when new corners leave more than this share of what they were above the curves."""

_NOTHING = 1e-7
"""Share of the most that a channel could spend below which one that the rules keep at zero counts as kept there."""

_ROUGH = 10.0
"""Excess over the curves, as `excess` has it, above which corners come before integers are cut."""

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
        solved = best_mixture(search, branch)
        if solved is None:
            return None
        bound = min(bound, _safe(search, solved.bound * search.unit))
        if bound <= search.enough:
            break
        proposal = _proposal(search, solved)
        values, gaps, left = _touch(search, branch, solved, proposal)
        if _keep_at_zero(search, branch, proposal, gaps):
            continue
        away = distance(search, solved.bound * search.unit, values, proposal)
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
        found = at_prices(search, branch, solved)
        bound = min(bound, _safe(search, found.bound * search.unit))
        if bound <= search.enough:
            break
        where = _where(search, proposal, gaps, left, before=before, is_missed=is_missed, is_whole=integral is not None)
        if where is not None:
            children = cut(search, branch, solved, proposal, where)
            if children is None and is_missed:
                children = settled_further(search, branch, solved)
            if children is not None:
                return _followed(search, children, found, bound)
            if where is not left:
                break
        before = excess(search, gaps, proposal.total)
    search.left_behind = max(search.left_behind, bound)
    return None


def _where(
    search: Search,
    proposal: Proposal,
    gaps: FloatArray,
    left: FloatArray,
    *,
    before: float,
    is_missed: bool,
    is_whole: bool,
) -> FloatArray | None:
    """What to cut a branch for: how far corners are above curves, none for integers alone; None to look at it again."""
    above = excess(search, gaps, proposal.total)
    if above <= 1.0 and not is_missed:
        return np.zeros_like(gaps)
    if excess(search, left, proposal.total) >= _STALLED * above or (above <= _ROUGH and not is_whole):
        return left
    return gaps if above >= _STALLED * before else None


def _followed(search: Search, parts: Parts, found: AtPrices, bound: float) -> tuple[Branch, float] | None:
    """The first of two parts of a branch, with its bound; the other one is kept for later."""
    following = None
    for place, part in enumerate(parts):
        if part is None:
            continue
        most = min(bound, _safe(search, found.bound_of(part) * search.unit))
        if most <= search.enough:
            search.left_behind = max(search.left_behind, most)
        elif place == 0:
            following = part, most
        else:
            search.keep(part, most)
    return following


def _safe(search: Search, bound: float) -> float:
    return bound + SOLVER_SAFETY * max(abs(bound), search.problem.gross)


def _meet_ends(search: Search, branch: Branch) -> None:
    """Make the over-estimators exact at the ends of a branch, which its hulls begin and end with."""
    for kpi, corners in enumerate(search.corners):
        for end in (branch.low, branch.high):
            corners.touch(end)
        search.master.add(kpi, corners.fresh())
        if not search.split.piece_columns:
            search.master.add(kpi, corners.ends(branch.low, branch.high))


def _proposal(search: Search, solved: Solved) -> Proposal:
    split = search.split
    spend = np.maximum(solved.values[list(split.spend_columns.values())], 0.0) * split.spend_scale
    total = float(solved.values[split.total_column]) * split.spend_scale
    return Proposal(spend, total, solved.values[split.program.integers])


def _touch(
    search: Search, branch: Branch, solved: Solved, proposal: Proposal
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Make over-estimators exact at a split: values, how far the program was above them, and above their tangents.

    Shape (K, C) each. What is above the tangents stays when corners come, for the curve is not concave there.
    """
    heights, values = search.master.heights(solved), []
    beyond = np.zeros_like(heights)
    for kpi, corners in enumerate(search.corners):
        at = corners.nearby(proposal.spend)
        values.append(corners.touch(at))
        steep = (at == 0.0) & (heights[kpi] > 0.0)
        if steep.any():
            # The curve rises infinitely steeply at zero: only a nearer point helps.
            corners.touch(np.where(steep, corners.nearer_to_zero(), 0.0), steep)
        beyond[kpi] = corners.beyond_tangents(at, branch.low, branch.high)
        search.master.add(kpi, corners.fresh())
    exact = np.array(values).reshape(heights.shape)
    above = np.maximum(heights - exact, 0.0)
    return exact, above, np.minimum(above, beyond)


def _keep_at_zero(search: Search, branch: Branch, proposal: Proposal, gaps: FloatArray) -> bool:
    """Keep channels off in a branch that leaves them nothing; whether there are some.

    Where a curve rises infinitely steeply at zero, no line could follow it down to there.
    """
    most, is_kept = search.links.high, False
    steep = (proposal.spend == 0.0) & (branch.high > 0.0) & ~branch.is_spending & (gaps > 0.0).any(axis=0)
    if not steep.any():
        return False
    nearest = np.min([corners.nearer_to_zero() for corners in search.corners], axis=0)
    is_near = steep & (nearest <= _NOTHING * most)
    if is_near.any() and search.problem.kept:
        join_all(search, branch)
    for channel in np.flatnonzero(is_near).tolist():
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
        solved = best_mixture(search, held)
        if solved is None:
            break
        proposal = _proposal(search, solved)
        values, _, _ = _touch(search, held, solved, proposal)
        search.master.move_to(held)
        reached = np.array(judge(search, Proposal(proposal.spend, proposal.total, integers), values))
        if reached.min() >= 1.0:
            is_met = True
            break
        margins = margins + np.maximum(0.0, 1.0 - reached)
    search.master.ask_for([0.0] * len(margins))
    search.master.move_to(branch)
    return is_met
