"""What the server answers, as far as a program reads it.

Fields that a newer server adds are kept in `model_extra`; words from a list that may grow are plain text. Fractions are
fractions, money is in `currency`, dates are first days of periods.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of the answers."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)


class Interval(Answer):
    """Mean and quantiles over the draws of the posterior."""

    mean: float
    p05: float
    p50: float
    p95: float


class ChannelPlan(Answer):
    """One channel of a plan; ratios are None where they have no meaning, `evidence` is assumed without history."""

    channel: str
    role: str
    spend: float
    share: float
    reference_spend: float
    change: float | None
    contribution: Interval
    roas: Interval | None
    mroas: Interval | None
    cpa: Interval | None
    verdict: str
    reason: str
    beyond_observed: bool
    evidence: str | None = None


class OutcomePlan(Answer):
    """One KPI under a plan: what media bring, what comes anyway, and both within the horizon."""

    kpi: str
    unit: str
    incremental: Interval
    base: Interval
    total: Interval
    measured: Interval | None = None
    assumed: Interval | None = None


class TaskPlan(Answer):
    """One task with the probability that the plan reaches it."""

    kpi: str
    at_least: float
    probability: float
    reached_probability: float
    drives_budget: bool


class Certificate(Answer):
    """What a plan earns on the exact curves, and what no plan can exceed.

    A sized plan has budgets: what it needs, and a bound for its tasks restated as means of draws. That is no floor of
    what the tasks themselves need.
    """

    value: float
    bound: float
    gap: float
    unit: str
    method: str
    seconds: float


class BindingRule(Answer):
    """A rule that limits a plan, and what one more unit of its limit would bring."""

    rule: str
    text: str
    shadow_price: float | None


class Flight(Answer):
    """Spend of one channel in one period."""

    date: date
    channel: str
    spend: float


class GeoCell(Answer):
    """One channel in one geo; `share` is of the channel's spend."""

    channel: str
    geo: str
    spend: float
    share: float
    reference_spend: float
    change: float | None
    contribution: Interval
    roas: Interval | None
    mroas: Interval | None
    cpa: Interval | None
    beyond_observed: bool


class GeoTotal(Answer):
    """What the channels that are split over geos have in one of them."""

    geo: str
    spend: float
    share: float
    reference_spend: float
    change: float | None
    contribution: Interval


class GeoPlan(Answer):
    """A plan by geo; the cells of a channel add up to its spend."""

    channels: tuple[str, ...]
    totals: tuple[GeoTotal, ...]
    cells: tuple[GeoCell, ...]


class Plan(Answer):
    """The answer to a scenario; the money of channels, fees, reserve and fixed costs adds up to `budget`."""

    scenario: str
    market: str
    kpi: str
    objective: str
    status: str
    budget: float
    currency: str
    channels: tuple[ChannelPlan, ...] = ()
    outcomes: tuple[OutcomePlan, ...] = ()
    tasks: tuple[TaskPlan, ...] = ()
    certificate: Certificate | None = None
    binding: tuple[BindingRule, ...] = ()
    flighting: tuple[Flight, ...] = ()
    geos: GeoPlan | None = None
    warnings: tuple[str, ...] = ()


class PlannedScenario(Answer):
    """A scenario that was kept, and its plan."""

    id: str
    version: int
    plan_id: str
    scenario: Mapping[str, Any]
    plan: Plan


class SavedScenario(Answer):
    """A scenario that was kept."""

    id: str
    name: str
    market: str
    version: int
    created_at: datetime
    scenario: Mapping[str, Any]


class Variant(Answer):
    """One variant of a what-if; the first has no change and is the scenario as it is."""

    name: str
    change: Mapping[str, Any] | None
    plan: Plan


class WhatIf(Answer):
    """A scenario under changes, side by side."""

    scenario: str
    market: str
    kpi: str
    currency: str
    variants: tuple[Variant, ...]


class FrontierPoint(Answer):
    """The best plan at one budget; all but `budget` is None where the rules allow none."""

    budget: float
    spent: float | None
    mean: float | None
    p05: float | None
    p95: float | None
    roas: float | None
    mroas: float | None
    gap: float | None


class Frontier(Answer):
    """What a KPI would be over budgets."""

    scenario: str
    market: str
    kpi: str
    unit: str
    currency: str
    points: tuple[FrontierPoint, ...]


class GoalPart(Answer):
    """What one region, product or market has to bring."""

    name: str
    target: int


class GoalPeriod(Answer):
    """One quarter or month of a goal, both days included."""

    start: date
    end: date
    share: float
    target: int
    parts: tuple[GoalPart, ...]


class GoalTree(Answer):
    """A goal taken apart, and the tasks of the scenario's horizon that follow from it."""

    kpi: str
    target: int
    by: str
    periods: tuple[GoalPeriod, ...]
    parts: tuple[GoalPart, ...]
    tasks: tuple[Mapping[str, Any], ...]
    toml: str


class Explanation(Answer):
    """What a plan leaves open: how well each channel's spend is known, other plans as good, the best next test."""

    scenario: str
    market: str
    kpi: str
    currency: str
    budget: float
    value: float
    channels: tuple[Mapping[str, Any], ...]
    alternatives: tuple[Mapping[str, Any], ...]
    knowing_all: float
    best_test: str | None
    learning: Mapping[str, Any] | None = None
    notes: tuple[str, ...]


class MarketShare(Answer):
    """What one market of a portfolio gets, and its plan in its own currency."""

    market: str
    budget: float
    share: float
    value: Interval
    mroas: float | None
    plan: Plan


class PortfolioPlan(Answer):
    """One budget split over several markets; `bound` is what no split of it can exceed."""

    name: str
    currency: str
    status: str
    budget: float
    spent: float
    value: float
    bound: float
    gap: float
    markets: tuple[MarketShare, ...]


class Event(Answer):
    """One thing that happened, and who did it."""

    number: int
    kind: str
    market: str | None
    subject: str | None
    actor: str
    document: Mapping[str, Any]
    created_at: datetime


class JobProgress(Answer):
    """How far a job is; `seconds_left` until its stage ends."""

    stage: str
    done: int
    total: int
    seconds_left: float | None


class Job(Answer):
    """A job; `result` once it has succeeded, `problem` once it has failed."""

    id: str
    kind: str
    market: str | None
    parent: str | None
    status: str
    progress: JobProgress | None
    result: Mapping[str, Any] | None
    problem: Mapping[str, Any] | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.ended_at is not None


class Health(Answer):
    """That the server is alive, or ready."""

    status: str = Field(description="ok")
