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
from optimizer.flight.concave import ConcaveSearch, FlightProblem, search_hulls
from optimizer.flight.patterns import best_rungs, ladders, phased
from optimizer.flight.rows import FlightChoice, FlightRows

METHOD = "joint flighting: hulls of the exact curves of every draw (interior point, HiGHS), then ascent on the curves"

_STEPS = 40
_FIRST_STEPS = 8
"""Steps of every start, before the best one is followed to its end."""

_ENOUGH = 0.1
"""Share of the gap asked below which another step is not worth taking."""

_ROOM = 2.0
"""Bursts and pulses are looked up to so many times what is spent where the hulls are highest."""

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
    best = hulls.best
    gross = problem.value(best.spend)
    value = gross - problem.price * best.total
    if hulls.bound - value > gap * gross:
        hulls = _with_tails(problem, hulls, gap=0.5 * gap, seconds=0.5 * seconds)
    if hulls.bound - value > gap * gross:
        starts = _starts(problem, hulls, known)
        climbed = [climb(problem, start, steps=_FIRST_STEPS, enough=_ENOUGH * gap) for start in starts]
        further, _ = max(climbed, key=lambda found: found[1])
        if time.perf_counter() - started < seconds:
            further, _ = climb(problem, further, steps=_STEPS, enough=_ENOUGH * gap)
        reached = problem.worth(further)
        if reached > value:
            best, value = further, reached
    if bursts is not None:
        burst = _in_bursts(replace(problem, rows=bursts), [best, *_starts(problem, hulls, known)], gap)
        if burst is None:
            return None
        best, value = burst
    else:
        best, value = _without_confetti(problem, best, value, gap)
    bound = max(hulls.bound, value)
    gross = value + problem.price * best.total
    return Flighting(best, value, bound, (bound - value) / max(abs(gross), 1e-300), time.perf_counter() - started)


def _in_bursts(problem: FlightProblem, starts: Sequence[FlightChoice], gap: float) -> tuple[FlightChoice, float] | None:
    """The best phasing that keeps bursts near some that need not; None where none keeps them."""
    rows = problem.rows
    tried = [spend for start in starts for spend in (start.spend, _concentrated(start.spend, rows.bursts))]
    nearest = [near for spend in tried if (near := rows.nearest(spend)) is not None]
    climbed = [climb(problem, near, steps=_STEPS, enough=_ENOUGH * gap)[0] for near in nearest]
    return max(((found, problem.worth(found)) for found in climbed), key=lambda found: found[1], default=None)


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


def _with_tails(problem: FlightProblem, hulls: ConcaveSearch, *, gap: float, seconds: float) -> ConcaveSearch:
    """The search repeated on closer hulls: those that count what comes after the horizon as one."""
    spend = hulls.best.spend if hulls.best is not None else np.zeros(problem.rows.shape)
    terms = [[term.with_tail(row) for term in terms] for terms, row in zip(problem.terms, spend, strict=True)]
    integers = None if hulls.best is None or not problem.rows.has_integers else hulls.best.integers
    closer = search_hulls(replace(problem, terms=terms), gap=gap, seconds=seconds, integers=integers)
    return hulls if closer is None or closer.best is None or closer.bound >= hulls.bound else closer


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
    return (cleaned, reached) if reached >= value - 0.1 * gap * gross else (choice, value)
