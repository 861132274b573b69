"""A concave function less what columns cost, maximised under linear rows: a primal-dual interior point method.

Follows Mehrotra (1992) with the curvature of the function at each point, which is block diagonal: one block a
channel, over its periods. Nothing is proved here: bounds come from the gradients at the points found.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray

type Oracle = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]
"""Value, gradient (C, T) and curvature (C, T, T) at a point of shape (C, T)."""

_TO_THE_WALL = 0.99
"""Share of the way to the nearest bound that a step may go."""

_PINNED = 1e16
"""Curvature that keeps a column where it is which has no room."""

_STEADY = 1e-11
"""Curvature that every column has at least, and, relative, every row."""

_NEAREST = 1e-13
"""Least distance from a bound: rows may leave a column no room between its bounds."""

_FEASIBLE = 1e-8

_FAR = 1e9
"""A step that meets no bound is as long as this."""


@dataclass(frozen=True, slots=True)
class Polytope:
    """row_lower <= rows @ z <= row_upper, lower <= z <= upper. N columns, M rows, the blocks' columns first.

    `costs` is what a unit of each column takes off the function. Shape (N,).
    """

    rows: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    lower: FloatArray
    upper: FloatArray
    costs: FloatArray


@dataclass(frozen=True, slots=True)
class _Standard:
    """rows @ z = right with bounds: rows with a range have a column of their own for what they come to."""

    rows: FloatArray
    right: FloatArray
    lower: FloatArray
    upper: FloatArray
    costs: FloatArray
    is_pinned: BoolArray
    has_low: BoolArray
    has_high: BoolArray

    @property
    def sides(self) -> int:
        """Number of bounds."""
        return int(self.has_low.sum() + self.has_high.sum())


@dataclass
class _State:
    """A point, the prices of its rows, and those of its bounds."""

    point: FloatArray
    prices: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a state stands: distances from bounds, pull of function and rows, what rows miss, and the Newton system."""

    below: FloatArray
    above: FloatArray
    pull: FloatArray
    missing: FloatArray
    newton: "_Newton"


def maximize_concave(
    oracle: Oracle, shape: tuple[int, int], polytope: Polytope, *, tolerance: float, iterations: int
) -> list[FloatArray]:
    """Points on the way to the maximum, the last one nearest. Each of shape (N,).

    Parameters
    ----------
    oracle
        The function, of the first C * T columns.
    shape
        (C, T).
    polytope
        Where the point must lie.
    tolerance
        Duality gap, relative to the value, at which to stop.
    iterations
        Most evaluations of the function.
    """
    blocks, count = shape[0] * shape[1], polytope.rows.shape[1]
    form = _standard(polytope)
    state: _State | None = None
    point = _start(form)
    found: list[FloatArray] = []
    for _ in range(iterations):
        value, gradient, curvature = oracle(point[:blocks].reshape(shape))
        found.append(point[:count].copy())
        state = state or _first_state(form, point, float(np.abs(gradient).mean()))
        below = np.where(form.has_low, np.maximum(point - form.lower, _NEAREST), 1.0)
        above = np.where(form.has_high, np.maximum(form.upper - point, _NEAREST), 1.0)
        missing = form.rows @ point - form.right
        gap = float(state.low @ below + state.high @ above)
        if gap <= tolerance * abs(value) and np.abs(missing).max(initial=0.0) <= _FEASIBLE:
            break
        pull = -form.rows.T @ state.prices - form.costs
        pull[:blocks] += gradient.ravel()
        diagonal = np.where(form.is_pinned, _PINNED, state.low / below + state.high / above + _STEADY)
        here = _Here(below, above, pull, missing, _Newton(curvature, diagonal, form.rows, blocks))
        _advance(form, state, here, gap / max(form.sides, 1))
        point = state.point
    return found


def _advance(form: _Standard, state: _State, here: _Here, mean: float) -> None:
    """One step: first straight at the bounds, to see how far that gets, then back towards the middle as it needs."""
    nothing = np.zeros(len(state.point))
    straight = _direction(form, state, here, nothing, nothing)
    step, prices = _lengths(form, state, here, straight)
    step, prices = min(1.0, step), min(1.0, prices)
    low = (state.low + prices * straight.low) * (here.below + step * straight.point)
    high = (state.high + prices * straight.high) * (here.above - step * straight.point)
    ahead = float((low * form.has_low + high * form.has_high).sum()) / max(form.sides, 1)
    target = mean * float(np.clip((ahead / mean) ** 3, 1e-4, 0.5))
    bent = _direction(
        form,
        state,
        here,
        form.has_low * (target - np.clip(straight.point * straight.low, -mean, mean)),
        form.has_high * (target + np.clip(straight.point * straight.high, -mean, mean)),
    )
    step, prices = (min(1.0, _TO_THE_WALL * length) for length in _lengths(form, state, here, bent))
    state.point = state.point + step * bent.point
    state.prices = state.prices + prices * bent.prices
    state.low, state.high = state.low + prices * bent.low, state.high + prices * bent.high


