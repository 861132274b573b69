"""What a split adds per draw, from tables of all channels: near enough for searches, at a hundredth of the time."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.channel_draws import ChannelDraws
from optimizer.tabled.polynomials import DERIVATIVE, basis
from optimizer.tabled.response import Panel, ResponseTable

_LOWEST = 2.0**-14
"""Share of a channel's scale below which draws are counted themselves: a table would be of next to nothing."""


class TabledDraws:
    """Draws of all channels of a KPI over their budgets."""

    def __init__(self, tables: Mapping[str, ResponseTable]) -> None:
        self._tables = tables
        self._exact = {name: ChannelDraws(table.response) for name, table in tables.items()}
        self._lowest = {name: _LOWEST * table.scale for name, table in tables.items()}
        self._draws = next(iter(tables.values())).response.gain.shape[0]

    def added(self, spend: Mapping[str, float]) -> FloatArray:
        """Outcome that a split adds. Shape (S,)."""
        return np.asarray(self.by_channel(list(spend.items())).sum(axis=0))

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
        return np.asarray(self.by_channel(budgets) @ weights)

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, FloatArray]:
        """What another unit of each channel's spend adds, at `least` where it has less. Shape (S,)."""
        budgets = [(name, max(amount, least)) for name, amount in spend.items()]
        placed, panels, rows = self._placed(budgets)
        found = {
            budgets[place][0]: (row @ panel.coefficients) * panel.per_money(budgets[place][1])
            for place, panel, row in zip(placed, panels, rows @ DERIVATIVE, strict=True)
        }
        return {name: found[name] if name in found else self._exact[name].at(amount).slope for name, amount in budgets}

    def _placed(self, budgets: Sequence[tuple[str, float]]) -> tuple[list[int], list[Panel], FloatArray]:
        """Places of the budgets that tables have, their panels, and what each coefficient of these counts for."""
        placed = [place for place, (name, budget) in enumerate(budgets) if budget > self._lowest[name]]
        if not placed:
            return [], [], np.zeros((0, len(DERIVATIVE)))
        logarithms = np.log2([budgets[place][1] for place in placed]).tolist()
        panels = [self._tables[budgets[at][0]].panel(each) for at, each in zip(placed, logarithms, strict=True)]
        positions = [panel.position(each) for panel, each in zip(panels, logarithms, strict=True)]
        return placed, panels, basis(np.array(positions))
