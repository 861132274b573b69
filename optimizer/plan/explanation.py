"""What a plan leaves open, as a document."""

from collections.abc import Mapping

from mmm.parsing import StrictModel
from mmm.sentence import Sentence
from optimizer.plan.document import CertificateUnit


class SpendInterval(StrictModel):
    """Spend of a channel, money: quantiles over the best splits of single draws."""

    p05: float
    p50: float
    p95: float


class PauseTest(StrictModel):
    """A test that pauses a channel in half of the market for some periods, or runs it there where it is off.

    `value` is what its result adds to this plan on average, `lost` what the pause costs (below zero: brings),
    `standard_error` that of the measured increment, all in the unit of the explanation; `saved` is money not spent
    meanwhile. `worth` is what is left in money for the cost of running it, None without a value of a unit.
    """

    periods: int
    standard_error: float
    value: float
    lost: float
    saved: float
    worth: float | None


class ChannelExplanation(StrictModel):
    """One channel: its spend in the plan, in plans nearly as good, and in the best splits of single draws.

    `knowing_it` is what knowing its curve exactly would add to the plan on average. From `more_if` times what it is
    believed to bring its best spend is at least a tenth more, from `less_if` times a tenth less; None where no factor
    does that. `is_assumed` says that it has no history, so that what is believed is what the planner assumed.
    """

    channel: str
    spend: float
    low: float
    high: float
    if_known: SpendInterval
    knowing_it: float | None
    more_if: float | None
    less_if: float | None
    test: PauseTest | None
    is_assumed: bool = False


class LearningChannel(StrictModel):
    """One channel in a phasing to learn from.

    `narrower` is the share by which the interval of what it brings is expected to get narrower when the horizon's
    outcomes are known, `tie` the largest correlation over the periods of what it brings with another channel or with
    everything else (None where it brings the same in every period); both also for the phasing as planned. `spend` is
    money by period, as `[flighting] weights` of the scenario takes it.
    """

    channel: str
    narrower_as_planned: float
    narrower: float
    tie_as_planned: float | None
    tie: float | None
    spend: tuple[float, ...]


class LearningPhasing(StrictModel):
    """The plan's own totals phased so that channels tell apart, and what that costs.

    `lost` is what it is expected to bring less of the KPI, `lost_share` that as a part of all that the plan brings (of
    several KPIs by their values), `lost_money` in money, None without a value of a unit; below zero it brings more.
    `lost_at_most` and `variation` are what was allowed. Channels that are not named keep their phasing.
    """

    lost: float
    lost_share: float
    lost_money: float | None
    lost_at_most: float
    variation: float
    channels: tuple[LearningChannel, ...]


class AlternativePlan(StrictModel):
    """A split nearly as good that differs much: what it brings less than the best, relative to all that that brings."""

    loss: float
    spend: Mapping[str, float]


class Explanation(StrictModel):
    """What the best split leaves open, under all rules of its scenario.

    `unit` says what values count: the KPI or money. `near` is the share by which plans nearly as good may fall short.
    `knowing_all` is what knowing every curve would add on average, with its standard error; in one of twenty cases it
    is more than `regret_p95`. `chosen_by` and `other_draws` are what splits chosen on one half of the draws bring on
    that half and on the other. `learning` is for the plan itself, with its tasks; None where notes say why.
    """

    scenario: str
    market: str
    kpi: str
    currency: str
    unit: CertificateUnit
    kpi_unit: str
    budget: float
    value: float
    near: float
    channels: tuple[ChannelExplanation, ...]
    alternatives: tuple[AlternativePlan, ...]
    knowing_all: float
    knowing_all_error: float
    regret_p95: float
    chosen_by: float | None
    other_draws: float | None
    best_test: str | None
    learning: LearningPhasing | None = None
    notes: tuple[Sentence, ...]
