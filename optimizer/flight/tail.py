"""Carryover after the horizon, over-estimated as one: there is no spend left that could hold each period at its best.

In a draw with weights w, period T + k after the horizon has the adstock Σ_m w_{k+1+m} x_{T−1−m} ≤ c_k z with
z = Σ_m a_m x_{T−1−m}, c_k = w_{k+1} / w_1 and a_m the largest of w_{k+1+m} / c_k over k (for weights that fall
geometrically both sides are equal but for the last period kept). So the periods after the horizon bring at most
ψ(z) = Σ_k sat(c_k z). Its hull from zero is the line that touches it at z*, where z ψ' = ψ, and ψ after that: much less
than the sum of the hulls of its terms, each of which may be at its own touching point.

That ψ has such a hull is proved draw by draw, by intervals of z. For Hill with slope n and response r, u sat' − sat is
r (n (1 − r) − 1) and u² sat'' is n r (1 − r) (n − 1 − 2 n r). Before sat's own touching point all terms of z ψ' − ψ are
positive. From there on, each interval must show z ψ' − ψ > 0, until from some interval on each shows ψ'' ≤ 0, so that
z ψ' − ψ falls and has one zero. Draws in which that fails keep the hulls of their terms.
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray, IntArray
from optimizer.curves.terms import saturated

_RATIO = 1.35
"""Ends of an interval of z, one over the other."""

_MOST_INTERVALS = 40

_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Tail:
    """Draws whose periods after the horizon count as one. J of the draws, K periods, L lags.

    Attributes
    ----------
    first
        The first period.
    draws
        Which of the draws. Shape (J,).
    ratios
        c_k above. Shape (J, K).
    weights
        a_m above, per half saturation, the last period of the horizon first. Shape (J, L - 1), or (J, L) where the last
        period of the horizon is one of the periods.
    touching, slope
        As in `optimizer.flight.hull.Hull`, of the terms at c_k z: lines of terms that together are the line of the sum.
        Shape (J, K).
    """

    first: int
    draws: IntArray
    ratios: FloatArray
    weights: FloatArray
    touching: FloatArray
    slope: FloatArray

    @property
    def periods(self) -> slice:
        """The periods that count as one."""
        return slice(self.first, self.first + self.ratios.shape[1])

    def of(self, chosen: BoolArray | IntArray) -> "Tail":
        """The same of some of its draws, as a mask or as positions."""
        return Tail(
            self.first,
            self.draws[chosen],
            self.ratios[chosen],
            self.weights[chosen],
            self.touching[chosen],
            self.slope[chosen],
        )

    def among(self, draws: IntArray) -> "Tail | None":
        """The same where only some of all draws are left, in their order; None where none of them is in it."""
        place = {int(draw): position for position, draw in enumerate(self.draws)}
        kept = np.array([position for position, draw in enumerate(draws) if int(draw) in place], dtype=np.int64)
        if len(kept) == 0:
            return None
        own = np.array([place[int(draws[position])] for position in kept])
        return replace(self.of(own), draws=kept)


def tail_of(weights: FloatArray, slope: FloatArray, periods: int, most: FloatArray, total: float) -> Tail | None:
    """The draws of a Hill channel whose periods after the horizon can count as one; None where there are none.

    Parameters
    ----------
    weights
        Carryover weights per half saturation. Shape (S, L).
    slope
        Hill slope. Shape (S, 1).
    periods
        Number K of periods after the horizon that count, at most L - 1.
    most, total
        Most of each period of the horizon, and of the channel, money. `most` of shape (T,).
    """
    lags = weights.shape[1]
    draws = np.flatnonzero((slope[:, 0] > 1.0) & (weights[:, 1 : periods + 1] > 0).all(axis=1)) if periods else ()
    if len(draws) == 0:
        return None
    kept, steep = weights[draws], slope[draws]
    ratios = kept[:, 1 : periods + 1] / kept[:, 1:2]
    above = np.zeros((len(draws), lags - 1))
    for period in range(periods):
        later = kept[:, period + 1 :] / ratios[:, period : period + 1]
        above[:, : later.shape[1]] = np.maximum(above[:, : later.shape[1]], later)
    recent = np.minimum(most[::-1][: lags - 1], total)
    highest = np.minimum(above[:, : len(recent)] @ recent, above.max(axis=1) * total)
    with np.errstate(over="ignore"):
        is_proved, low = _proved(ratios, steep, highest)
    if not is_proved.any():
        return None
    draws, ratios, above, steep = draws[is_proved], ratios[is_proved], above[is_proved], steep[is_proved]
    touching = _zero(ratios, steep, low[is_proved], highest[is_proved])
    at = ratios * touching[:, None]
    line = saturated("hill", at, steep) / at
    is_all_line = touching >= highest[is_proved]
    return Tail(len(most), draws, ratios, above, np.where(is_all_line[:, None], np.inf, at), line)


def _proved(ratios: FloatArray, slope: FloatArray, highest: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Whether the sum of a draw has the hull described above, and from where on it is concave. Shapes (J,)."""
    low = ((slope - 1.0) ** (1.0 / slope))[:, 0] / ratios.max(axis=1)
    needed = np.ceil(np.log(np.maximum(highest / low, 1.0)).max(initial=0.0) / np.log(_RATIO))
    count = int(min(max(needed, 1), _MOST_INTERVALS))
    best = _steepest_rise(slope)
    is_proved, is_before = np.ones(len(low), dtype=np.bool_), np.ones(len(low), dtype=np.bool_)
    begin, start = low, low
    before = saturated("hill", ratios * begin[:, None], slope)
    for _ in range(count):
        end = begin * _RATIO
        after = saturated("hill", ratios * end[:, None], slope)
        gain = np.minimum(_line_less_curve(before, slope), _line_less_curve(after, slope)).sum(axis=1)
        bend = np.maximum(_bend(before, slope), _bend(after, slope))
        bend = np.where((before < best) & (best < after), _bend(best, slope), bend).sum(axis=1)
        counts, is_before = begin < highest, is_before & (gain > 0)
        is_proved &= ~counts | (bend <= 0) | is_before
        start = np.where(counts & (bend > 0), end, start)
        begin, before = end, after
    return is_proved & (begin >= highest), start


def _line_less_curve(response: FloatArray, slope: FloatArray) -> FloatArray:
    """The value of u sat' − sat."""
    return response * (slope * (1.0 - response) - 1.0)


def _bend(response: FloatArray, slope: FloatArray) -> FloatArray:
    """The value of u² sat''."""
    return slope * response * (1.0 - response) * (slope - 1.0 - 2.0 * slope * response)


def _steepest_rise(slope: FloatArray) -> FloatArray:
    """The response at which u² sat'' is largest: the smaller root of its derivative, a quadratic in the response."""
    # d/dr [r (1 − r) (b − 2 n r)] = 6 n r² − 2 (b + 2 n) r + b with b = n − 1
    rest = slope - 1.0
    middle = rest + 2.0 * slope
    return (middle - np.sqrt(middle**2 - 6.0 * slope * rest)) / (6.0 * slope)


def _zero(ratios: FloatArray, slope: FloatArray, low: FloatArray, highest: FloatArray) -> FloatArray:
    """Where z ψ' − ψ falls to zero, or the most that there can be if it does not. Shape (J,)."""
    high = np.maximum(highest, low)
    for _ in range(_HALVINGS):
        middle = np.sqrt(low * high)
        response = saturated("hill", ratios * middle[:, None], slope)
        is_before = _line_less_curve(response, slope).sum(axis=1) > 0
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    return high
