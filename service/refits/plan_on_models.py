"""An earlier plan's split and phasing put to newer models: by the curves of its geos where it is by geo."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.periods import period_range
from mmm.sentence import Sentence, Term, listed, sentence
from mmm.vocabulary import FloatArray
from optimizer.errors import ScenarioRefused
from optimizer.geos.cells import cell_artifact, cells_of, history_shares, known_by_cell
from optimizer.geos.outlook import cell_spend, has_geos_of, planned_by_cell
from optimizer.horizon.timeline import build_timeline, horizon_faults
from optimizer.new_channels.extension import extended
from optimizer.plan.document import Plan
from optimizer.responses.kpi import KpiResponses, build_responses
from optimizer.scenario.document import Reference, Scenario, place_of
from optimizer.scenario.known_spend import KnownSpend
from optimizer.scenario.new_channel import NewChannel


@dataclass(frozen=True, slots=True)
class PlanOnModels:
    """A plan's horizon and phasing put to models: responses by KPI, and `spend` by what they respond to.

    That is the channels of these models, or, where the plan is by geo and they know its geos, its channels in each;
    `parts` has those names by channel.
    """

    asked: Scenario
    spend: Mapping[str, float]
    responses: Mapping[str, KpiResponses]
    parts: Mapping[str, tuple[str, ...]]

    @property
    def is_by_geo(self) -> bool:
        """Whether it was put to the curves of geos."""
        return self.parts.keys() != self.spend.keys()

    def contribution(self, kpi: str, channel: str) -> FloatArray:
        """What a channel's spend brings of a KPI in each draw. Shape (S,)."""
        responses = self.responses[kpi].responses
        return np.sum([responses[name].per_draw(self.spend[name]) for name in self.parts[channel]], axis=0)


def put_to(
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    known: KnownSpend | None = None,
    new_channels: Mapping[str, NewChannel] | None = None,
) -> PlanOnModels:
    """A plan's split and phasing put to models; arguments and refusals as of `rescore`."""
    if plan.status == "infeasible":
        raise ValueError("an infeasible plan has no split")
    # The horizon is all that counts of this scenario: spend and phasing are the plan's.
    asked = Scenario(
        name=plan.scenario,
        market=plan.market,
        kpi=plan.kpi,
        budget=max(plan.budget, 1.0),
        horizon=plan.horizon,
        reference=Reference(kind="spend", spend={}),
    )
    if plan.kpi not in artifacts:
        expected = sentence("a KPI of the market: {names}", names=listed(tuple(artifacts), is_quoted=False))
        raise ScenarioRefused([Fault(place_of(asked), "kpi", f"'{plan.kpi}'", expected)])
    asked = asked.model_copy(update={"new_channels": _still_new(new_channels or {}, plan, artifacts)})
    artifacts = {kpi: extended(artifact, asked) for kpi, artifact in artifacts.items() if kpi in _kpis(plan)}
    own = artifacts[plan.kpi]
    if faults := [*horizon_faults(asked, own), *_date_faults(plan, own, place_of(asked))]:
        raise ScenarioRefused(faults)
    money, planned = _planned(plan, own), {one.channel: one.spend for one in plan.channels}
    spend = {name: planned.get(name, 0.0) for name in own.channels}
    parts: dict[str, tuple[str, ...]] = {name: (name,) for name in own.channels}
    if plan.geos is not None and all(has_geos_of(plan, artifact) for artifact in artifacts.values()):
        cells = cells_of(own, plan.geos.channels)
        money, spend = planned_by_cell(plan, own, cells), cell_spend(plan, cells)
        parts = {name: cells.of_channel(name) for name in own.channels}
        artifacts = {kpi: cell_artifact(artifact, cells) for kpi, artifact in artifacts.items()}
        known = known_by_cell(cells, history_shares(artifacts[plan.kpi], cells), known)
    timeline = replace(build_timeline(asked, artifacts[plan.kpi], known=known), flighting=_phasing(money))
    return PlanOnModels(
        asked=asked,
        spend=spend,
        responses={kpi: build_responses(artifacts[kpi], timeline, asked) for kpi in _kpis(plan) if kpi in artifacts},
        parts=parts,
    )


def _kpis(plan: Plan) -> tuple[str, ...]:
    return tuple(dict.fromkeys([plan.kpi, *(each.kpi for each in plan.outcomes)]))


def _still_new(
    new_channels: Mapping[str, NewChannel], plan: Plan, artifacts: Mapping[str, ResponseArtifact]
) -> dict[str, NewChannel]:
    """New channels that these models do not know, and whose similar channel all of them do."""
    models = [artifacts[kpi] for kpi in _kpis(plan) if kpi in artifacts]
    return {
        name: channel
        for name, channel in new_channels.items()
        if all(
            name not in model.channels and (channel.like is None or channel.like in model.channels) for model in models
        )
    }


def _date_faults(plan: Plan, artifact: ResponseArtifact, file: Sentence) -> list[Fault]:
    """Periods of the plan that are none of the market's: its period is another one by now."""
    dates = set(period_range(plan.horizon.start, plan.horizon.periods, artifact.manifest.period))
    strange = sorted({flight.date for flight in plan.flighting} - dates)
    if not strange:
        return []
    expected = sentence("the start of a {period} of the horizon", period=Term(text=artifact.manifest.period))
    return [Fault(file, "flighting", strange[0].isoformat(), expected)]


def _planned(plan: Plan, artifact: ResponseArtifact) -> FloatArray:
    """Money that a plan gives each channel that a model knows in each period. Shape (T, C)."""
    dates = period_range(plan.horizon.start, plan.horizon.periods, artifact.manifest.period)
    rows = {day: row for row, day in enumerate(dates)}
    columns = {name: column for column, name in enumerate(artifact.channels)}
    spend = np.zeros((len(rows), len(columns)))
    for flight in plan.flighting:
        if flight.channel in columns:
            spend[rows[flight.date], columns[flight.channel]] += flight.spend
    return spend


def _phasing(money: FloatArray) -> FloatArray:
    """Share of each column's money by period; even where there is none. Shape (T, C)."""
    totals = money.sum(axis=0)
    return np.where(totals > 0, money / np.where(totals > 0, totals, 1.0), 1.0 / len(money))
