"""The best flighting found, and the bound that no flighting can exceed.

The phasing that is best on the hulls gives the bound [optimizer.flight.concave]. Where curves are S-shaped it is one
start of several for a search on the curves themselves [optimizer.flight.patterns, optimizer.flight.ascent].
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.ascent import climb, typical_spend
from optimizer.flight.choice import FlightChoice
from optimizer.flight.concave import ConcaveSearch, FlightProblem, draw_closer, search_hulls
from optimizer.flight.patterns import best_rungs, ladders, phased
from optimizer.flight.rows import FlightRows
from optimizer.flight.terms import FlightTerms
from optimizer.tree.state import SOLVER_SAFETY

METHOD = "joint flighting: hulls of the exact curves of every draw (interior point, HiGHS), then ascent on the curves"

_STEPS = 40
_FIRST_STEPS = 8
"""Steps of every start, before the best one is followed to its end."""

_ENOUGH = 0.1
"""Share of the gap asked below which another step is not worth taking."""

_LESS = (0.0, 1e-5, 1e-4, 1e-3, 5e-3, 2e-2)
"""Shares of its money by which a phasing that misses a floor is made smaller."""

_FEW = 128
"""Draws on which phasings elsewhere are tried."""

_SHAKEN = (0.8, 0.4, 0.8, 0.4)
"""Deviation of the logarithms by which totals are changed at random, each time that they are."""

_SHAKEN_STEPS = 16

_ROOM = 2.0
"""Bursts and pulses are looked up to so many times what is spent where the hulls are highest."""

_LITTLE = 5e-5
"""Share of the whole by which hulls of a channel may be above its curves without a look for closer ones."""

_TIMES = 2
"""Lines drawn at the end at the best phasing found and beside it."""

_LAST_SECONDS = 5.0
"""Most time for the programs under these lines, which may have integers."""

_CLOSER = 0.1
"""Share of the distance of bound and worth that hulls of groups must take away to be all that is looked at."""

_ROUNDS = 12
"""Times that the program is solved under lines of closer hulls where rules switch or count, or there are floors."""

_CONFETTI = 1e-3
"""Share of the mean spend below which a period's spend is no flight."""


@dataclass(frozen=True, slots=True)
class Flighting:
    """Spend by channel and period with its worth, the bound of that, and their gap. Money; `spend` of shape (C, T).

    The gap is relative to what the flighting brings before its price is paid.
    """

    choice: FlightChoice
    value: float
    bound: float
    gap: float
    seconds: float

    @property
    def spend(self) -> FloatArray:
        """Spend of each channel in each period. Shape (C, T)."""
        return self.choice.spend


