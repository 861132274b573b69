"""What binaries of the rules say about the spend of single channels, read from the rows of a compiled split.

A binary may be tied to spend in two ways: where it has a value, spend lies in a range (on: at least so much; off:
nothing); and where a channel spends, one of some binaries is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.solve import CompiledSplit

_NOTHING = 1e-9
"""Share of the most that a channel could spend below which an amount that it has to spend is none."""


@dataclass(frozen=True, slots=True)
class Link:
    """A channel's spend lies from `low` to `high`, money, where an integer of the rules has a value, 0 or 1."""

    integer: int
    value: int
    channel: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Links:
    """Ranges of spend, and what ties them to integers; both by their positions.

    Attributes
    ----------
    low, high
        Range of each channel whatever integers are, money. Shape (C,).
    of_integer, of_channel
        Links by integer and by channel.
    switches
        By channel, sets of integers of which at least one is one where the channel spends anything.
    switched
        By integer, channels of which it is in such a set.
    """

    low: FloatArray
    high: FloatArray
    of_integer: tuple[tuple[Link, ...], ...]
    of_channel: tuple[tuple[Link, ...], ...]
    switches: tuple[tuple[tuple[int, ...], ...], ...]
    switched: tuple[tuple[int, ...], ...]

    def when_on(self, integer: int, channel: int) -> tuple[float, float]:
        """Where a channel spends while an integer is one."""
        found = [each for each in self.of_integer[integer] if each.value == 1 and each.channel == channel]
        return max([0.0, *(each.low for each in found)]), min([np.inf, *(each.high for each in found)])


@dataclass
class _Found:
    low: FloatArray
    high: FloatArray
    nothing: FloatArray
    links: list[Link] = field(default_factory=list)
    switches: list[list[tuple[int, ...]]] = field(default_factory=list)

    def imply(self, integer: int, value: int, channel: int, low: float, high: float) -> None:
        least = low if low > self.nothing[channel] else 0.0
        self.links.append(Link(integer, value, channel, least, max(high, 0.0)))


def links_of(split: CompiledSplit, most: FloatArray) -> Links:
    """The links of a compiled split, channels in its order; `most` is what each could spend, money, shape (C,)."""
    program, scale = split.program, split.spend_scale
    channel_of = {column: position for position, column in enumerate(split.spend_columns.values())}
    names = {name: position for position, name in enumerate(split.spend_columns)}
    place = {column: position for position, column in enumerate(program.integers)}
    found = _Found(np.zeros(len(most)), most.astype(float), _NOTHING * most, switches=[[] for _ in most])
    is_binary = {
        column for column in program.integers if program.column_lower[column] >= 0 and program.column_upper[column] <= 1
    }
    for row in range(len(program.row_lower)):
        span = slice(program.starts[row], program.starts[row + 1])
        entries = dict(zip(program.indices[span], program.values[span], strict=True))
        channels = [column for column in entries if column in channel_of]
        if len(channels) != 1 or not all(column in is_binary for column in entries if column not in channel_of):
            continue
        weight = entries.pop(channels[0])
        if weight == 0.0:
            continue
        ends = program.row_lower[row] * scale / weight, program.row_upper[row] * scale / weight
        shifts = {place[column]: -value * scale / weight for column, value in entries.items() if value != 0.0}
        _read(found, channel_of[channels[0]], (min(ends), max(ends)), shifts)
    for window, column in split.window_columns:
        found.imply(place[column], 1, names[window.channel], window.low, window.high)
    return _indexed(found, len(program.integers))


def _read(found: _Found, channel: int, ends: tuple[float, float], shifts: Mapping[int, float]) -> None:
    """What a row says: spend lies between `ends`, each moved by the shifts of the binaries that are one."""
    low, high = ends
    if not shifts:
        found.low[channel] = max(found.low[channel], low if low > found.nothing[channel] else 0.0)
        found.high[channel] = min(found.high[channel], max(high, 0.0))
    elif len(shifts) == 1:
        ((integer, shift),) = shifts.items()
        found.imply(integer, 0, channel, low, high)
        found.imply(integer, 1, channel, low + shift, high + shift)
    elif low == 0.0 and all(shift > 0 for shift in shifts.values()):
        for integer, shift in shifts.items():
            found.imply(integer, 1, channel, shift, np.inf)
    if shifts and high == 0.0 and all(shift > 0 for shift in shifts.values()):
        found.switches[channel].append(tuple(shifts))


def _indexed(found: _Found, integers: int) -> Links:
    of_integer: list[list[Link]] = [[] for _ in range(integers)]
    of_channel: list[list[Link]] = [[] for _ in found.low]
    switched: list[list[int]] = [[] for _ in range(integers)]
    for link in found.links:
        of_integer[link.integer].append(link)
        of_channel[link.channel].append(link)
    for channel, sets in enumerate(found.switches):
        for integer in {each for switches in sets for each in switches}:
            switched[integer].append(channel)
    return Links(
        found.low,
        found.high,
        tuple(map(tuple, of_integer)),
        tuple(map(tuple, of_channel)),
        tuple(map(tuple, found.switches)),
        tuple(map(tuple, switched)),
    )
