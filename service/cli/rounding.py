"""Rounding that still adds up."""

import math
from collections.abc import Sequence


def rounded_to_total(amounts: Sequence[float], total: float) -> list[float]:
    """The amounts as whole numbers that add up to the rounded total, each off by less than one.

    The largest remainders are rounded up (Hamilton's method), so that a reader who adds a column
    finds its sum. Amounts that do not add up to the total are rounded each for itself.
    """
    floors = [math.floor(amount) for amount in amounts]
    missing = round(total) - sum(floors)
    if not 0 <= missing <= len(amounts):
        return [float(round(amount)) for amount in amounts]
    order = sorted(range(len(amounts)), key=lambda index: floors[index] - amounts[index])
    lifted = set(order[:missing])
    return [float(floor + (index in lifted)) for index, floor in enumerate(floors)]


def gap_digits(gap: float) -> int:
    """Digits that a gap is told with, in per cent: two from a tenth of a per cent on, more below."""
    return 2 if gap >= 1e-3 else 4
