"""What a scenario is answered with: the plan, its certificate, its reasons.

Sentences stay `Sentence` values here; the service renders them in the reader's language.
"""

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from mmm.parsing import StrictModel
from mmm.sentence import Sentence
from mmm.vocabulary import Evidence, Role, Stage, TaskCount
from optimizer.plan.figures import ComparedPlan as ComparedPlan
from optimizer.plan.figures import Interval as Interval
from optimizer.plan.geos import GeoPlan
from optimizer.scenario.bottom_up import BottomUpPlan
from optimizer.scenario.document import Horizon, Objective, Target

type Status = Literal["optimal", "feasible", "infeasible"]
type CertificateUnit = Literal["kpi", "money"]
type ChannelVerdict = Literal["keep", "scale", "reduce", "watch", "stop"]


class ModelReference(StrictModel):
    """The model that a plan rests on; `version` is None for an artifact that is not in a registry."""

    kpi: str
    name: str
    version: int | None
    digest: str
    evidence: Evidence


class ChannelPlan(StrictModel):
    """One channel's part. Ratios are None where they have no meaning (no spend, or no value per unit).

    `evidence` says what its effect rests on: `measured` and `prior` by how far the data narrowed it, `assumed` for a
    channel without history, with `basis` as what is assumed of it; None where the model does not say.
    """

    channel: str
    role: Role
    stage: Stage | None
    spend: float
    share: float
    reference_spend: float
    change: float | None
    contribution: Interval
    roas: Interval | None
    mroas: Interval | None
    cpa: Interval | None
    verdict: ChannelVerdict
    reason: Sentence
    beyond_observed: bool
    evidence: Evidence | None = None
    basis: Sentence | None = None


class OutcomePlan(StrictModel):
    """One KPI under the plan.

    `incremental` is everything this plan's media bring, `after_horizon` the part of it that
    arrives after the horizon has ended; `base` is what arrives within the horizon without this
    plan (with what earlier spend still brings); `total` is what arrives within the horizon:
    base + incremental - after_horizon, draw by draw. Noise of single periods is in `total`'s
    quantiles. Of `incremental`, `assumed` is what channels without history are assumed to bring, and `measured` what
    all others do; None where the plan has no channel without history.
    """

    kpi: str
    unit: str
    value: float | None
    incremental: Interval
    base: Interval
    total: Interval
    after_horizon: Interval
    measured: Interval | None = None
    assumed: Interval | None = None


class TaskPlan(StrictModel):
    """One task as asked, with what the plan does for it.

    `cost` is the smallest budget for it alone, `added_cost` the budget less the smallest one for all other tasks: None
    where that is not looked for (a budget that is no smallest one, or many tasks). What channels without history are
    assumed to bring does not count, but in `with_assumed`, the probability with it (None without such channels).
    """

    kpi: str
    stage: Stage | None
    at_least: float
    counts: TaskCount
    probability: float
    by: date | None
    reached_probability: float
    expected: float
    cost: float | None
    added_cost: float | None = None
    drives_budget: bool
    with_assumed: float | None = None


class TaskLedger(StrictModel):
    """What the tasks of a sized plan cost one by one, together, and what they share: the difference of both.

    Money that serves several tasks is shared. A negative `shared` says that the rules let the tasks stand in each
    other's way.
    """

    alone: float
    budget: float
    shared: float


class SplitPlan(StrictModel):
    """Brand share of the plan, the band it must lie in, and what the band costs."""

    brand_share: float
    band: tuple[float, float] | None
    preset: str
    kpi_without_rule: float | None
    cost_of_rule: float | None
    shadow_price: float | None


class Certificate(StrictModel):
    """What the plan earns on the exact curves and what no plan can exceed.

    Tasks that hold the plan back are restated for the bound: it is for plans on which means of draws, so weighted that
    this plan is the best one near it, are no less than on this plan. It is no bound for the tasks themselves.

    For objective size both are budgets: `value` what the plan needs, `bound` what every plan needs that reaches the
    tasks so restated; a smaller budget than that may reach the tasks. For profit, a target mROAS m and several KPIs
    they are money: profit, what comes beyond m a unit of money, the sum of the KPIs' values. A cautious plan counts the
    mean of its worst draws. One of least regret counts that; no plan is below its bound, and its gap is relative to
    what a plan brings. `gap` is |bound - value| relative to the value, before money that is spent is taken off it.
    """

    value: float
    bound: float
    gap: float
    unit: CertificateUnit = "kpi"
    method: str
    seconds: float


