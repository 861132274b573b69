"""The expected response of one channel to its budget, and over-estimators of it that are true.

The expected response is a mean of many S-shaped terms, one a draw and period. Each term is
convex up to its own inflection and concave after it, so the sum has no single inflection.
Sorted by inflection and gathered in bins, the terms split cleanly on any interval [a, b]:
those that are concave there, those that are convex there, and a few bins in between. From the
value and slope of each bin at a and b alone follow two lines that lie above the curve on
[a, b] and touch it at a and at b:

- from a: concave bins rise at most with their slope at a, convex bins along their chord, bins
  in between at most with the largest slope they have anywhere;
- to b: concave bins arrive at least with their slope at b, convex bins along their chord, bins
  in between at least with (slope at a) + (slope at b) - (largest slope), since the smaller of
  two slopes of a term is their sum less the larger one.

The error of both falls with the square of b - a (outside of the bins in between, whose mass is
small), and it vanishes at a and b: this is what makes the certificate valid and tight.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from mmm.curves import ChannelResponse
from mmm.vocabulary import FloatArray, IntArray, SaturationKind
from optimizer.curves.terms import saturated, saturated_with_slope

BINS = 128
"""Number of bins into which the terms of a curve are gathered."""

_FEW_BINS = 4
"""Bins with terms that turn between two points up to which these are looked at one by one."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A curve at one budget: value, slope, and both by bin (arrays of one entry a bin)."""

    budget: float
    value: float
    slope: float
    bin_values: FloatArray
    bin_slopes: FloatArray


@dataclass(frozen=True, slots=True)
class Line:
    """The function intercept + slope * budget."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval of budgets and the lines whose least is at least the curve there."""

    low: float
    high: float
    lines: tuple[Line, ...]

    def height(self, budget: float) -> float:
        """The over-estimator at a budget of the interval."""
        return min(line.intercept + line.slope * budget for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Terms:
    """Terms of a response that count, flat: turning budget, and what `mmm.curves` calls them, per half saturation."""

    inflection: FloatArray
    carry: FloatArray
    gain: FloatArray
    slope: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, response: ChannelResponse, weights: FloatArray) -> "_Terms":
        shape = response.gain.shape
        counts = (response.gain.ravel() > 0) & np.repeat(weights > 0, shape[1])

        def flat(values: FloatArray) -> FloatArray:
            return np.broadcast_to(values, shape).ravel()[counts]

        half = flat(response.half_saturation[:, None])
        return cls(
            inflection=response.inflections().ravel()[counts],
            carry=flat(response.carry) / half,
            gain=flat(response.gain) / half,
            slope=flat(response.slope[:, None]),
            weight=flat((response.ceiling * weights)[:, None]),
        )


@dataclass(frozen=True, slots=True)
class CurveParts:
    """What a curve is made of: its terms, sorted by inflection, and its bins.

    A term adds ``weight * (sat(carry + gain * budget) - before)``, exposure in half saturations; arrays of one entry a
    term. A bin starts at the term `starts`, its inflections lie from `low` to `high`, and `steepest` is the largest
    slope that it can have; arrays of one entry a bin.
    """

    kind: SaturationKind
    carry: FloatArray
    gain: FloatArray
    slope: FloatArray
    weight: FloatArray
    before: FloatArray
    starts: IntArray
    low: FloatArray
    high: FloatArray
    steepest: FloatArray


