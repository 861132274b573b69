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
from optimizer.flight.cover import Lines
from optimizer.flight.grouped import Grouped, GroupedHulls
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
        self._grouped: Grouped | None = None
        self._apart: FlightTerms | None = None
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
        return self._with(of_draws(self._exact, np.asarray(draws)))

    def weighed(self, weights: FloatArray) -> "FlightTerms":
        """The same where a weighted mean of the draws counts. `weights` of shape (S,), of sum one."""
        return self._with(weighed(self._exact, weights))

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
        reached = self._adstock(numbers, spend)[:, self.horizon :]
        value = response_to("hill", reached, numbers.slope)
        apart = np.where(reached < hull.touching[:, self.horizon :], hull.slope[:, self.horizon :] * reached, value)
        reached = _tail_adstock(tail, spend)
        together = np.where(
            reached < tail.touching, tail.slope * reached, response_to("hill", reached, numbers.slope[tail.draws])
        )
        tail = tail.of(together.sum(axis=1) < apart.sum(axis=1)[tail.draws])
        if len(tail.draws) == 0:
            return self
        touching, slope = hull.touching.copy(), hull.slope.copy()
        touching[tail.draws, self.horizon :], slope[tail.draws, self.horizon :] = tail.touching, tail.slope
        return self._with(replace(numbers, hull=Hull(touching, slope, hull.height), tail=tail))

    def with_groups(self, spend: FloatArray, least: float) -> "FlightTerms":
        """The same with the closest hulls known at `spend`: of groups of draws, of a tail, or of single draws.

        Groups are looked for where hulls are further than `least` above the curves.
        """
        tailed = self.with_tail(spend)
        is_off = spend.sum() <= _OFF * self._limits[1]
        if self._exact.hull is None or is_off or self.periods < self.horizon:
            return tailed
        apart = tailed.by_period(spend)
        slack = apart - self.by_period(spend, is_hull=False)
        within = bool(slack[: self.horizon].sum() > least)
        after = bool(slack[self.horizon - 1 :].sum() > least)
        if not (within or after):
            return tailed
        most, total = self._limits
        level = float(spend.sum() / np.count_nonzero(most))
        hulls = GroupedHulls(self._exact, tailed._exact, self.horizon, most, total, level, within=within, after=after)
        closer = self._with(hulls.everywhere())
        closest = self._with(hulls.where_closer(apart, closer.by_period(spend)))
        closest._apart = tailed
        return closest

    def of_single_draws(self) -> "FlightTerms":
        """The same without hulls of groups."""
        return self._apart or self

    def _with(self, numbers: TermNumbers | Grouped) -> "FlightTerms":
        other: FlightTerms = object.__new__(FlightTerms)
        other.__dict__.update(self.__dict__)
        other._apart = None
        other._grouped = numbers if isinstance(numbers, Grouped) else None
        other._exact = numbers.numbers if isinstance(numbers, Grouped) else numbers
        other._quick = in_single_precision(other._exact)
        return other

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
        numbers, count = self._quick, len(spends)
        placed = np.zeros((self.lags, count, self.periods), dtype=np.float32)
        for lag in range(min(self.lags, self.periods)):
            last = min(self.horizon, self.periods - lag)
            placed[lag, :, lag : lag + last] = spends[:, :last]
        reached = (numbers.weights @ placed.reshape(self.lags, -1)).reshape(-1, count, self.periods)
        reached += numbers.carry[:, None]
        np.maximum(reached, LEAST[4], out=reached)
        added = response_to(self._kind, reached, numbers.slope[:, :, None]) - numbers.before[:, None]
        return np.asarray(np.tensordot(numbers.weight[:, 0], added, axes=1).sum(axis=1), dtype=np.float64)

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
            reached[tail.draws, tail.periods] = _tail_adstock(tail, spend)
        value, first, second = response_with_slopes(self._kind, reached, numbers.slope, has_curvature)
        value -= numbers.before
        if is_hull and numbers.hull is not None:
            hull = numbers.hull
            is_below = reached < hull.touching
            np.copyto(value, hull.slope * reached + hull.height, where=is_below)
            np.copyto(first, hull.slope, where=is_below)
            if has_curvature:
                np.copyto(second, 0.0, where=is_below)
        raised = np.zeros(0), np.zeros(self.horizon)
        if is_hull and is_exact and self._grouped is not None:
            raised = self._grouped.raised(spend, Lines(value + numbers.before, first))
        first *= numbers.weight
        gradient = raised[1]
        if tail is not None:
            _add_slopes(gradient, tail, first[:, tail.periods])
        by_lag = first.T @ numbers.weights
        for lag in range(min(self.lags, self.periods)):
            arrived = by_lag[lag : lag + self.horizon, lag]
            gradient[: len(arrived)] += arrived
        return Expansion(
            float((numbers.weight[:, 0] @ value).sum()) + float(raised[0].sum()),
            gradient,
            self._curvature(numbers, second, tail) if has_curvature else np.zeros((0, 0)),
        )

    def by_period(self, spend: FloatArray, *, is_hull: bool = True) -> FloatArray:
        """What hulls of each period come to, raised where they are of groups, or the curves; expected. Shape (P,)."""
        numbers, reached = self._exact, self._adstock(self._exact, spend)
        tail, hull = (numbers.tail, numbers.hull) if is_hull else (None, None)
        if tail is not None:
            reached[tail.draws, tail.periods] = _tail_adstock(tail, spend)
        value, first, _ = response_with_slopes(self._kind, reached, numbers.slope, False)
        value -= numbers.before
        if hull is not None:
            is_below = reached < hull.touching
            np.copyto(value, hull.slope * reached + hull.height, where=is_below)
            np.copyto(first, hull.slope, where=is_below)
        found = numbers.weight[:, 0] @ value
        if is_hull and self._grouped is not None:
            found = found + self._grouped.raised(spend, Lines(value + numbers.before, first))[0]
        return np.asarray(found)

    def _curvature(self, numbers: TermNumbers, second: FloatArray, tail: Tail | None) -> FloatArray:
        second *= numbers.weight
        at_end = np.zeros((0, 0)) if tail is None else _tail_curvature(tail, second[:, tail.periods])
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


_OFF = 1e-3
"""Share of the most that a channel may have below which it is as good as off the air."""


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
