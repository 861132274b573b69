"""A phasing made better on the curves themselves, by linear steps under the rules.

Each step follows the exact gradient as far as a radius allows; one that gains less than a fraction of what the gradient
promised is taken back and the radius made smaller (a trust region: Conn, Gould and Toint 2000). Switches and counts
stay as they are.
"""

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.concave import FlightProblem
from optimizer.flight.rows import FlightChoice

_LEAST = 1e-6
"""Share of an even spend at which slopes are taken where there is less: at zero they may be infinite, or zero."""

_FIRST_RADIUS = 0.5
_SMALLEST_RADIUS = 0.003
"""Of an even spend."""

_GOOD, _POOR = 0.7, 0.2


def climb(problem: FlightProblem, start: FlightChoice, *, steps: int, enough: float) -> tuple[FlightChoice, float]:
    """The best phasing met within so many steps, and its value in single precision.

    Stops where a step promises less than `enough` of the value, relative, or the radius is small.
    """
    rows = problem.rows
    radius = _FIRST_RADIUS * rows.unit
    best, (value, gradient) = start, _slopes(problem, start.spend)
    for _ in range(steps):
        proposal = rows.steepest(gradient, best.integers, best.spend, radius)
        if proposal is None:
            break
        promised = float((gradient * (proposal.spend - best.spend)).sum())
        if promised <= enough * value:
            break
        reached, slopes = _slopes(problem, proposal.spend)
        gained = reached - value
        if gained > 0:
            best, value, gradient = proposal, reached, slopes
        if gained > _GOOD * promised:
            radius *= 2.0
        elif gained < _POOR * promised:
            radius *= 0.4
        if radius < _SMALLEST_RADIUS * rows.unit:
            break
    return best, value


def _slopes(problem: FlightProblem, spend: FloatArray) -> tuple[float, FloatArray]:
    least = np.minimum(problem.rows.most, _LEAST * problem.rows.unit)
    parts = problem.expand(np.maximum(spend, least), is_hull=False, is_exact=False)
    return sum(part.value for part in parts), np.array([part.gradient for part in parts])
