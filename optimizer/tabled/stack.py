"""Curves of many draws side by side, from tables of their responses: corners above them at no cost worth speaking of.

Each octave of budgets is cut in cells. A curve is a polynomial p(t) of t = log(budget) on a cell, and so is
q = p'' - p', which is x**2 times its second derivative in the budget x. From q at both ends of a cell and the most that
q can change in it follows whether the curve is concave or convex there, or by how much it can bend:

- concave: no higher than its tangents at both ends;
- convex: no higher than its chord;
- in between: no higher than the chord and half of the largest bend, m (x - x0) (x1 - x) / 2.

Below the lowest cell, and between points in different cells, lines are drawn term by term on the draws themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.curves.corners import CornerTable, corners_between
from optimizer.curves.stack import StackedPoints
from optimizer.tabled.polynomials import DERIVATIVE, basis
from optimizer.tabled.response import FINEST, LN2, ResponseTable

CELLS = 2**FINEST
"""Cells of an octave."""

_BELOW_EVEN = 5
"""Octaves of cells below an even share of the most that may be spent; what is lower has two lines."""

_SIDES = 4.0
"""Errors of the tables that a bound may be off by: of a value, of points at both ends of a line, and of the bound."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Points of C curves between cells, K + 1 of them, and what holds in the K cells to their right.

    `values` and `slopes` are at the left and the right end of each cell. `bend` has the least and the most of q.
    Shapes (C, K + 1), (C, K, 2), (C, K, 2), (C, K, 2).
    """

    spend: FloatArray
    values: FloatArray
    slopes: FloatArray
    bend: FloatArray


@dataclass
class TabledStack:
    """Curves of C channels, each the weighted sum of the draws of its table, up to budgets of 2**power money.

    `error` is how far what is made of them can be off, and `scale` the most of each channel, shape (C,). A channel is a
    bin of its own.
    """

    tables: Mapping[str, ResponseTable]
    weights: FloatArray
    powers: IntArray
    names: tuple[str, ...] = field(init=False)
    grid: Grid = field(init=False)
    error: float = field(init=False)
    channel_of_bin: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(self.tables)
        self.channel_of_bin = np.arange(len(self.names))
        octaves = _BELOW_EVEN + int(np.ceil(np.log2(len(self.names))))
        self._lowest = self.powers - octaves
        panels = _WeightedPanels.of(list(self.tables.values()), self.weights, self._lowest, octaves)
        self._panels, self.error = panels, _SIDES * float(panels.error.sum())
        self.grid = panels.grid(self._lowest)

    def measured(self, budgets: FloatArray, wanted: np.ndarray) -> StackedPoints:
        """The curves at one budget a channel; what is not `wanted` may be anything. Both of shape (C,)."""
        lowest = self.grid.spend[:, 0]
        budgets = np.where(wanted, budgets, lowest)
        values, slopes = self._panels.at(np.maximum(budgets, lowest), self._lowest)
        for channel in np.flatnonzero(budgets < lowest):
            values[channel] = slopes[channel] = 0.0
            if budgets[channel] > 0.0:
                at = list(self.tables.values())[channel].at(float(budgets[channel]))
                values[channel], slopes[channel] = self.weights @ at.added, self.weights @ at.slope
        return StackedPoints(values, slopes, values, slopes)

    def summed(self, by_bin: FloatArray) -> FloatArray:
        """The same: a channel has one bin."""
        return by_bin

    def value(self, channel: int, budget: float) -> float:
        """One curve at a budget."""
        if budget >= self.grid.spend[channel, 0]:
            return self._panels.value(channel, budget, int(self._lowest[channel]))
        return float(self.weights @ list(self.tables.values())[channel].at(budget).added) if budget > 0.0 else 0.0

    def lines(
        self,
        budgets: tuple[FloatArray, FloatArray],
        values: tuple[FloatArray, FloatArray],
        slopes: tuple[FloatArray, FloatArray],
    ) -> tuple[FloatArray, FloatArray]:
        """Slopes of lines above the curves between two budgets a channel: from the left, to the right. Shape (..., C).

        Pairs of left and right, of shape (..., C).
        """
        left, right = budgets
        rows = np.arange(len(self.names))
        with np.errstate(invalid="ignore", divide="ignore"):
            cell = np.floor((np.log2(0.5 * (left + right)) - self._lowest) * CELLS)
        is_one = np.isfinite(cell) & (cell >= 0) & (cell < self.grid.bend.shape[1])
        cell = np.where(is_one, cell, 0).astype(np.int64)
        is_one &= (self.grid.spend[rows, cell] <= left) & (right <= self.grid.spend[rows, cell + 1])
        rise, arrive = lines_of_cells(budgets, values, slopes, self.grid.bend[rows, cell])
        for place in zip(*np.nonzero(~is_one & (left < right)), strict=True):
            rise[place], arrive[place] = self._term_by_term(int(place[-1]), float(left[place]), float(right[place]))
        return rise, arrive

    @cached_property
    def table(self) -> CornerTable:
        """Points of all cells, from nothing on, and the corners between them; not to be changed."""
        return CornerTable.filled(self, *self.first_corners())

    def first_corners(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Points and corners from nothing on, with values and slopes by point.

        Spend and height of shape (C, K + 2, 2), as `CornerTable` has them; values and slopes of shape (K + 2, C).
        """
        grid, channels = self.grid, len(self.names)
        points = np.concatenate((np.zeros((channels, 1)), grid.spend), axis=1)
        within = np.maximum(grid.values[:, :-1, 1], grid.values[:, 1:, 0])
        inner = np.concatenate((grid.values[:, :1, 0], within, grid.values[:, -1:, 1]), axis=1)
        heights = np.concatenate((np.zeros((channels, 1)), inner), axis=1)
        slopes = np.concatenate((np.zeros((channels, 1)), grid.slopes[:, :, 0], grid.slopes[:, -1:, 1]), axis=1)
        lowest = self._from_nothing()
        left, right = grid.spend[:, :-1], grid.spend[:, 1:]
        sides = [(each[..., 0], each[..., 1]) for each in (grid.values, grid.slopes)]
        rise, arrive = lines_of_cells((left, right), sides[0], sides[1], grid.bend)
        rise, arrive = np.column_stack((lowest[0], rise)), np.column_stack((lowest[1], arrive))
        corner_spend, corner_height = corners_between(
            (points[:, :-1], points[:, 1:]), (heights[:, :-1], heights[:, 1:]), rise, arrive
        )
        spend, height = np.full((*points.shape, 2), np.nan), np.full((*points.shape, 2), -np.inf)
        spend[..., 0], height[..., 0] = points, heights
        spend[:, :-1, 1], height[:, :-1, 1] = corner_spend, corner_height
        return spend, height, heights.T, slopes.T

    def _from_nothing(self) -> FloatArray:
        """Slopes of the lines between nothing and the lowest cell. Shape (2, C)."""
        counts = self.weights > 0
        ends = zip(self.tables.values(), self.grid.spend[:, 0].tolist(), strict=True)
        slopes = np.array([table.slopes_between(0.0, end) for table, end in ends])
        return np.asarray(((slopes if counts.all() else slopes[..., counts]) @ self.weights[counts]).T)

    def _term_by_term(self, channel: int, left: float, right: float) -> tuple[float, float]:
        rise, arrive = self.tables[self.names[channel]].slopes_between(left, right)
        counts = self.weights > 0
        return float(self.weights[counts] @ rise[counts]), float(self.weights[counts] @ arrive[counts])


