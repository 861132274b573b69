"""The draws of one channel's response, interpolated over the logarithm of its budget with a certified error.

Each octave of budgets, from one power of two to the next, is cut in panels on which `optimizer.tabled.error` proves the
interpolation; a panel is made when a budget in it is asked for. It serves searches: what is reported of a plan is
counted on the draws themselves.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from mmm.curves import ChannelResponse
from mmm.saturation import LOGISTIC_HALF
from mmm.vocabulary import FloatArray
from optimizer.curves.channel_draws import BudgetDraws
from optimizer.curves.terms import saturated, saturated_with_slope
from optimizer.tabled.error import interpolation_errors, most_of_period
from optimizer.tabled.polynomials import COEFFICIENTS, DERIVATIVE, POSITIONS, basis

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
        Of the polynomial of each draw in the position, from -1 at the left to 1 at the right. Shape (N, S).
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


@dataclass
class ResponseTable:
    """Panels of one channel's response, made as they are asked for."""

    response: ChannelResponse
    _octaves: dict[int, tuple[Panel, ...]] = field(init=False, default_factory=dict)
    _blocks: dict[int, FloatArray] = field(init=False, default_factory=dict)
    _terms: "_Terms" = field(init=False)
    _slopes: dict[tuple[float, float], tuple[FloatArray, FloatArray]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._terms = _Terms.of(self.response)

    def octave(self, power: int) -> tuple[Panel, ...]:
        """Panels of the budgets from 2**power to twice that, from left to right."""
        if power not in self._octaves:
            made = self._panels(float(power), power + 1.0, 0)
            block = np.stack([np.concatenate((each.coefficients, each.error[None])) for each in made])
            # Panels are views of one array, of which a weighted mean is one look at the memory.
            self._octaves[power] = tuple(
                Panel(each.left, each.right, part[:-1], part[-1]) for each, part in zip(made, block, strict=True)
            )
            self._blocks[power] = block
        return self._octaves[power]

    def weighted(self, power: int, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weighted means of the coefficients of an octave's panels, and of their errors. (panels, N), (panels,)."""
        panels = self.octave(power)
        block = self._blocks[power]
        means = (block.reshape(-1, len(weights)) @ weights).reshape(len(panels), -1)
        return means[:, :-1], means[:, -1]

    def panel(self, logarithm: float) -> Panel:
        """The panel of the binary logarithm of a budget."""
        return next(each for each in self.octave(math.floor(logarithm)) if logarithm <= each.right)

    def at(self, budget: float) -> BudgetDraws:
        """Draws and their slopes at a budget above zero. Slopes are those of the polynomials."""
        logarithm = math.log2(budget)
        panel = self.panel(logarithm)
        row = basis(np.array([panel.position(logarithm)]))[0]
        added, slope = np.stack((row, row @ DERIVATIVE)) @ panel.coefficients
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
