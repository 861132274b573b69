"""An earlier plan's split on newer models: what it would bring now, beside what it promised.

Spend and phasing are the plan's own; curves, base, noise and tasks are evaluated as plans are.
"""

from collections.abc import Mapping
from datetime import date

from mmm.artifact import ResponseArtifact
from mmm.parsing import StrictModel
from mmm.sentence import Sentence, sentence
from mmm.vocabulary import TaskCount
from optimizer.horizon.timeline import periods_until
from optimizer.plan.document import Interval, ModelReference, OutcomePlan, Plan, TaskPlan
from optimizer.responses.evaluate import interval, score_outcome
from optimizer.responses.kpi import KpiResponses
from optimizer.scenario.document import Task
from optimizer.scenario.known_spend import KnownSpend
from optimizer.scenario.new_channel import NewChannel
from optimizer.tasks.probability import measure_task
from service.refits.plan_on_models import PlanOnModels, put_to

_OF_COUNTRY = sentence(
    "The plan is by geo, and these models do not know its geos: what it brings now is by the curves of the country."
)


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
    model speaks of them. `notes` say what to know of the figures.
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
    notes: tuple[Sentence, ...] = ()


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
    lost = [one.channel for one in plan.channels if one.spend > 0 and one.channel not in found.parts]
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
                now=interval(found.contribution(plan.kpi, one.channel)) if one.channel in found.parts else None,
            )
            for one in plan.channels
        ),
        lost_channels=tuple(lost),
        lost_kpis=tuple(each.kpi for each in plan.outcomes if each.kpi not in found.responses),
        notes=() if plan.geos is None or found.is_by_geo else (_OF_COUNTRY,),
    )


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
