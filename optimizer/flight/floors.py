"""Outcomes that a flighting must have for what it costs: a target return of the plan, ceilings on CPA of channels."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.choice import FlightChoice

PENALTY = 20.0
"""What a search takes off for each unit of outcome that a floor misses."""

_NEAR = 1e-3
"""Distance of limits of a worth, relative to one more than it, that is near enough."""

_FIRST = 0.1
"""Worth that is tried first where nothing is known."""

KEPT = 1e-8
"""Share of the total whose worth may be missing: a rounding error, or the dust of a channel that is off."""


@dataclass(frozen=True, slots=True)
class MoneyPrices:
    """What a unit of money takes off what is maximised: of the total, and of each channel's spend (C,), if of any."""

    total: float = 0.0
    spend: FloatArray = field(default_factory=lambda: np.zeros(0))

    def per(self, unit: float) -> "MoneyPrices":
        """The same where what is maximised is counted in another unit."""
        return MoneyPrices(self.total / unit, self.spend / unit)


@dataclass(frozen=True, slots=True)
class Floor:
    """Least outcome for each unit of money, in the unit of the objective.

    Of one channel and its spend, by its place; of all channels and the total where that is None.
    """

    per_money: float
    channel: int | None = None

    def money(self, choice: FlightChoice) -> float:
        """Money that counts in a phasing."""
        return choice.total if self.channel is None else float(choice.spend[self.channel].sum())

    def outcome(self, values: FloatArray) -> float:
        """Outcome that counts, of that of each channel. Shape (C,)."""
        return float(values.sum() if self.channel is None else values[self.channel])

    def missing(self, values: FloatArray, choice: FlightChoice) -> float:
        """Outcome that is missing, at least zero. `values` by channel, shape (C,)."""
        return max(0.0, self.per_money * self.money(choice) - self.outcome(values))

    def is_kept(self, values: FloatArray, choice: FlightChoice) -> bool:
        """Whether nothing is missing, but for rounding. `values` by channel, shape (C,)."""
        return self.missing(values, choice) <= KEPT * self.per_money * choice.total


def missing_in_all(floors: Sequence[Floor], values: FloatArray, choice: FlightChoice) -> float:
    """Outcome that is missing of all floors together. `values` by channel, shape (C,)."""
    return sum(floor.missing(values, choice) for floor in floors)


def relaxed(
    floors: Sequence[Floor], worth: Sequence[float], price: float, channels: int
) -> tuple[FloatArray, MoneyPrices]:
    """What each channel's outcome counts and what money costs where what a floor misses has a worth instead.

    `worth` is by floor, `price` what a unit of the total costs anyhow. Weights of shape (C,).
    """
    weights, total, spend = np.ones(channels), price, np.zeros(channels)
    for floor, each in zip(floors, worth, strict=True):
        if floor.channel is None:
            weights += each
            total += each * floor.per_money
        else:
            weights[floor.channel] += each
            spend[floor.channel] += each * floor.per_money
    return weights, MoneyPrices(total, spend)


class FloorWorth:
    """What an outcome that is missing is worth, floor by floor, as it is looked for: between limits that close in.

    Where what is highest at some worth misses a floor, that is worth more; where it has more than it must, less.
    """

    def __init__(self, floors: Sequence[Floor], known: FloatArray | None = None) -> None:
        self._floors, size = floors, len(floors)
        self._low = np.zeros(size) if known is None else known.copy()
        self._high = np.full(size, np.inf) if known is None else known.copy()
        self.now: FloatArray = self._low.copy()

    @property
    def is_known(self) -> bool:
        """Whether the limits are as near as is worth looking for."""
        return bool((self._high - self._low <= _NEAR * (1.0 + self._low)).all())

    def learn(self, values: FloatArray, choice: FlightChoice) -> None:
        """Take what is highest at the worth that there is now: outcome by channel, of shape (C,), and the phasing."""
        for place, floor in enumerate(self._floors):
            if floor.outcome(values) < floor.per_money * floor.money(choice):
                self._low[place] = max(self._low[place], self.now[place])
            else:
                self._high[place] = min(self._high[place], self.now[place])

    def suggest(self, worth: Sequence[float]) -> None:
        """Go on with what a program says that the floors are worth, or halfway where that is known to be wrong."""
        for place, each in enumerate(worth):
            low, high = self._low[place], self._high[place]
            beside = 0.1 * (high - low if np.isfinite(high) else low)
            if low + beside <= each <= high - beside and each != self.now[place]:
                self.now[place] = each
            elif np.isfinite(high):
                self.now[place] = 0.5 * (low + high)
            else:
                self.now[place] = max(2.0 * low, each, _FIRST)
