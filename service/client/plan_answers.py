"""What the server answers about saved plans and what became of them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from service.client.answers import Answer, Interval, Plan


class PlanHead(Answer):
    """A saved plan without its figures: `state` is draft, approved, running or closed."""

    id: str
    scenario_id: str
    scenario: str
    market: str
    kpi: str
    state: str
    revision: int
    continues: str | None
    budget: float
    currency: str
    created_at: datetime


class SavedPlan(Answer):
    """A saved plan and where it stands; `continues` is the plan whose rest it plans anew."""

    id: str
    scenario_id: str
    state: str
    revision: int
    continues: str | None
    created_at: datetime
    plan: Plan


class RescoredChannel(Answer):
    """A channel's spend in a plan, and what it brings; `now` is None for a channel that is gone."""

    channel: str
    spend: float
    promised: Interval
    now: Interval | None


class Rescore(Answer):
    """What a plan brings by another model version, beside what it promised."""

    scenario: str
    market: str
    kpi: str
    currency: str
    outcomes: tuple[Mapping[str, Any], ...]
    tasks: tuple[Mapping[str, Any], ...]
    channels: tuple[RescoredChannel, ...]
    lost_channels: tuple[str, ...]
    lost_kpis: tuple[str, ...]
    notes: tuple[str, ...] = ()


class Pacing(Answer):
    """Spend of one channel (None: of all) against the plan, money."""

    channel: str | None
    planned_to_date: float
    spent_to_date: float
    ratio: float | None
    planned: float
    projected: float
    remaining: float


class PeriodOutcome(Answer):
    """One KPI in one period: planned, expected of what was spent, and what came."""

    date: date
    planned: Interval
    expected: Interval
    actual: float | None


class KpiTracking(Answer):
    """One KPI over the horizon."""

    kpi: str
    unit: str
    periods_known: int
    periods: tuple[PeriodOutcome, ...]
    planned: Interval
    projected: Interval
    bridge: Mapping[str, Any] | None


class TaskTracking(Answer):
    """One task: its probability when planned, and now."""

    kpi: str
    at_least: float
    planned_probability: float
    reached_probability: float
    text: str


class Alert(Answer):
    """What is beyond chance, since when, and what to do about it."""

    kind: str
    kpi: str | None
    channel: str | None
    direction: str
    since: date
    text: str
    action: str


class Tracking(Answer):
    """A plan against what happened."""

    scenario: str
    market: str
    kpi: str
    currency: str
    periods_spent: int
    last: date | None
    total: Pacing
    channels: tuple[Pacing, ...]
    outcomes: tuple[KpiTracking, ...]
    tasks: tuple[TaskTracking, ...]
    alerts: tuple[Alert, ...]


class Replanned(Answer):
    """The rest of a plan planned anew, kept as a draft."""

    id: str
    scenario_id: str
    continues: str | None
    scenario: Mapping[str, Any]
    plan: Plan
    notes: tuple[str, ...]
