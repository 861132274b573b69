"""A phasing made better on the curves themselves, by linear steps under the rules.

Each step follows the exact gradient as far as a radius allows; one that gains less than a fraction of what the gradient
promised is taken back and the radius made smaller (a trust region: Conn, Gould and Toint 2000). Switches and counts
stay as they are.
"""

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.concave import FlightProblem
from optimizer.flight.rows import FlightChoice, FlightRows

_LEAST = 1e-6
"""Share of an even spend at which slopes are taken where there is less: at zero they may be infinite, or zero."""

_FIRST_RADIUS = 0.5
_SMALLEST_RADIUS = 0.003
"""Of the mean spend of a channel in a period."""

_GOOD, _POOR = 0.7, 0.2


def climb(problem: FlightProblem, start: FlightChoice, *, steps: int, enough: float) -> tuple[FlightChoice, float]:
    """The best phasing met within so many steps, and what it is worth in single precision.

    Stops where a step promises less than `enough` of the value, relative, or the radius is small.
    """
    rows, price = problem.rows, problem.price
    mean = typical_spend(rows, start)
    radius = _FIRST_RADIUS * mean
    best, (value, gradient) = start, _slopes(problem, start.spend)
    for _ in range(steps):
        proposal = rows.steepest(gradient, best.integers, best.spend, radius, price)
        if proposal is None:
            break
        paid = price * (proposal.total - best.total)
        promised = float((gradient * (proposal.spend - best.spend)).sum()) - paid
        if promised <= enough * value:
            break
        reached, slopes = _slopes(problem, proposal.spend)
        gained = reached - value - paid
        if gained > 0:
            best, value, gradient = proposal, reached, slopes
        if gained > _GOOD * promised:
            radius *= 2.0
        elif gained < _POOR * promised:
            radius *= 0.4
        if radius < _SMALLEST_RADIUS * mean:
            break
    return best, value - price * best.total


def typical_spend(rows: FlightRows, choice: FlightChoice) -> float:
    """Mean spend of a channel in a period, money; that of the most that may be spent where nothing is."""
    mean = float(choice.spend.mean())
    return float(min(rows.unit, mean)) if mean > 0 else rows.unit


def _slopes(problem: FlightProblem, spend: FloatArray) -> tuple[float, FloatArray]:
    least = np.minimum(problem.rows.most, _LEAST * problem.rows.unit)
    parts = problem.expand(np.maximum(spend, least), is_hull=False, is_exact=False)
    return sum(part.value for part in parts), np.array([part.gradient for part in parts])
