"""What a scenario says of single periods and of parts of the horizon, in money."""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class PeriodBudget:
    """What is paid for all channels together from period `first` to the one before `end`: `low` to `high`, money."""

    first: int
    end: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PeriodRules:
    """What may be spent when, money, infinite where there is no limit. T periods, C channels in the setting's order.

    Attributes
    ----------
    most
        Most of each channel in each period, zero where it may not be on air. Shape (T, C).
    cash
        Most that is paid for all channels together in each period. Shape (T,).
    unit_costs
        What is paid for a unit of each channel's spend. Shape (C,).
    budgets
        Budgets of parts of the horizon.
    bursts
        Least of each channel in every period in which it is on air, zero where it may be anything. Shape (C,).
    """

    most: FloatArray
    cash: FloatArray
    unit_costs: FloatArray
    budgets: tuple[PeriodBudget, ...] = ()
    bursts: FloatArray | None = None

    @property
    def has_bursts(self) -> bool:
        """Whether some channel may not have just anything in a period."""
        return self.bursts is not None and bool((self.bursts > 0).any())

    @classmethod
    def none(cls, periods: int, channels: int) -> "PeriodRules":
        """No rule on any period."""
        return cls(np.full((periods, channels), np.inf), np.full(periods, np.inf), np.ones(channels))
