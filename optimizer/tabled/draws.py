"""What a split adds per draw, from tables of all channels: near enough for searches, at a hundredth of the time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray, IntArray
from optimizer.curves.channel_draws import ChannelDraws
from optimizer.tabled.polynomials import DERIVATIVE, NODES, basis
from optimizer.tabled.response import FINEST, LN2, Panel, ResponseTable

_LOWEST = 2.0**-14
"""Share of a channel's scale below which draws are counted themselves: a table would be of next to nothing."""

_CELLS = 2**FINEST
"""Cells of an octave: a panel is one of them or several."""

_ADDED, _RISES = 128, 8
"""Splits whose draws, and whose slopes and places, are kept, the latest ones: a search comes back to them."""

_SLOPES = 200
"""Slopes of channels that are off that are kept."""


class TabledDraws:
    """Draws of all channels of a KPI over their budgets."""

    def __init__(self, tables: Mapping[str, ResponseTable]) -> None:
        self._names = tuple(tables)
        self._index = {name: index for index, name in enumerate(tables)}
        self._all = np.arange(len(self._names))
        self._panels = _Panels(list(tables.values()))
        self._exact = [ChannelDraws(table.response) for table in tables.values()]
        self._draws = next(iter(tables.values())).response.gain.shape[0]
        self._added: dict[tuple[tuple[str, float], ...], FloatArray] = {}
        self._slopes: dict[tuple[tuple[str, float], ...], FloatArray] = {}
        self._where: dict[tuple[tuple[str, float], ...], _Placed] = {}
        self._off: dict[tuple[int, float], FloatArray] = {}

    def added(self, spend: Mapping[str, float]) -> FloatArray:
        """Outcome that a split adds; not to be changed. Shape (S,)."""
        key = tuple(spend.items())
        found = self._added.get(key)
        if found is None:
            found, one = np.zeros(self._draws), np.empty(self._draws)
            placed = self._placed_split(key)
            for panel, row in zip(placed.panels, placed.rows, strict=True):
                found += np.dot(row[: len(panel.coefficients)], panel.coefficients, out=one)
            for _, channel, budget in placed.left_over:
                if budget > 0.0:
                    found += self._exact[channel].at(budget).added
            found.flags.writeable = False
            _keep(self._added, key, found, _ADDED)
        return found

    def beside(self, start: Mapping[str, float], others: Sequence[Mapping[str, float]]) -> Iterator[FloatArray]:
        """Outcome that each of some splits adds, which differ from the first one in few channels. Shape (S,)."""
        places = {name: place for place, name in enumerate(start)}
        of_channel = self._by_channel(tuple(start.items()))
        whole = of_channel.sum(axis=0)
        for other in others:
            changed = [(name, amount) for name, amount in other.items() if amount != start[name]]
            if len(changed) > len(places) // 2:
                yield self.added(other)
            else:
                before = of_channel[[places[name] for name, _ in changed]]
                yield whole + (self._by_channel(changed) - before).sum(axis=0)

    def _by_channel(self, budgets: Sequence[tuple[str, float]]) -> FloatArray:
        """Outcome that each of some budgets, of one channel each, adds. Shape (budgets, S)."""
        found = np.zeros((len(budgets), self._draws))
        placed = self._placed(budgets)
        for place, panel, row in zip(placed.places.tolist(), placed.panels, placed.rows, strict=True):
            np.dot(row[: len(panel.coefficients)], panel.coefficients, out=found[place])
        for place, channel, budget in placed.left_over:
            if budget > 0.0:
                found[place] = self._exact[channel].at(budget).added
        return found

    def means(self, budgets: Sequence[tuple[str, float]], weights: FloatArray) -> FloatArray:
        """Weighted means of what each of some budgets, of one channel each, adds. `weights` of shape (S,)."""
        found = np.zeros(len(budgets))
        placed = self._placed(budgets)
        if placed.panels:
            numbers, of_row = np.unique(placed.numbers, return_inverse=True)
            weighted = np.zeros((len(numbers), NODES))
            for means, number in zip(weighted, numbers.tolist(), strict=True):
                coefficients = self._panels.panels[number].coefficients
                np.dot(coefficients, weights, out=means[: len(coefficients)])
            found[placed.places] = (placed.rows * weighted[of_row]).sum(axis=1)
        for place, channel, budget in placed.left_over:
            if budget > 0.0:
                found[place] = self._exact[channel].at(budget).added @ weights
        return found

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> FloatArray:
        """What another unit of each channel adds, at `least` where it has less, in their order; not to be changed.

        Shape (C, S).
        """
        key = tuple((name, max(amount, least)) for name, amount in spend.items())
        found = self._slopes.get(key)
        if found is None:
            placed, found = self._placed_split(key), np.empty((len(key), self._draws))
            rows = placed.rows @ DERIVATIVE * placed.per_money[:, None]
            for place, panel, row in zip(placed.places.tolist(), placed.panels, rows, strict=True):
                np.dot(row[: len(panel.coefficients)], panel.coefficients, out=found[place])
            for place, channel, budget in placed.left_over:
                found[place] = self._slope(channel, budget)
            found.flags.writeable = False
            _keep(self._slopes, key, found, _RISES)
        return found

    def _slope(self, channel: int, budget: float) -> FloatArray:
        """Slopes at a budget that tables do not have; kept, for it is the same one for channels that are off."""
        slope = self._off.get((channel, budget))
        if slope is None:
            slope = self._exact[channel].at(budget).slope
            if len(self._off) >= _SLOPES:
                del self._off[next(iter(self._off))]
            self._off[channel, budget] = slope
        return slope

    def _placed_split(self, key: tuple[tuple[str, float], ...]) -> "_Placed":
        """Where a split lies; kept, for its slopes are asked for after its draws."""
        found = self._where.get(key)
        if found is None:
            found = self._placed(key)
            _keep(self._where, key, found, _RISES)
        return found

    def _placed(self, budgets: Sequence[tuple[str, float]]) -> "_Placed":
        names, amounts = zip(*budgets, strict=True) if budgets else ((), ())
        are_all = names == self._names
        channels = self._all if are_all else np.array([self._index[name] for name in names], dtype=np.int64)
        return self._panels.placed(channels, np.array(amounts, dtype=np.float64))


