"""What splits of a search are worth on the exact curves, and how far the program was from that."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.allocation import AllocationProblem
from optimizer.tree.state import SOLVER_SAFETY, Proposal, Search

REQUIREMENT_MARGIN = 0.02
"""Proposals aim this share of the gap above a requirement, relative, so that they fulfil it exactly."""

_EXACT = 0.1
"""Share of the gap by which a program may be above the curves at its split and count as exact there."""


def judge(search: Search, proposal: Proposal, values: FloatArray | None = None) -> list[float]:
    """Keep a split that meets the requirements and is better than the best so far; shares of them that it reaches.

    `values` of shape (K, C) are its exact ones, up to rounding, where they are known; requirements are counted anew.
    """
    problem = search.problem
    spend = dict(zip(search.split.spend_columns, proposal.spend.tolist(), strict=True))
    sums = [kpi.value(spend) for kpi in search.kpis] if values is None else values.sum(axis=1).tolist()
    reached, value = _valued(problem, sums, spend, proposal.total)
    if values is not None and problem.kept and value > search.value and min(reached) >= 1.0 - SOLVER_SAFETY:
        sums = [kpi.value(spend) for kpi in search.kpis]
        reached, value = _valued(problem, sums, spend, proposal.total)
    if value > search.value and (not problem.kept or min(reached) >= 1.0):
        search.best, search.value = proposal, value
    return reached


def counted_anew(search: Search, best: Proposal) -> float:
    """The value of a split on the exact curves."""
    spend = dict(zip(search.split.spend_columns, best.spend.tolist(), strict=True))
    return _valued(search.problem, [kpi.value(spend) for kpi in search.kpis], spend, best.total)[1]


def distance(search: Search, bound: float, values: FloatArray, proposal: Proposal) -> float:
    """How far a program is above the curves at its split: one where it is by as much as counts as exact."""
    problem, sums = search.problem, values.sum(axis=1)
    first, total = len(problem.counted), proposal.total
    allowed, away = _EXACT * search.gap * search.gross, 0.0
    reached = [each.reached(float(sums[first + k]), total) for k, each in enumerate(problem.requirements)]
    if problem.is_approach:
        away = bound - sum(min(share, 1.0) for share in reached)
    elif problem.objective is not None:
        spend = dict(zip(search.split.spend_columns, proposal.spend.tolist(), strict=True))
        away = bound - problem.worth(sums[:first].tolist(), spend, total)
    short = [(1.0 - share) / (0.5 * REQUIREMENT_MARGIN * search.gap) for share in reached] if problem.kept else []
    return max([away / allowed, *short])


def excess(search: Search, gaps: FloatArray, total: float) -> float:
    """How far corners are above the curves of a KPI at a split: one where that is little for the gap asked."""
    first, scales = len(search.problem.counted), np.array(search.scales)
    allowed = [_EXACT * search.gap * max(search.gross if first else scale, 1e-3 * scale) for scale in scales]
    for position, each in enumerate(search.problem.kept):
        asked = max(each.at_least + each.per_money * total, 1e-6 * scales[first + position])
        allowed[first + position] = 0.5 * REQUIREMENT_MARGIN * search.gap * asked
    return float((gaps.sum(axis=1) / allowed).max(initial=0.0))


def _valued(
    problem: AllocationProblem, sums: Sequence[float], spend: Mapping[str, float], total: float
) -> tuple[list[float], float]:
    first = len(problem.counted)
    reached = [
        requirement.reached(value, total) for requirement, value in zip(problem.requirements, sums[first:], strict=True)
    ]
    if problem.is_approach:
        return reached, sum(min(share, 1.0) for share in reached)
    return reached, problem.worth(sums[:first], spend, total)