@dataclass(frozen=True, slots=True)
class _WeightedPanels:
    """Panels of all channels in a row: coefficients of shape (panels, N), ends, and which one each cell has (C, K).

    `error` of shape (C,).
    """

    coefficients: FloatArray
    ends: FloatArray
    of_cell: IntArray
    error: FloatArray

    @classmethod
    def of(cls, tables: list[ResponseTable], weights: FloatArray, lowest: IntArray, octaves: int) -> "_WeightedPanels":
        spans = [table.span(power, octaves) for table, power in zip(tables, lowest.tolist(), strict=True)]
        means, errors = zip(*(span.weighted(weights) for span in spans), strict=True)
        first = np.concatenate(([0], np.cumsum([len(span.ends) for span in spans])))[:-1]
        return cls(
            np.concatenate(means),
            np.concatenate([span.ends for span in spans]),
            np.stack([span.of_cell for span in spans]) + first[:, None],
            np.array([float(error.max()) for error in errors]),
        )

    def at(self, budgets: FloatArray, lowest: IntArray) -> tuple[FloatArray, FloatArray]:
        """Values and slopes at one budget a channel, within the cells. Shape (C,)."""
        logarithm = np.log2(budgets)
        cell = np.minimum(np.maximum((logarithm - lowest) * CELLS, 0.0), self.of_cell.shape[1] - 1).astype(np.int64)
        panel = self.of_cell[np.arange(len(budgets)), cell]
        left, right = self.ends[panel].T
        rows, of_panel = basis((2.0 * logarithm - left - right) / (right - left)), self.coefficients[panel]
        values = (rows * of_panel).sum(axis=1)
        slopes = ((rows @ DERIVATIVE) * of_panel).sum(axis=1)
        return values, slopes * 2.0 / ((right - left) * LN2 * budgets)

    def value(self, channel: int, budget: float, lowest: int) -> float:
        """The value of one channel at a budget within its cells."""
        logarithm = float(np.log2(budget))
        cell = min(int((logarithm - lowest) * CELLS), self.of_cell.shape[1] - 1)
        panel = self.of_cell[channel, cell]
        left, right = self.ends[panel].tolist()
        position = np.array((2.0 * logarithm - left - right) / (right - left))
        return float(basis(position) @ self.coefficients[panel])

    def grid(self, lowest: IntArray) -> Grid:
        """Values, slopes and bends of all cells."""
        channels, cells = self.of_cell.shape
        spend = 2.0 ** (lowest[:, None] + np.arange(cells + 1) / CELLS)
        values, slopes, bend = (np.empty((channels, cells, 2)) for _ in range(3))
        widths = np.rint((self.ends[:, 1] - self.ends[:, 0]) * CELLS).astype(np.int64)
        starts = np.concatenate(([0], np.cumsum(widths)))[:-1]
        flat = [each.reshape(-1, 2) for each in (values, slopes, bend)]
        for width in np.unique(widths).tolist():
            chosen = np.flatnonzero(widths == width)
            at = (starts[chosen, None] + np.arange(width)).ravel()
            for into, found in zip(flat, _of_cells(self.coefficients[chosen], width), strict=True):
                into[at] = found.reshape(-1, 2)
        slopes /= np.stack((spend[:, :-1], spend[:, 1:]), axis=2)
        return Grid(spend, values, slopes, bend)


