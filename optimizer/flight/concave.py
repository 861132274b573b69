"""The best phasing on the hulls, and a bound that no phasing on the curves can exceed.

The hulls are concave and above the curves. A line that touches them at any phasing is therefore above the curves, one
a channel, and the most that the rules allow under such lines bounds every plan. The lines are drawn where an
interior point method ends; where rules count or switch, its points for one choice of integers and the most under the
lines so far, which chooses the next, take turns (outer approximation: Duran and Grossmann 1986).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray
from optimizer.errors import SolverError
from optimizer.flight.choice import FlightChoice
from optimizer.flight.floors import PENALTY, Floor, FloorWorth, MoneyPrices, missing_in_all, relaxed
from optimizer.flight.interior import maximize_concave
from optimizer.flight.rows import Cut, Cuts, FlightRows
from optimizer.flight.terms import Expansion, FlightTerms
from optimizer.tree.state import SOLVER_SAFETY

_LAST = 2
"""Points at the end of an interior search from which lines are drawn."""

_SHARES = (1 / 32, 1 / 12, 1 / 6, 1 / 3, 2 / 3)
"""Totals at which lines are drawn first where rules switch or count, as shares of the most of a channel."""

_STEEPEST = 1e6
"""Slope, in the unit of an even spend, from which a line says nothing: curves may rise infinitely steeply at zero."""

_INWARDS = 0.2
"""Share of the way from a good phasing to where lines are highest at which more lines are drawn."""

_ROUNDS = 12
_ITERATIONS = 45


@dataclass
class FlightProblem:
    """Terms of each channel (of one KPI or several), the rows that phasings obey, and what a unit of the total costs.

    `terms` has one entry a channel, in the order of the rows; `price` and `floors` are in their unit.
    """

    terms: Sequence[Sequence[FlightTerms]]
    rows: FlightRows
    price: float = 0.0
    floors: tuple[Floor, ...] = ()

    def worth(self, choice: FlightChoice) -> float:
        """What is maximised, at a phasing: its expected outcome on the curves, less the price of its total."""
        return self.value(choice.spend) - self.price * choice.total

    def is_kept(self, choice: FlightChoice) -> bool:
        """Whether a phasing keeps the floors, on the curves."""
        values = self.values(choice.spend) if self.floors else np.zeros(0)
        return all(floor.is_kept(values, choice) for floor in self.floors)

    @property
    def draws(self) -> int:
        """Number of draws S."""
        return self.terms[0][0].draws

    def outcomes(self, spend: FloatArray) -> FloatArray:
        """Outcome of a phasing of shape (C, T) in each draw, on the curves. Shape (S,)."""
        return np.sum(
            [term.outcomes(row) for terms, row in zip(self.terms, spend, strict=True) for term in terms], axis=0
        )

    def weighed(self, weights: FloatArray) -> "FlightProblem":
        """The problem of a weighted mean of the draws. `weights` of shape (S,), of sum one."""
        return replace(self, terms=[[term.weighed(weights) for term in terms] for terms in self.terms])

    def of_single_draws(self) -> "FlightProblem":
        """The problem without hulls of groups; itself where it has none."""
        terms = [[term.of_single_draws() for term in terms] for terms in self.terms]
        is_same = all(
            new is old for pair in zip(terms, self.terms, strict=True) for new, old in zip(*pair, strict=True)
        )
        return self if is_same else replace(self, terms=terms)

    def value(self, spend: FloatArray) -> float:
        """Expected outcome of a phasing of shape (C, T), on the curves."""
        return float(self.values(spend).sum())

    def values(self, spend: FloatArray) -> FloatArray:
        """The same by channel. Shape (C,)."""
        return np.array([sum(term.value(row) for term in terms) for terms, row in zip(self.terms, spend, strict=True)])

    def expand(
        self, spend: FloatArray, *, is_hull: bool, is_exact: bool = True, has_curvature: bool = False
    ) -> list[Expansion]:
        """Value, gradient and curvature by channel; no slope where no spend is allowed, for it may be infinite."""
        found = []
        for terms, row, is_open in zip(self.terms, spend, self.rows.most > 0, strict=True):
            parts = [
                term.expand(row, is_hull=is_hull, is_exact=is_exact, has_curvature=has_curvature) for term in terms
            ]
            found.append(
                Expansion(
                    sum(part.value for part in parts),
                    np.where(is_open, np.sum([part.gradient for part in parts], axis=0), 0.0),
                    _where_open(np.sum([part.curvature for part in parts], axis=0), is_open),
                )
            )
        return found


def _where_open(curvature: FloatArray, is_open: BoolArray) -> FloatArray:
    return np.where(np.outer(is_open, is_open), curvature, 0.0) if curvature.size else curvature


@dataclass
class ConcaveSearch:
    """Lines by channel, the bound that they give, and the best phasing on the hulls with what it is worth there.

    `gross` is that before the price of its total is paid. What it misses of floors is taken off, and `worth` is what a
    unit missing of each is worth.
    """

    problem: FlightProblem
    cuts: list[list[Cut]]
    scale: float
    worth: FloorWorth
    bound: float = np.inf
    value: float = -np.inf
    gross: float = 0.0
    best: FlightChoice | None = None
    met: list[FlightChoice] = field(default_factory=list)


def search_hulls(
    problem: FlightProblem,
    *,
    gap: float,
    seconds: float,
    integers: tuple[int, ...] | None = None,
    worth: FloatArray | None = None,
    known: ConcaveSearch | None = None,
    rounds: int = _ROUNDS,
) -> ConcaveSearch | None:
    """The best phasing on the hulls within a relative gap, and the bound; None where no phasing obeys the rules.

    Parameters
    ----------
    problem
        Curves and rows.
    gap, seconds
        Relative gap and wall time at which to stop.
    integers
        A choice of switches and counts to look at first.
    worth
        What floors are known to be worth.
    known
        A search on other hulls of the same curves, whose lines count as well.
    rounds
        Times that the program under all lines is solved.
    """
    started, rows = time.perf_counter(), problem.rows
    even = np.minimum(rows.most, rows.unit)
    if rows.nearest(even) is None:
        return None
    scale = max(sum(part.value for part in problem.expand(even, is_hull=True, is_exact=False)), 1e-300)
    search = ConcaveSearch(
        problem,
        [list(each) for each in known.cuts] if known else [[] for _ in rows.names],
        scale,
        FloorWorth(problem.floors, worth),
    )
    if rows.has_integers:
        _draw_even_lines(problem, search)
    _draw_lines(problem, search, integers)
    tried = set() if integers is None else {integers}
    for turn in range(rounds):
        left = seconds - (time.perf_counter() - started)
        try:
            before, highest = search.bound, _highest(search, gap=gap, seconds=max(left, 0.1))
        except SolverError:
            if search.best is None or not np.isfinite(search.bound):
                raise
            break  # the bound so far holds
        if highest is None:
            return None
        choice, asked = highest
        if turn + 1 == rounds:
            break
        is_new = rows.has_integers and choice.integers not in tried
        if is_new or not search.worth.is_known:
            tried.add(choice.integers)
            search.worth.suggest(asked)
            _draw_lines(problem, search, choice.integers if rows.has_integers else None)
        if not is_new:
            _keep(problem, search, choice)
        has_floors = len(problem.floors) > 0
        is_settled = has_floors and search.worth.is_known and before - search.bound <= gap * abs(search.bound)
        if search.bound - search.value <= gap * search.gross or is_settled or left <= 0:
            break
    return search


def draw_closer(search: ConcaveSearch, spend: FloatArray, *, gap: float, seconds: float, times: int) -> None:
    """Lines at a phasing and between it and where lines are highest, and what they make of the bound."""
    started, point = time.perf_counter(), spend
    for _ in range(times):
        _add_lines(search.problem, search, point)
        left = seconds - (time.perf_counter() - started)
        try:
            highest = _highest(search, gap=gap, seconds=max(left, 0.1))
        except SolverError:
            return  # the bound so far holds
        if highest is None or left <= 0:
            return
        point = spend + _INWARDS * (highest[0].spend - spend)


def _highest(search: ConcaveSearch, *, gap: float, seconds: float) -> tuple[FlightChoice, tuple[float, ...]] | None:
    """Where the rules allow the most under all lines, and what each floor costs there; the bound is made that."""
    problem = search.problem
    cuts = Cuts(search.cuts, search.scale, MoneyPrices(problem.price), problem.floors)
    highest = problem.rows.highest(cuts, relative_gap=0.2 * gap, seconds=seconds)
    if highest is None:
        return None
    choice, bound, asked = highest
    search.bound = min(search.bound, bound + SOLVER_SAFETY * (abs(bound) + problem.price * choice.total))
    return choice, asked


def _draw_even_lines(problem: FlightProblem, search: ConcaveSearch) -> None:
    """Add lines at even phasings of several totals, so that the first choice of switches knows what channels can do."""
    rows = problem.rows
    is_open = (rows.most > 0).astype(np.float64)
    even = is_open / np.maximum(is_open.sum(axis=1, keepdims=True), 1.0)
    for share in _SHARES:
        _add_lines(problem, search, np.minimum(share * rows.totals[:, None] * even, rows.most))


def _draw_lines(problem: FlightProblem, search: ConcaveSearch, integers: Sequence[int] | None) -> None:
    """Add lines where the hulls are highest for some integers, or with these relaxed."""
    rows = problem.rows
    weights, prices = relaxed(problem.floors, search.worth.now.tolist(), problem.price, rows.shape[0])
    polytope = rows.polytope(integers, prices.per(search.scale))

    def oracle(point: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        parts = problem.expand(point * rows.unit, is_hull=True, is_exact=False, has_curvature=True)
        size = rows.unit / search.scale
        return (
            float(weights @ [part.value for part in parts]) / search.scale,
            weights[:, None] * np.array([part.gradient for part in parts]) * size,
            weights[:, None, None] * np.array([part.curvature for part in parts]) * (size * rows.unit),
        )

    points = maximize_concave(oracle, rows.shape, polytope, tolerance=1e-5, iterations=_ITERATIONS)
    is_kept = integers is not None or not rows.has_integers
    for point in points[-_LAST : -1 if is_kept else None]:
        spend = rows.spend_of(point)
        _add_lines(problem, search, spend)
    if is_kept:
        choice = rows.nearest(rows.spend_of(points[-1]), integers or ())
        if choice is not None:
            search.worth.learn(_keep(problem, search, choice), choice)


def _add_lines(problem: FlightProblem, search: ConcaveSearch, spend: FloatArray) -> list[Expansion]:
    """Draw a line for every channel at a phasing, and of single draws where hulls are of groups; the hulls there."""
    parts = problem.expand(spend, is_hull=True)
    apart = problem.of_single_draws()
    steepest = _STEEPEST * search.scale / problem.rows.unit
    for drawn in (parts, *([] if apart is problem else [apart.expand(spend, is_hull=True)])):
        for lines, part, row in zip(search.cuts, drawn, spend, strict=True):
            if part.gradient.max() < steepest:
                lines.append(Cut(part.value - float(part.gradient @ row), part.gradient))
    return parts


def _keep(problem: FlightProblem, search: ConcaveSearch, choice: FlightChoice) -> FloatArray:
    """Take a phasing into the search, with lines at it; what each channel brings there on the hulls. Shape (C,)."""
    values = np.array([part.value for part in _add_lines(problem, search, choice.spend)])
    gross = float(values.sum())
    missing = PENALTY * missing_in_all(problem.floors, values, choice) if problem.floors else 0.0
    value = gross - problem.price * choice.total - missing
    search.met.append(choice)
    if value > search.value:
        search.value, search.gross, search.best = value, gross, choice
    return values
