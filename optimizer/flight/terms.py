"""What a channel's spend by period adds over all draws, on the curves or on their hulls, with slopes and curvature.

In draw s and period p a channel's adstock is u[s, p] = carry[s, p] + Σ_l weights[s, l] · x[p - l], here in half
saturations, and it adds weight[s] · (sat(u) - sat(carry)). S draws, L lags, T periods of the horizon, P periods that
count, those after the horizon included.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.curves import ChannelResponse
from mmm.vocabulary import BendKind, FloatArray, IntArray
from optimizer.flight.hull import Hull, hull_of
from optimizer.flight.tail import Tail, tail_of
from optimizer.flight.term_numbers import (
    LEAST,
    TermNumbers,
    in_single_precision,
    of_draws,
    response_to,
    response_with_slopes,
    weighed,
)


@dataclass(frozen=True, slots=True)
class Expansion:
    """An expected outcome about one phasing: value, gradient of shape (T,), and curvature of shape (T, T) if asked."""

    value: float
    gradient: FloatArray
    curvature: FloatArray


class FlightTerms:
    """Expected outcome of one KPI from one channel, as a function of its spend in each period of the horizon.

    Parameters
    ----------
    response
        The channel's response under any phasing: its carry and its curve count, its gain does not.
    weights
        Carryover weights per draw. Shape (S, L).
    horizon
        Number of periods T that spend can be placed in.
    most
        Most that the rules let each period have, money. Shape (T,).
    total
        Most that the rules let the channel have over the horizon, money.
    importance
        Weight of the KPI in the objective.

    Raises
    ------
    ValueError
        When the channel has reach and frequency: its carryover weights vary with the frequency of each period.
    """

    def __init__(
        self,
        response: ChannelResponse,
        weights: FloatArray,
        horizon: int,
        most: FloatArray,
        total: float,
        importance: float = 1.0,
    ) -> None:
        if response.saturation == "reach":
            raise ValueError(f"channel '{response.channel}' has reach and frequency: its phasing must be given")
        draws, periods = response.carry.shape
        lags = weights.shape[1]
        self.channel = response.channel
        self.horizon, self.periods, self.lags = horizon, periods, lags
        self._kind: BendKind = response.saturation
        half = response.half_saturation[:, None]
        carry, relative = response.carry / half, weights / half
        slope = np.broadcast_to(response.slope[:, None], half.shape)
        highest = carry + np.minimum(
            relative @ lagged(np.minimum(most, total), periods, lags), relative.max(axis=1)[:, None] * total
        )
        hull = hull_of(self._kind, carry, slope, highest)
        rows, columns = np.triu_indices(lags)
        self._pairs = rows, columns
        before = response_to(self._kind, np.maximum(carry, LEAST[8]), slope)
        self._exact = TermNumbers(
            carry,
            relative,
            np.ascontiguousarray(relative[:, rows] * relative[:, columns]),
            np.ascontiguousarray(slope),
            response.ceiling[:, None] * importance / draws,
            before,
            hull,
        )
        self._quick = in_single_precision(self._exact)
        self._limits = most, total
        self._places = _curvature_places(horizon, periods, rows, columns)

    @property
    def is_concave(self) -> bool:
        """Whether the curves are their own hulls."""
        return self._exact.hull is None

    @property
    def draws(self) -> int:
        """Number of draws S."""
        return len(self._exact.weight)

    def subset(self, draws: Sequence[int] | np.ndarray) -> "FlightTerms":
        """The same of some of the draws, each counted as many times more."""
        part: FlightTerms = object.__new__(FlightTerms)
        part.__dict__.update(self.__dict__)
        part._exact = of_draws(self._exact, np.asarray(draws))
        part._quick = in_single_precision(part._exact)
        return part

    def weighed(self, weights: FloatArray) -> "FlightTerms":
        """The same where a weighted mean of the draws counts. `weights` of shape (S,), of sum one."""
        part: FlightTerms = object.__new__(FlightTerms)
        part.__dict__.update(self.__dict__)
        part._exact = weighed(self._exact, weights)
        part._quick = in_single_precision(part._exact)
        return part

    def with_tail(self, spend: FloatArray) -> "FlightTerms":
        """The same with hulls that count the periods after the horizon as one in draws where that is lower at `spend`.

        `spend` in money, of shape (T,). Hulls are above the curves in every draw either way.
        """
        tail_periods, numbers = self.periods - self.horizon, self._exact
        hull = numbers.hull
        if hull is None or tail_periods <= 0 or numbers.carry[:, self.horizon :].any():
            return self
        tail = tail_of(numbers.weights, numbers.slope, tail_periods, *self._limits)
        if tail is None:
            return self
        apart = _hull_values(self._kind, self._adstock(numbers, spend)[:, self.horizon :], numbers, hull, self.horizon)
        reached = _tail_adstock(tail, spend)
        together = np.where(
            reached < tail.touching, tail.slope * reached, response_to("hill", reached, numbers.slope[tail.draws])
        )
        tail = tail.of(together.sum(axis=1) < apart.sum(axis=1)[tail.draws])
        if len(tail.draws) == 0:
            return self
        touching, slope = hull.touching.copy(), hull.slope.copy()
        touching[tail.draws, self.horizon :], slope[tail.draws, self.horizon :] = tail.touching, tail.slope
        closer: FlightTerms = object.__new__(FlightTerms)
        closer.__dict__.update(self.__dict__)
        closer._exact = replace(numbers, hull=Hull(touching, slope), tail=tail)
        closer._quick = in_single_precision(closer._exact)
        return closer

    def value(self, spend: FloatArray) -> float:
        """Expected outcome that a phasing adds, on the curves. `spend` in money, of shape (T,)."""
        numbers = self._exact
        reached = self._adstock(numbers, spend)
        added = response_to(self._kind, reached, numbers.slope) - numbers.before
        return float((numbers.weight[:, 0] @ added).sum())

    def outcomes(self, spend: FloatArray) -> FloatArray:
        """What a phasing adds in each draw, on the curves. `spend` in money, of shape (T,); returns shape (S,)."""
        numbers = self._exact
        added = response_to(self._kind, self._adstock(numbers, spend), numbers.slope) - numbers.before
        return np.asarray(numbers.weight[:, 0] * added.sum(axis=1) * self.draws)

    def values(self, spends: FloatArray) -> FloatArray:
        """`value` of many phasings in single precision. `spends` of shape (N, T); returns shape (N,)."""
        numbers = self._quick
        found = np.empty(len(spends))
        for row, spend in enumerate(spends):
            added = response_to(self._kind, self._adstock(numbers, spend), numbers.slope) - numbers.before
            found[row] = float((numbers.weight[:, 0] @ added).sum())
        return found

    def expand(
        self, spend: FloatArray, *, is_hull: bool, is_exact: bool = True, has_curvature: bool = False
    ) -> Expansion:
        """Value, gradient and curvature at a phasing, of the curves or of their hulls.

        Of the curves themselves the curvature counts only terms that are concave there, so that it is never positive.
        `is_exact` is double precision. Gradients are per unit of money.
        """
        numbers = self._exact if is_exact else self._quick
        reached = self._adstock(numbers, spend)
        tail = numbers.tail if is_hull else None
        if tail is not None:
            reached[tail.draws, self.horizon :] = _tail_adstock(tail, spend)
        value, first, second = response_with_slopes(self._kind, reached, numbers.slope, has_curvature)
        value -= numbers.before
        if is_hull and numbers.hull is not None:
            hull = numbers.hull
            is_below = reached < hull.touching
            np.copyto(value, hull.slope * (reached - numbers.carry), where=is_below)
            np.copyto(first, hull.slope, where=is_below)
            if has_curvature:
                np.copyto(second, 0.0, where=is_below)
        first *= numbers.weight
        gradient = np.zeros(self.horizon)
        if tail is not None:
            _add_slopes(gradient, tail, first[:, self.horizon :])
        by_lag = first.T @ numbers.weights
        for lag in range(min(self.lags, self.periods)):
            arrived = by_lag[lag : lag + self.horizon, lag]
            gradient[: len(arrived)] += arrived
        return Expansion(
            float((numbers.weight[:, 0] @ value).sum()),
            gradient,
            self._curvature(numbers, second, tail) if has_curvature else np.zeros((0, 0)),
        )

    def _curvature(self, numbers: TermNumbers, second: FloatArray, tail: Tail | None) -> FloatArray:
        second *= numbers.weight
        at_end = np.zeros((0, 0)) if tail is None else _tail_curvature(tail, second[:, self.horizon :])
        np.minimum(second, 0.0, out=second)
        products = (second.T @ numbers.pairs).ravel()
        size = self.horizon
        upper = np.bincount(self._places, weights=products, minlength=size * size + 1)[:-1].reshape(size, size)
        curvature = upper + upper.T - np.diag(np.diag(upper))
        last = min(size, len(at_end))
        if last:
            curvature[size - last :, size - last :] += at_end[:last, :last][::-1, ::-1]
        return curvature

    def _adstock(self, numbers: TermNumbers, spend: FloatArray) -> FloatArray:
        placed = lagged(spend, self.periods, self.lags).astype(numbers.weights.dtype)
        reached = numbers.weights @ placed
        reached += numbers.carry
        return np.maximum(reached, LEAST[reached.itemsize], out=reached)


def lagged(spend: FloatArray, periods: int, lags: int) -> FloatArray:
    """Spend so many periods before each period, zero outside of the horizon. `spend` (T,); returns shape (L, P)."""
    placed = np.zeros((lags, periods))
    for lag in range(min(lags, periods)):
        kept = spend[: periods - lag]
        placed[lag, lag : lag + len(kept)] = kept
    return placed


def _curvature_places(horizon: int, periods: int, rows: IntArray, columns: IntArray) -> IntArray:
    """Where in the upper triangle of a flat (T, T) each product of two lags in each period falls; T * T is nowhere."""
    period = np.arange(periods)[:, None]
    later, earlier = period - rows[None, :], period - columns[None, :]
    is_inside = (later >= 0) & (later < horizon) & (earlier >= 0) & (earlier < horizon)
    return np.where(is_inside, earlier * horizon + later, horizon * horizon).ravel()


def _hull_values(kind: BendKind, reached: FloatArray, numbers: TermNumbers, hull: Hull, first: int) -> FloatArray:
    """Hulls of the periods from `first` on, at some adstock, with no carry. Shape (S, K)."""
    touching, slope = hull.touching[:, first:], hull.slope[:, first:]
    return np.where(reached < touching, slope * reached, response_to(kind, reached, numbers.slope))


def _tail_adstock(tail: Tail, spend: FloatArray) -> FloatArray:
    """What is at least the adstock after the horizon, in the draws of a tail. Shape (J, K)."""
    recent = spend[::-1][: tail.weights.shape[1]].astype(tail.weights.dtype)
    reached = tail.ratios * (tail.weights[:, : len(recent)] @ recent)[:, None]
    return np.maximum(reached, LEAST[reached.itemsize], out=reached)


def _add_slopes(gradient: FloatArray, tail: Tail, first: FloatArray) -> None:
    """Move the slopes of the periods after the horizon, `first` of shape (S, K), to the spend that they count."""
    pulls = (first[tail.draws] * tail.ratios).sum(axis=1) @ tail.weights
    first[tail.draws] = 0.0
    last = min(len(gradient), len(pulls))
    gradient[len(gradient) - last :] += pulls[:last][::-1]


def _tail_curvature(tail: Tail, second: FloatArray) -> FloatArray:
    """Curvature by the last periods of the horizon, the last one first, taken out of `second` (S, K)."""
    bends = np.minimum((second[tail.draws] * tail.ratios**2).sum(axis=1), 0.0)
    second[tail.draws] = 0.0
    return np.asarray((tail.weights * bends[:, None]).T @ tail.weights, dtype=np.float64)
