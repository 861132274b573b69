"""What a report is built of. Every text in it is already in the reader's language; the template adds no words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

type Spec = dict[str, Any]
"""A chart as Vega-Lite has it."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list, one point a line."""

    kind: ClassVar[str] = "points"
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `numbers` are the columns aligned to the right, `totals` the rows that sum up others.

    One that `is_folded` shows its title alone until it is opened. With `has_intervals_below` an interval in
    brackets stands under its mean.
    """

    kind: ClassVar[str] = "table"
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    totals: frozenset[int] = frozenset()
    is_folded: bool = False
    has_intervals_below: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart under its title; `name` is its identifier on the page."""

    kind: ClassVar[str] = "chart"
    name: str
    title: str
    spec: Spec


@dataclass(frozen=True, slots=True)
class ChartGrid:
    """Small charts side by side."""

    kind: ClassVar[str] = "grid"
    charts: tuple[Chart, ...]


type Block = Paragraph | Points | Table | Chart | ChartGrid


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole page; `lead` is the line under its title."""

    title: str
    lead: str
    sections: tuple[Section, ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart of the page."""
        found: list[Chart] = []
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Chart):
                    found.append(block)
                elif isinstance(block, ChartGrid):
                    found.extend(block.charts)
        return tuple(found)


def distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels, those that repeat an earlier one numbered, so that a legend can tell them apart."""
    used: dict[str, int] = {}
    told = []
    for label in labels:
        used[label] = used.get(label, 0) + 1
        told.append(label if used[label] == 1 else f"{label} ({used[label]})")
    return tuple(told)
