"""What questions are answered with, beside the plan: the same values for `--json` and for HTTP.

`service.documents.document` turns each into JSON.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from mmm.artifact import ResponseArtifact
from mmm.contribution import Figure
from mmm.decomposition import PartKind, decompose, part_series
from mmm.long_run_figures import HEADLINE, LongRunFigures, long_run_figures
from mmm.sentence import Sentence
from mmm.vocabulary import Evidence
from optimizer.plan.document import ModelReference, Plan
from optimizer.plan.figures import FrontierPoint
from optimizer.plan_parts.channel_curves import ChannelCurve
from optimizer.scenario.document import Horizon, Scenario
from service.markets import DamagedMarket, MarketSummary, ModelDetail
from service.records import PlanState, SavedPlan, SavedScenario
from service.tracking.document import Replanned
from service.what_if import Change


class Answer(BaseModel):
    """Base of the answers; values of the core fill them by their attributes."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class ScenarioAnswer(Answer):
    """A saved scenario and its plan."""

    id: str
    version: int
    plan_id: str
    scenario: Scenario
    plan: Plan


class SavedScenarioAnswer(Answer):
    """A saved scenario."""

    id: str
    name: str
    market: str
    version: int
    created_at: datetime
    scenario: Scenario


class SavedPlanAnswer(Answer):
    """A saved plan and where it stands; `continues` is the plan whose rest it plans anew."""

    id: str
    scenario_id: str
    state: PlanState
    revision: int
    continues: str | None
    created_at: datetime
    models: tuple[ModelReference, ...]
    plan: Plan


class ReplannedAnswer(Answer):
    """The rest of a plan planned anew: the draft that was kept, what was asked, and what it rests on."""

    id: str
    scenario_id: str
    continues: str | None
    scenario: Scenario
    plan: Plan
    notes: tuple[Sentence, ...]

    @classmethod
    def of(cls, saved: SavedPlan, replanned: Replanned) -> Self:
        """The answer about a rest that was kept."""
        return cls(
            id=saved.id,
            scenario_id=saved.scenario_id,
            continues=saved.continues,
            scenario=replanned.scenario,
            plan=replanned.plan,
            notes=replanned.notes,
        )


class PlanHead(Answer):
    """A saved plan without its figures, as a list has it."""

    id: str
    scenario_id: str
    scenario: str
    market: str
    kpi: str
    state: PlanState
    revision: int
    continues: str | None
    budget: float
    currency: str
    horizon: Horizon
    models: tuple[ModelReference, ...]
    created_at: datetime


class PlanList(Answer):
    """A page of saved plans, the newest first; `next` is the cursor of the following page."""

    plans: tuple[PlanHead, ...]
    next: int | None


class ScenarioList(Answer):
    """A page of saved scenarios, the newest first; `next` is the cursor of the following page."""

    scenarios: tuple[SavedScenarioAnswer, ...]
    next: int | None


class Variant(Answer):
    """One variant of a what-if; the first is the scenario as it is."""

    name: str | Sentence
    change: Change | None
    plan: Plan


class WhatIfAnswer(Answer):
    """A scenario under changes, side by side."""

    scenario: str
    market: str
    kpi: str
    currency: str
    variants: tuple[Variant, ...]


class FrontierAnswer(Answer):
    """What a KPI would be over budgets."""

    scenario: str
    market: str
    kpi: str
    unit: str
    currency: str
    points: tuple[FrontierPoint, ...]


class PartContribution(Answer):
    """What one part of the outcome brought in each period of history; `name` is empty for level and season."""

    part: PartKind
    name: str
    date: tuple[date, ...]
    mean: tuple[float, ...]
    p05: tuple[float, ...]
    p95: tuple[float, ...]


class Band(Answer):
    """The 90 % interval of a figure and, where it is more than assumed, its mean."""

    mean: float | None
    p05: float
    p95: float


class LongRunAnswer(Answer):
    """What last year's spend of a channel brings through brand, over and above `channels`, and what that rests on."""

    name: str
    evidence: Evidence
    spend: float
    contribution: Band
    roas: Band | None


class CurvesAnswer(Answer):
    """The response curves of a market, and what its outcome was made of: means of `contributions` add up to the fit.

    The long run through brand of `long_run` is in none of the other figures.
    """

    market: str
    kpi: str
    unit: str
    currency: str
    channels: tuple[ChannelCurve, ...]
    contributions: tuple[PartContribution, ...]
    long_run: tuple[LongRunAnswer, ...] = ()


class MarketList(Answer):
    """A page of the markets that have models; `damaged` names those whose model in use cannot be read."""

    markets: tuple[MarketSummary, ...]
    damaged: tuple[DamagedMarket, ...] = ()
    next: str | None