def best_flighting(
    problem: FlightProblem,
    *,
    gap: float,
    seconds: float,
    known: FloatArray | None = None,
    bursts: FlightRows | None = None,
) -> Flighting | None:
    """The best flighting found within a time; None where no flighting obeys the rules.

    Parameters
    ----------
    problem
        Curves and rows.
    gap
        Relative gap at which to stop.
    seconds
        Wall time after which no new search begins.
    known
        A phasing to do no worse than, money of shape (C, T), if it obeys the rules.
    bursts
        The same rows with bursts: the phasing obeys them, and the bound, which leaves them aside, holds all the more.
    """
    started = time.perf_counter()
    hulls = search_hulls(problem, gap=0.5 * gap, seconds=0.5 * seconds)
    if hulls is None or hulls.best is None:
        return None
    gross = problem.value(hulls.best.spend)
    best = _Judged(problem, gap)
    best.judge(hulls.best)
    first = hulls.best
    if hulls.bound - best.worth > gap * gross:
        hulls = _closer(problem, hulls, best.worth, gap=0.5 * gap, seconds=0.5 * seconds)
    if hulls.bound - best.worth > gap * gross:
        starts = [first, *_starts(problem, hulls, known)]
        climbed = [climb(problem, start, steps=_FIRST_STEPS, enough=_ENOUGH * gap) for start in starts]
        further, _ = max(climbed, key=lambda found: found[1])
        if time.perf_counter() - started < seconds:
            further, _ = climb(problem, further, steps=_STEPS, enough=_ENOUGH * gap)
        best.judge(further)
        elsewhere = _shaken(problem, further, gap, started + seconds)
        if elsewhere is not None:
            best.judge(climb(problem, elsewhere, steps=_STEPS, enough=_ENOUGH * gap)[0])
        if problem.floors:
            for choice in (*starts, *(found for found, _ in climbed)):
                best.judge(choice)
        left = min(started + seconds - time.perf_counter(), _LAST_SECONDS)
        if best.choice is not None and left > 0:
            draw_closer(hulls, best.choice.spend, gap=0.5 * gap, seconds=left, times=_TIMES)
    if bursts is not None:
        starts = [each for each in (best.choice, *_starts(problem, hulls, known)) if each is not None]
        best = _in_bursts(replace(problem, rows=bursts), starts, gap)
    if best.choice is None:
        return None
    choice, value = best.choice, best.worth
    if bursts is None:
        choice, value = _without_confetti(problem, choice, value, gap)
    gross = value + problem.price * choice.total
    # A rounding of the solver's may put the plan above its bound; any more is left for the plan's own check to find.
    is_rounding = value - hulls.bound <= SOLVER_SAFETY * abs(gross)
    bound = max(hulls.bound, value) if is_rounding else hulls.bound
    return Flighting(choice, value, bound, (bound - value) / max(abs(gross), 1e-300), time.perf_counter() - started)


def _shaken(problem: FlightProblem, best: FlightChoice, gap: float, until: float) -> FlightChoice | None:
    """A better phasing than one that was climbed to, from totals that are changed at random; None if none was found.

    On a few of the draws, so that several can be tried.
    """
    few, enough, better = _on_few_draws(problem), _ENOUGH * gap, None
    best, worth = climb(few, best, steps=0, enough=enough)
    rng = np.random.default_rng(best.spend.size)
    for deviation in _SHAKEN:
        if time.perf_counter() >= until:
            break
        shaken = best.spend * np.exp(deviation * rng.standard_normal((len(best.spend), 1)))
        near = problem.rows.nearest(shaken * (best.spend.sum() / max(shaken.sum(), 1e-300)), best.integers)
        if near is not None:
            again, reached = climb(few, near, steps=_SHAKEN_STEPS, enough=enough)
            if reached > worth:
                best, worth, better = again, reached, again
    return better


def _on_few_draws(problem: FlightProblem) -> FlightProblem:
    """The problem on so few of the draws that many phasings can be tried."""

    def few(term: FlightTerms) -> FlightTerms:
        return term.subset(np.linspace(0, term.draws - 1, min(_FEW, term.draws)).astype(np.int64))

    return replace(problem, terms=[[few(term) for term in terms] for terms in problem.terms])


@dataclass
class _Judged:
    """The best of the phasings looked at that keep the floors, recounted on all draws."""

    problem: FlightProblem
    gap: float
    choice: FlightChoice | None = None
    worth: float = -np.inf

    def judge(self, choice: FlightChoice) -> None:
        """Keep a phasing if it is the best so far; one that misses a floor by little is made to keep it."""
        kept = choice if self.problem.is_kept(choice) else _pulled_back(self.problem, choice)
        if kept is not None and (worth := self.problem.worth(kept)) > self.worth:
            self.choice, self.worth = kept, worth


def _pulled_back(problem: FlightProblem, choice: FlightChoice) -> FlightChoice | None:
    """A phasing near one that misses a floor, with a little less money, that keeps it; None where there is none."""
    totals = choice.spend.sum(axis=1, keepdims=True)
    swept = np.where(totals > _CONFETTI * totals.mean(), choice.spend, 0.0)
    for less in _LESS:
        near = problem.rows.nearest((1.0 - less) * swept, choice.integers)
        if near is not None and problem.is_kept(near):
            return near
    return None


