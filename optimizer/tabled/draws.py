"""What a split adds per draw, from tables of all channels: near enough for searches, at a hundredth of the time."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.curves.channel_draws import ChannelDraws
from optimizer.tabled.polynomials import DERIVATIVE, basis
from optimizer.tabled.response import Panel, ResponseTable

_LOWEST = 2.0**-14
"""Share of a channel's scale below which draws are counted themselves: a table would be of next to nothing."""


_KEPT = 4
"""Sets of panels of all channels whose coefficients are kept below one another."""


_SLOPES = 200
"""Slopes of channels that are off that are kept."""


class TabledDraws:
    """Draws of all channels of a KPI over their budgets."""

    def __init__(self, tables: Mapping[str, ResponseTable]) -> None:
        self._tables = tables
        self._exact = {name: ChannelDraws(table.response) for name, table in tables.items()}
        self._lowest = {name: _LOWEST * table.scale for name, table in tables.items()}
        self._draws = next(iter(tables.values())).response.gain.shape[0]
        self._last: tuple[int, ...] = ()
        self._beside: dict[tuple[int, ...], FloatArray] = {}
        self._slopes: dict[tuple[str, float], FloatArray] = {}

    def added(self, spend: Mapping[str, float]) -> FloatArray:
        """Outcome that a split adds. Shape (S,)."""
        budgets = list(spend.items())
        placed, panels, rows = self._placed(budgets)
        beside = self._coefficients(panels)
        if beside is None:
            return np.asarray(self.by_channel(budgets).sum(axis=0))
        found: FloatArray = rows.ravel() @ beside
        for name, budget in (budgets[place] for place in set(range(len(budgets))).difference(placed)):
            if budget > 0.0:
                found += self._exact[name].at(budget).added
        return found

    def by_channel(self, budgets: Sequence[tuple[str, float]]) -> FloatArray:
        """Outcome that each of some budgets, of one channel each, adds. Shape (budgets, S)."""
        found = np.zeros((len(budgets), self._draws))
        placed, panels, rows = self._placed(budgets)
        for place, panel, row in zip(placed, panels, rows, strict=True):
            np.dot(row, panel.coefficients, out=found[place])
        for place in set(range(len(budgets))).difference(placed):
            name, budget = budgets[place]
            if budget > 0.0:
                found[place] = self._exact[name].at(budget).added
        return found

    def means(self, budgets: Sequence[tuple[str, float]], weights: FloatArray) -> FloatArray:
        """Weighted means of what each of some budgets, of one channel each, adds. `weights` of shape (S,)."""
        found = np.zeros(len(budgets))
        placed, panels, rows = self._placed(budgets)
        weighted = {id(panel): panel.coefficients @ weights for panel in {id(each): each for each in panels}.values()}
        for place, panel, row in zip(placed, panels, rows, strict=True):
            found[place] = row @ weighted[id(panel)]
        for place in set(range(len(budgets))).difference(placed):
            name, budget = budgets[place]
            if budget > 0.0:
                found[place] = self._exact[name].at(budget).added @ weights
        return found

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, FloatArray]:
        """What another unit of each channel's spend adds, at `least` where it has less. Shape (S,)."""
        budgets = [(name, max(amount, least)) for name, amount in spend.items()]
        placed, panels, rows = self._placed(budgets)
        beside, rows = self._coefficients(panels), rows @ DERIVATIVE
        if beside is None:
            sums = [row @ panel.coefficients for panel, row in zip(panels, rows, strict=True)]
        else:
            sums = list(np.matmul(rows[:, None, :], beside.reshape(len(rows), len(DERIVATIVE), -1))[:, 0])
        found = {
            budgets[place][0]: each * panel.per_money(budgets[place][1])
            for place, panel, each in zip(placed, panels, sums, strict=True)
        }
        return {name: found[name] if name in found else self._slope(name, amount) for name, amount in budgets}

    def _slope(self, name: str, budget: float) -> FloatArray:
        """Slopes at a budget that tables do not have; kept, for it is the same one for channels that are off."""
        slope = self._slopes.get((name, budget))
        if slope is None:
            slope = self._exact[name].at(budget).slope
            self._slopes = {**dict(list(self._slopes.items())[1 - _SLOPES :]), (name, budget): slope}
        return slope

    def _coefficients(self, panels: Sequence[Panel]) -> FloatArray | None:
        """Coefficients of some panels below one another, kept from the second time on that they are asked for in turn.

        Small steps of a split stay in the same panels. None the first time. Shape (panels times N, S).
        """
        key = tuple(map(id, panels))
        known, last = self._beside.get(key), self._last
        self._last = key
        if known is None and key == last and panels:
            known = np.concatenate([panel.coefficients for panel in panels])
            kept = list(self._beside.items())[-(_KEPT - 1) :]
            self._beside = {**dict(kept), key: known}
        return known

    def _placed(self, budgets: Sequence[tuple[str, float]]) -> tuple[list[int], list[Panel], FloatArray]:
        """Places of the budgets that tables have, their panels, and what each coefficient of these counts for."""
        placed = [place for place, (name, budget) in enumerate(budgets) if budget > self._lowest[name]]
        if not placed:
            return [], [], np.zeros((0, len(DERIVATIVE)))
        logarithms = np.log2([budgets[place][1] for place in placed]).tolist()
        panels = [self._tables[budgets[at][0]].panel(each) for at, each in zip(placed, logarithms, strict=True)]
        positions = [panel.position(each) for panel, each in zip(panels, logarithms, strict=True)]
        return placed, panels, basis(np.array(positions))
