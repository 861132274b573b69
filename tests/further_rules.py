"""Rules of random instances beyond bounds and a brand band, written out as a planner would check them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

SMALLEST_ON = 1e-3
"""Share of the budget from which a channel counts where a group asks for channels to be on."""

MOST_CPA = 1e15
"""Most that a scenario may state as a ceiling."""


@dataclass(frozen=True)
class FurtherRules:
    """Rules over C channels and T periods; infinite, zero or empty where there is none.

    `average` and `marginal` are ceilings on the cost of an outcome, `shares` the phasing (T, C), `cash` what may be
    paid in a period, `group` the channels of which `at_least` to `at_most` are on, and `proven` the levels that the
    channels in it must have before channel `new` may be on.
    """

    fee: np.ndarray
    coop: np.ndarray
    seen: np.ndarray
    at_most_seen: float
    per_period: np.ndarray
    average: np.ndarray
    marginal: np.ndarray
    shares: np.ndarray
    cash: float
    group: tuple[int, ...]
    at_least: int
    at_most: int
    new: int
    proven: dict[int, float]

    @classmethod
    def none(cls, count: int) -> "FurtherRules":
        endless, zeros = np.full(count, np.inf), np.zeros(count)
        shares = np.full((1, count), 1.0)
        return cls(zeros, zeros, zeros, np.inf, endless, endless, endless, shares, np.inf, (), 0, count, -1, {})

    @property
    def cost(self) -> np.ndarray:
        """What a unit of each channel's spend costs. Shape (C,)."""
        return (1 + self.fee) * (1 - self.coop)

    @property
    def most(self) -> np.ndarray:
        """Most spend of each channel that can be told without its curve. Shape (C,)."""
        seen = np.inf if np.isinf(self.at_most_seen) else self.at_most_seen * self.seen
        return np.minimum(seen, self.per_period / self.shares.max(axis=0))

    def paid(self, spend: np.ndarray) -> np.ndarray:
        """What is paid in each period. Shape (T,)."""
        return self.shares @ (self.cost * spend)

    def is_allowed(self, spend: np.ndarray, budget: float, slack: float) -> bool:
        """Whether the rules hold that need no curve."""
        on = spend > slack
        members = list(self.group)
        counted = (spend[members] >= SMALLEST_ON * budget - slack).sum()
        is_late = all(spend[index] >= level - slack for index, level in self.proven.items())
        return bool(
            (spend <= self.most + slack).all()
            and (self.paid(spend) <= self.cash + slack).all()
            and self.at_least <= counted
            and on[members].sum() <= self.at_most
            and (is_late or not on[self.new])
        )

    def document(self, names: list[str]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
        """Rules by channel, and the rest of the scenario."""
        channels: dict[str, dict[str, Any]] = {name: {} for name in names}
        for index, rules in enumerate(channels.values()):
            if self.fee[index]:
                rules["fee"] = self.fee[index]
            if self.coop[index]:
                rules["coop"] = self.coop[index]
            for field, ceiling in (
                ("per_period_max", self.per_period[index]),
                ("cpa_at_most", self.average[index]),
                ("marginal_cpa_at_most", self.marginal[index]),
            ):
                if np.isfinite(ceiling):
                    rules[field] = float(ceiling)
        whole: dict[str, Any] = {"rules": {}}
        if np.isfinite(self.at_most_seen):
            whole["rules"]["at_most_seen"] = self.at_most_seen
        if np.isfinite(self.cash):
            whole["rules"]["cash_per_period"] = self.cash
        if self.group:
            counts = {"at_least_channels": max(self.at_least, 1), "at_most_channels": self.at_most}
            whole["groups"] = [{"name": "some", "channels": [names[index] for index in self.group], **counts}]
        if self.proven:
            after = {names[index]: level for index, level in self.proven.items()}
            whole["precedence"] = [{"channel": names[self.new], "after": after}]
        return channels, whole

    def patterns(self, count: int, budget: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Which channels are kept off, and the least of those that are on, in every way that the rules allow."""
        involved = sorted({*self.group, *self.proven, *([self.new] if self.proven else [])})
        for choice in product((False, True), repeat=len(involved)):
            is_on = np.ones(count, dtype=bool)
            is_on[involved] = choice
            least = np.zeros(count)
            if not self.at_least <= is_on[list(self.group)].sum() <= self.at_most:
                continue
            if self.group:
                least[list(self.group)] = SMALLEST_ON * budget
            if self.proven and is_on[self.new]:
                for index, level in self.proven.items():
                    least[index] = max(least[index], level)
            if (is_on | (least == 0) | np.isin(np.arange(count), self.group)).all():
                yield ~is_on, np.where(is_on, least, 0.0)


def draw_further_rules(
    rng: np.random.Generator, count: int, budget: float, cpa: np.ndarray, *, is_banded: bool
) -> FurtherRules:
    """Random rules about `count` channels whose outcomes cost about `cpa` each. Shape (C,)."""

    def some(share: float, value: Callable[[], Any], nothing: Any) -> Any:
        return value() if rng.random() < share else nothing

    even, endless = budget / count, np.full(count, np.inf)
    shares = rng.dirichlet(np.full(4, 3.0), size=count).T
    group = some(0.5, lambda: tuple(sorted(rng.choice(count, size=min(count, 3), replace=False).tolist())), ())
    at_least = int(rng.integers(1, len(group) + 1)) if group else 0
    new, *proven = rng.choice(count, size=min(count, 3), replace=False).tolist()
    has_fees = not is_banded and rng.random() < 0.5

    def ceilings(low: float, high: float) -> np.ndarray:
        is_there, most = rng.random(count) < 0.5, cpa * rng.uniform(low, high, count)
        return np.where(is_there & (most <= MOST_CPA), most, np.inf)

    return FurtherRules(
        fee=np.where(rng.random(count) < 0.5, 0.2, 0.0) * has_fees,
        coop=np.where(rng.random(count) < 0.3, 0.5, 0.0) * has_fees,
        seen=even * rng.uniform(0.0, 4.0, count),
        at_most_seen=some(0.2, lambda: float(rng.uniform(1.0, 2.0)), np.inf),
        per_period=some(0.3, lambda: even * rng.uniform(0.3, 2.0, count), endless),
        average=some(0.3, lambda: ceilings(1.0, 4.0), endless),
        marginal=some(0.3, lambda: ceilings(2.0, 8.0), endless),
        shares=shares,
        cash=some(0.3, lambda: float(budget * shares.max(axis=1).max() * rng.uniform(0.7, 1.1)), np.inf),
        group=group,
        at_least=at_least,
        at_most=max(at_least, int(rng.integers(1, len(group) + 1))) if group else count,
        new=new,
        proven=some(0.4, lambda: {index: float(even * rng.uniform(0.2, 1.5)) for index in proven}, {}),
    )
