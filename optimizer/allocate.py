"""The best split under linear and integer rules, with a bound that no split can exceed.

Outer approximation: every curve is replaced by pieces that lie above it (`optimizer.curves`), so
the solver's bound holds for the true curves; every split that the solver proposes obeys the
rules, so its exact value is attained. Where the pieces overestimate a proposal, they are made
exact there, and split in two where a concave piece cannot follow the curve (the convex foot of
an S). A proposal that misses a requirement because of that is corrected near where it lies, which
needs no integers. Proposal and bound meet.
"""

import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from optimizer.curves import Envelope, ExpectedCurve, Piece
from optimizer.formulation import Formulation
from optimizer.solve import CompiledSplit, PiecewiseKpi, Relaxed, Vicinity, compile_split, most_spend, solve_relaxation

METHOD = "outer approximation on the exact curves (HiGHS)"

SOLVER_SAFETY = 1e-7
"""Relative allowance in the bound for the solver's own feasibility tolerance."""

_REQUIREMENT_MARGIN = 0.02
"""Proposals aim this share of the gap above a requirement, relative, so that they fulfil it exactly."""

_CORRECTIONS = 6
"""Times that a proposal is asked for as much more as it fell short of its requirements."""

_FIRST_POINTS = (1 / 64, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)
_FEET = (1e-6, 1e-4, 1e-2)
"""First points near zero, for curves that rise infinitely steeply there."""

_NOTHING = 1e-7
"""Share of the budget below which a channel that the rules keep at zero counts as kept there."""

_NEAR_ENOUGH = 0.3
"""Share of the gap by which lines may be above the curves when lines are drawn without integers."""

_LINEAR_ROUNDS = 6
"""Programs without integers between two with integers, to draw lines where they matter."""

_MOST_ROUNDS = 400


@dataclass
class KpiCurves:
    """Expected curves of one KPI by channel, with over-estimators that later solves reuse."""

    envelopes: Mapping[str, Envelope]

    @classmethod
    def of(cls, curves: Mapping[str, ExpectedCurve]) -> "KpiCurves":
        """Fresh over-estimators of some curves."""
        return cls({name: Envelope(curve) for name, curve in curves.items()})

    def value(self, spend: Mapping[str, float]) -> float:
        """Exact expected KPI of a split (money per channel)."""
        return sum(envelope.curve.value(spend[name]) for name, envelope in self.envelopes.items())

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, float]:
        """Exact slope of each channel at a split, or at `least` where a channel has less."""
        return {name: envelope.curve.point(max(spend[name], least)).slope for name, envelope in self.envelopes.items()}


@dataclass(frozen=True, slots=True)
class Requirement:
    """An expected KPI that the split must reach: `at_least`, and `per_money` for each unit of the total."""

    curves: KpiCurves
    at_least: float
    per_money: float = 0.0

    def reached(self, value: float, total: float) -> float:
        """Share of what is required that a value comes to; one where nothing is."""
        asked = self.at_least + self.per_money * total
        return value / asked if asked > 0 else 1.0


@dataclass(frozen=True, slots=True)
class AllocationProblem:
    """Maximise `objective`, less `price` for each unit of the total, under rows and requirements.

    Attributes
    ----------
    form
        The rules.
    objective
        What is maximised. Where it is None, the total is minimised, or `spend_worth` maximised where that is given.
    requirements
        What the split must reach.
    is_approach
        Requirements are not kept but approached: what is maximised is the sum of the shares of them that are reached,
        each at most one.
    price
        What a unit of the total costs, in the unit of the objective.
    rivals
        Curves in the unit of the objective: the least of it and of them is what counts.
    offsets
        What is added to each of them before they are compared; nothing where there are none.
    gross
        What a split brings about, where offsets take most of it off: gaps are relative to it.
    spend_worth
        Worth of a unit of money in a channel, instead of an objective.
    """

    form: Formulation
    objective: KpiCurves | None
    requirements: tuple[Requirement, ...] = ()
    is_approach: bool = False
    price: float = 0.0
    rivals: tuple[KpiCurves, ...] = ()
    offsets: tuple[float, ...] = ()
    gross: float = 0.0
    spend_worth: Mapping[str, float] = field(default_factory=dict)

    @property
    def counted(self) -> tuple[KpiCurves, ...]:
        """Curves of which the least is maximised."""
        return () if self.objective is None else (self.objective, *self.rivals)

    @property
    def is_smallest(self) -> bool:
        """Whether the total is minimised."""
        return self.objective is None and not self.is_approach and not self.spend_worth

    def worth(self, values: Sequence[float], spend: Mapping[str, float], total: float) -> float:
        """What is maximised, for values of `counted`; an approach is not known by these."""
        if self.objective is not None:
            offsets = self.offsets or (0.0,) * len(values)
            return min(map(sum, zip(values, offsets, strict=True))) - self.price * total
        if self.spend_worth:
            return sum(worth * spend[name] for name, worth in self.spend_worth.items())
        return -total

    @property
    def kept(self) -> tuple[Requirement, ...]:
        """Requirements that a split must meet."""
        return () if self.is_approach else self.requirements


