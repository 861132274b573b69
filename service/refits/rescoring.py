"""An earlier plan's split on newer models: what it would bring now, beside what it promised.

Spend and phasing are the plan's own; curves, base, noise and tasks are evaluated as plans are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.parsing import StrictModel
from mmm.periods import period_range
from mmm.sentence import Sentence, Term, listed, sentence
from mmm.vocabulary import FloatArray, TaskCount
from optimizer.errors import ScenarioRefused
from optimizer.evaluate import interval, score_outcome
from optimizer.known_spend import KnownSpend
from optimizer.new_channels.channel import NewChannel
from optimizer.new_channels.extension import extended
from optimizer.plan import Interval, ModelReference, OutcomePlan, Plan, TaskPlan
from optimizer.responses import KpiResponses, build_responses
from optimizer.scenario import Reference, Scenario, Task, place_of
from optimizer.tasks.probability import measure_task
from optimizer.timeline import build_timeline, horizon_faults, periods_until


class RescoredOutcome(StrictModel):
    """One KPI as the plan promised it, and as the newer model sees it; `change` is that of the expected increment."""

    kpi: str
    unit: str
    promised: OutcomePlan
    now: OutcomePlan
    change: float | None


class RescoredTask(StrictModel):
    """A task of the plan, with the probability that it promised to reach it with, and that of now."""

    kpi: str
    at_least: float
    counts: TaskCount
    probability: float
    by: date | None
    promised: float
    now: float


class RescoredChannel(StrictModel):
    """A channel's spend in the plan, and what it brings of the plan's KPI; `now` is None for a channel that is gone."""

    channel: str
    spend: float
    promised: Interval
    now: Interval | None


class Rescore(StrictModel):
    """An earlier plan on newer models.

    `lost_channels` have spend in the plan and none of its effect counts now; `lost_kpis` were promised, and no newer
    model speaks of them.
    """

    scenario: str
    market: str
    kpi: str
    currency: str
    models: tuple[ModelReference, ...]
    newer: tuple[ModelReference, ...]
    outcomes: tuple[RescoredOutcome, ...]
    tasks: tuple[RescoredTask, ...]
    channels: tuple[RescoredChannel, ...]
    lost_channels: tuple[str, ...] = ()
    lost_kpis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanOnModels:
    """A plan's horizon and phasing put to models: `spend` by channel of these models, responses by KPI."""

    asked: Scenario
    spend: Mapping[str, float]
    responses: Mapping[str, KpiResponses]


def rescore(
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    version: int | None = None,
    known: KnownSpend | None = None,
    new_channels: Mapping[str, NewChannel] | None = None,
) -> Rescore:
    """What a plan's split brings by other models than its own, as plans are evaluated.

    Parameters
    ----------
    plan
        Any plan that is not infeasible.
    artifacts
        The newer models of its market, by KPI.
    version
        Their version in the registry.
    known
        Spend between their data and the plan's horizon.
    new_channels
        What the plan's scenario assumes of channels without history; those that these models know by now speak for
        themselves.

    Raises
    ------
    ScenarioRefused
        When the newer models have no model of the plan's KPI, or its horizon does not fit their calendar.
    ValueError
        When the plan is infeasible.
    """
    found = put_to(plan, artifacts, known, new_channels)
    own = found.responses[plan.kpi]
    lost = [one.channel for one in plan.channels if one.spend > 0 and one.channel not in found.spend]
    return Rescore(
        scenario=plan.scenario,
        market=plan.market,
        kpi=plan.kpi,
        currency=plan.currency,
        models=plan.models,
        newer=tuple(_reference(kpi, responses.artifact, version) for kpi, responses in found.responses.items()),
        outcomes=tuple(
            _outcome(promised, found.responses[promised.kpi], found.spend)
            for promised in plan.outcomes
            if promised.kpi in found.responses
        ),
        tasks=rescored_tasks(plan, found),
        channels=tuple(
            RescoredChannel(
                channel=one.channel,
                spend=one.spend,
                promised=one.contribution,
                now=interval(own.responses[one.channel].per_draw(one.spend)) if one.channel in found.spend else None,
            )
            for one in plan.channels
        ),
        lost_channels=tuple(lost),
        lost_kpis=tuple(each.kpi for each in plan.outcomes if each.kpi not in found.responses),
    )


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
    timeline = replace(build_timeline(asked, own, known=known), flighting=_phasing(plan, own))
    planned = {one.channel: one.spend for one in plan.channels}
    return PlanOnModels(
        asked=asked,
        spend={name: planned.get(name, 0.0) for name in own.channels},
        responses={kpi: build_responses(artifacts[kpi], timeline, asked) for kpi in _kpis(plan) if kpi in artifacts},
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


def _phasing(plan: Plan, artifact: ResponseArtifact) -> FloatArray:
    """Share of each channel's spend by period as the plan has it; even where it spends nothing. Shape (T, C)."""
    dates = period_range(plan.horizon.start, plan.horizon.periods, artifact.manifest.period)
    rows = {day: row for row, day in enumerate(dates)}
    columns = {name: column for column, name in enumerate(artifact.channels)}
    spend = np.zeros((len(rows), len(columns)))
    for flight in plan.flighting:
        if flight.channel in columns:
            spend[rows[flight.date], columns[flight.channel]] += flight.spend
    totals = spend.sum(axis=0)
    return np.where(totals > 0, spend / np.where(totals > 0, totals, 1.0), 1.0 / len(rows))


def rescored_tasks(plan: Plan, found: PlanOnModels) -> tuple[RescoredTask, ...]:
    """The plan's tasks on newer models, those of a KPI that is gone left out."""
    return tuple(_task(task, found) for task in plan.tasks if task.kpi in found.responses)


def _outcome(promised: OutcomePlan, kpi: KpiResponses, spend: Mapping[str, float]) -> RescoredOutcome:
    now = score_outcome(kpi, spend)
    before = promised.incremental.mean
    return RescoredOutcome(
        kpi=promised.kpi,
        unit=promised.unit,
        promised=promised,
        now=now,
        change=now.incremental.mean / before - 1.0 if before > 0 else None,
    )


def _task(task: TaskPlan, found: PlanOnModels) -> RescoredTask:
    kpi = found.responses[task.kpi]
    asked = Task(
        kpi=task.kpi,
        stage=task.stage,
        at_least=task.at_least,
        counts=task.counts,
        probability=task.probability,
        by=task.by,
    )
    measured = measure_task(asked, kpi.measured(), periods_until(found.asked.horizon, task.by, kpi.artifact))
    return RescoredTask(
        kpi=task.kpi,
        at_least=task.at_least,
        counts=task.counts,
        probability=task.probability,
        by=task.by,
        promised=task.reached_probability,
        now=measured.reached_probability(found.spend),
    )


def _reference(kpi: str, artifact: ResponseArtifact, version: int | None) -> ModelReference:
    manifest = artifact.manifest
    return ModelReference(
        kpi=kpi, name=manifest.market, version=version, digest=artifact.digest, evidence=manifest.evidence
    )
