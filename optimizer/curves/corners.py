"""Corners of an over-estimator of every curve, refined where they are asked to be.

The same over-estimator as `optimizer.curves.expected.Envelope`, for all channels at once: exact at its points, and
between two neighbours under the two lines of `ExpectedCurve.lines`, whose crossing is a corner.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.curves.stack import CurveStack, StackedPoints

_ROOM = 16
"""Points a channel for which there is room at first beyond the first ones, and for as many more when it is full."""


class Stack(Protocol):
    """Curves of C channels side by side; see `optimizer.curves.stack.CurveStack`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the channels, in order."""
        ...

    @property
    def error(self) -> float:
        """How far what is made of the curves can be off, KPI."""
        ...

    @property
    def channel_of_bin(self) -> IntArray:
        """Whose each bin is."""
        ...

    def measured(self, budgets: FloatArray, wanted: np.ndarray) -> StackedPoints:
        """The curves at one budget a channel."""
        ...

    def value(self, channel: int, budget: float) -> float:
        """One curve at a budget."""
        ...

    def summed(self, by_bin: FloatArray) -> FloatArray:
        """Sums over the bins of each channel, which are along the last axis."""
        ...

    def lines(
        self,
        budgets: tuple[FloatArray, FloatArray],
        values: tuple[FloatArray, FloatArray],
        slopes: tuple[FloatArray, FloatArray],
    ) -> tuple[FloatArray, FloatArray]:
        """Slopes of lines above the curves between two budgets a channel."""
        ...


@dataclass
class CornerTable:
    """Points of C curves in the order in which they came, each with the corner of the interval to its right.

    Attributes
    ----------
    stack
        The curves.
    spend, height
        Of the points and the corners: [:, k, 0] is the k-th point, [:, k, 1] the corner to its right. Money and KPI; a
        height of minus infinity is no corner. Shape (C, K, 2).
    bin_values, bin_slopes
        Of the k-th points by bin. Shape (K, bins).
    count
        Points so far.
    rising
        How many of them, the first ones, rise from zero on in every channel.
    """

    stack: "Stack"
    spend: FloatArray
    height: FloatArray
    bin_values: FloatArray
    bin_slopes: FloatArray
    count: int
    rising: int

    @classmethod
    def of(cls, stack: CurveStack, ladder: FloatArray) -> "CornerTable":
        """Points at rising budgets from zero on. `ladder` of shape (rungs, C)."""
        channels, bins, rungs = len(stack.names), len(stack.channel_of_bin), len(ladder)
        room = rungs + _ROOM
        table = cls(
            stack,
            np.full((channels, room, 2), np.nan),
            np.full((channels, room, 2), -np.inf),
            np.zeros((room, bins)),
            np.zeros((room, bins)),
            rungs,
            rungs,
        )
        measured = stack.measured(ladder, np.ones(channels, dtype=bool))
        table.spend[:, :rungs, 0], table.height[:, :rungs, 0] = ladder.T, measured.values.T
        table.bin_values[:rungs], table.bin_slopes[:rungs] = measured.bin_values, measured.bin_slopes
        steps = np.repeat(np.arange(rungs)[:, None], channels, axis=1)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            table._corners(steps[:-1], steps[1:], np.ones((rungs - 1, channels), dtype=bool))
        return table

    @classmethod
    def filled(
        cls, stack: "Stack", spend: FloatArray, height: FloatArray, bin_values: FloatArray, bin_slopes: FloatArray
    ) -> "CornerTable":
        """A table of corners that are known; arrays as its attributes, without room for more."""
        return cls(stack, spend, height, bin_values, bin_slopes, len(bin_values), len(bin_values))

    def copy(self) -> "CornerTable":
        """A table that can grow on its own."""
        return CornerTable(
            self.stack,
            self.spend.copy(),
            self.height.copy(),
            self.bin_values.copy(),
            self.bin_slopes.copy(),
            self.count,
            self.rising,
        )

    def touch(self, budgets: FloatArray, wanted: np.ndarray) -> FloatArray:
        """Exact values at one budget a channel; where `wanted`, the over-estimator is exact there from now on.

        Values of channels that are not wanted are zero. Shape (C,).
        """
        rows = np.arange(len(budgets))
        left, right = self._beside(budgets)
        at_left, at_right = self.spend[rows, left, 0], self.spend[rows, right, 0]
        is_left, is_right = at_left == budgets, at_right == budgets
        known = is_left | is_right
        values = np.where(known, self.height[rows, np.where(is_right, right, left), 0], 0.0)
        new = wanted & ~known
        if not new.any():
            return values
        has_right = at_right > budgets
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            at = self._append(budgets, new)
            middle = np.full(len(left), at)
            self._corners(np.stack((left, middle)), np.stack((middle, right)), np.stack((new, new & has_right)))
        return np.where(new, self.height[:, at, 0], values)

    def _beside(self, budgets: FloatArray) -> tuple[IntArray, IntArray]:
        """The nearest points at or below one budget a channel, and at or above it; the last point where none is.

        Shape (C,) each.
        """
        rising, rows = self.rising, np.arange(len(budgets))
        right = np.minimum((self.spend[:, :rising, 0] < budgets[:, None]).sum(axis=1), rising - 1)
        left = np.maximum(right - (self.spend[rows, right, 0] > budgets), 0)
        if self.count > rising:
            later = self.spend[:, rising : self.count, 0]
            below = np.where(later <= budgets[:, None], later, -1.0)
            above = np.where(later >= budgets[:, None], later, np.inf)
            nearest_below, nearest_above = below.argmax(axis=1), above.argmin(axis=1)
            below, above = below[rows, nearest_below], above[rows, nearest_above]
            at_left, at_right = self.spend[rows, left, 0], self.spend[rows, right, 0]
            left = np.where(below > at_left, rising + nearest_below, left)
            is_nearer = (above < np.inf) & ((above < at_right) | (at_right < budgets))
            right = np.where(is_nearer, rising + nearest_above, right)
        return left, right

    def _append(self, budgets: FloatArray, new: np.ndarray) -> int:
        if self.count == self.spend.shape[1]:
            self._grow()
        at = self.count
        measured = self.stack.measured(np.where(new, budgets, 0.0), new)
        self.spend[:, at, 0] = np.where(new, budgets, np.nan)
        self.spend[:, at, 1] = np.nan
        self.height[:, at, 0] = np.where(new, measured.values, -np.inf)
        self.bin_values[at], self.bin_slopes[at] = measured.bin_values, measured.bin_slopes
        self.count += 1
        return at

    def _grow(self) -> None:
        channels, room = self.spend.shape[0], _ROOM
        bins = self.bin_values.shape[1]
        self.spend = np.concatenate((self.spend, np.full((channels, room, 2), np.nan)), axis=1)
        self.height = np.concatenate((self.height, np.full((channels, room, 2), -np.inf)), axis=1)
        self.bin_values = np.concatenate((self.bin_values, np.zeros((room, bins))))
        self.bin_slopes = np.concatenate((self.bin_slopes, np.zeros((room, bins))))

    def _corners(self, left: np.ndarray, right: np.ndarray, wanted: np.ndarray) -> None:
        """Set the corners between pairs of neighbouring points of channels, where wanted. Shapes (pairs, C)."""
        stack = self.stack
        rows, bins = np.arange(left.shape[1]), np.arange(self.bin_values.shape[1])
        of_left, of_right = left[:, stack.channel_of_bin], right[:, stack.channel_of_bin]
        points, heights = self.spend[:, :, 0], self.height[:, :, 0]
        x0, x1, y0, y1 = points[rows, left], points[rows, right], heights[rows, left], heights[rows, right]
        rise, arrive = stack.lines(
            (x0, x1),
            (self.bin_values[of_left, bins], self.bin_values[of_right, bins]),
            (self.bin_slopes[of_left, bins], self.bin_slopes[of_right, bins]),
        )
        crossing, top = corners_between((x0, x1), (y0, y1), rise, arrive)
        pairs, channels = np.nonzero(wanted)
        at = left[pairs, channels]
        self.spend[channels, at, 1] = crossing[pairs, channels]
        self.height[channels, at, 1] = top[pairs, channels]


def corners_between(
    budgets: tuple[FloatArray, FloatArray], heights: tuple[FloatArray, FloatArray], rise: FloatArray, arrive: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Spend and height at which the lines from the left and to the right cross, minus infinity where they do not.

    Pairs of left and right; `rise` and `arrive` are the slopes of the lines. Where a curve rises infinitely steeply the
    corner is at the left. All of the same shape.
    """
    (x0, x1), (y0, y1) = budgets, heights
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        width, height = x1 - x0, y1 - y0
        chord, is_endless = height / width, rise == np.inf
        crossing = x0 + np.minimum(np.maximum((height - arrive * width) / (rise - arrive), 0.0), width)
        top = np.minimum(y0 + rise * (crossing - x0), np.maximum(y1 + arrive * (crossing - x1), y0))
        is_corner = (rise > chord) & (chord > arrive) & (crossing > x0) & (crossing < x1)
        top = np.where(is_endless, y1 - arrive * width, np.where(is_corner, top, -np.inf))
    return np.where(is_endless, x0, crossing), top