class ExpectedCurve:
    """Weighted sum over draws of a channel's response, as a function of its budget: its mean, if weights sum to one.

    Non-decreasing, zero at zero. Terms are stored flat, sorted by inflection. Points are kept, so
    that solves on the same curve share what is costly and nothing else.

    Parameters
    ----------
    response
        The channel's response per draw.
    weights
        Weight of each draw, at least zero; equal ones that sum to one when None. Shape (S,).
    others
        Responses of the same channel and kind by other models, with weights, which are added: several KPIs in money.
    """

    def __init__(
        self,
        response: ChannelResponse,
        weights: FloatArray | None = None,
        others: Sequence[tuple[ChannelResponse, FloatArray]] = (),
    ) -> None:
        draws = response.gain.shape[0]
        parts = [(response, np.full(draws, 1.0 / draws) if weights is None else weights), *others]
        gathered = [_Terms.of(each, weight) for each, weight in parts]
        inflections = np.concatenate([each.inflection for each in gathered])
        order = np.argsort(inflections, kind="stable")
        self.channel = response.channel
        self._kind: SaturationKind = response.saturation
        self._carry = np.concatenate([each.carry for each in gathered])[order]
        self._gain = np.concatenate([each.gain for each in gathered])[order]
        self._slope = np.concatenate([each.slope for each in gathered])[order]
        self._weight = np.concatenate([each.weight for each in gathered])[order]
        self._points: dict[float, CurvePoint] = {}
        terms = len(order)
        starts = np.linspace(0, terms, min(BINS, max(terms, 1)), endpoint=False).astype(np.int64)
        turning = int(np.searchsorted(inflections[order], 0.0, side="right"))
        self._starts = np.unique(np.append(starts, min(turning, max(terms - 1, 0))))
        self._before = self._response(self._carry)
        self._inflection = inflections[order]
        if terms == 0:
            self._bin_low = self._bin_high = self._bin_steepest = self._steepest = np.zeros(0)
            return
        self._bin_low = self._inflection[self._starts]
        self._bin_high = self._inflection[np.append(self._starts[1:], terms) - 1]
        _, self._steepest = self._terms(self._inflection)
        self._bin_steepest = np.add.reduceat(self._steepest, self._starts)

    @property
    def parts(self) -> CurveParts:
        """Terms and bins of the curve."""
        return CurveParts(
            self._kind,
            self._carry,
            self._gain,
            self._slope,
            self._weight,
            self._before,
            self._starts,
            self._bin_low,
            self._bin_high,
            self._bin_steepest,
        )

    def value(self, budget: float) -> float:
        """Expected outcome that `budget` adds."""
        return float((self._weight * (self._response(self._carry + self._gain * budget) - self._before)).sum())

    def point(self, budget: float) -> CurvePoint:
        """Value and slope at `budget`, in total and by bin."""
        if budget not in self._points:
            self._points[budget] = self._measured(budget)
        return self._points[budget]

    def _measured(self, budget: float) -> CurvePoint:
        if len(self._weight) == 0:
            return CurvePoint(budget, 0.0, 0.0, np.zeros(0), np.zeros(0))
        values, slopes = self._terms(budget)
        bin_values = np.add.reduceat(values, self._starts)
        bin_slopes = np.add.reduceat(slopes, self._starts)
        return CurvePoint(budget, float(bin_values.sum()), float(bin_slopes.sum()), bin_values, bin_slopes)

    def lines(self, left: CurvePoint, right: CurvePoint) -> tuple[Line, Line]:
        """Two lines above the curve between two of its points, touching it at the left and at the right one.

        The left line is infinitely steep where the curve is (Hill slopes below one, at zero).
        """
        width = right.budget - left.budget
        chord = (right.bin_values - left.bin_values) / width
        is_concave = self._bin_high <= left.budget
        is_convex = self._bin_low >= right.budget
        rise = np.where(is_concave, left.bin_slopes, np.where(is_convex, chord, self._bin_steepest))
        with np.errstate(invalid="ignore"):
            least = np.maximum(0.0, left.bin_slopes + right.bin_slopes - self._bin_steepest)
        arrive = np.where(is_concave, right.bin_slopes, np.where(is_convex, chord, least))
        from_left, to_right = float(rise.sum()), float(arrive.sum())
        return (
            Line(from_left, left.value - from_left * left.budget if np.isfinite(from_left) else np.inf),
            Line(to_right, right.value - to_right * right.budget),
        )

    def floor(self, left: CurvePoint, right: CurvePoint) -> Line:
        """A line from the curve at the left that lies nowhere above it between two of its points.

        Concave bins lie above their chord, convex ones above their line at the left, and bins in between rise at
        least with (slope at the left) + (slope at the right) - (largest slope).
        """
        chord = (right.bin_values - left.bin_values) / (right.budget - left.budget)
        is_concave = self._bin_high <= left.budget
        is_convex = self._bin_low >= right.budget
        with np.errstate(invalid="ignore"):
            least = np.maximum(0.0, left.bin_slopes + right.bin_slopes - self._bin_steepest)
        rise = float(np.where(is_concave, chord, np.where(is_convex, left.bin_slopes, least)).sum())
        return Line(rise, left.value - rise * left.budget)

    def floors(self, left: CurvePoint, right: CurvePoint) -> tuple[Line, Line]:
        """Two lines nowhere above the curve between two of its points, touching it at the left and at the right one.

        To the right concave bins lie above their chord, convex ones above their line at the right, and bins in between
        rise at most with their largest slope.
        """
        chord = (right.bin_values - left.bin_values) / (right.budget - left.budget)
        is_concave = self._bin_high <= left.budget
        is_convex = self._bin_low >= right.budget
        arrive = float(np.where(is_concave, chord, np.where(is_convex, right.bin_slopes, self._bin_steepest)).sum())
        if not np.isfinite(arrive):
            return (self.floor(left, right),) * 2
        return self.floor(left, right), Line(arrive, right.value - arrive * right.budget)

    def steepest(self, left: CurvePoint, right: CurvePoint) -> float:
        """A bound on the slope anywhere between two of its points, near the slope there where they are close.

        Terms of bins in between are looked at one by one where these are few: only those that turn between the points
        can be at their steepest there.
        """
        is_concave = self._bin_high <= left.budget
        is_convex = self._bin_low >= right.budget
        slopes = np.where(is_concave, left.bin_slopes, np.where(is_convex, right.bin_slopes, self._bin_steepest))
        between = np.flatnonzero(~(is_concave | is_convex))
        if not 0 < len(between) <= _FEW_BINS:
            return float(slopes.sum())
        ends = np.append(self._starts, len(self._inflection))
        terms = slice(ends[between[0]], ends[between[-1] + 1])
        turning = self._inflection[terms]
        ahead, behind = turning >= right.budget, turning <= left.budget
        at_left, at_right = (self._slopes(point.budget, terms) for point in (left, right))
        single = np.where(ahead, at_right, np.where(behind, at_left, self._steepest[terms]))
        slopes[between] = 0.0
        return float(slopes.sum() + single.sum())

    def _slopes(self, budget: float, terms: slice) -> FloatArray:
        """Weighted slope of some terms at a budget."""
        gain = self._gain[terms]
        _, slope = saturated_with_slope(self._kind, self._carry[terms] + gain * budget, self._slope[terms])
        return np.asarray(self._weight[terms] * gain * slope)

    def _terms(self, budget: float | FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted value and slope of each term."""
        response, slope = saturated_with_slope(self._kind, self._carry + self._gain * budget, self._slope)
        return self._weight * (response - self._before), self._weight * self._gain * slope

    def _response(self, reached: FloatArray) -> FloatArray:
        return saturated(self._kind, reached, self._slope)


@dataclass
class Envelope:
    """Over-estimator of one curve that is refined where it is asked to be; grows, never loosens.

    `points` are kept sorted by budget; between neighbours the two lines of `ExpectedCurve.lines`
    bound the curve, and at every point the bound is the curve itself.
    """

    curve: ExpectedCurve
    points: list[CurvePoint] = field(default_factory=list)
    _vertices: list[tuple[float, float]] = field(default_factory=list)
    _is_stale: bool = True
    _pieces: dict[tuple[float, float], Piece] = field(default_factory=dict)
    _cells: dict[tuple[float, float], list[tuple[float, float]]] = field(default_factory=dict)

    def touch(self, budget: float) -> CurvePoint:
        """The curve's point at `budget`; from now on the over-estimator is exact there."""
        position = bisect_left(self.points, budget, key=lambda point: point.budget)
        if position < len(self.points) and self.points[position].budget == budget:
            return self.points[position]
        point = self.curve.point(budget)
        self.points.insert(position, point)
        self._pieces = {ends: piece for ends, piece in self._pieces.items() if not ends[0] < budget < ends[1]}
        self._is_stale = True
        return point

    def piece(self, low: float, high: float) -> Piece:
        """Least concave over-estimator between two budgets, both of which must have been touched.

        An interval of no width gives the constant line through its point.
        """
        if high <= low:
            return Piece(low, high, (Line(0.0, self.touch(low).value),))
        if (low, high) not in self._pieces:
            self._pieces[low, high] = self._piece(low, high)
        return self._pieces[low, high]

    def _piece(self, low: float, high: float) -> Piece:
        corners = [vertex for vertex in self._corners() if low <= vertex[0] <= high]
        hull = _upper_hull(corners)
        lines = tuple(
            Line((y1 - y0) / (x1 - x0), y0 - (y1 - y0) / (x1 - x0) * x0) for (x0, y0), (x1, y1) in pairwise(hull)
        )
        return Piece(low, high, lines)

    def _corners(self) -> list[tuple[float, float]]:
        """Corners of the piecewise linear over-estimator, from left to right."""
        if self._is_stale:
            corners: list[tuple[float, float]] = []
            for left, right in pairwise(self.points):
                cell = (left.budget, right.budget)
                if cell not in self._cells:
                    self._cells[cell] = self._cell_corners(left, right)
                corners += self._cells[cell]
            if self.points:
                corners.append((self.points[-1].budget, self.points[-1].value))
            self._vertices, self._is_stale = corners, False
        return self._vertices

    def _cell_corners(self, left: CurvePoint, right: CurvePoint) -> list[tuple[float, float]]:
        rising, arriving = self.curve.lines(left, right)
        if not np.isfinite(rising.slope):
            return [(left.budget, arriving.intercept + arriving.slope * left.budget)]
        corners = [(left.budget, left.value)]
        chord = (right.value - left.value) / (right.budget - left.budget)
        if rising.slope > chord > arriving.slope:
            crossing = (arriving.intercept - rising.intercept) / (rising.slope - arriving.slope)
            crossing = min(max(crossing, left.budget), right.budget)
            if left.budget < crossing < right.budget:
                height = min(
                    rising.intercept + rising.slope * crossing,
                    max(arriving.intercept + arriving.slope * crossing, left.value),
                )
                corners.append((crossing, height))
        return corners


def _upper_hull(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Upper concave hull of points sorted by their first coordinate (Andrew's monotone chain)."""
    hull: list[tuple[float, float]] = []
    for x, y in corners:
        while len(hull) >= 2:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (y - y0) >= (y1 - y0) * (x - x0):
                hull.pop()
            else:
                break
        if hull and hull[-1][0] == x:
            if hull[-1][1] >= y:
                continue
            hull.pop()
        hull.append((x, y))
    return hull