@dataclass(frozen=True, slots=True)
class Allocation:
    """A split with its value and bound (KPI, or money for the smallest total), the relative gap, and how it was found.

    For an approach, value and bound are sums of shares of requirements. With a price, the gap is relative to what the
    split brings before its price is paid.
    """

    spend: Mapping[str, float]
    is_on: Mapping[str, bool]
    total: float
    value: float
    bound: float
    gap: float
    rounds: int
    seconds: float
    method: str = METHOD


@dataclass
class _Search:
    """State of one outer approximation: boundaries of the pieces per KPI and channel, the best split so far."""

    problem: AllocationProblem
    compiled: CompiledSplit
    gap: float
    scales: list[float] = field(default_factory=list)
    boundaries: list[dict[str, list[float]]] = field(default_factory=list)
    best: Relaxed | None = None
    value: float = -np.inf
    bound: float = np.inf

    @property
    def kpis(self) -> list[KpiCurves]:
        """What is maximised first, if there is something, then the requirements."""
        return [*self.problem.counted, *(requirement.curves for requirement in self.problem.requirements)]

    @property
    def relative_gap(self) -> float:
        """Distance between bound and value, relative to the value (before its price is paid)."""
        if self.best is None or not np.isfinite(self.bound):
            return np.inf
        return _relative(self, max(0.0, self.bound - self.value))


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
    search = _start(problem, gap)
    if known is not None:
        first = Relaxed(known.spend, known.is_on, known.total, np.inf, ())
        _judge(search, first)
        _refine(search, first)
    _draw_near(search, seconds)
    rounds = 0
    while rounds < _MOST_ROUNDS:
        rounds += 1
        left = seconds - (time.perf_counter() - started)
        if left <= 0 and search.best is not None:
            break
        outer = _relax(search, left)
        if outer is None:
            break
        search.bound = min(search.bound, outer.bound)
        vicinity = _vicinity(search, outer) if problem.kept else None
        is_refined = _refine(search, outer)
        _judge(search, outer)
        if vicinity is not None:
            _correct(search, vicinity, left)
        elif search.relative_gap > gap:
            _improve_near(search, outer, left)
        if search.relative_gap <= gap or not is_refined:
            break
    return _result(search, rounds, time.perf_counter() - started)


def _start(problem: AllocationProblem, gap: float) -> _Search:
    search = _Search(problem, compile_split(problem.form), gap)
    most_spends = problem.form.setting.most_spend
    for kpi in search.kpis:
        for name, envelope in kpi.envelopes.items():
            ceiling = most_spends[name]
            envelope.touch(0.0)
            feet = () if np.isfinite(envelope.points[0].slope) else _FEET
            # Kept at zero by the rules: no line could follow so steep a curve down to zero. Other rules may let it go.
            is_kept = bool(feet) and most_spend(search.compiled, envelope.curve.channel) <= _NOTHING * ceiling
            envelope.keep_at_zero(is_kept=is_kept)
            for share in (*feet, *_FIRST_POINTS):
                envelope.touch(ceiling * share)
        cut = problem.form.setting.capacity.cuts
        search.boundaries.append(
            {
                name: _boundaries(cut.get(name, ()), most_spends[name], envelope)
                for name, envelope in kpi.envelopes.items()
            }
        )
        highest = [envelope.touch(most_spends[name]).value for name, envelope in kpi.envelopes.items()]
        even = sum(highest) / len(highest)
        search.scales.append(max(even, 1e-300))
    return search


def _boundaries(cuts: Sequence[float], most: float, envelope: Envelope) -> list[float]:
    """Ends of the pieces of a channel's range at first: those that capacities cut it in."""
    inner = [cut for cut in cuts if 0.0 < cut < most]
    for cut in inner:
        envelope.touch(cut)
    return [0.0, *inner, most]


