"""Corners above the curves of one KPI, with channels in the order of the split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.curves.corners import CornerTable
from optimizer.curves.stack import CurveStack
from optimizer.program.allocation import KpiCurves
from optimizer.tabled.stack import CELLS, TabledStack

_DOUBLINGS = 5
"""First points of a channel, each at twice the budget of the last, beyond one for each doubling of the channels."""

_STEPS = 16
"""Most first points between two doublings."""

_POINTS = 100_000
"""Terms that first points may take to evaluate, all together, beyond one point a doubling."""

_AROUND = np.array([-16, -4, -1, 0, 1, 4, 16])
"""First points about the best one whose corners come with it."""

_SAME = 1e-9
"""Share of the most that a channel may spend within which a spend counts as a point that is there."""


@dataclass(frozen=True, slots=True)
class NewCorners:
    """Corners that came, and those that no longer count; `slots` tell the corners of a channel apart. Shape (N,)."""

    channels: IntArray
    slots: IntArray
    spend: FloatArray
    height: FloatArray
    gone: np.ndarray
    """Positions (channel, slot) of corners that are gone. Shape (M, 2)."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a program has corners for: `worth` of a unit of the KPI, less what spend and shares cost.

    `spend` is the price of a unit of money, `share` that of all of a channel, and `switches` its part for switches.
    Shape (C,).
    """

    worth: float
    spend: FloatArray
    share: FloatArray
    switches: FloatArray


class KpiCorners:
    """Over-estimators of a KPI's curves that grow, and which of their corners are in the program.

    Channels are in the order of `names`; `most` is what each may spend, money, shape (C,). All corners are to
    be in the program unless `is_fine`.
    """

    def __init__(self, kpi: KpiCurves, names: Sequence[str], most: FloatArray, *, is_fine: bool) -> None:
        stack, self._steps = kpi.stack, CELLS
        place = {name: position for position, name in enumerate(stack.names)}
        self._place = np.array([place[name] for name in names])
        self._order = np.argsort(self._place)
        self._least = _SAME * most
        if isinstance(stack, TabledStack):
            self._table = stack.table.copy()
        elif isinstance(stack, CurveStack):
            self._table = self._with_first_points(stack, most, is_fine=is_fine)
        self._around = np.rint(_AROUND * self._steps / _STEPS).astype(np.int64)
        self._ladder = self._seen = self._table.count
        self._is_in = np.zeros(self._table.height.shape, dtype=bool)
        self._in = np.zeros((3, 0), dtype=np.int64)
        self._at = np.zeros((2, 0))

    def _with_first_points(self, stack: CurveStack, most: FloatArray, *, is_fine: bool) -> CornerTable:
        highest = np.where(most > 0.0, most, stack.scale[self._place])[self._order]
        top = stack.scale * 2.0 ** np.ceil(np.log2(highest / stack.scale))
        doublings = _DOUBLINGS + int(np.ceil(np.log2(len(most))))
        self._steps = min(max(_POINTS // (doublings * stack.size), 1), _STEPS) if stack.is_quick and is_fine else 1
        rungs = top * 2.0 ** (np.arange(-self._steps * doublings, 1) / self._steps)[:, None]
        return CornerTable.of(stack, np.concatenate((np.zeros((1, len(top))), rungs)))

    def nearby(self, spend: FloatArray) -> FloatArray:
        """The spend of each channel, or a point that is there within a rounding of it. Shape (C,)."""
        points = self._table.spend[self._place, : self._table.count, 0]
        distance = np.abs(points - spend[:, None])
        distance[np.isnan(distance)] = np.inf
        nearest = distance.argmin(axis=1)
        rows = np.arange(len(spend))
        is_near = distance[rows, nearest] <= self._least
        return np.where(is_near, points[rows, nearest], spend)

    def touch(self, spend: FloatArray, wanted: np.ndarray | None = None) -> FloatArray:
        """Exact values, where wanted; the over-estimators are exact there from now on. Shape (C,)."""
        asked = np.ones(len(spend), dtype=bool) if wanted is None else wanted
        values: FloatArray = self._table.touch(spend[self._order], asked[self._order])[self._place]
        return values

    def nearer_to_zero(self) -> FloatArray:
        """A point nearer to zero than all others. Shape (C,)."""
        points = self._table.spend[self._place, : self._table.count, 0]
        nearest: FloatArray = np.where(points > 0.0, points, np.inf).min(axis=1)
        return nearest / 8.0

    def first(self, *, are_all: bool) -> NewCorners:
        """Corners to begin with: all, or those at every doubling."""
        slots = np.arange(0, self._ladder, 1 if are_all else self._steps)
        return self._joined(self._everywhere(np.union1d(slots, [self._ladder - 1])))

    def fresh(self) -> NewCorners:
        """Corners of points that came since this was asked last, and corners in the program that moved."""
        self._make_room()
        at = tuple(self._in)
        moved = (self._table.spend[at] != self._at[0]) | (self._table.height[at] != self._at[1])
        gone, new = self._in[:, moved], self._everywhere(np.arange(self._seen, self._table.count))
        self._seen = self._table.count
        if gone.shape[1]:
            self._is_in[tuple(gone)] = False
            self._in, self._at = self._in[:, ~moved], self._at[:, ~moved]
        return self._joined(np.concatenate((gone, new), axis=1), gone)

    def ends(self, low: FloatArray, high: FloatArray) -> NewCorners:
        """Points at the ends of ranges, which join the program. Shape (C,) each."""
        points, rows = self._table.spend[:, : self._table.count, 0], np.arange(len(self._order))
        slots = [(points == end[self._order, None]).argmax(axis=1) for end in (low, high)]
        chosen = np.zeros((3, 2 * len(rows)), dtype=np.int64)
        chosen[0], chosen[1] = np.concatenate((rows, rows)), np.concatenate(slots)
        return self._joined(chosen[:, ~self._is_in[tuple(chosen)]], is_mixed=True)

    def all_within(self, low: FloatArray, high: FloatArray) -> NewCorners:
        """All corners within ranges of spend. Shape (C,) each."""
        self._make_room()
        return self._joined(np.array(np.nonzero(self._within(low, high))))

    def best(
        self, prices: Prices, low: FloatArray, high: FloatArray, channels: IntArray | None = None
    ) -> tuple[FloatArray, IntArray]:
        """What the best corner of each channel, or of some, is worth beyond its spend in its range, and which that is.

        Minus infinity where there is none. Shape (C,), or that of `channels`.
        """
        count, rows = self._table.count, self._place if channels is None else self._place[channels]
        of = slice(None) if channels is None else channels
        spend, height = self._table.spend[rows, :count], self._table.height[rows, :count]
        is_within = (spend >= low[of, None, None]) & (spend <= high[of, None, None]) & (height > -np.inf)
        with np.errstate(invalid="ignore"):
            worth = prices.worth * height - prices.spend[of, None, None] * spend
        worth = np.where(is_within, worth, -np.inf).reshape(len(rows), 2 * count)
        best = worth.argmax(axis=1)
        return worth[np.arange(len(rows)), best], best

    def beyond_tangents(self, spend: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """By how much corners within ranges exceed tangents of the curves at points that are there, KPI. Shape (C,).

        Where a curve is concave, none does once it was touched there.
        """
        table, rows = self._table, np.arange(len(self._order))
        slots = (table.spend[:, : table.count, 0] == spend[self._order, None]).argmax(axis=1)
        bins = np.arange(table.bin_slopes.shape[1])
        slopes = table.stack.summed(table.bin_slopes[slots[table.stack.channel_of_bin], bins])
        with np.errstate(invalid="ignore"):
            above = table.height[:, : table.count] - slopes[:, None, None] * table.spend[:, : table.count]
            own = table.height[rows, slots, 0] - slopes * table.spend[rows, slots, 0]
        most = np.where(self._within(low, high), above, -np.inf).max(axis=(1, 2))
        beyond: FloatArray = np.where(np.isfinite(slopes), np.maximum(most - own, 0.0), np.inf)[self._place]
        return beyond

    def join(self, wanted: np.ndarray, best: IntArray, low: FloatArray, high: FloatArray) -> NewCorners:
        """The best corners of the channels that are wanted, and some about them, for the program. Shape (C,) each."""
        self._make_room()
        rows, slots = self._place[wanted], best[wanted] // 2
        on_ladder = slots < self._ladder
        around = np.clip(slots[on_ladder, None] + self._around, 0, self._ladder - 1)
        beside = np.repeat(rows[on_ladder], len(self._around)), around.ravel(), np.ones(around.size, dtype=np.int64)
        chosen = np.concatenate((np.stack((rows, slots, best[wanted] % 2)), np.stack(beside)), axis=1)
        spend, channels = self._table.spend[tuple(chosen)], self._order[chosen[0]]
        return self._joined(chosen[:, (spend >= low[channels]) & (spend <= high[channels])], is_mixed=True)

    def _within(self, low: FloatArray, high: FloatArray) -> np.ndarray:
        spend, order = self._table.spend[:, : self._table.count], self._order
        return np.asarray((spend >= low[order, None, None]) & (spend <= high[order, None, None]))

    def _everywhere(self, slots: IntArray) -> IntArray:
        """Corners of all channels at some slots: row, slot and side. Shape (3, N)."""
        rows, count = len(self._order), len(slots)
        found = np.empty((3, rows, count, 2), dtype=np.int64)
        found[0], found[1], found[2] = np.arange(rows)[:, None, None], slots[:, None], (0, 1)
        return found.reshape(3, -1)

    def _make_room(self) -> None:
        more = self._table.height.shape[1] - self._is_in.shape[1]
        if more:
            self._is_in = np.pad(self._is_in, ((0, 0), (0, more), (0, 0)))

    def _joined(self, chosen: IntArray, gone: IntArray | None = None, *, is_mixed: bool = False) -> NewCorners:
        """Corners that join the program; those at nothing that bring nothing are none. `chosen` of shape (3, N).

        Where `is_mixed`, some may be named twice.
        """
        at = tuple(chosen)
        spend, height = self._table.spend[at], self._table.height[at]
        can_join = (height > -np.inf) & ((spend > 0.0) | (height > 0.0)) & ~self._is_in[at]
        if is_mixed and can_join.any():
            flat = np.where(can_join, np.ravel_multi_index(at, self._is_in.shape), -1)
            first = np.unique(flat, return_index=True)[1]
            is_first = np.zeros(len(flat), dtype=bool)
            is_first[first] = True
            can_join &= is_first
        came, spend, height = chosen[:, can_join], spend[can_join], height[can_join]
        if came.shape[1]:
            self._is_in[tuple(came)] = True
            self._in = np.concatenate((self._in, came), axis=1)
            self._at = np.concatenate((self._at, (spend, height)), axis=1)
        left = chosen[:, :0] if gone is None else gone
        lost = np.stack((self._order[left[0]], 2 * left[1] + left[2]), axis=1)
        return NewCorners(self._order[came[0]], 2 * came[1] + came[2], spend, height, lost)
