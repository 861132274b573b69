"""The draws of one channel's response, interpolated over the logarithm of its budget with a certified error.

Each octave of budgets, from one power of two to the next, is cut in panels on which `optimizer.tabled.error` proves the
interpolation; a panel is made when a budget in it is asked for. It serves searches: what is reported of a plan is
counted on the draws themselves.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from mmm.curves import ChannelResponse
from mmm.saturation import LOGISTIC_HALF
from mmm.vocabulary import FloatArray, IntArray
from optimizer.curves.channel_draws import BudgetDraws
from optimizer.curves.terms import saturated, saturated_with_slope
from optimizer.tabled.error import interpolation_errors, most_of_period
from optimizer.tabled.polynomials import COEFFICIENTS, DERIVATIVE, NODES, POSITIONS, basis

_CUT = 1e-10
"""What last coefficients come to at most, relative to the mean response, that are left out; the error counts them."""

PANEL_ERROR = 1e-7
"""Mean error of a panel relative to an upper limit of the mean response there."""

FINEST = 6
"""Times that an octave may be halved."""

LN2 = float(np.log(2.0))
_MOST = 1e300


@dataclass(frozen=True, slots=True)
class Panel:
    """Draws between two budgets.

    Attributes
    ----------
    left, right
        Ends, binary logarithms of money.
    coefficients
        Of the polynomial of each draw in the position, from -1 at the left to 1 at the right, without the last ones
        where they come to nothing. Shape (K, S), K at most N.
    error
        How far the polynomial is from the draw at most. Shape (S,).
    """

    left: float
    right: float
    coefficients: FloatArray
    error: FloatArray

    def position(self, logarithm: float) -> float:
        """Where the binary logarithm of a budget lies in the panel."""
        return (2.0 * logarithm - self.left - self.right) / (self.right - self.left)

    def per_money(self, budget: float) -> float:
        """By how much the position changes with a unit of money, at a budget."""
        return 2.0 / ((self.right - self.left) * LN2 * budget)


@dataclass(frozen=True, slots=True)
class Span:
    """Panels of some octaves in a row, P of them.

    Attributes
    ----------
    ends
        Binary logarithms of money. Shape (P, 2).
    of_cell
        Position of the panel that each cell of the octaves is in. Shape (cells,).
    blocks
        Coefficients and errors of the panels of each octave, below one another. Shape (any, S) each.
    places
        Where each row of the blocks is in an array of shape (P, N + 1), the error last. Shape (all rows,).
    """

    ends: FloatArray
    of_cell: IntArray
    blocks: tuple[FloatArray, ...]
    places: IntArray

    @classmethod
    def of(cls, power: int, panels: list[Panel], blocks: tuple[FloatArray, ...]) -> "Span":
        """The panels from 2**power on."""
        ends = np.array([(panel.left, panel.right) for panel in panels])
        widths = np.rint((ends[:, 1] - ends[:, 0]) * 2**FINEST).astype(np.int64)
        places = [
            number * (NODES + 1) + np.append(np.arange(len(panel.coefficients)), NODES)
            for number, panel in enumerate(panels)
        ]
        return cls(ends, np.repeat(np.arange(len(panels)), widths), blocks, np.concatenate(places))

    def weighted(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted means of the coefficients of the panels, and of their errors. Shapes (P, N) and (P,)."""
        means = np.zeros((len(self.ends), NODES + 1))
        means.ravel()[self.places] = np.concatenate([block @ weights for block in self.blocks])
        return means[:, :-1], means[:, -1]


