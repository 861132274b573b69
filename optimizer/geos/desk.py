"""The models of a panel put to scenarios by geo: what is asked on cells, and what was answered by channel and geo."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmm.artifact import ResponseArtifact
from optimizer.geos.cells import Cells, cell_artifact, cells_of, history_shares, known_by_cell, over_cells
from optimizer.geos.restatement import restated
from optimizer.geos.rules import cell_rules
from optimizer.horizon.timeline import build_timeline, largest_window
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend


@dataclass
class GeoDesk:
    """Models by KPI, with a channel for each cell, and how scenarios are put to them.

    `shares` has the part of its channel's spend that each cell had in the last year.
    """

    artifacts: Mapping[str, ResponseArtifact]
    known: KnownSpend | None
    cells: Cells
    by_cell: Mapping[str, ResponseArtifact] = field(init=False)
    shares: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.by_cell = {kpi: cell_artifact(artifact, self.cells) for kpi, artifact in self.artifacts.items()}
        self.shares = history_shares(next(iter(self.by_cell.values())), self.cells)

    @property
    def known_by_cell(self) -> KnownSpend | None:
        """What is known of spend after the data, by cell."""
        return known_by_cell(self.cells, self.shares, self.known)

    def reference(self, reference_spend: Mapping[str, float] | None) -> Mapping[str, float] | None:
        """Spend by cell of a plan that a scenario names as its reference; only its channels are known."""
        return None if reference_spend is None else over_cells(self.cells, self.shares, reference_spend)

    def scenario(self, asked: Scenario, reference_spend: Mapping[str, float] | None) -> Scenario:
        """The scenario on cells; `reference_spend` is by channel."""
        whole = restated(asked, self.cells, self.shares)
        artifact = self.artifacts[asked.kpi]
        timeline = build_timeline(whole, self.by_cell[asked.kpi], self.reference(reference_spend), self.known_by_cell)
        largest = largest_window(artifact.draws.spend, asked.horizon.periods)
        seen = dict(zip(artifact.channels, largest, strict=True))
        rules = cell_rules(asked, self.cells, timeline.reference, seen)
        return whole.model_copy(update={"geos": rules}) if rules.sums else whole


def geo_desk(
    artifacts: Mapping[str, ResponseArtifact], known: KnownSpend | None, kpi: str, channels: tuple[str, ...] | None
) -> GeoDesk:
    """The desk of one set of channels that are split; `kpi` names one of the models."""
    return GeoDesk(artifacts, known, cells_of(artifacts[kpi], channels))
