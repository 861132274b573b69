"""The best split within capacities: plans from lines over the curves of each period, bounds from lines under them.

A split that keeps lines under the curves need not keep the capacities, but every split that keeps these keeps the
lines: what is best under them bounds all. Where such a split brings more than can be served, the lines are cut there,
and are exact there from then on. From it small steps lead back to a split that keeps the capacities
(`optimizer.capacities.pulled_back`), or one is found under lines over the curves: a plan. Bound and plan meet. Only
periods in which some split met on the way brought too much have lines under their curves.
"""

import bisect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from optimizer.capacities.pulled_back import KEPT, Ground, pulled_back
from optimizer.errors import SolverError
from optimizer.program.allocation import Allocation
from optimizer.program.capacity_lines import CapacityLines, PeriodCapacity, lines_over, lines_under
from optimizer.question.answered import Answer, Refusal
from optimizer.question.asked import Question
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario

type Solve = Callable[[Question, Scenario, Allocation | None], Answer | Refusal]

_NEAR = 0.6
"""Share of its capacity from which a period has a row in a plan's rules."""

_MOST_ROUNDS = 25
_STRAIGHTENED = 4
"""Times that lines are laid on the curves anew for one plan."""

_SAME = 1e-5
"""Share of the most spend by which cuts lie apart at least."""

_OF_A_VARIATION = 0.3
"""Share of the time that a variation of a plan may take."""

_ROUGH = 1e-3
"""Relative gap of the first solves."""

_COARSE = 4e-3
"""Share of a capacity by which all lines together lie under its curves at first."""

_MOST_CUTS = 24
"""Cuts of a channel's range at first."""

_NO_SPLIT = "the rules can be obeyed, but no split was found that keeps the capacities"


@dataclass
class _Search:
    question: Question
    scenario: Scenario
    solve: Solve
    capacities: Sequence[PeriodCapacity]
    most: Mapping[str, float]
    deadline: float
    active: list[PeriodCapacity] = field(default_factory=list)
    cuts: dict[str, list[float]] = field(default_factory=dict)
    best: Answer | None = None
    bound: float = float("inf")

    def keeps(self, spend: Mapping[str, float]) -> bool:
        """Whether a split keeps every capacity, counted exactly."""
        return all(each.outcome(spend) <= each.limit * (1.0 + KEPT) for each in self.capacities)

    def answer(self, lines: CapacityLines) -> Answer | Refusal:
        """The answer with lines in place of the capacities, well inside the gap asked and that which is left."""
        asked = self.scenario.solve
        gap = max(1e-6, 0.3 * asked.gap, min(0.05 * self.gap, _ROUGH))
        limits = asked.model_copy(update={"gap": gap, "seconds": max(0.2, self.deadline - time.perf_counter())})
        scenario = self.scenario.model_copy(update={"solve": limits})
        return self.solve(replace(self.question, capacity=lines), scenario, None)

    @property
    def gap(self) -> float:
        """Distance from the bound, relative to what the plan brings before money is taken off it."""
        if self.best is None:
            return float("inf")
        allocation = self.best.allocation
        gross = abs(allocation.value + self.best.goal.price * allocation.total)
        return max(0.0, self.bound - allocation.value) / gross if gross > 0 else 0.0


def answer_within(question: Question, scenario: Scenario, known: Allocation | None, solve: Solve) -> Answer | Refusal:
    """The best split that keeps every capacity of a scenario, with a bound that no such split exceeds.

    `solve` answers a scenario with the capacities of the question as they are straightened there.
    """
    started = time.perf_counter()
    capacities = question.period_capacities(scenario)
    most = question.setting(scenario, spends_all=False, ceiling=scenario.budget).most_spend
    seconds = scenario.solve.seconds if known is None else _OF_A_VARIATION * scenario.solve.seconds
    search = _Search(question, scenario, solve, capacities, most, started + seconds)
    free = solve(question, scenario.model_copy(update={"capacity": ()}), known)
    if isinstance(free, Refusal):
        return free
    if search.keeps(free.allocation.spend):
        return free
    return _narrowed(search, free, started)


