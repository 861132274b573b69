"""What is said of a plan that runs: pacing, delivered outcomes, why they differ, tasks, alerts."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field

from mmm.parsing import StrictModel
from mmm.sentence import Sentence
from mmm.vocabulary import PeriodName, TaskCount
from optimizer.plan.document import Interval, Plan
from optimizer.scenario.document import Horizon, Scenario

type AlertKind = Literal["outcome", "spend"]
type Direction = Literal["above", "below"]


class Pacing(StrictModel):
    """Money of one channel, or of all, against the plan.

    `ratio` is spent over planned to date, None where nothing was planned. `of_whole` is the share of the plan's money
    that is spent. `projected` is the end of the horizon at this pace: spent, and the planned rest times `ratio`.
    """

    channel: str | None
    planned_to_date: float
    spent_to_date: float
    ratio: float | None
    planned: float
    of_whole: float | None
    projected: float
    remaining: float


class Deviation(StrictModel):
    """What an amount is, and the 90 % interval in which it lies."""

    mean: float
    p05: float
    p95: float


class Bridge(StrictModel):
    """From the planned outcome to the actual one, over the periods whose outcome is known.

    `actual` is `planned` + `spend` + `mix` + `effect` + `base` + `chance`. `effects` are the parts of `effect` by
    channel.
    """

    planned: float
    spend: float
    mix: float
    effect: Deviation
    base: Deviation
    chance: Deviation
    actual: float
    effects: Mapping[str, Deviation] = Field(default_factory=dict)


class PeriodOutcome(StrictModel):
    """One period of a KPI: as planned, as expected for the money that was spent, and as it was.

    In periods whose spend is not known yet, `expected` is with the spend as planned; `forecast`, where the outcome is
    not known, is what it will be given everything seen so far. `allowed` is where the sum to date may lie before there
    is an alert.
    """

    date: date
    planned: Interval
    expected: Interval
    actual: float | None
    forecast: Interval | None
    planned_to_date: Interval
    expected_to_date: Interval
    actual_to_date: float | None
    allowed: tuple[float, float]


class KpiTracking(StrictModel):
    """One KPI over the horizon. `planned` and `projected` are the whole of it: as planned, and as it looks now.

    `periods_known` counts the periods whose outcome is known; `bridge` is None where none is.
    """

    kpi: str
    unit: str
    periods_known: int
    periods: tuple[PeriodOutcome, ...]
    planned: Interval
    projected: Interval
    bridge: Bridge | None


class TaskTracking(StrictModel):
    """One task of the plan, with what is known by now.

    `so_far` is what is known or expected to have come of it, `expected` what it comes to by its end. `pace_needed` is
    what each period that is left has to bring, `pace_expected` what it is expected to; None where none is left.
    """

    kpi: str
    at_least: float
    counts: TaskCount
    probability: float
    by: date | None
    planned_probability: float
    reached_probability: float
    so_far: float
    expected: float
    periods_left: int
    pace_needed: float | None
    pace_expected: float | None
    text: Sentence


class Alert(StrictModel):
    """Something that is not as planned, what it is, and what to do; `since` is the first period that shows it."""

    kind: AlertKind
    kpi: str | None = None
    channel: str | None = None
    direction: Direction
    since: date
    text: Sentence
    action: Sentence


class Tracking(StrictModel):
    """A plan against what happened. `periods_spent` counts the periods whose spend is known, `last` is the newest."""

    scenario: str
    market: str
    kpi: str
    currency: str
    period: PeriodName
    horizon: Horizon
    periods_spent: int
    last: date | None
    total: Pacing
    channels: tuple[Pacing, ...]
    outcomes: tuple[KpiTracking, ...]
    tasks: tuple[TaskTracking, ...]
    alerts: tuple[Alert, ...]
    false_alarms: float
    notes: tuple[Sentence, ...] = ()


class Replanned(StrictModel):
    """The rest of a plan planned anew: what was asked, the plan, what could not be restated and what was assumed."""

    scenario: Scenario
    plan: Plan
    notes: tuple[Sentence, ...]
