"""The best split of a budget by dynamic programming: exact on a grid of money, no solver, no slopes.

Independent of the optimiser on purpose, so that each can check the other. The best value of a
group of channels over every amount on the grid follows channel by channel (Bellman 1957); the
two groups, brand and performance, are then joined under the band of the brand share.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class GridSplit:
    """A split on the grid: `steps` of money per channel, shape (C,), and the `value` it earns."""

    steps: IntArray
    value: float


def best_split(values: FloatArray, is_brand: BoolArray, band: tuple[float, float] | None = None) -> GridSplit:
    """The split of a whole budget over channels that earns the most.

    Parameters
    ----------
    values
        What each channel earns with 0, 1, ..., N steps of the budget. Shape (C, N + 1), any form of curve.
    is_brand
        Which channels count as brand. Shape (C,).
    band
        Least and most brand share of the budget, in [0, 1]; None for no rule.

    Raises
    ------
    ValueError
        When no amount on the grid lies in the band, or the band cannot be kept with these channels.
    """
    grid = values.shape[1] - 1
    brand, brand_choices = _group_values(values[is_brand])
    performance, performance_choices = _group_values(values[~is_brand])
    amounts = np.arange(grid + 1)
    joined = brand + performance[::-1]
    if band is not None:
        share = amounts / grid
        joined = np.where((share >= band[0] - 1e-12) & (share <= band[1] + 1e-12), joined, -np.inf)
    chosen = int(np.argmax(joined))
    if not np.isfinite(joined[chosen]):
        raise ValueError(f"band {band}: no split of {grid} steps keeps it with these channels")
    steps = np.zeros(len(values), dtype=np.int64)
    steps[is_brand] = _walk_back(brand_choices, chosen)
    steps[~is_brand] = _walk_back(performance_choices, grid - chosen)
    return GridSplit(steps, float(joined[chosen]))


def _group_values(values: FloatArray) -> tuple[FloatArray, list[IntArray]]:
    """Best value of a group for each amount spent in full, and what its last channel then gets, channel by channel."""
    size = values.shape[1]
    best = np.full(size, -np.inf)
    best[0] = 0.0
    choices: list[IntArray] = []
    for channel in values:
        reached = np.full(size, -np.inf)
        choice = np.zeros(size, dtype=np.int64)
        for steps in range(size):
            candidate = best[: size - steps] + channel[steps]
            better = candidate > reached[steps:]
            reached[steps:][better] = candidate[better]
            choice[steps:][better] = steps
        best = reached
        choices.append(choice)
    return best, choices


def _walk_back(choices: list[IntArray], amount: int) -> IntArray:
    steps = np.zeros(len(choices), dtype=np.int64)
    for position in range(len(choices) - 1, -1, -1):
        steps[position] = choices[position][amount]
        amount -= int(steps[position])
    return steps