def _relax(
    search: _Search,
    seconds: float,
    vicinity: Vicinity | None = None,
    margins: Sequence[float] | None = None,
    *,
    is_fractional: bool = False,
) -> Relaxed | None:
    """The best split on the over-estimators; `margins` are shares that requirements are asked for on top."""
    problem = search.problem
    pieces = [
        _pieces(kpi, boundaries if vicinity is None else vicinity.ranges)
        for kpi, boundaries in zip(search.kpis, search.boundaries, strict=True)
    ]
    first = len(problem.counted)
    offsets = problem.offsets or (0.0,) * first
    kpis = [
        PiecewiseKpi(parts, search.scales[0], weight=1.0, offset=offset)
        for parts, offset in zip(pieces[:first], offsets, strict=True)
    ]
    for index, requirement in enumerate(problem.requirements):
        parts, scale = pieces[first + index], search.scales[first + index]
        if problem.is_approach:
            kpis.append(PiecewiseKpi(parts, scale, 1.0 / requirement.at_least, at_most=requirement.at_least))
        else:
            more = 1.0 if margins is None else 1.0 + margins[index]
            asked, per_money = more * requirement.at_least, more * requirement.per_money
            kpis.append(PiecewiseKpi(parts, scale, at_least=asked, per_money=per_money))
    relaxed = solve_relaxation(
        search.compiled,
        kpis,
        total_weight=-1.0 if problem.is_smallest else -problem.price,
        spend_weights=problem.spend_worth,
        is_least=first > 1 or any(problem.offsets),
        relative_gap=0.2 * search.gap,
        seconds=max(seconds, 0.05),
        vicinity=vicinity,
        is_fractional=is_fractional,
    )
    if relaxed is None:
        return None
    return replace(relaxed, bound=relaxed.bound + SOLVER_SAFETY * max(abs(relaxed.bound), problem.gross))


def _draw_near(search: _Search, seconds: float) -> None:
    """Draw lines where splits are best that may have fractions for integers, which takes little time."""
    for _ in range(_LINEAR_ROUNDS if search.compiled.program.integers else 0):
        outer = _relax(search, seconds, is_fractional=True)
        if outer is None:
            return
        search.bound = min(search.bound, outer.bound)
        if not _touch(search, outer):
            return


def _improve_near(search: _Search, outer: Relaxed, seconds: float) -> None:
    """Look for the best split with the integers of a proposal and each channel's spend in the same piece."""
    vicinity = _vicinity(search, outer)
    for _ in range(_LINEAR_ROUNDS):
        proposal = _relax(search, seconds, vicinity)
        if proposal is None:
            return
        is_refined = _touch(search, proposal)
        _judge(search, proposal)
        if not is_refined:
            return


def _touch(search: _Search, proposal: Relaxed) -> bool:
    """Make lines exact at a proposal; whether they were not by a good part of the gap."""
    most_spends, is_refined = search.problem.form.setting.most_spend, False
    for kpi, boundaries in zip(search.kpis, search.boundaries, strict=True):
        height = exact = 0.0
        for name, envelope in kpi.envelopes.items():
            budget = min(proposal.spend[name], most_spends[name])
            height += _height(envelope, boundaries[name], budget)
            exact += envelope.touch(budget).value
        is_refined |= height - exact > _NEAR_ENOUGH * search.gap * exact
    return is_refined


def _vicinity(search: _Search, outer: Relaxed) -> Vicinity:
    """Splits with the integers of a proposal and each channel's spend in the same pieces."""
    ranges = {}
    for name, spend in outer.spend.items():
        cells = [_cell(boundaries[name], spend) for boundaries in search.boundaries]
        ranges[name] = (max(low for low, _ in cells), min(high for _, high in cells))
        for kpi in search.kpis:
            for end in ranges[name]:
                kpi.envelopes[name].touch(end)
    return Vicinity(outer.integers, ranges)


def _cell(cuts: Sequence[float], spend: float) -> tuple[float, float]:
    """The piece that spend falls into."""
    position = min(max(bisect_right(cuts, spend), 1), len(cuts) - 1)
    return cuts[position - 1], cuts[position]


def _correct(search: _Search, vicinity: Vicinity, seconds: float) -> None:
    """Look in a vicinity for splits that meet the requirements exactly: ask for more by what was missing."""
    requirements = search.problem.requirements
    margins = [_REQUIREMENT_MARGIN * search.gap for _ in requirements]
    for _ in range(_CORRECTIONS):
        proposal = _relax(search, seconds, vicinity, margins)
        if proposal is None:
            return
        reached = _judge(search, proposal)
        if min(reached) >= 1.0:
            return
        margins = [margin + max(0.0, 1.0 - share) for margin, share in zip(margins, reached, strict=True)]