class ModelList(Answer):
    """A page of the model versions of a market, the newest first; `next` is the cursor of the following page."""

    market: str
    models: tuple[ModelDetail, ...]
    next: int | None


class HealthAnswer(Answer):
    """That the process is alive, or ready."""

    status: Literal["ok"] = "ok"


class ReadinessAnswer(HealthAnswer):
    """That work can be done, and when a worker was last heard of (null when none ever was)."""

    worker_seen_at: datetime | None


class FlawAnswer(Answer):
    """One thing that is wrong with a request."""

    pointer: str | None = None
    parameter: str | None = None
    detail: str


class ProblemAnswer(Answer):
    """A problem (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FlawAnswer, ...] = ()


def saved_scenario_answer(saved: SavedScenario) -> SavedScenarioAnswer:
    """A saved scenario as an answer."""
    return SavedScenarioAnswer.model_validate(saved)


def saved_plan_answer(saved: SavedPlan) -> SavedPlanAnswer:
    """A saved plan as an answer."""
    return SavedPlanAnswer(
        id=saved.id,
        scenario_id=saved.scenario_id,
        state=saved.state,
        revision=saved.revision,
        continues=saved.continues,
        created_at=saved.created_at,
        models=saved.plan.models,
        plan=saved.plan,
    )


def plan_head(saved: SavedPlan) -> PlanHead:
    """A saved plan as one entry of a list."""
    plan = saved.plan
    return PlanHead(
        id=saved.id,
        scenario_id=saved.scenario_id,
        scenario=plan.scenario,
        market=plan.market,
        kpi=plan.kpi,
        state=saved.state,
        revision=saved.revision,
        continues=saved.continues,
        budget=plan.budget,
        currency=plan.currency,
        horizon=plan.horizon,
        models=plan.models,
        created_at=saved.created_at,
    )


def frontier_answer(scenario: Scenario, artifact: ResponseArtifact, points: Sequence[FrontierPoint]) -> FrontierAnswer:
    """Points of a frontier as an answer; `artifact` is the model of the scenario's KPI."""
    return FrontierAnswer(
        scenario=scenario.name,
        market=scenario.market,
        kpi=scenario.kpi,
        unit=artifact.manifest.outcome.unit,
        currency=artifact.manifest.currency,
        points=tuple(points),
    )


def curves_answer(artifact: ResponseArtifact, curves: Sequence[ChannelCurve]) -> CurvesAnswer:
    """Curves of one KPI as an answer; `artifact` is the KPI's model."""
    manifest = artifact.manifest
    return CurvesAnswer(
        market=manifest.market,
        kpi=manifest.outcome.name,
        unit=manifest.outcome.unit,
        currency=manifest.currency,
        channels=tuple(curves),
        contributions=contributions_by_period(artifact),
        long_run=tuple(_long_run(one) for one in long_run_figures(artifact)),
    )


def _long_run(found: LongRunFigures) -> LongRunAnswer:
    def band(shown: Figure) -> Band:
        return Band(mean=shown.mean if found.evidence in HEADLINE else None, p05=shown.p05, p95=shown.p95)

    return LongRunAnswer(
        name=found.channel,
        evidence=found.evidence,
        spend=found.spend,
        contribution=band(found.contribution),
        roas=None if found.roas is None else band(found.roas),
    )


def contributions_by_period(artifact: ResponseArtifact) -> tuple[PartContribution, ...]:
    """What each part of a model's outcome brought, by period: the base's parts, organic media, channels."""
    split = decompose(artifact)
    return tuple(
        PartContribution(
            part=part.kind,
            name=part.name,
            date=split.dates,
            mean=tuple(brought.mean.tolist()),
            p05=tuple(brought.p05.tolist()),
            p95=tuple(brought.p95.tolist()),
        )
        for part, brought in zip(split.parts, part_series(split), strict=True)
    )


class DatasetAnswer(Answer):
    """One version of a market's data."""

    id: str
    market: str
    version: int
    data_digest: str
    spec_digest: str
    first_period: str
    last_period: str
    periods: int
    created_at: datetime


class DatasetList(Answer):
    """A page of the versions of a market's data, the newest first; `next` is the cursor of the following page."""

    market: str
    datasets: tuple[DatasetAnswer, ...]
    next: int | None


class EventAnswer(Answer):
    """One thing that happened, and who did it."""

    number: int
    kind: str
    market: str | None
    subject: str | None
    actor: str
    document: dict[str, Any]
    created_at: datetime


class EventList(Answer):
    """A page of events, the newest first; `next` is the cursor of the following page."""

    events: tuple[EventAnswer, ...]
    next: int | None