class RiskPlan(StrictModel):
    """What caution brings: means of the worst `level` of the draws, and of all, of this plan and of the neutral one.

    In the unit of the certificate, money spent not taken off.
    """

    level: float
    worst: float
    mean: float
    neutral_worst: float
    neutral_mean: float


class BindingRule(StrictModel):
    """A rule that limits the plan, what it says, and what one more unit of its limit would bring."""

    rule: str
    text: Sentence
    shadow_price: float | None


class DrawRegret(StrictModel):
    """One draw of those that regret is counted over: the most that any split brings there, and the plan's regret."""

    draw: int
    best: float
    regret: float


class RegretPlan(StrictModel):
    """Regret of this plan and of the neutral one: the mean of the largest `level` of it, the largest one, the mean.

    In the unit of the certificate. `mean` and `neutral_mean` are what both bring on average over all draws, money spent
    not taken off; `draws` are those that were looked at.
    """

    level: float
    worst: float
    largest: float
    average: float
    mean: float
    neutral_worst: float
    neutral_largest: float
    neutral_average: float
    neutral_mean: float
    draws: tuple[DrawRegret, ...]


class ServedPeriod(StrictModel):
    """The expected KPI of a period beside what can be served in it; `base` is what comes without this plan and counts.

    Where increments count there is no base.
    """

    rule: str
    kpi: str
    date: date
    limit: float
    base: float
    expected: float


class Comparisons(StrictModel):
    """The plan against what one could do instead; None where it does not apply.

    `silos` has every department split its share of the reference plan by itself, without rules. Where the flighting was
    optimised the others are phased as the plan is, and `even_flighting` is the plan's own split
    phased evenly.
    """

    reference: ComparedPlan | None
    same_mix: ComparedPlan | None
    no_rules: ComparedPlan | None
    silos: ComparedPlan | None = None
    even_flighting: ComparedPlan | None = None


class Flight(StrictModel):
    """Spend of one channel in one period."""

    date: date
    channel: str
    spend: float


class ConflictingRule(StrictModel):
    """A rule that cannot hold together with the others listed."""

    rule: str
    text: Sentence


class RelaxedRule(StrictModel):
    """How far one limit would have to give way, as part of the smallest relaxation."""

    model_config = ConfigDict(populate_by_name=True)

    rule: str
    from_: float = Field(alias="from")
    to: float


class AttainableTask(StrictModel):
    """The most that can be reached of a task's KPI at its probability."""

    kpi: str
    at_least: float
    attainable: float


class Plan(StrictModel):
    """The answer to a scenario; an infeasible one has `conflict` and `relaxation` in place of channels.

    Spend of the channels + `fees` - `coop` + `test_reserve` + `fixed_costs` is the `budget`, to the cent. `coop` is
    what partners pay of spend and fees.
    `profit` is what the plan's media bring in money less its budget, None without a value per unit. `geos` is the split
    of channels over geos, where the scenario asks for it; a channel's figures are then those of its geos together.
    """

    scenario: str
    market: str
    kpi: str
    objective: Objective
    target: Target | None = None
    models: tuple[ModelReference, ...]
    status: Status
    budget: float
    currency: str
    horizon: Horizon
    channels: tuple[ChannelPlan, ...] = ()
    test_reserve: float = 0.0
    fixed_costs: float = 0.0
    fees: float = 0.0
    coop: float = 0.0
    outcomes: tuple[OutcomePlan, ...] = ()
    tasks: tuple[TaskPlan, ...] = ()
    ledger: TaskLedger | None = None
    bottom_up: BottomUpPlan | None = None
    split: SplitPlan | None = None
    profit: Interval | None = None
    risk: RiskPlan | None = None
    regret: RegretPlan | None = None
    certificate: Certificate | None = None
    binding: tuple[BindingRule, ...] = ()
    capacity: tuple[ServedPeriod, ...] = ()
    comparisons: Comparisons | None = None
    flighting: tuple[Flight, ...] = ()
    geos: GeoPlan | None = None
    warnings: tuple[Sentence, ...] = ()
    conflict: tuple[ConflictingRule, ...] = ()
    relaxation: tuple[RelaxedRule, ...] = ()
    attainable: tuple[AttainableTask, ...] = ()
