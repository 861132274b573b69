"""The best split by exchange: money moves from where it is missed least to where it brings most.

For responses that are no sum over channels, where dynamic programming does not apply. It ends
where no exchange of the smallest step helps, which is the best split wherever returns diminish.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray


def climb(
    value: Callable[[FloatArray], float],
    start: FloatArray,
    steps: Sequence[float],
    is_brand: BoolArray,
    band: tuple[float, float] | None,
) -> FloatArray:
    """The split that `start` becomes when every exchange that helps was made.

    Parameters
    ----------
    value
        What a split earns.
    start
        A split inside the band. Shape (C,).
    steps
        Parts of the budget that are exchanged, large ones first.
    is_brand, band
        As in `best_split`.
    """
    split, budget, earned = start.copy(), float(start.sum()), value(start)
    for step in steps:
        amount = step * budget
        while (better := _exchanged(value, split, earned, amount, is_brand, band)) is not None:
            split, earned = better
    return split


def into_band(split: FloatArray, is_brand: BoolArray, band: tuple[float, float] | None) -> FloatArray:
    """A split of the same budget with the nearest brand share that the band allows. Shape (C,)."""
    if band is None:
        return split
    budget = split.sum()
    share = np.clip(split[is_brand].sum() / budget, *band)
    moved = split.copy()
    for group, part in ((is_brand, share), (~is_brand, 1.0 - share)):
        held = split[group].sum()
        moved[group] = part * budget * (split[group] / held if held > 0 else 1.0 / group.sum())
    return moved


def _exchanged(
    value: Callable[[FloatArray], float],
    split: FloatArray,
    earned: float,
    amount: float,
    is_brand: BoolArray,
    band: tuple[float, float] | None,
) -> tuple[FloatArray, float] | None:
    """The split after the most promising exchange of an amount, and what it earns; None where none helps."""
    channels = range(len(split))
    # Who has less than the amount may give all of it, so that a channel can be left without any.
    gifts = [min(amount, float(split[channel])) for channel in channels]
    gained = [(value(_moved(split, channel, amount)) - earned) / amount for channel in channels]
    lost = [
        (earned - value(_moved(split, channel, -gift))) / gift if gift > 0 else np.inf
        for channel, gift in zip(channels, gifts, strict=True)
    ]
    promises = sorted(
        ((gained[taker] - lost[giver], taker, giver) for taker in channels for giver in channels if taker != giver),
        reverse=True,
    )
    for promise, taker, giver in promises:
        if promise <= 0:
            return None
        candidate = _moved(_moved(split, taker, gifts[giver]), giver, -gifts[giver])
        if not _keeps(candidate, is_brand, band):
            continue
        reached = value(candidate)
        if reached > earned:
            return candidate, reached
    return None


def _moved(split: FloatArray, channel: int, amount: float) -> FloatArray:
    moved = split.copy()
    moved[channel] = max(0.0, moved[channel] + amount)
    return moved


def _keeps(split: FloatArray, is_brand: BoolArray, band: tuple[float, float] | None) -> bool:
    share = split[is_brand].sum() / split.sum()
    return band is None or bool(band[0] - 1e-9 <= share <= band[1] + 1e-9)
