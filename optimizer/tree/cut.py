"""Where a branch is cut in two: at a switch between on and off, or in a channel's range."""

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.tree.branch import Branch, narrowed
from optimizer.tree.master import Solved
from optimizer.tree.state import Proposal, Search

_WHOLE = 1e-6
"""Distance from a whole number below which an integer is not cut for the sake of its channel."""

_STRAIGHT = 1e-4
"""Share of the gap by which corners of a channel may be above its curve and leave nothing to cut."""

type Parts = tuple[Branch | None, Branch | None]


def cut(search: Search, branch: Branch, solved: Solved, proposal: Proposal, gaps: FloatArray) -> Parts | None:
    """The two parts of a branch, the more promising one first; None where there is nothing to cut."""
    worst = (gaps / np.array(search.scales)[:, None]).sum(axis=0)
    values = solved.values[search.split.program.integers]
    fractions = np.abs(values - np.round(values))
    for channel in np.argsort(-worst, kind="stable").tolist():
        if worst[channel] <= _STRAIGHT * search.gap:
            break
        open_switches = [
            each for switches in search.links.switches[channel] for each in switches if fractions[each] > _WHOLE
        ]
        if open_switches:
            return _decided(search, branch, max(open_switches, key=lambda each: fractions[each]), values)
        spend = float(search.corners[0].nearby(proposal.spend)[channel])
        if spend == 0.0 and not branch.is_spending[channel]:
            # The curve rises infinitely steeply at zero: its foot is a branch of its own.
            spend = 8.0 * float(search.corners[0].nearer_to_zero()[channel])
        if branch.low[channel] < spend < branch.high[channel] or 0.0 < spend < branch.low[channel]:
            below, above = branch.cut(channel, spend)
            is_above = search.master.share_above(solved, channel, spend) > 0.5
            return _ordered(search, (below, above), ([channel], []), is_above=is_above)
    if len(fractions) and fractions.max() > 1e-9:
        return _decided(search, branch, int(fractions.argmax()), values)
    return None


def settled_further(search: Search, branch: Branch, solved: Solved) -> Parts | None:
    """Two parts of a branch whose integers are whole but not all held; None where they are."""
    is_open = np.flatnonzero(branch.least < branch.most)
    if len(is_open) == 0:
        return None
    integer = int(is_open[(branch.most - branch.least)[is_open].argmax()])
    value = float(np.round(solved.values[search.split.program.integers][integer]))
    return _decided(
        search,
        branch,
        integer,
        np.where(np.arange(len(branch.least)) == integer, min(value, branch.most[integer] - 1.0), 0.0),
    )


def _decided(search: Search, branch: Branch, integer: int, values: FloatArray) -> Parts:
    value = float(values[integer])
    below, above = branch.decided(integer, value)
    return _ordered(search, (below, above), ([], [integer]), is_above=value - np.floor(value) > 0.5)


def _ordered(
    search: Search, parts: tuple[Branch, Branch], new: tuple[list[int], list[int]], *, is_above: bool
) -> Parts:
    """Parts of a branch as narrow as links have them, the upper one first if `is_above`; `new` are their new ranges."""
    low, high = (narrowed(part, search.links, *new) for part in parts)
    return (high, low) if is_above else (low, high)
