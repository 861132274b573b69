"""A part of all splits: a range of spend for each channel and for each integer of the rules."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.tree.links import Links

_MOST_STEPS = 100_000

_SAME = 1e-9
"""Relative distance by which ends of a range may miss each other and still mean the same amount."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Splits whose channels spend within ranges, and whose integers lie within ranges.

    Attributes
    ----------
    low, high
        Range of what a channel spends where it spends anything, money. Shape (C,).
    is_spending
        Whether it has to spend; else it may spend nothing, whatever its range is. Shape (C,).
    least, most
        Ranges of the integers, in the order of the program. Shape (I,).
    """

    low: FloatArray
    high: FloatArray
    is_spending: np.ndarray
    least: FloatArray
    most: FloatArray

    def copy(self) -> "Branch":
        """A branch with arrays of its own."""
        return Branch(self.low.copy(), self.high.copy(), self.is_spending.copy(), self.least.copy(), self.most.copy())

    def cut(self, channel: int, spend: float) -> tuple["Branch", "Branch"]:
        """The branch up to a spend of a channel and from there on; what is below the range is nothing."""
        below, above = self.copy(), self.copy()
        if spend < self.low[channel]:
            below.low[channel] = below.high[channel] = 0.0
        else:
            below.high[channel] = above.low[channel] = spend
        above.is_spending[channel] = True
        return below, above

    def decided(self, integer: int, value: float) -> tuple["Branch", "Branch"]:
        """The branch with an integer at most the whole number below a value, and at least that above it."""
        below, above = self.copy(), self.copy()
        below.most[integer] = np.floor(value)
        above.least[integer] = np.floor(value) + 1.0
        return below, above


def narrowed(branch: Branch, links: Links, channels: Iterable[int], integers: Iterable[int]) -> Branch | None:
    """The same splits in ranges as narrow as the links say; None when there is none.

    `channels` and `integers` are those whose ranges are new. The branch is changed in place.
    """
    waiting = [(True, channel) for channel in channels] + [(False, integer) for integer in integers]
    for _ in range(_MOST_STEPS):
        if not waiting:
            break
        is_channel, position = waiting.pop()
        if is_channel:
            if not _settle(branch, links, position, waiting):
                return None
        elif not _follow(branch, links, position, waiting):
            return None
    return branch


def _settle(branch: Branch, links: Links, channel: int, waiting: list[tuple[bool, int]]) -> bool:
    """Follow what the range of a channel means for itself and its integers; whether something is left of it."""
    for switches in links.switches[channel]:
        may_be = [each for each in switches if branch.most[each] >= 1.0]
        if branch.is_spending[channel] and len(may_be) == 1 and branch.least[may_be[0]] < 1.0:
            branch.least[may_be[0]] = 1.0
            waiting.append((False, may_be[0]))
        if branch.high[channel] > 0.0:
            ranges = [links.when_on(each, channel) for each in may_be] or [(0.0, 0.0)]
            branch.low[channel] = max(branch.low[channel], min(low for low, _ in ranges))
            branch.high[channel] = min(branch.high[channel], max(high for _, high in ranges))
    low, high = branch.low[channel], branch.high[channel]
    if high < low <= high * (1.0 + _SAME):
        branch.low[channel] = high
    elif high <= 0.0 or low > high:
        if branch.is_spending[channel]:
            return False
        branch.low[channel] = branch.high[channel] = 0.0
    for link in links.of_channel[channel]:
        least, most = branch.least[link.integer], branch.most[link.integer]
        if least <= link.value <= most and not _may_lie(branch, channel, link.low, link.high):
            if least == most:
                return False
            side = branch.least if link.value == 0 else branch.most
            side[link.integer] = 1.0 - link.value
            waiting.append((False, link.integer))
    return True


def _follow(branch: Branch, links: Links, integer: int, waiting: list[tuple[bool, int]]) -> bool:
    """Follow what the range of an integer means for channels; whether it has any value left."""
    least, most = branch.least[integer], branch.most[integer]
    if least > most:
        return False
    waiting += [
        (True, link.channel)
        for link in links.of_integer[integer]
        if least == most == link.value and _keep_within(branch, link.channel, link.low, link.high)
    ]
    if most < 1.0:
        waiting += [(True, channel) for channel in links.switched[integer]]
    return True


def _keep_within(branch: Branch, channel: int, low: float, high: float) -> bool:
    """Whether that changes the range of the channel."""
    before = branch.low[channel], branch.high[channel], branch.is_spending[channel]
    if low > 0.0:
        branch.is_spending[channel] = True
        branch.low[channel] = max(branch.low[channel], low)
    branch.high[channel] = min(branch.high[channel], high)
    return before != (branch.low[channel], branch.high[channel], branch.is_spending[channel])


def _may_lie(branch: Branch, channel: int, low: float, high: float) -> bool:
    """Whether a channel of the branch can spend from `low` to `high`."""
    if low <= 0.0 and not branch.is_spending[channel]:
        return True
    return bool(max(low, branch.low[channel]) <= min(high, branch.high[channel]) * (1.0 + _SAME))
