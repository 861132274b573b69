"""Cells and tables of an export, before they become a file."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from optimizer.plan.document import Interval
from service.language import Reader

type Value = str | int | float | date | None
type Kind = Literal["text", "money", "share", "quantity", "ratio", "day", "seconds"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and how it is shown; None is an empty cell."""

    value: Value
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its title, the names of its columns, and rows of as many cells."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def interval_names(name: str, reader: Reader) -> tuple[str, str, str]:
    """Names of the columns of an interval."""
    _ = reader.gettext
    pattern = _("{name} ({part})")
    mean, low, high = (pattern.format(name=name, part=part) for part in (_("mean"), _("5 %"), _("95 %")))
    return mean, low, high


def interval_cells(interval: Interval | None, kind: Kind) -> tuple[Cell, Cell, Cell]:
    """Mean and both ends of an interval; empty where it has no meaning."""
    if interval is None:
        return Cell(None), Cell(None), Cell(None)
    return Cell(interval.mean, kind), Cell(interval.p05, kind), Cell(interval.p95, kind)


def yes_or_no(is_so: bool, reader: Reader) -> str:
    """Yes or no in the reader's language."""
    return reader.gettext("yes") if is_so else reader.gettext("no")
