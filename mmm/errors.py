"""Exceptions of the model package.

MmmError
├── Refused            input that is not accepted, with every fault that was found
│   ├── MarketRefused  market.toml or its data
│   └── FileRefused    a TOML or JSON document that does not fit its schema
├── ArtifactError      an artifact that is damaged, incomplete or of an unknown schema
└── FitError           a fit that cannot be done or did not finish
"""

from collections.abc import Sequence
from dataclasses import dataclass


class MmmError(Exception):
    """Root of everything that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input: where, what was found, what is expected.

    `row` is the line of the file as a spreadsheet shows it (the header is row 1) and None
    where the fault is not of one row. `field` is a column name or a TOML path such as
    ``channels.tv.spend``.
    """

    file: str
    field: str
    found: str
    expected: str
    row: int | None = None

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}, row {self.row}"
        field = f", {self.field}" if self.field else ""
        return f"{place}{field}: found {self.found}; expected {self.expected}"


class Refused(MmmError):
    """Input that is not accepted; `faults` lists everything that was found, never just the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class MarketRefused(Refused):
    """A market.toml or its data that is not accepted."""


class FileRefused(Refused):
    """A TOML or JSON document that does not fit its schema."""


class ArtifactError(MmmError):
    """An artifact that is damaged, incomplete or of an unknown schema."""


class FitError(MmmError):
    """A fit that cannot be done or did not finish."""
