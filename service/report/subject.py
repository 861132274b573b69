"""What a report is about: one KPI of one model, read by one reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mmm.artifact import ResponseArtifact
from mmm.decomposition import Decomposition, Part
from mmm.manifest import Manifest
from mmm.periods import shift_period
from mmm.vocabulary import SEASON_LAG
from optimizer.plan_parts.channel_curves import ChannelCurve
from service.language import Reader
from service.records import ModelVersion
from service.report.blocks import distinct


@dataclass(frozen=True)
class ReportSubject:
    """Everything that the sections of a report speak of.

    `curves` are those of the last year, which the optimiser uses; `split` is what the whole history was made of.
    """

    version: ModelVersion
    artifact: ResponseArtifact
    curves: tuple[ChannelCurve, ...]
    split: Decomposition
    reader: Reader
    written_on: date

    @property
    def manifest(self) -> Manifest:
        """Of the model."""
        return self.artifact.manifest

    @property
    def unit(self) -> str:
        """Unit of the KPI."""
        return self.manifest.outcome.unit

    @property
    def kpi(self) -> str:
        """The KPI with its unit, unless it is called by it."""
        name = self.manifest.outcome.name
        return name if name == self.unit else f"{name} ({self.unit})"

    @property
    def season(self) -> int:
        """Periods a year."""
        return SEASON_LAG[self.manifest.period]

    @property
    def year(self) -> slice:
        """Positions of the last year of history; all of it where it is shorter."""
        return slice(max(0, len(self.split.dates) - self.season), len(self.split.dates))

    def starts(self, position: int) -> date:
        """Start of the period at a position in history."""
        return shift_period(self.manifest.window_start, position, self.manifest.period)

    def last_day(self, position: int) -> date:
        """Last day of the period at a position in history."""
        return date.fromordinal(self.starts(position + 1).toordinal() - 1)

    @property
    def labels(self) -> tuple[str, ...]:
        """Name of each part of the outcome, in the order of `split.parts`, no two alike."""
        return distinct([part_name(part, self.reader) for part in self.split.parts])

    def places(self, kinds: Sequence[str]) -> list[int]:
        """Positions of the parts of these kinds."""
        return [place for place, part in enumerate(self.split.parts) if part.kind in kinds]


def part_name(part: Part, reader: Reader) -> str:
    """What a part is called: its own name, or a word of ours."""
    _ = reader.gettext
    match part.kind:
        case "level":
            return _("Level and trend")
        case "season":
            return _("Season")
        case "brand":
            return _("Level of the brand")
        case "week":
            return _("Day of the week")
        case _:
            return part.name
