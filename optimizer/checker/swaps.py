"""Splits in which one channel is left off for another that was off: what no move between two channels reaches.

Where rules count channels, or let them be off or at least so large, the other needs more money than the first had, or
less. The rest comes from, or goes to, all other channels of the same side (brand or performance) in proportion, so that
the money of both sides stays as it is. N swaps, C channels.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray, IntArray

_SIZES = (0.6, 0.8, 1.0, 1.25, 1.6)
"""What the channel that comes on gets, in parts of what the other had."""


@dataclass(frozen=True, slots=True)
class Swaps:
    """Splits, and what was swapped in them.

    Attributes
    ----------
    splits
        Spend of each channel. Shape (N, C).
    left, taken
        Places of the channel that is left off, and of the one that comes on. Shape (N,).
    """

    splits: FloatArray
    left: IntArray
    taken: IntArray


def swaps(split: FloatArray, costs: FloatArray, fixed: FloatArray, is_brand: BoolArray, least: FloatArray) -> Swaps:
    """All swaps of a channel that is on for one that is off.

    Parameters
    ----------
    split
        Spend. Shape (C,).
    costs, fixed
        What is paid for a unit of spend, and beside it by a channel that is on. Shape (C,).
    is_brand
        Which side each channel is on. Shape (C,).
    least
        What each channel needs to be on, money; zero for anything. Shape (C,).
    """
    on, off = np.flatnonzero(split > 0), np.flatnonzero(split <= 0)
    paid = split * costs
    left, taken, size = (each.ravel() for each in np.meshgrid(on, off, np.arange(len(_SIZES) + 1), indexing="ij"))
    gets = np.array((*_SIZES, 0.0))[size] * paid[left]
    gets = np.where(size == len(_SIZES), (least * costs)[taken], gets)
    rows, splits = np.arange(len(left)), np.repeat(split[None], len(left), axis=0)
    splits[rows, left], splits[rows, taken] = 0.0, gets / costs[taken]
    for side in (True, False):
        others = np.repeat(((is_brand == side) & (split > 0))[None], len(left), axis=0)
        others[rows, left] = False
        moved = np.where(is_brand[left] == side, paid[left] + fixed[left], 0.0)
        moved -= np.where(is_brand[taken] == side, gets + fixed[taken], 0.0)
        whole = others @ paid
        factor = np.where(whole > 0, 1.0 + moved / np.where(whole > 0, whole, 1.0), 1.0)
        splits = np.where(others, splits * factor[:, None], splits)
    stands = (splits >= 0).all(axis=1) & (gets > 0)
    return Swaps(splits[stands], left[stands], taken[stands])
