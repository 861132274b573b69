"""What money over a horizon truly adds: channel by channel where effects add up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from mmm.curves import ChannelResponse
from mmm.simulation.best_split import best_split
from mmm.simulation.other_saturation import OtherSaturationKind, saturate_otherwise, steepness_otherwise
from mmm.vocabulary import BoolArray, FloatArray

MONEY_STEPS = 2000
"""Steps of the budget in the search for the best split: each is 0.05 % of it."""


class HorizonResponse(Protocol):
    """The true response of a market to money over a horizon, spend phased evenly."""

    def totals(self, spend: FloatArray, periods: int) -> tuple[float, float]:
        """Outcome that a split adds, over all periods and over the first few. `spend` of shape (C,)."""
        ...

    def curve(self, channel: int, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome that a channel adds at each budget. Shapes (N,), (N,)."""
        ...

    def marginal(self, channel: int, budget: float) -> float:
        """Outcome that one more unit of money in a channel adds at a budget."""
        ...

    def best(self, budget: float, is_brand: BoolArray, band: tuple[float, float] | None) -> FloatArray:
        """The split of a budget that adds the most. Shape (C,)."""
        ...


class TrueCurve(Protocol):
    """The true response of one channel in one geo to that geo's money."""

    def added(self, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome added at each budget. Shapes (N,), (N,)."""
        ...

    def marginal(self, budget: float) -> float:
        """Derivative of `added`."""
        ...

    def carried_in(self, periods: int) -> float:
        """Outcome of the first periods that earlier spend still brings."""
        ...


@dataclass(frozen=True, slots=True)
class FamilyCurve:
    """A curve of the model's family: `response` is of one draw."""

    response: ChannelResponse

    def added(self, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome added at each budget. Shapes (N,), (N,)."""
        counted = self.response if periods is None else self.response.until(periods)
        # A response of one draw stretched over the budgets: the axis of draws carries them.
        return replace(counted, gain=counted.gain * budgets[:, None]).per_draw(1.0)

    def marginal(self, budget: float) -> float:
        """Derivative of `added`."""
        return float(self.response.marginal_per_draw(budget)[0])

    def carried_in(self, periods: int) -> float:
        """Outcome of the first periods that earlier spend still brings."""
        return float(self.response.until(periods).carried_in().sum())


@dataclass(frozen=True, slots=True)
class OtherCurve:
    """A curve that the model lacks: stock as in `response` (of one draw), saturation of another kind."""

    response: ChannelResponse
    kind: OtherSaturationKind

    def added(self, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome added at each budget. Shapes (N,), (N,)."""
        carry, gain = self.response.carry[:, :periods], self.response.gain[:, :periods]
        return (self._reached(carry + gain * budgets[:, None]) - self._reached(carry)).sum(axis=1)

    def marginal(self, budget: float) -> float:
        """Derivative of `added`; infinite at no money where the first unit is worth the most."""
        carry, gain = self.response.carry[0], self.response.gain[0]
        scale, shape = float(self.response.half_saturation[0]), float(self.response.slope[0])
        arriving = gain > 0
        steepness = steepness_otherwise(self.kind, (carry + gain * budget)[arriving], scale, shape)
        return float(self.response.ceiling[0] * (gain[arriving] * steepness).sum())

    def carried_in(self, periods: int) -> float:
        """Outcome of the first periods that earlier spend still brings."""
        return float(self._reached(self.response.carry[:, :periods]).sum())

    def _reached(self, stock: FloatArray) -> FloatArray:
        scale, shape = float(self.response.half_saturation[0]), float(self.response.slope[0])
        return np.asarray(self.response.ceiling[0] * saturate_otherwise(self.kind, stock, scale, shape))


@dataclass(frozen=True, slots=True)
class SeparateResponses:
    """Channels and geos that work each for itself.

    Attributes
    ----------
    curves
        Per channel and geo.
    geo_share
        Part of a channel's budget that each geo gets. Shape (C, G).
    """

    curves: Sequence[Sequence[TrueCurve]]
    geo_share: FloatArray

    def totals(self, spend: FloatArray, periods: int) -> tuple[float, float]:
        """Outcome that a split adds, over all periods and over the first few: the sum over its channels."""
        return self._total(spend, None), self._total(spend, periods)

    def curve(self, channel: int, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome that a channel adds at each budget. Shapes (N,), (N,)."""
        added = np.zeros(len(budgets))
        for curve, share in zip(self.curves[channel], self.geo_share[channel], strict=True):
            added += curve.added(share * budgets, periods)
        return added

    def marginal(self, channel: int, budget: float) -> float:
        """Outcome that one more unit of money in a channel adds at a budget."""
        return sum(
            float(share * curve.marginal(share * budget))
            for curve, share in zip(self.curves[channel], self.geo_share[channel], strict=True)
        )

    def best(self, budget: float, is_brand: BoolArray, band: tuple[float, float] | None) -> FloatArray:
        """The split of a budget that adds the most, exact to one of `MONEY_STEPS` steps. Shape (C,)."""
        grid: FloatArray = budget / MONEY_STEPS * np.arange(MONEY_STEPS + 1, dtype=np.float64)
        values = np.stack([self.curve(channel, grid) for channel in range(len(self.curves))])
        return np.asarray(grid[best_split(values, is_brand, band).steps])

    def _total(self, spend: FloatArray, periods: int | None) -> float:
        return float(sum(self.curve(channel, spend[[channel]], periods)[0] for channel in range(len(spend))))
