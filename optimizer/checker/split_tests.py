"""Tests of many splits at once, of which rules are made. K splits, C channels.

A test takes spend of shape (K, C) and what is paid for it in all (K,), and says of which splits it holds (K,).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray

type Test = Callable[[FloatArray, FloatArray], BoolArray]


def linear(weights: FloatArray, slack: float, *, low: float = -math.inf, high: float = math.inf) -> Test:
    """Σ weights · spend lies between two amounts of money. `weights` of shape (C,)."""

    def test(spend: FloatArray, _: FloatArray) -> BoolArray:
        amount = spend @ weights
        return np.asarray((amount >= low - slack) & (amount <= high + slack))

    return test


def total(slack: float, *, low: float = -math.inf, high: float = math.inf) -> Test:
    """What is paid in all lies between two amounts."""
    return lambda _, paid: np.asarray((paid >= low - slack) & (paid <= high + slack))


def count(columns: Sequence[int], above: float, *, low: int = 0, high: float = math.inf) -> Test:
    """So many of some channels have more than `above` money."""

    def test(spend: FloatArray, _: FloatArray) -> BoolArray:
        number = (spend[:, columns] > above).sum(axis=1)
        return np.asarray((number >= low) & (number <= high))

    return test


def off_or(place: int, slack: float, other: Test) -> Test:
    """A channel is off, or another test holds."""
    return lambda spend, paid: np.asarray((spend[:, place] <= slack) | other(spend, paid))


def at_least_each(columns: Sequence[int], levels: FloatArray, slack: float) -> Test:
    """Each of some channels has at least its level. `levels` of one entry a channel."""
    return lambda spend, _: np.asarray((spend[:, columns] >= levels - slack).all(axis=1))


def whole_steps(place: int, step: float, slack: float) -> Test:
    """A channel's spend is a whole number of steps."""
    return lambda spend, _: np.asarray(np.abs(spend[:, place] - step * np.rint(spend[:, place] / step)) <= slack)


def paid_in_period(shares: FloatArray, costs: FloatArray, fixed: FloatArray, slack: float, *, high: float) -> Test:
    """What is paid in a period, where each channel has a share of its spend and fixed costs, is at most `high`.

    `shares`, `costs` (a unit of spend) and `fixed` (money of channels that are on) of shape (C,).
    """
    return lambda spend, _: np.asarray((spend * costs + (spend > slack) * fixed) @ shares <= high + slack)
