"""What one channel adds per draw, kept for the budgets that a search comes back to."""

from dataclasses import dataclass, field

import numpy as np

from mmm.curves import ChannelResponse
from mmm.vocabulary import FloatArray
from optimizer.curves.terms import saturated, saturated_with_slope

_KEPT = 16
"""Budgets whose draws are kept, the latest ones."""


@dataclass(frozen=True, slots=True)
class BudgetDraws:
    """Outcome that a budget adds, and what one more unit of it would, per draw. Shape (S,)."""

    added: FloatArray
    slope: FloatArray


@dataclass
class ChannelDraws:
    """Draws of one channel over its budget; splits of a search differ in few channels, so many budgets come again."""

    response: ChannelResponse
    _carry: FloatArray = field(init=False)
    _gain: FloatArray = field(init=False)
    _carried: FloatArray = field(init=False)
    _kept: dict[float, BudgetDraws] = field(init=False, default_factory=dict)
    _added: dict[float, FloatArray] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        response, half = self.response, self.response.half_saturation[:, None]
        self._carry, self._gain = response.carry / half, response.gain / half
        self._carried = saturated(response.saturation, self._carry, response.slope[:, None]).sum(axis=1)

    def added(self, budget: float) -> FloatArray:
        """Outcome that a budget adds, per draw. Shape (S,)."""
        if budget in self._kept:
            return self._kept[budget].added
        if budget not in self._added:
            if len(self._added) >= _KEPT:
                del self._added[next(iter(self._added))]
            response = self.response
            reached = saturated(response.saturation, self._carry + self._gain * budget, response.slope[:, None])
            self._added[budget] = response.ceiling * (reached.sum(axis=1) - self._carried)
        return self._added[budget]

    def at(self, budget: float) -> BudgetDraws:
        """Draws at a budget."""
        found = self._kept.get(budget)
        if found is None:
            if len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            found = self._kept[budget] = self._measured(budget)
        return found

    def _measured(self, budget: float) -> BudgetDraws:
        response = self.response
        reached, steep = saturated_with_slope(
            response.saturation, self._carry + self._gain * budget, response.slope[:, None]
        )
        with np.errstate(invalid="ignore"):
            marginal = self._gain * steep
        if not np.isfinite(marginal).all():  # a period that the budget does not reach gains nothing from it
            marginal = np.where(self._gain > 0, marginal, 0.0)
        added = reached.sum(axis=1) - self._carried
        return BudgetDraws(response.ceiling * added, response.ceiling * marginal.sum(axis=1))