@dataclass
class ResponseTable:
    """Panels of one channel's response, made as they are asked for."""

    response: ChannelResponse
    _octaves: dict[int, tuple[Panel, ...]] = field(init=False, default_factory=dict)
    _blocks: dict[int, FloatArray] = field(init=False, default_factory=dict)
    _spans: dict[tuple[int, int], "Span"] = field(init=False, default_factory=dict)
    _terms: "_Terms" = field(init=False)
    _slopes: dict[tuple[float, float], tuple[FloatArray, FloatArray]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._terms = _Terms.of(self.response)

    def octave(self, power: int) -> tuple[Panel, ...]:
        """Panels of the budgets from 2**power to twice that, from left to right."""
        if power not in self._octaves:
            made = _shortened(self._panels(float(power), power + 1.0, 0))
            block = np.stack([np.concatenate((each.coefficients, each.error[None])) for each in made])
            # Panels are views of one array, of which a weighted mean is one look at the memory.
            self._octaves[power] = tuple(
                Panel(each.left, each.right, part[:-1], part[-1]) for each, part in zip(made, block, strict=True)
            )
            self._blocks[power] = block
        return self._octaves[power]

    def span(self, power: int, octaves: int) -> "Span":
        """The panels of so many octaves from 2**power on; kept."""
        if (power, octaves) not in self._spans:
            powers = range(power, power + octaves)
            panels = [panel for each in powers for panel in self.octave(each)]
            blocks = tuple(self._blocks[each].reshape(-1, self._blocks[each].shape[-1]) for each in powers)
            self._spans[power, octaves] = Span.of(power, panels, blocks)
        return self._spans[power, octaves]

    def panel(self, logarithm: float) -> Panel:
        """The panel of the binary logarithm of a budget."""
        return next(each for each in self.octave(math.floor(logarithm)) if logarithm <= each.right)

    def at(self, budget: float) -> BudgetDraws:
        """Draws and their slopes at a budget above zero. Slopes are those of the polynomials."""
        logarithm = math.log2(budget)
        panel = self.panel(logarithm)
        row = basis(np.array([panel.position(logarithm)]))[0]
        added, slope = np.stack((row, row @ DERIVATIVE))[:, : len(panel.coefficients)] @ panel.coefficients
        return BudgetDraws(added, slope * panel.per_money(budget))

    @property
    def scale(self) -> float:
        """Budget at which the mean exposure of the fullest period comes to half of the ceiling, without carry."""
        mean = float(self._terms.largest_gain.mean())
        return 1.0 / mean if mean > 0 else 1.0

    def slopes_between(self, left: float, right: float) -> tuple[FloatArray, FloatArray]:
        """Slopes of two lines above each draw between two budgets: from the left, to the right. Shape (S,).

        Term by term, as `ExpectedCurve.lines` has them; infinite from the left where a draw rises infinitely steeply.
        """
        if (left, right) not in self._slopes:
            self._slopes[left, right] = _slopes_between(self.response, left, right)
        return self._slopes[left, right]

    def _panels(self, left: float, right: float, halvings: int) -> list[Panel]:
        error = self._terms.error(left, right)
        if halvings < FINEST and error.mean() > PANEL_ERROR * self._terms.most(right):
            middle = 0.5 * (left + right)
            return [*self._panels(left, middle, halvings + 1), *self._panels(middle, right, halvings + 1)]
        budgets = 2.0 ** (0.5 * (left + right) + 0.5 * (right - left) * POSITIONS)
        values = np.stack([self._terms.added(float(budget)) for budget in budgets])
        return [Panel(left, right, COEFFICIENTS @ values, error)]


def _shortened(panels: list[Panel]) -> list[Panel]:
    """Panels without the last coefficients that come to nothing in every draw, as many of each."""
    rest = [np.abs(each.coefficients[::-1]).cumsum(axis=0)[::-1] for each in panels]
    counts = [
        int((each.max(axis=1) > _CUT * np.abs(panel.coefficients[0]).mean()).sum())
        for panel, each in zip(panels, rest, strict=True)
    ]
    kept = max(1, *counts)
    return [
        replace(
            panel,
            coefficients=panel.coefficients[:kept],
            error=panel.error + (each[kept] if kept < len(each) else 0.0),
        )
        for panel, each in zip(panels, rest, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Terms:
    """Periods of a response that the budget reaches, in half saturations; `fresh` are those of Hill without carry.

    Their exposures come as powers: (gain x)**slope = gain**slope x**slope. Arrays of shape (periods, S).
    """

    response: ChannelResponse
    carry: FloatArray
    gain: FloatArray
    fresh: FloatArray
    carried: FloatArray
    largest_carry: FloatArray
    largest_gain: FloatArray

    @classmethod
    def of(cls, response: ChannelResponse) -> "_Terms":
        counts = (response.gain > 0).any(axis=0)
        carry = np.ascontiguousarray((response.carry[:, counts] / response.half_saturation[:, None]).T)
        gain = np.ascontiguousarray((response.gain[:, counts] / response.half_saturation[:, None]).T)
        is_fresh = ~(carry > 0).any(axis=1) & (response.saturation == "hill")
        with np.errstate(over="ignore"):
            fresh = gain[is_fresh] ** response.slope
        return cls(
            response,
            carry[~is_fresh],
            gain[~is_fresh],
            fresh,
            _saturated(response, carry[~is_fresh]),
            carry.max(axis=0, initial=0.0),
            gain.max(axis=0, initial=0.0),
        )

    def added(self, budget: float) -> FloatArray:
        """Outcome that a budget adds, per draw. Shape (S,)."""
        reached = _saturated(self.response, self.carry + self.gain * budget)
        if len(self.fresh):
            with np.errstate(over="ignore"):
                powered = self.fresh * budget**self.response.slope
            np.minimum(powered, _MOST, out=powered)
            reached += np.divide(powered, 1.0 + powered, out=powered).sum(axis=0)
        return self.response.ceiling * (reached - self.carried)

    def error(self, left: float, right: float) -> FloatArray:
        """Largest error of a polynomial between two binary logarithms of budgets, per draw. Shape (S,)."""
        middle, half_width = 0.5 * (left + right) * LN2, 0.5 * (right - left) * LN2
        of_period = interpolation_errors(
            self.response.saturation, self.largest_carry, self.largest_gain, self.response.slope, middle, half_width
        )
        return self._periods * self.response.ceiling * of_period

    def most(self, right: float) -> float:
        """What the mean response is not above at a binary logarithm of the budget."""
        exposure = self.largest_carry + self.largest_gain * 2.0**right
        of_period = most_of_period(self.response.saturation, exposure, self.response.slope)
        return float((self._periods * self.response.ceiling * of_period).mean())

    @property
    def _periods(self) -> int:
        return len(self.gain) + len(self.fresh)


def _saturated(response: ChannelResponse, exposure: FloatArray) -> FloatArray:
    """Saturated exposures, which are overwritten, summed over the periods of shape (periods, S). Shape (S,)."""
    if response.saturation == "logistic":
        decayed = np.exp(np.multiply(exposure, -LOGISTIC_HALF, out=exposure), out=exposure)
        return (2.0 / (1.0 + decayed)).sum(axis=0) - len(decayed)
    return saturated(response.saturation, exposure, response.slope).sum(axis=0)


def _slopes_between(response: ChannelResponse, left: float, right: float) -> tuple[FloatArray, FloatArray]:
    half, slope = response.half_saturation[:, None], response.slope[:, None]
    carry, gain = response.carry / half, response.gain / half
    inflections = response.inflections()

    def measured(budget: float | FloatArray) -> tuple[FloatArray, FloatArray]:
        reached, steep = saturated_with_slope(response.saturation, carry + gain * budget, slope)
        with np.errstate(invalid="ignore"):
            return reached, np.where(gain > 0, gain * steep, 0.0)

    (low, at_left), (high, at_right), (_, steepest) = measured(left), measured(right), measured(inflections)
    chord, is_concave, is_convex = (high - low) / (right - left), inflections <= left, inflections >= right
    with np.errstate(invalid="ignore"):
        least = np.maximum(0.0, at_left + at_right - steepest)
    rise = np.where(is_concave, at_left, np.where(is_convex, chord, steepest))
    arrive = np.where(is_concave, at_right, np.where(is_convex, chord, least))
    return response.ceiling * rise.sum(axis=1), response.ceiling * arrive.sum(axis=1)