def _keep[Key, Value](kept: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Keep a value, and of all the latest ones alone."""
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value


@dataclass(frozen=True, slots=True)
class _Placed:
    """Budgets that tables have, P of them: their places, numbers and panels, and what each coefficient counts for.

    `rows` of shape (P, N), `width` of the panels, binary logarithms, and `paid`, money, of shape (P,). `left_over` are
    place, channel and amount of the others.
    """

    places: IntArray
    numbers: IntArray
    panels: list[Panel]
    rows: FloatArray
    width: FloatArray
    paid: FloatArray
    left_over: list[tuple[int, int, float]]

    @property
    def per_money(self) -> FloatArray:
        """By how much the position in a panel changes with a unit of money. Shape (P,)."""
        return 2.0 / (self.width * LN2 * self.paid)


@dataclass
class _Panels:
    """Panels of C channels by their cells, found when a budget in them is first asked for.

    `of_cell` is the number of a panel, -1 where it is not known yet. Shape (C, cells); `first` is the binary logarithm
    of the left end of a channel's first cell. Shape (C,). `widths` of the panels and `middles`, doubled, are binary
    logarithms as well. Shape (panels,).
    """

    tables: list[ResponseTable]
    panels: list[Panel] = field(init=False, default_factory=list)
    lowest: FloatArray = field(init=False)
    first: FloatArray = field(init=False)
    of_cell: IntArray = field(init=False)
    widths: FloatArray = field(init=False)
    middles: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.lowest = np.array([_LOWEST * table.scale for table in self.tables])
        self.first = np.floor(np.log2(self.lowest))
        self.of_cell = np.full((len(self.tables), _CELLS), -1)
        self.widths = self.middles = np.zeros(0)

    def placed(self, channels: IntArray, amounts: FloatArray) -> _Placed:
        """Where budgets of channels lie. Both of shape (budgets,)."""
        has: BoolArray = amounts > self.lowest[channels]
        places, of, paid = np.flatnonzero(has), channels, amounts
        left_over: list[tuple[int, int, float]] = []
        if len(places) < len(amounts):
            others, of, paid = np.flatnonzero(~has), channels[places], amounts[places]
            left_over = list(zip(others.tolist(), channels[others].tolist(), amounts[others].tolist(), strict=True))
        logarithms = np.log2(paid)
        cells = ((logarithms - self.first[of]) * _CELLS).astype(np.int64)
        while len(cells) and cells.max() >= self.of_cell.shape[1]:
            self.of_cell = np.concatenate((self.of_cell, np.full_like(self.of_cell, -1)), axis=1)
        numbers = self.of_cell[of, cells]
        if numbers.min(initial=0) < 0:
            for place in np.flatnonzero(numbers < 0).tolist():
                self._learn(int(of[place]), int(cells[place]) // _CELLS)
            numbers = self.of_cell[of, cells]
        width = self.widths[numbers]
        rows = basis((2.0 * logarithms - self.middles[numbers]) / width)
        panels = [self.panels[number] for number in numbers.tolist()]
        return _Placed(places, numbers, panels, rows, width, paid, left_over)

    def _learn(self, channel: int, octave: int) -> None:
        """Number the panels of an octave of a channel."""
        if self.of_cell[channel, octave * _CELLS] >= 0:
            return
        power = int(self.first[channel])
        for panel in self.tables[channel].octave(power + octave):
            first, last = (round((end - power) * _CELLS) for end in (panel.left, panel.right))
            self.of_cell[channel, first:last] = len(self.panels)
            self.panels.append(panel)
        left, right = np.array([(panel.left, panel.right) for panel in self.panels]).T
        self.widths, self.middles = right - left, left + right
