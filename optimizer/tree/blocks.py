"""Rows and columns by which corners of curves enter the program of a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mmm.vocabulary import IntArray
from optimizer.program.linear import Program
from optimizer.program.solve import CompiledSplit
from optimizer.tree.links import Links

SPEND, CONVEXITY, KPI = 0, 1, 2
"""Places of a block's rows in `rows_of`: its spend, its shares, what the KPI comes to."""

SWITCHES = slice(3, None)
"""Places of the rows that keep its shares below switches."""


@dataclass(frozen=True, slots=True)
class KpiTerm:
    """How what a KPI comes to enters the program: `cost` in the objective, `factor` in a row; per unit of KPI.

    `requirement` is what it must be at least, and what each unit of the total adds to that, in the unit of the row.
    """

    cost: float = 0.0
    row: int | None = None
    factor: float = 0.0
    requirement: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Where the corners of a channel go: all of them, or those of one piece of its range (`low` to `high`, money).

    `convexity` is the row that adds up their shares; `switches` are rows that keep these below switches.
    """

    channel: int
    low: float
    high: float
    spend_row: int
    convexity: int
    switches: tuple[int, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a channel's range."""
        return self.high == np.inf


def blocks_of(program: Program, split: CompiledSplit, links: Links, cuts: Mapping[str, Sequence[float]]) -> list[Block]:
    """Rows for the corners of one KPI."""
    blocks = []
    for channel, (name, spend) in enumerate(split.spend_columns.items()):
        parts = split.piece_columns.get(name)
        if parts is None:
            spend_row = program.row(0.0, 0.0, [(spend, -1.0)])
            convexity = program.row(-np.inf, 1.0, [])
            switches = tuple(
                program.row(-np.inf, 0.0, [(split.program.integers[integer], -1.0) for integer in integers])
                for integers in links.switches[channel]
            )
            blocks.append(Block(channel, 0.0, np.inf, spend_row, convexity, switches))
            continue
        for (part, lies), (low, high) in zip(parts, pairwise(cuts[name]), strict=True):
            spend_row = program.row(0.0, 0.0, [(part, -1.0)])
            least = 0.0 if low > 0.0 else -np.inf
            blocks.append(Block(channel, low, high, spend_row, program.row(least, 0.0, [(lies, -1.0)])))
    return blocks


def rows_of(blocks: Sequence[Block], term: KpiTerm) -> IntArray:
    """Rows of the corners of each block at `SPEND`, `CONVEXITY`, `KPI`, `SWITCHES`; -1 for none. One line a block."""
    widest = max(len(block.switches) for block in blocks)
    of_kpi = -1 if term.row is None else term.row
    rows = np.full((len(blocks), SWITCHES.start + widest), -1, dtype=np.int64)
    for place, block in enumerate(blocks):
        rows[place, [SPEND, CONVEXITY, KPI]] = block.spend_row, block.convexity, of_kpi
        rows[place, SWITCHES][: len(block.switches)] = block.switches
    return rows
