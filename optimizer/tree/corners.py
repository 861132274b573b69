"""Corners above the curves of one KPI, with channels in the order of the split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.allocation import KpiCurves
from optimizer.separable.table import CornerTable

_DOUBLINGS = 5
"""First points of a channel, each at twice the budget of the last, beyond one for each doubling of the channels."""

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


class KpiCorners:
    """Over-estimators of a KPI's curves that grow, and which of their corners are known elsewhere.

    Channels are in the order of `names`; `most` is what each may spend, money, shape (C,).
    """

    def __init__(self, kpi: KpiCurves, names: Sequence[str], most: FloatArray) -> None:
        stack = kpi.stack
        place = {name: position for position, name in enumerate(stack.names)}
        self._place = np.array([place[name] for name in names])
        self._order = np.argsort(self._place)
        self._least = _SAME * most
        highest = np.where(most > 0.0, most, stack.scale[self._place])[self._order]
        top = stack.scale * 2.0 ** np.ceil(np.log2(highest / stack.scale))
        doublings = _DOUBLINGS + int(np.ceil(np.log2(len(names))))
        ladder = np.concatenate((np.zeros((1, len(top))), top * 2.0 ** np.arange(-doublings, 1.0)[:, None]))
        self._table = CornerTable.of(stack, ladder)
        self._known_spend = np.full((len(names), 0, 2), np.nan)
        self._known_height = np.full((len(names), 0, 2), -np.inf)

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

    def fresh(self) -> NewCorners:
        """Corners that came or moved since this was asked last; corners at nothing that bring nothing are none."""
        count, known = self._table.count, self._known_spend.shape[1]
        spend, height = self._table.spend[:, :count], self._table.height[:, :count]
        if count > known:
            room = (len(spend), count - known, 2)
            self._known_spend = np.concatenate((self._known_spend, np.full(room, np.nan)), axis=1)
            self._known_height = np.concatenate((self._known_height, np.full(room, -np.inf)), axis=1)
        rows, slots, sides = np.nonzero((height != self._known_height) | (spend != self._known_spend))
        at = rows, slots, sides
        was, x, y = self._known_height[at] > -np.inf, spend[at], height[at]
        is_corner = (y > -np.inf) & ~((x == 0.0) & (y == 0.0))
        is_same = ~is_corner & ~was
        self._known_spend[at], self._known_height[at] = x, np.where(is_corner, y, -np.inf)
        channels, slots = self._order[rows], 2 * slots + sides
        came, gone = is_corner & ~is_same, was
        return NewCorners(
            channels[came], slots[came], x[came], y[came], np.stack((channels[gone], slots[gone]), axis=1)
        )
