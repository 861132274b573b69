"""Exceptions of the model package.

MmmError
├── Refused            input that is not accepted, with every fault that was found
│   ├── MarketRefused  market.toml or its data
│   └── FileRefused    a TOML or JSON document that does not fit its schema
└── Unusable           what cannot be worked with, in one sentence
    ├── ArtifactError  an artifact that is damaged, incomplete or of an unknown schema
    ├── FitError       a fit that cannot be done or did not finish
    └── HistoryTooShort  fewer periods than a backtest needs
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mmm.sentence import Said, Sentence, phrase, plain, sentence


class MmmError(Exception):
    """Root of everything that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input: where, what was found, what is expected.

    `found` and `expected` are sentences, or plain text where a cell or a name is quoted as it is.
    `row` is the line of the file as a spreadsheet shows it (the header is row 1) and None
    where the fault is not of one row. `field` is a column name or a TOML path such as
    ``channels.tv.spend``.
    """

    file: Said
    field: str
    found: Said
    expected: Said
    row: int | None = None

    @property
    def said(self) -> Sentence:
        """What was found and what is expected, without the place."""
        return sentence("found {found}; expected {expected}", found=phrase(self.found), expected=phrase(self.expected))

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        field = f", {self.field}" if self.field else ""
        return f"{plain(self.file)}{row}{field}: {plain(self.said)}"


class Refused(MmmError):
    """Input that is not accepted; `faults` lists everything that was found, never just the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class MarketRefused(Refused):
    """A market.toml or its data that is not accepted."""


class FileRefused(Refused):
    """A TOML or JSON document that does not fit its schema."""


class Unusable(MmmError):
    """Something that cannot be worked with; `said` is for the reader."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(plain(said))


class ArtifactError(Unusable):
    """An artifact that is damaged, incomplete or of an unknown schema."""


class FitError(Unusable):
    """A fit that cannot be done or did not finish."""


class HistoryTooShort(Unusable):
    """A history with fewer periods than a backtest needs."""
