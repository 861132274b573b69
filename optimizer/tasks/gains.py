"""What a search for splits that reach tasks makes large, and the return that they keep, as functions of the split."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.allocation import KpiCurves, Requirement
from optimizer.program.formulation import Setting

KEPT = 1.0 - 1e-9
"""Share of a return at which it counts as kept."""


class Gain(Protocol):
    """What is made large, in whatever unit."""

    def value(self, spend: Mapping[str, float]) -> float:
        """Of a split."""
        ...

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, float]:
        """What another unit of each channel's spend adds, at `least` where it has less."""
        ...


class Asked(Protocol):
    """What is to be reached by so many of the draws."""

    @property
    def at_least(self) -> float:
        """The target, above zero."""
        ...

    @property
    def probability(self) -> float:
        """Share of the draws."""
        ...


class Held(Protocol):
    """What a split must reach in enough of the draws: a task, or a return that is the same in all of them."""

    @property
    def task(self) -> Asked:
        """What is asked."""
        ...

    def draws(self, spend: Mapping[str, float]) -> FloatArray:
        """What a split comes to, per draw. Shape (S,)."""
        ...

    def attained(self, spend: Mapping[str, float]) -> float:
        """Largest target that the split reaches with the probability asked."""
        ...

    def slopes(self, spend: Mapping[str, float], least: float) -> FloatArray:
        """What another unit of each channel's spend adds in each draw, at `least` where it has less, in their order.

        Shape (C, S).
        """
        ...


@dataclass(frozen=True, slots=True)
class NetGain:
    """Curves less a price for each unit of the total, which follows from the split."""

    curves: KpiCurves
    price: float
    setting: Setting

    def value(self, spend: Mapping[str, float]) -> float:
        """Of a split."""
        return self.curves.value(spend) - self.price * paid_for(self.setting, spend)

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, float]:
        """What another unit of each channel's spend adds, at `least` where it has less."""
        costs = costs_in_all(self.setting)
        return {name: slope - self.price * costs[name] for name, slope in self.curves.slopes(spend, least).items()}


@dataclass(frozen=True, slots=True)
class _Whole:
    """All of what is required."""

    at_least: float = KEPT
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class HeldReturn:
    """A requirement on what money returns, as the share of it that a split reaches: one draw, to come to one."""

    requirement: Requirement
    setting: Setting

    @property
    def task(self) -> Asked:
        """What is asked."""
        return _Whole()

    def draws(self, spend: Mapping[str, float]) -> FloatArray:
        """Share of what is required. Shape (1,)."""
        return np.array([self.attained(spend)])

    def attained(self, spend: Mapping[str, float]) -> float:
        """Share of what is required."""
        return self.requirement.reached(self.requirement.curves.value(spend), paid_for(self.setting, spend))

    def slopes(self, spend: Mapping[str, float], least: float) -> FloatArray:
        """What another unit of each channel's spend adds to the share. Shape (C, 1)."""
        required, costs, share = self.requirement, costs_in_all(self.setting), self.attained(spend)
        paid = max(paid_for(self.setting, spend), least)
        asked, slopes = required.at_least + required.per_money * paid, required.slopes(spend, least)
        return np.array([[(slopes[name] - share * required.per_money * costs[name]) / asked] for name in spend])


def costs_in_all(setting: Setting) -> dict[str, float]:
    """What another unit of each channel's spend adds to the total, with the reserve that it brings."""
    spent = 1.0 - setting.scenario.rules.test_reserve
    return {name: cost / spent for name, cost in setting.unit_costs.items()}


def paid_for(setting: Setting, spend: Mapping[str, float]) -> float:
    """The total of a split: what its spend costs, fixed costs of channels that are on, and reserve."""
    rules = setting.scenario.channels.items()
    fixed = sum(rule.fixed_cost for name, rule in rules if rule.fixed_cost and spend[name] > 0)
    media = sum(cost * spend[name] for name, cost in setting.unit_costs.items())
    return (media + fixed) / (1.0 - setting.scenario.rules.test_reserve)