def _pieces(kpi: KpiCurves, boundaries: Mapping[str, Sequence[float]]) -> dict[str, list[Piece]]:
    return {
        name: [envelope.piece(low, high) for low, high in pairwise(boundaries[name])]
        for name, envelope in kpi.envelopes.items()
    }


def _judge(search: _Search, proposal: Relaxed) -> list[float]:
    """Keep a proposal that meets the requirements exactly and is better than the best so far; shares it reaches."""
    spend, problem = proposal.spend, search.problem
    values = [
        sum(
            envelope.touch(min(spend[name], envelope.points[-1].budget)).value
            for name, envelope in kpi.envelopes.items()
        )
        for kpi in search.kpis
    ]
    first = len(problem.counted)
    reached = [
        requirement.reached(value, proposal.total)
        for requirement, value in zip(problem.requirements, values[first:], strict=True)
    ]
    if problem.is_approach:
        value = sum(min(share, 1.0) for share in reached)
    elif any(share < 1.0 for share in reached):
        return reached
    else:
        value = problem.worth(values[:first], spend, proposal.total)
    if value > search.value:
        search.best, search.value = proposal, value
    return reached


def _refine(search: _Search, proposal: Relaxed) -> bool:
    """Make the pieces exact at a proposal; whether anything became tighter."""
    most_spends = search.problem.form.setting.most_spend
    is_refined = False
    for kpi, boundaries, allowance in zip(search.kpis, search.boundaries, _allowances(search), strict=True):
        tolerance = allowance / len(kpi.envelopes)
        for name, envelope in kpi.envelopes.items():
            budget = min(proposal.spend[name], most_spends[name])
            cuts = boundaries[name]
            before = _height(envelope, cuts, budget)
            exact = envelope.touch(budget).value
            if before - exact <= tolerance:
                continue
            is_refined |= name not in search.compiled.piece_columns
            if budget == 0.0:
                # The curve rises infinitely steeply at zero: only a nearer point helps.
                envelope.touch(envelope.points[1].budget / 8.0)
            elif name in search.compiled.piece_columns:
                # Pieces are cut by who wants capacities kept; more points make their lines nearer.
                is_refined |= before - _height(envelope, cuts, budget) > 0.5 * tolerance
            elif _height(envelope, cuts, budget) - exact > tolerance and budget not in cuts:
                cuts.append(budget)
                cuts.sort()
    return is_refined


def _allowances(search: _Search) -> list[float]:
    """Over-estimate of each KPI that need not be refined away: well inside the gap, or inside the margin."""
    problem, total = search.problem, 0.0 if search.best is None else search.best.total
    first, gross = len(problem.counted), problem.gross or search.value + problem.price * total
    objective = [0.1 * search.gap * max(gross, scale * 1e-3) for scale in search.scales[:first]]
    share = 0.1 if problem.is_approach else 0.5 * _REQUIREMENT_MARGIN
    asked = [
        max(requirement.at_least + requirement.per_money * total, 1e-6 * scale)
        for requirement, scale in zip(problem.requirements, search.scales[first:], strict=True)
    ]
    return objective + [share * search.gap * amount for amount in asked]


def _height(envelope: Envelope, cuts: list[float], budget: float) -> float:
    """The over-estimator at a budget, with pieces between `cuts`."""
    for low, high in pairwise(cuts):
        if low <= budget <= high:
            return envelope.piece(low, high).height(budget)
    raise ValueError(f"budget {budget} lies outside of {cuts[0]} to {cuts[-1]}")


def _result(search: _Search, rounds: int, seconds: float) -> Allocation | None:
    best = search.best
    if best is None:
        return None
    bound = max(search.bound, search.value)
    is_smallest = search.problem.is_smallest
    return Allocation(
        spend=best.spend,
        is_on=best.is_on,
        total=best.total,
        value=-search.value if is_smallest else search.value,
        bound=-bound if is_smallest else bound,
        gap=_relative(search, bound - search.value),
        rounds=rounds,
        seconds=seconds,
    )


def _relative(search: _Search, distance: float) -> float:
    """A distance from the bound relative to the value before its price is paid, or, at zero, to what is at stake."""
    total = 0.0 if search.best is None else search.best.total
    at_stake = search.scales[0] if search.problem.counted else search.problem.form.setting.ceiling
    return distance / (search.problem.gross or abs(search.value + search.problem.price * total) or at_stake)