def _direction(form: _Standard, state: _State, here: _Here, low: FloatArray, high: FloatArray) -> _State:
    """The Newton step at which the products of distances and prices come to `low` and `high`."""
    push = np.where(form.is_pinned, 0.0, here.pull + low / here.below - high / here.above)
    step, prices = here.newton.solve(push, -here.missing)
    step = np.where(form.is_pinned, 0.0, step)
    return _State(
        step,
        prices,
        np.where(form.has_low, low / here.below - state.low - state.low / here.below * step, 0.0),
        np.where(form.has_high, high / here.above - state.high + state.high / here.above * step, 0.0),
    )


def _lengths(form: _Standard, state: _State, here: _Here, step: _State) -> tuple[float, float]:
    """How far a step can go until a bound is met, and until a price is nothing."""
    point = min(_room(here.below, step.point, form.has_low), _room(here.above, -step.point, form.has_high))
    prices = min(_room(state.low, step.low, form.has_low), _room(state.high, step.high, form.has_high))
    return point, prices


def _room(distance: FloatArray, change: FloatArray, counts: BoolArray) -> float:
    falls = counts & (change < 0)
    return min(_FAR, float((-distance[falls] / change[falls]).min())) if falls.any() else _FAR


class _Newton:
    """The Newton system of one point, factored: blocks with their diagonal, the other columns, and the rows."""

    def __init__(self, curvature: FloatArray, diagonal: FloatArray, rows: FloatArray, blocks: int) -> None:
        channels, periods, _ = curvature.shape
        self._shape, self._blocks, self._rows = (channels, periods), blocks, rows
        matrices = -curvature
        place = np.arange(periods)
        matrices[:, place, place] += diagonal[:blocks].reshape(channels, periods)
        self._inverse = np.linalg.inv(matrices)
        self._rest = 1.0 / diagonal[blocks:]
        self._across = self._apply(rows.T)
        system = rows @ self._across
        system[np.diag_indices(len(system))] += 1e-2 * _STEADY * max(float(system.diagonal().mean()), 1e-12)
        self._system = np.linalg.inv(system)

    def solve(self, push: FloatArray, missing: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The step of the columns and of the rows' prices."""
        free = self._apply(push[:, None])[:, 0]
        prices = self._system @ (self._rows @ free - missing)
        return free - self._across @ prices, prices

    def _apply(self, right: FloatArray) -> FloatArray:
        channels, periods = self._shape
        top = (self._inverse @ right[: self._blocks].reshape(channels, periods, -1)).reshape(self._blocks, -1)
        return np.vstack([top, self._rest[:, None] * right[self._blocks :]])


def _standard(polytope: Polytope) -> _Standard:
    is_equal = polytope.row_upper - polytope.row_lower <= 0
    ranged = np.flatnonzero(~is_equal)
    reached = np.zeros((len(is_equal), len(ranged)))
    reached[ranged, np.arange(len(ranged))] = -1.0
    lower = np.concatenate([polytope.lower, polytope.row_lower[ranged]])
    upper = np.concatenate([polytope.upper, polytope.row_upper[ranged]])
    is_pinned = upper - lower <= _NEAREST
    return _Standard(
        np.hstack([polytope.rows, reached]),
        np.where(is_equal, polytope.row_lower, 0.0),
        lower,
        upper,
        np.concatenate([polytope.costs, np.zeros(len(ranged))]),
        is_pinned,
        np.isfinite(lower) & ~is_pinned,
        np.isfinite(upper) & ~is_pinned,
    )


def _start(form: _Standard) -> FloatArray:
    """A point well inside of the bounds, whatever the rows say."""
    width = np.where(np.isfinite(form.upper - form.lower), form.upper - form.lower, 2.0)
    low = np.where(np.isfinite(form.lower), form.lower, np.where(np.isfinite(form.upper), form.upper - width, -1.0))
    return np.where(form.is_pinned, form.lower, low + np.minimum(0.5 * width, 1.0))


def _first_state(form: _Standard, point: FloatArray, steepness: float) -> _State:
    price = max(steepness, 1e-12)
    low, high = np.where(form.has_low, price, 0.0), np.where(form.has_high, price, 0.0)
    return _State(point, np.zeros(len(form.right)), low, high)
