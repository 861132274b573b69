"""What the outcome would be in each draw and period of the horizon, as the phasing moves. S draws, T periods.

In draw s channel c brings in period p

    ceiling[s] * sat(u[s, p]),    u[s, p] = carry[s, p] + Σ_l w[s, l] · x[p - l],

with x its spend by period and w its carryover weights. What no phasing moves (the forecast of the base, channels that
stay as they are) is `fixed`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.curves import ChannelResponse
from mmm.vocabulary import FloatArray
from optimizer.curves.terms import saturated, saturated_with_slope
from optimizer.flight.terms import lagged

_LEAST = 1e-9
"""Adstock in half saturations below which slopes are not taken: Hill slopes below one are infinite at zero."""


@dataclass(frozen=True, slots=True)
class MovedChannel:
    """One channel whose phasing may move.

    Attributes
    ----------
    response
        Under any phasing: its carry and its curve count, its gain does not.
    weights
        Carryover weights per draw. Shape (S, L).
    """

    response: ChannelResponse
    weights: FloatArray

    def of(self, draws: Sequence[int] | np.ndarray) -> "MovedChannel":
        """The same in some of the draws."""
        response = self.response
        some = ChannelResponse(
            response.channel,
            response.saturation,
            response.carry[draws],
            response.gain[draws],
            response.half_saturation[draws],
            response.slope[draws],
            response.ceiling[draws],
            response.horizon,
        )
        return MovedChannel(some, self.weights[draws])

    def brings(self, spend: FloatArray) -> FloatArray:
        """Outcome in each period of the horizon and after, what earlier spend still brings included. Shape (S, P)."""
        response = self.response
        level = self._level(spend)
        return np.asarray(response.ceiling[:, None] * saturated(response.saturation, level, response.slope[:, None]))

    def steepness(self, spend: FloatArray) -> FloatArray:
        """Change of what each period brings with its adstock. Shape (S, P)."""
        response = self.response
        level = np.maximum(self._level(spend), _LEAST)
        _, steep = saturated_with_slope(response.saturation, level, response.slope[:, None])
        return np.asarray((response.ceiling / response.half_saturation)[:, None] * steep)

    def gradient(self, weighed: FloatArray, periods: int) -> FloatArray:
        """Sum over draws and periods of `weighed` (S, P) times the change of adstock with spend. Shape (T,)."""
        found = np.zeros(periods)
        for lag in range(self.weights.shape[1]):
            later = weighed[:, lag : lag + periods]
            found[: later.shape[1]] += self.weights[:, lag] @ later
        return found

    def _level(self, spend: FloatArray) -> FloatArray:
        response = self.response
        stock = response.carry + self.weights @ lagged(spend, response.carry.shape[1], self.weights.shape[1])
        return np.asarray(stock / response.half_saturation[:, None])


@dataclass(frozen=True, slots=True)
class Paths:
    """The outcome of the KPI that is measured. `fixed` of shape (S, T); `moved` in the order of spend's first axis."""

    moved: tuple[MovedChannel, ...]
    fixed: FloatArray

    @property
    def periods(self) -> int:
        """Periods of the horizon."""
        return int(self.fixed.shape[1])

    def of(self, draws: Sequence[int] | np.ndarray) -> "Paths":
        """The same in some of the draws."""
        return Paths(tuple(channel.of(draws) for channel in self.moved), self.fixed[draws])

    def outcome(self, spend: FloatArray) -> FloatArray:
        """Outcome without noise for a phasing, money of shape (C, T). Shape (S, T)."""
        whole = self.fixed.copy()
        for channel, row in zip(self.moved, spend, strict=True):
            whole += channel.brings(row)[:, : self.periods]
        return np.asarray(whole)

    def gradient(self, spend: FloatArray, by_outcome: FloatArray) -> FloatArray:
        """Slopes in spend of a function of the outcome whose slopes in that are `by_outcome` (S, T). Shape (C, T)."""
        rows = []
        for channel, row in zip(self.moved, spend, strict=True):
            weighed = by_outcome * channel.steepness(row)[:, : self.periods]
            rows.append(channel.gradient(weighed, self.periods))
        return np.array(rows)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a phasing is expected to bring in all: KPIs with their worth, the channels of each as `Paths.moved`.

    What earlier spend still brings is in it, which no phasing changes.
    """

    parts: tuple[tuple[float, tuple[MovedChannel, ...]], ...]

    def of(self, draws: Sequence[int] | np.ndarray) -> "Expectation":
        """The same over some of the draws."""
        return Expectation(tuple((worth, tuple(each.of(draws) for each in channels)) for worth, channels in self.parts))

    def value(self, spend: FloatArray) -> float:
        """Expected worth of what channels bring with a phasing (C, T), what arrives after the horizon included."""
        return sum(
            worth * float(channel.brings(row).sum(axis=1).mean())
            for worth, channels in self.parts
            for channel, row in zip(channels, spend, strict=True)
        )

    def gradient(self, spend: FloatArray) -> FloatArray:
        """Slopes of `value`. Shape (C, T)."""
        whole = np.zeros_like(spend)
        for worth, channels in self.parts:
            for place, (channel, row) in enumerate(zip(channels, spend, strict=True)):
                steep = channel.steepness(row) / len(channel.weights)
                whole[place] += worth * channel.gradient(steep, spend.shape[1])
        return whole
