"""Where a channel keeps a ceiling on what one outcome costs, on its exact expected curve.

With f the expected curve and c the ceiling, the average is kept where x <= c f(x), which may be several
intervals of spend or none, and the marginal up to the largest x at which f'(x) >= 1 / c. Both sets are found
by halving intervals: one is settled as soon as a bound says so for all of it (the lines above the curve, one
under it, its largest slope), so that nothing between two points is missed.
"""

import math
from dataclasses import dataclass, replace

from optimizer.curves.expected import CurvePoint, ExpectedCurve

_FINEST = 1e-10
"""Share of the range below which an interval is not halved: what is undecided there does not keep the ceiling."""


@dataclass(frozen=True)
class CpaLimits:
    """Spend at which a channel keeps its ceilings, money.

    Attributes
    ----------
    curve
        Expected curve of the scenario's KPI.
    windows
        Intervals of spend that keep the ceiling on the average, in order; None without one. The last may be open.
    most
        Most spend that keeps the ceiling on the marginal; infinite without one.
    span
        Spend up to which that was looked for.
    """

    curve: ExpectedCurve
    windows: tuple[tuple[float, float], ...] | None
    most: float
    span: float = math.inf

    def with_average(self, ceiling: float) -> "CpaLimits":
        """The limits under another ceiling on the average."""
        return replace(self, windows=windows_within(self.curve, ceiling, self.span))

    def with_marginal(self, ceiling: float) -> "CpaLimits":
        """The limits under another ceiling on the marginal."""
        return replace(self, most=most_within(self.curve, ceiling, self.span))

    def average(self, spend: float) -> float:
        """What one outcome costs on average."""
        value = self.curve.value(spend)
        return spend / value if value > 0 else math.inf

    def marginal(self, spend: float) -> float:
        """What one more outcome costs."""
        slope = self.curve.point(spend).slope
        return 1.0 / slope if slope > 0 else math.inf


def cpa_limits(curve: ExpectedCurve, average: float | None, marginal: float | None, most: float) -> CpaLimits:
    """Where a channel keeps its ceilings, looked for from zero to `most`; beyond that what holds there goes on."""
    windows = None if average is None else windows_within(curve, average, most)
    return CpaLimits(curve, windows, math.inf if marginal is None else most_within(curve, marginal, most), most)


def windows_within(curve: ExpectedCurve, ceiling: float, most: float) -> tuple[tuple[float, float], ...]:
    """Intervals of spend from zero to `most` on which an outcome costs at most `ceiling` on average.

    The last has no upper end where the ceiling is kept at `most`.
    """
    kept: list[tuple[float, float]] = []
    cells = [(curve.point(0.0), curve.point(most))]
    while cells:
        left, right = cells.pop()
        if _stays_above(curve, left, right, ceiling):
            continue
        is_kept = _stays_below(curve, left, right, ceiling)
        if not is_kept and right.budget - left.budget > _FINEST * most:
            middle = curve.point(0.5 * (left.budget + right.budget))
            cells += [(middle, right), (left, middle)]
            continue
        if is_kept or (_keeps(left, ceiling) and _keeps(right, ceiling)):
            if kept and left.budget <= kept[-1][1] + _FINEST * most:
                kept[-1] = (kept[-1][0], right.budget)
            else:
                kept.append((left.budget, right.budget))
    if kept and kept[-1][1] >= most:
        kept[-1] = (kept[-1][0], math.inf)
    return tuple(kept)


def most_within(curve: ExpectedCurve, ceiling: float, most: float) -> float:
    """Largest spend up to `most` at which one more outcome costs at most `ceiling`; infinite where `most` keeps it.

    Zero when no spend keeps it.
    """
    cells = [(curve.point(0.0), curve.point(most))]
    while cells:
        left, right = cells.pop()
        if ceiling * right.slope >= 1.0:
            return math.inf if right.budget >= most else right.budget
        if ceiling * curve.steepest(left, right) < 1.0:
            continue
        if right.budget - left.budget > _FINEST * most:
            middle = curve.point(0.5 * (left.budget + right.budget))
            cells += [(left, middle), (middle, right)]
        elif ceiling * left.slope >= 1.0:
            return left.budget
    return 0.0


def _keeps(point: CurvePoint, ceiling: float) -> bool:
    """Whether the ceiling on the average is kept at a point; at zero by the first unit."""
    if point.budget == 0.0:
        return ceiling * point.slope >= 1.0
    return ceiling * point.value >= point.budget


def _stays_below(curve: ExpectedCurve, left: CurvePoint, right: CurvePoint, ceiling: float) -> bool:
    """Whether the average keeps the ceiling everywhere between two points, by a line under the curve."""
    floor = curve.floor(left, right)
    is_below = ceiling * left.value >= left.budget
    return is_below and ceiling * (floor.intercept + floor.slope * right.budget) >= right.budget


def _stays_above(curve: ExpectedCurve, left: CurvePoint, right: CurvePoint, ceiling: float) -> bool:
    """Whether the average lies above the ceiling everywhere between two points, by the lines above the curve."""
    if _keeps(left, ceiling) or _keeps(right, ceiling):
        return False
    rising, arriving = curve.lines(left, right)
    if not math.isfinite(rising.slope):
        return False
    if rising.slope <= arriving.slope:
        return True  # the curve lies below its chord
    corner = (arriving.intercept - rising.intercept) / (rising.slope - arriving.slope)
    corner = min(max(corner, left.budget), right.budget)
    return ceiling * (arriving.intercept + arriving.slope * corner) < corner
