"""The flighting with the largest mean of its worst draws, and a bound on that.

The mean of the worst draws is the least of all weighted means in which no draw weighs more than 1 / (level · S). The
most of any one of them bounds it. The weights are the mean of those of the worst draws at the flightings met so far,
each of which is best under the weights before it (fictitious play: Brown 1951).
"""

import time
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.caution.shortfall import mean_of_worst, worst_draws
from optimizer.flight.choice import FlightChoice
from optimizer.flight.concave import FlightProblem
from optimizer.flight.rows import FlightRows
from optimizer.flight.search import Flighting, best_flighting

METHOD = "cautious joint flighting: the least of weighted means of the draws, each bounded by its hulls"

_ROUNDS = 8


@dataclass
class _Search:
    problem: FlightProblem
    level: float
    choice: FlightChoice | None = None
    worth: float = -np.inf
    bound: float = np.inf

    def judge(self, choice: FlightChoice) -> FloatArray:
        """Keep a phasing if its worst draws are the best so far; the weights of these. Shape (S,)."""
        draws = self.problem.outcomes(choice.spend)
        worth = mean_of_worst(draws, self.level) - self.problem.price * choice.total
        if worth > self.worth:
            self.choice, self.worth = choice, worth
        return worst_draws(draws, self.level)

    @property
    def gap(self) -> float:
        """Distance of worth and bound, relative to the worth before its price is paid."""
        if self.choice is None:
            return np.inf
        gross = abs(self.worth + self.problem.price * self.choice.total)
        return max(0.0, self.bound - self.worth) / max(gross, 1e-300)


def most_cautious_flighting(
    problem: FlightProblem,
    level: float,
    *,
    gap: float,
    seconds: float,
    known: FloatArray | None = None,
    bursts: FlightRows | None = None,
) -> Flighting | None:
    """The flighting found with the most in the worst `level` of the draws; None where none obeys the rules.

    The other arguments are those of `optimizer.flight.search.best_flighting`.
    """
    started, search = time.perf_counter(), _Search(problem, level)
    weights, rounds = np.full(problem.draws, 1.0 / problem.draws), 0
    if known is not None and (near := (bursts or problem.rows).nearest(known)) is not None:
        weights, rounds = search.judge(near), 1
    for _ in range(_ROUNDS):
        left = seconds - (time.perf_counter() - started)
        if left <= 0 and np.isfinite(search.bound):
            break
        at = None if search.choice is None else search.choice.spend
        found = best_flighting(problem.weighed(weights), gap=gap, seconds=max(left, 0.5), known=at, bursts=bursts)
        if found is None:
            return None
        search.bound = min(search.bound, found.bound)
        worst = search.judge(found.choice)
        weights, rounds = (rounds * weights + worst) / (rounds + 1), rounds + 1
        if search.gap <= gap:
            break
    if search.choice is None:
        return None
    search.bound = max(search.bound, search.worth)
    return Flighting(search.choice, search.worth, search.bound, search.gap, time.perf_counter() - started)