def _in_bursts(problem: FlightProblem, starts: Sequence[FlightChoice], gap: float) -> _Judged:
    """The best phasing that keeps bursts near some that need not."""
    rows = problem.rows
    tried = [spend for start in starts for spend in (start.spend, _concentrated(start.spend, rows.bursts))]
    nearest = [near for spend in tried if (near := rows.nearest(spend)) is not None]
    best = _Judged(problem, gap)
    for near in nearest:
        best.judge(climb(problem, near, steps=_STEPS, enough=_ENOUGH * gap)[0])
    return best


def _concentrated(spend: FloatArray, bursts: FloatArray) -> FloatArray:
    """Each channel's money in as many of its fullest periods as it has bursts for. `spend` of shape (C, T)."""
    moved = spend.copy()
    for channel in np.flatnonzero(bursts > 0):
        total = float(spend[channel].sum())
        count = int(total / bursts[channel] + 1e-9)
        if count >= 1:
            fullest = np.argsort(-spend[channel], kind="stable")[:count]
            moved[channel] = 0.0
            moved[channel, fullest] = total / len(fullest)
    return moved


def _closer(problem: FlightProblem, hulls: ConcaveSearch, worth: float, *, gap: float, seconds: float) -> ConcaveSearch:
    """The search repeated on closer hulls: of groups of draws, and of the periods after the horizon as one.

    Without groups where they bring little. `worth` is what the best phasing so far is worth.
    """
    rows, best = problem.rows, hulls
    spend = hulls.best.spend if hulls.best is not None else np.zeros(rows.shape)
    least = _LITTLE * hulls.scale
    terms = [[term.with_groups(row, least) for term in terms] for terms, row in zip(problem.terms, spend, strict=True)]
    grouped = replace(problem, terms=terms)
    for each in (grouped, grouped.of_single_draws()):
        found = search_hulls(
            each,
            gap=gap,
            seconds=seconds,
            integers=hulls.best.integers if hulls.best is not None and rows.has_integers else None,
            worth=hulls.worth.now,
            known=hulls,
            rounds=_ROUNDS if rows.has_integers or problem.floors else 1,
        )
        if found is not None and found.best is not None and found.bound < best.bound:
            best = found
        if hulls.bound - best.bound >= _CLOSER * (hulls.bound - worth):
            break
    return best


def _starts(problem: FlightProblem, hulls: ConcaveSearch, known: FloatArray | None) -> list[FlightChoice]:
    rows = problem.rows
    most = np.inf if hulls.best is None else _ROOM * float(hulls.best.spend.sum())
    found = ladders(problem, most)
    totals = hulls.best.spend.sum(axis=1) if hulls.best is not None else np.zeros(len(found))
    starts = [
        hulls.best,
        rows.nearest(phased(found, totals, rows.most)),
        best_rungs(problem, found, seconds=1.0),
        None if known is None else rows.nearest(known),
    ]
    return [start for start in starts if start is not None]


def _without_confetti(
    problem: FlightProblem, choice: FlightChoice, value: float, gap: float
) -> tuple[FlightChoice, float]:
    """The same without spend that is too little to book, where that costs next to nothing."""
    rows = problem.rows
    swept = np.where(choice.spend < _CONFETTI * typical_spend(rows, choice), 0.0, choice.spend)
    if (swept == choice.spend).all():
        return choice, value
    cleaned = rows.nearest(swept, choice.integers)
    if cleaned is None:
        return choice, value
    reached, gross = problem.worth(cleaned), value + problem.price * choice.total
    is_as_good = reached >= value - 0.1 * gap * gross and problem.is_kept(cleaned)
    return (cleaned, reached) if is_as_good else (choice, value)