def _of_cells(coefficients: FloatArray, cells: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values, slopes in t and bends of panels cut in as many cells. `coefficients` of shape (panels, N).

    Each of shape (panels, cells, 2).
    """
    per_position = 2.0 * CELLS / (cells * LN2)
    rows = basis(np.linspace(-1.0, 1.0, cells + 1))
    first = (coefficients @ DERIVATIVE.T) * per_position
    bends = (first @ DERIVATIVE.T) * per_position - first
    change = np.abs(bends @ DERIVATIVE.T).sum(axis=1)[:, None] * (2.0 / cells)
    values, slopes, ends = (each @ rows.T for each in (coefficients, first, bends))
    middle = ends[:, :-1] + ends[:, 1:]
    bend = np.stack((0.5 * (middle - change), 0.5 * (middle + change)), axis=2)
    return np.stack((values[:, :-1], values[:, 1:]), axis=2), np.stack((slopes[:, :-1], slopes[:, 1:]), axis=2), bend


def lines_of_cells(
    budgets: tuple[FloatArray, FloatArray],
    values: tuple[FloatArray, FloatArray],
    slopes: tuple[FloatArray, FloatArray],
    bend: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Slopes of lines above curves within cells, from the left and to the right; pairs of left and right."""
    width = budgets[1] - budgets[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        chord = (values[1] - values[0]) / width
        room = np.maximum(-bend[..., 0], 0.0) * (0.5 * width / budgets[0] ** 2)
    is_concave = bend[..., 1] <= 0.0
    return np.where(is_concave, slopes[0], chord + room), np.where(is_concave, slopes[1], chord - room)
