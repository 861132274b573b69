"""What splits about a plan bring: exactly, on all draws, and nearly, on some. K amounts, C channels, S draws."""

from dataclasses import dataclass, field

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.checker.certificate import Wanted, worth_of
from optimizer.checker.recount import Recount
from optimizer.checker.splits import SplitRules


@dataclass
class Screen:
    """Values of splits of a plan's channels, phased as the plan is, and how they move with one channel.

    Attributes
    ----------
    recount, wanted, rules
        The plan, what it makes large, and what splits cost.
    evaluations
        Terms of curves that are looked at to judge the moves from one split.
    """

    recount: Recount
    wanted: Wanted
    rules: SplitRules
    evaluations: int
    _added: dict[tuple[str, str, float], FloatArray] = field(default_factory=dict)
    _slopes: dict[tuple[str, str, float], FloatArray] = field(default_factory=dict)

    def value(self, split: FloatArray) -> float:
        """The value of a split, on all draws."""
        return self.wanted.value(self.worth(split), self.paid(split))

    def worth(self, split: FloatArray) -> FloatArray:
        """What a split is worth in each draw. Shape (S,)."""
        return worth_of(self.recount, {kpi: self.brought(kpi, split) for kpi in self.recount.units})

    def brought(self, kpi: str, split: FloatArray) -> FloatArray:
        """What a split brings of a KPI. Shape (S,)."""
        pairs = zip(self.recount.names, split.tolist(), strict=True)
        return np.asarray(np.sum([self.added(kpi, name, amount) for name, amount in pairs], axis=0))

    def added(self, kpi: str, name: str, amount: float) -> FloatArray:
        """What some spend of a channel brings; kept. Shape (S,)."""
        if amount == self.recount.spend[name]:
            return self.recount.brought[kpi][name]
        if (kpi, name, amount) not in self._added:
            self._added[kpi, name, amount] = self.recount.channels[kpi][name].added(amount)
        return self._added[kpi, name, amount]

    def slopes(self, kpi: str, name: str, amount: float) -> FloatArray:
        """What one more unit of spend of a channel brings; kept. Shape (S,)."""
        if amount == self.recount.spend[name]:
            return self.recount.slopes[kpi][name]
        if (kpi, name, amount) not in self._slopes:
            self._slopes[kpi, name, amount] = self.recount.channels[kpi][name].slopes(amount)
        return self._slopes[kpi, name, amount]

    def paid(self, split: FloatArray) -> float:
        """What a split costs in all."""
        return float(self.rules.totals(split[None])[0])

    def changes(self, split: FloatArray, spend: FloatArray) -> FloatArray:
        """By how much what counts moves when one channel alone has other spend, nearly. `spend` (C, K); (C, K)."""
        weights = self.wanted.weights(self.worth(split), self.paid(split))
        moved = np.zeros(spend.shape)
        for kpi, value in self.recount.units.items():
            for place, name in enumerate(self.recount.names):
                moved[place] += value * self.change(kpi, name, float(split[place]), spend[place], weights)
        return np.abs(moved)

    def change(self, kpi: str, name: str, own: float, spend: FloatArray, weights: FloatArray) -> FloatArray:
        """The same of one channel, judged by some draws whose level and slope at its own spend are put right. (K,)."""
        channel = self.recount.channels[kpi][name]
        count = spend.size * 2 * len(self.recount.names) * len(channel.gain)
        few, fewer = _some(weights, max(4, self.evaluations // count))
        part = channel.of_draws(few)
        moved = part.weighted(np.append(spend, own), fewer)
        change = moved[:-1] - moved[-1]
        if len(few) == np.count_nonzero(weights) or own <= 0:
            return np.asarray(change)
        level = _ratio(float(weights @ self.added(kpi, name, own)), float(moved[-1]))
        slope = _ratio(float(weights @ self.slopes(kpi, name, own)), float(fewer @ part.slopes(own)))
        far = np.minimum(1.0, np.abs(spend - own) / own)
        return np.asarray(change * (far * level + (1.0 - far) * slope))


def _some(weights: FloatArray, most: int) -> tuple[IntArray, FloatArray]:
    """At most so many of the draws that count, evenly spaced, and their weights, of sum one."""
    counting = np.flatnonzero(weights)
    places = counting[np.unique(np.linspace(0, len(counting) - 1, min(most, len(counting))).round().astype(np.int64))]
    return places, weights[places] / weights[places].sum()


def _ratio(whole: float, part: float) -> float:
    return whole / part if part > 0 and np.isfinite(whole) and np.isfinite(part) else 1.0
