"""The best split under linear and integer rules, with a bound that no split can exceed.

One tree of branches over the switches of the rules and the curves that are not concave (`optimizer.tree`). Every curve
is replaced by corners that lie above it, so that the bound holds for the true curves; every split that is kept obeys
the rules, so that its exact value is attained. Split and bound meet.
"""

import time

import numpy as np

from optimizer.errors import SolverError
from optimizer.program.allocation import Allocation, AllocationProblem
from optimizer.tree.judging import counted_anew, judge
from optimizer.tree.search import explore
from optimizer.tree.start import start
from optimizer.tree.state import Proposal, Search, gross_of


def allocate(
    problem: AllocationProblem, *, gap: float, seconds: float, known: Allocation | None = None
) -> Allocation | None:
    """The best split, its value and a valid bound; None when the rules or requirements cannot be met.

    Parameters
    ----------
    problem
        Rows, objective and requirements.
    gap
        Relative gap at which to stop, at least 1e-6.
    seconds
        Time after which the best split so far is returned with the gap that it has.
    known
        A split that obeys the rules: the answer is no worse if it meets the requirements.

    Returns
    -------
    Allocation or None
        For the smallest total, `value` and `bound` are money and the bound is below the value.

    Raises
    ------
    optimizer.errors.SolverError
        When the solver fails, or the time ends before any split was found.
    """
    started = time.perf_counter()
    begun = start(problem, gap)
    if begun is None:
        return None
    search, root = begun
    if known is not None:
        judge(search, _proposal_of(search, known))
    is_done = explore(search, root, started + seconds)
    if search.best is None:
        if is_done:
            return None
        raise SolverError("the time ended before a split was found that obeys the rules")
    return _result(search, search.best, time.perf_counter() - started)


def _proposal_of(search: Search, known: Allocation) -> Proposal:
    """A split that is known; of its integers only those that say which channels are on."""
    split = search.split
    integers = np.zeros(len(split.program.integers))
    for name, column in split.switch_columns.items():
        integers[split.program.integers.index(column)] = known.is_on.get(name, False)
    return Proposal(np.array([known.spend[name] for name in split.spend_columns]), known.total, integers)


def _result(search: Search, best: Proposal, seconds: float) -> Allocation:
    problem, split = search.problem, search.split
    search.value = counted_anew(search, best)
    sign = -1.0 if problem.is_smallest else 1.0
    on = dict(zip(split.program.integers, (best.integers > 0.5).tolist(), strict=True))
    is_on = {name: on[column] for name, column in split.switch_columns.items()}
    return Allocation(
        spend=dict(zip(split.spend_columns, best.spend.tolist(), strict=True)),
        is_on=is_on,
        total=best.total,
        value=sign * search.value,
        bound=sign * search.bound,
        gap=(search.bound - search.value) / gross_of(problem, search.scales, best, search.value),
        rounds=search.programs,
        seconds=seconds,
    )