def _narrowed(search: _Search, free: Answer, started: float) -> Answer | Refusal:
    """Bound and plan brought together."""
    search.bound, at = free.allocation.bound, free
    for _ in range(_MOST_ROUNDS):
        before = search.best
        _refine(search, at.allocation.spend)
        _pull_back(search, at)
        if search.best is None:
            _straighten(search, at.allocation.spend)
        if search.best is not None and search.best is not before:
            _pull_back(search, search.best)
            _refine(search, search.best.allocation.spend)
        if search.gap <= search.scenario.solve.gap or time.perf_counter() > search.deadline:
            break
        outer = search.answer(lines_under(search.active, search.cuts, search.capacities))
        if isinstance(outer, Refusal):
            return outer
        search.bound, at = min(search.bound, outer.allocation.bound), outer
        if search.gap <= search.scenario.solve.gap:
            break
    if search.best is None:
        raise SolverError(_NO_SPLIT)
    found = search.best.allocation
    search.bound = max(search.bound, found.value)
    allocation = replace(found, bound=search.bound, gap=search.gap, seconds=time.perf_counter() - started)
    return replace(search.best, allocation=allocation)


def _refine(search: _Search, spend: Mapping[str, float]) -> None:
    """Cut the lines under the curves at a split, and those of the period that it overfills most, by rule."""
    for rule in {each.rule for each in search.capacities}:
        worst = max(
            (each for each in search.capacities if each.rule == rule),
            key=lambda each: each.outcome(spend) / each.limit,
        )
        if worst not in search.active and worst.outcome(spend) > worst.limit * (1.0 + KEPT):
            search.active.append(worst)
            _cut_evenly(search, worst)
    for name, cuts in search.cuts.items():
        at, most = spend[name], search.most[name]
        place = min(max(bisect.bisect_right(cuts, at), 1), len(cuts) - 1)
        low, high = cuts[place - 1], cuts[place]
        for cut in (at, 0.5 * (low + at), 0.5 * (at + high)):
            if min(abs(cut - other) for other in cuts) > _SAME * most:
                bisect.insort(cuts, cut)


def _cut_evenly(search: _Search, capacity: PeriodCapacity) -> None:
    """Cut the lines under the curves of a period until each is near its curve, nearer where more channels add up."""
    allowed = _COARSE * capacity.limit / len(capacity.curves)
    for name, curve in capacity.curves.items():
        cuts = search.cuts.setdefault(name, [0.0, search.most[name]])
        cells = list(pairwise(cuts))
        while cells and len(cuts) < _MOST_CUTS:
            low, high = cells.pop(0)
            middle = 0.5 * (low + high)
            left, right = curve.floors(curve.point(low), curve.point(high))
            floor = max(left.intercept + left.slope * middle, right.intercept + right.slope * middle)
            if curve.value(middle) - floor > allowed:
                bisect.insort(cuts, middle)
                cells += [(low, middle), (middle, high)]


def _straighten(search: _Search, spend: Mapping[str, float]) -> Answer | Refusal:
    """A plan from lines over the curves at a split, and at the plan that it gives, as long as that is better."""
    shares = [1.0 for _ in search.capacities]
    found: Answer | Refusal = Refusal((), ())
    for _ in range(_STRAIGHTENED):
        near = [
            (position, each)
            for position, each in enumerate(search.capacities)
            if each.outcome(spend) >= _NEAR * each.limit
        ]
        tightened = [replace(each, limit=shares[position] * each.limit) for position, each in near]
        found = search.answer(lines_over(tightened, spend, search.most, search.capacities))
        if isinstance(found, Refusal):
            break
        spend = found.allocation.spend
        if search.keeps(spend):
            before = search.best
            if before is not None and not _is_better(search, found, before):
                break
            search.best = found
        else:
            shares = [
                min(share, share * each.limit / max(each.outcome(spend), each.limit))
                for share, each in zip(shares, search.capacities, strict=True)
            ]
    return found


def _pull_back(search: _Search, start: Answer) -> None:
    """The best split near one that overfills a period, kept if it is better than the best so far."""
    question, scenario, goal = search.question, search.scenario, start.goal
    if scenario.risk.attitude != "neutral" or goal.curves is None:
        return
    plain = scenario.model_copy(update={"capacity": ()})
    form = formulate(question.setting(plain, spends_all=False, ceiling=scenario.budget))
    ground = Ground(form, goal.curves, goal.price, goal.requirements, search.capacities)
    found = pulled_back(ground, start.allocation)
    if found is None or (search.best is not None and found.value <= search.best.allocation.value):
        return
    lines = lines_over(search.capacities, found.spend, search.most, search.capacities)
    setting = replace(question, capacity=lines).setting(scenario, spends_all=False, ceiling=scenario.budget)
    search.best = replace(start, rules=setting, allocation=found)


def _is_better(search: _Search, found: Answer, before: Answer) -> bool:
    """Whether a plan is better by what is worth another look."""
    rise = found.allocation.value - before.allocation.value
    return rise > 0.1 * search.scenario.solve.gap * abs(before.allocation.value)
