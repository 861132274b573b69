"""Spend of every channel in every period, as a program chose it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class FlightChoice:
    """Spend by period that obeys the rules. Money.

    Attributes
    ----------
    spend
        Shape (C, T).
    is_on
        By channel with a switch.
    total
        Money in all, reserve and fixed costs included.
    integers
        Values of the integer columns, in their order.
    """

    spend: FloatArray
    is_on: Mapping[str, bool]
    total: float
    integers: tuple[int, ...]
