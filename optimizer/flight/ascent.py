"""A phasing made better on the curves themselves, by linear steps under the rules.

Each step follows the exact gradient as far as a radius allows; one that gains less than a fraction of what the gradient
promised is taken back and the radius made smaller (a trust region: Conn, Gould and Toint 2000). Switches and counts
stay as they are.
"""

from dataclasses import replace

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.choice import FlightChoice
from optimizer.flight.concave import FlightProblem
from optimizer.flight.floors import PENALTY, MoneyPrices, missing_in_all
from optimizer.flight.rows import FlightRows, Lift

_LEAST = 1e-6
"""Share of an even spend at which slopes are taken where there is less: at zero they may be infinite, or zero."""

_FIRST_RADIUS = 0.5
_SMALLEST_RADIUS = 0.003
"""Of the mean spend of a channel in a period."""

_BEYOND = 1e-5
"""Share by which steps aim beyond a floor: curves bend, and single precision does."""

_GOOD, _POOR = 0.7, 0.2


def climb(problem: FlightProblem, start: FlightChoice, *, steps: int, enough: float) -> tuple[FlightChoice, float]:
    """The best phasing met within so many steps, and what it is worth in single precision, less what floors miss.

    Stops where a step promises less than `enough` of the value, relative, or the radius is small.
    """
    rows, floors = problem.rows, [replace(each, per_money=each.per_money * (1.0 + _BEYOND)) for each in problem.floors]
    prices = MoneyPrices(problem.price)
    mean = typical_spend(rows, start)
    radius = _FIRST_RADIUS * mean
    best, (values, gradient) = start, _slopes(problem, start.spend)

    def merit(values: FloatArray, choice: FlightChoice) -> float:
        missing = missing_in_all(floors, values, choice)
        return float(values.sum()) - problem.price * choice.total - PENALTY * missing

    for _ in range(steps):
        lifts = [Lift(floor, floor.outcome(values), PENALTY) for floor in floors]
        proposal = rows.steepest(gradient, best, radius, prices, lifts)
        if proposal is None:
            break
        straight = values + (gradient * (proposal.spend - best.spend)).sum(axis=1)
        before = merit(values, best)
        promised = merit(straight, proposal) - before
        if promised <= enough * values.sum():
            break
        reached, slopes = _slopes(problem, proposal.spend)
        gained = merit(reached, proposal) - before
        if gained > 0:
            best, values, gradient = proposal, reached, slopes
        if gained > _GOOD * promised:
            radius *= 2.0
        elif gained < _POOR * promised:
            radius *= 0.4
        if radius < _SMALLEST_RADIUS * mean:
            break
    return best, merit(values, best)


def typical_spend(rows: FlightRows, choice: FlightChoice) -> float:
    """Mean spend of a channel in a period, money; that of the most that may be spent where nothing is."""
    mean = float(choice.spend.mean())
    return float(min(rows.unit, mean)) if mean > 0 else rows.unit


def _slopes(problem: FlightProblem, spend: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Outcome of each channel on the curves, shape (C,), and its slopes, shape (C, T)."""
    least = np.minimum(problem.rows.most, _LEAST * problem.rows.unit)
    parts = problem.expand(np.maximum(spend, least), is_hull=False, is_exact=False)
    return np.array([part.value for part in parts]), np.array([part.gradient for part in parts])
