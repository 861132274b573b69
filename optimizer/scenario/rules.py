"""The rules that a scenario may state: of one channel, of several together, of the whole plan."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, model_validator

from mmm.manifest import ChannelInfo
from mmm.parsing import CalendarDay, StrictModel, Unfit
from mmm.sentence import Sentence, Word, sentence
from mmm.vocabulary import Role, Scene, Stage, TaskCount

SMALLEST_BUDGET = 1e-6
"""Of one market: money below has no cents in any currency, and shares of it lose their digits."""

type Amount = Annotated[float, Field(ge=0, le=1e15)]
type Change = Annotated[float, Field(ge=-1, le=1e6)]
type Count = Annotated[int, Field(ge=1, le=10_000)]
type Positive = Annotated[float, Field(gt=0, le=1e15)]
type Fraction = Annotated[float, Field(ge=0, le=1)]


class Span(StrictModel):
    """Consecutive periods, the first of which holds `start`."""

    start: CalendarDay
    periods: Annotated[int, Field(ge=1, le=1000)]


def _day_or_span(value: object) -> str:
    """Which of both was meant: a table is a span."""
    return "Span" if isinstance(value, Mapping | Span) else "Day"


type Blackout = Annotated[
    Annotated[CalendarDay, Tag("Day")] | Annotated[Span, Tag("Span")], Discriminator(_day_or_span)
]


class ChannelRules(StrictModel):
    """Rules of one channel; amounts are money over the horizon.

    `blackout` names periods without spend, by a date in each or as spans; in the first `lead_time` periods there is
    none either. `per_period_max` is money in any one period, `burst_at_least` money in every period
    in which the channel is on air at all. `fee` is a share of spend on top of it, instead of the
    market's; `coop` is the share of spend and fee that a partner pays.
    `cpa_at_most` is a ceiling on spend by expected outcome, `marginal_cpa_at_most` on that of the last unit.
    """

    min: Amount | None = None
    max: Amount | None = None
    off_or_at_least: Annotated[float, Field(gt=0, le=1e15)] | None = None
    change: tuple[Change, Change] | None = None
    locked: Amount | None = None
    increment: Annotated[float, Field(gt=0, le=1e15)] | None = None
    fixed_cost: Amount | None = None
    blackout: tuple[Blackout, ...] = ()
    lead_time: Annotated[int, Field(ge=0, le=1000)] = 0
    per_period_max: Amount | None = None
    burst_at_least: Positive | None = None
    fee: Annotated[float, Field(ge=0, lt=1)] | None = None
    coop: Annotated[float, Field(ge=0, le=0.95)] = 0.0
    cpa_at_most: Annotated[float, Field(gt=0, le=1e15)] | None = None
    marginal_cpa_at_most: Annotated[float, Field(gt=0, le=1e15)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems: list[Sentence] = []
        if self.locked is not None and any(
            value is not None for value in (self.min, self.max, self.off_or_at_least, self.change, self.increment)
        ):
            problems.append(
                sentence(
                    "locked stands instead of min, max, off_or_at_least, change and increment: give one or the other"
                )
            )
        problems += check_order(self.min, self.max)
        problems += check_range("change", self.change)
        if problems:
            raise Unfit(*problems)
        return self


class Group(StrictModel):
    """Channels that share a rule: listed, or all of one stage, scene, department or role."""

    name: Annotated[str, Field(min_length=1)]
    channels: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    stage: Stage | None = None
    scene: Scene | None = None
    department: str | None = None
    role: Role | None = None
    share: tuple[Fraction, Fraction] | None = None
    amount: tuple[Amount, Amount] | None = None
    at_least_channels: Count | None = None
    at_most_channels: Count | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems: list[Sentence] = []
        if sum(key is not None for key in (self.channels, self.stage, self.scene, self.department, self.role)) != 1:
            problems.append(sentence("say which channels by exactly one of channels, stage, scene, department, role"))
        counts = (self.at_least_channels, self.at_most_channels)
        if all(limit is None for limit in (self.share, self.amount, *counts)):
            problems.append(sentence("give at least one of share, amount, at_least_channels, at_most_channels"))
        least, most = counts
        if least is not None and most is not None and least > most:
            lowest, highest = Word(text=str(least)), Word(text=str(most))
            problems.append(
                sentence(
                    "at_least_channels {lowest} is above at_most_channels {highest}", lowest=lowest, highest=highest
                )
            )
        problems += check_range("share", self.share) + check_range("amount", self.amount)
        if problems:
            raise Unfit(*problems)
        return self


class EitherOr(StrictModel):
    """At most so many of these channels may be on."""

    channels: Annotated[tuple[str, ...], Field(min_length=2)]
    at_most: Count = 1


class Requires(StrictModel):
    """A channel may have at most a ratio of what its upstream channels have together."""

    channel: str
    upstream: Annotated[tuple[str, ...], Field(min_length=1)]
    at_most_ratio: Annotated[float, Field(gt=0, le=1e15)]


class FlightBudget(StrictModel):
    """What is paid for all channels together in the periods that start from `start` to `end`: a quarter, a campaign.

    `amount` is money, the least and the most.
    """

    start: CalendarDay
    end: CalendarDay
    amount: tuple[Amount, Amount]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        problems = check_range("amount", self.amount)
        if self.end < self.start:
            problems.append(sentence("end: not before start"))
        if problems:
            raise Unfit(*problems)
        return self


class Precedence(StrictModel):
    """A channel may be on only when each of the channels before it spends at least its level.

    `after` has the level of each, money over the horizon.
    """

    channel: str
    after: Mapping[str, Annotated[float, Field(gt=0, le=1e15)]]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.after:
            raise Unfit(sentence("after: name at least one channel and the amount that it must have"))
        if self.channel in self.after:
            raise Unfit(sentence("after: '{channel}' cannot come after itself", channel=Word(text=self.channel)))
        return self


class Capacity(StrictModel):
    """What of a KPI can be served in a period: sales, stock, leads that a team can follow up.

    `at_most` is one amount for all periods of the horizon, or one a period. The expected KPI of a period must not be
    above it: all of it with `counts` total, what this plan's media add to the period with incremental.
    """

    kpi: str
    at_most: Positive | Annotated[tuple[Positive, ...], Field(min_length=1)]
    counts: TaskCount = "total"


class Rules(StrictModel):
    """Rules of the whole plan.

    `at_most_seen` is a multiple of the largest spend of each channel over such a horizon. `cash_per_period` is what
    may be paid in a period, one amount or one a period.
    """

    at_most_channels: Count | None = None
    at_most_seen: Annotated[float, Field(gt=0, le=1000)] | None = None
    cash_per_period: Amount | tuple[Amount, ...] | None = None
    test_reserve: Annotated[float, Field(ge=0, lt=1)] = 0.0
    total_change: tuple[Change, Change] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if problems := check_range("total_change", self.total_change):
            raise Unfit(*problems)
        return self


def group_members(group: Group, channels: Sequence[ChannelInfo]) -> tuple[str, ...]:
    """Names of the channels of a group, in the order of `channels`."""
    return tuple(
        channel.name
        for channel in channels
        if (group.channels is not None and channel.name in group.channels)
        or (group.stage is not None and channel.stage == group.stage)
        or (group.scene is not None and channel.scene == group.scene)
        or (group.department is not None and channel.department == group.department)
        or (group.role is not None and channel.role == group.role)
    )


def check_order(least: float | None, most: float | None) -> list[Sentence]:
    """What is wrong with a min and a max: nothing, or that they contradict each other."""
    if least is None or most is None or least <= most:
        return []
    return [sentence("min {lowest} is above max {highest}", lowest=Word(text=str(least)), highest=Word(text=str(most)))]


def check_names(names: Sequence[str]) -> list[Sentence]:
    """What is wrong with the names of groups: those that appear more than once."""
    return [
        sentence("groups: the name '{name}' appears more than once", name=Word(text=name))
        for name in sorted(set(names))
        if names.count(name) > 1
    ]


def check_range(name: str, bounds: tuple[float, float] | None) -> list[Sentence]:
    """What is wrong with a lower and an upper end."""
    if bounds is None or bounds[0] <= bounds[1]:
        return []
    said = sentence(
        "{field}: the lower end {low} is above the upper end {high}",
        field=Word(text=name),
        low=Word(text=str(bounds[0])),
        high=Word(text=str(bounds[1])),
    )
    return [said]
