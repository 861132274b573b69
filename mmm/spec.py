"""What market.toml says: the meaning of the columns and the choices of the model.

Every model here is frozen and refuses unknown fields. Names are checked against each other
(`MarketSpec`), never against the data: that is the reader's work (`mmm.io`).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Self

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, Field, field_validator, model_validator

from mmm.parsing import CalendarDay, Name, StrictModel, Unfit
from mmm.sentence import Sentence, Word, sentence
from mmm.vocabulary import (
    DEFAULT_BRAND_WEIGHT,
    AdstockKind,
    BendKind,
    GeosKind,
    Language,
    LikelihoodKind,
    PeriodName,
    Role,
    Scene,
    Stage,
    TrendKind,
)

type Column = Annotated[str, Field(min_length=1, max_length=200)]
type Positive = Annotated[float, Field(gt=0, le=1e15)]
type Change = Annotated[float, Field(ge=-1e15, le=1e15)]
type Span = Annotated[int, Field(ge=1, le=5_000)]
"""Periods of an event or a test: even as years they end before the calendar does."""
type Fraction = Annotated[float, Field(ge=0, le=1)]
type Country = Annotated[
    str,
    Field(
        pattern=r"^[A-Z]{2}$",
        description=sentence("a code of two capitals (ISO 3166) such as DE, US or CN").template,
    ),
]


class MarketHeader(StrictModel):
    """Table ``[market]``."""

    name: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description=sentence("letters, digits, - and _; at most 64 of them").template,
        ),
    ]
    data: Annotated[str, Field(min_length=1)]
    period: PeriodName
    currency: Annotated[
        str,
        Field(
            pattern=r"^[A-Z]{3}$",
            description=sentence("a code of three capitals (ISO 4217) such as EUR, USD or CNY").template,
        ),
    ]
    language: Language = "en"
    business: Annotated[str, Field(pattern=r"^(b2b|b2c)$", description=sentence("b2b or b2c").template)] | None = None


class Columns(StrictModel):
    """Table ``[columns]``: the columns that place a row in time and space."""

    date: Column
    geo: Column | None = None
    population: Column | None = None

    @model_validator(mode="after")
    def _population_needs_geo(self) -> Self:
        if self.population is not None and self.geo is None:
            raise Unfit(sentence("population is of panels: name the geo column too"))
        return self


class CustomerValue(StrictModel):
    """Value of one unit from margin and repeat purchases: customer lifetime value.

    ``margin / (1 - repeat_rate / (1 + discount_rate))``: a geometric series in which each
    purchase is followed by another with probability `repeat_rate`, discounted once a purchase
    cycle (Gupta and Lehmann 2003, "Customers as Assets", constant retention).
    """

    margin: Positive
    repeat_rate: Annotated[float, Field(ge=0, lt=1)] = 0.0
    discount_rate: Annotated[float, Field(ge=0, le=10)] = 0.0

    @property
    def value(self) -> float:
        """Money per unit."""
        return self.margin / (1.0 - self.repeat_rate / (1.0 + self.discount_rate))


class OutcomeSpec(StrictModel):
    """One modelled result; `value_per_unit` is a number, a column's name or a customer value."""

    name: Name
    column: Column
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    stage: Stage = "purchase"
    value_per_unit: Positive | CustomerValue | Column | None = None
    likelihood: LikelihoodKind = "normal"
    owner: str | None = None


class RoasPrior(StrictModel):
    """Log-normal prior of return on ad spend: its median, and the sd of its logarithm."""

    median: Positive
    spread: Annotated[float, Field(gt=0, le=5)] = 0.8


class LongRunPrior(StrictModel):
    """Log-normal prior of what a channel brings through brand: median multiple of its short run, and sd of its log."""

    median: Positive
    spread: Annotated[float, Field(gt=0, le=5)] = 0.7


class ElasticityPrior(StrictModel):
    """Normal prior of the elasticity of an outcome to the level of the brand."""

    mean: Annotated[float, Field(ge=-5, le=5)] = 0.3
    spread: Annotated[float, Field(gt=0, le=5)] = 0.3


class ChannelSpec(StrictModel):
    """One paid channel."""

    name: Name
    spend: Column
    exposure: Column | None = None
    reach: Column | None = None
    frequency: Column | None = None
    role: Role | None = None
    brand_weight: Fraction | None = None
    stage: Stage | None = None
    scene: Scene | None = None
    department: str | None = None
    owner: str | None = None
    fee: Annotated[float, Field(ge=0, lt=1)] = 0.0
    adstock: AdstockKind = "geometric"
    saturation: BendKind = "hill"
    roas: RoasPrior | None = None
    long_run: LongRunPrior | None = None

    @model_validator(mode="after")
    def _one_way_to_say_brand(self) -> Self:
        if self.role is None and self.brand_weight is None:
            raise Unfit(sentence('say role = "brand" or "performance", or brand_weight between 0 and 1'))
        if (self.reach is None) != (self.frequency is None):
            raise Unfit(sentence("reach and frequency come together"))
        if self.exposure is not None and self.reach is not None:
            raise Unfit(sentence("either exposure, or reach and frequency"))
        if self.reach is not None and self.saturation != "hill":
            raise Unfit(sentence("with reach and frequency the response to frequency saturates, by hill alone"))
        if self.long_run is not None and self.weight == 0.0:
            raise Unfit(sentence('long_run is of brand: say role = "brand", or brand_weight above 0'))
        return self

    @property
    def weight(self) -> float:
        """Share of the channel's spend that counts as brand, in [0, 1]."""
        if self.brand_weight is not None:
            return self.brand_weight
        return DEFAULT_BRAND_WEIGHT[self.role or "performance"]

    @property
    def main_role(self) -> Role:
        """The role as written, else the heavier side of `brand_weight`."""
        return self.role or ("brand" if self.weight >= 0.5 else "performance")


class ControlSpec(StrictModel):
    """One control variable: it moves the outcome and is not media."""

    name: Name
    column: Column


class OrganicSpec(StrictModel):
    """Media without cost: it carries over and saturates, and no budget reaches it."""

    name: Name
    column: Column
    adstock: AdstockKind = "geometric"
    saturation: BendKind = "hill"


class EventSpec(StrictModel):
    """A named span of periods with a level of its own."""

    name: Name
    start: CalendarDay
    periods: Span = 1


class IndicatorSpec(StrictModel):
    """A brand indicator: branded search volume, or survey awareness as successes out of a sample."""

    name: Name
    column: Column | None = None
    kind: Annotated[str, Field(pattern=r"^(volume|survey)$", description=sentence("volume or survey").template)] = (
        "volume"
    )
    successes: Column | None = None
    sample: Column | None = None

    @model_validator(mode="after")
    def _columns_fit_the_kind(self) -> Self:
        if self.kind == "volume" and self.column is None:
            raise Unfit(sentence("an indicator of kind volume needs column"))
        if self.kind == "survey" and (self.successes is None or self.sample is None):
            raise Unfit(sentence("an indicator of kind survey needs successes and sample"))
        return self


class LiftTestSpec(StrictModel):
    """An experiment: window, cells, change of spend, measured change of the outcome.

    The outcome is measured from the first period of the window on, in `measured_periods` periods: the window itself
    unless more is said, so that carryover after it counts only where it was measured. `outcome` may name an indicator:
    then estimate and standard error are in its unit, of a survey the share that said yes, summed over these periods.
    """

    channel: Name
    start: CalendarDay
    periods: Span
    measured_periods: Span | None = None
    spend_change: Change
    estimate: Change
    standard_error: Positive
    geos: tuple[str, ...] = ()
    outcome: Name | None = None

    @model_validator(mode="after")
    def _measured_at_least_over_the_window(self) -> Self:
        if self.measured_periods is not None and self.measured_periods < self.periods:
            raise Unfit(sentence("measured_periods counts from start and is at least periods"))
        return self


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class ModelChoices(StrictModel):
    """Table ``[model]``: everything has a default; `holidays` is one country or a list of them.

    `common_demand` says whether what budgets have in common is a control (`mmm.common_demand`); unsaid, budgets decide.
    `carry_in` is the number of first periods whose outcome is not fitted: their spend carries over into the rest.
    """

    trend: TrendKind = "knots"
    geos: GeosKind = "pooled"
    common_demand: bool | None = None
    seasonality: Annotated[int, Field(ge=0, le=20)] | None = None
    carryover_periods: Annotated[int, Field(ge=1, le=400)] | None = None
    carry_in: Annotated[int, Field(ge=0, le=400)] = 0
    holidays: Annotated[tuple[Country, ...], Field(max_length=40), BeforeValidator(_as_list)] = ()
    holdout: Annotated[int, Field(ge=0, le=400)] | None = None
    brand_elasticity: ElasticityPrior = ElasticityPrior()
    draws: Annotated[int, Field(ge=50, le=20_000)] = 1000
    tune: Annotated[int, Field(ge=50, le=20_000)] = 400
    chains: Annotated[int, Field(ge=2, le=16)] = 4
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 20260101


class RefitChoices(StrictModel):
    """Table ``[refit]``: when the service fits this market again by itself.

    `schedule` is a cron expression in UTC, or ``never``. Unless said otherwise: the first Monday of a quarter, 06:00.
    """

    schedule: str | None = "0 6 * 1,4,7,10 MON#1"

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, value: str) -> str | None:
        if value == "never":
            return None
        try:
            CronSim(value, datetime(2026, 1, 1, tzinfo=UTC))
        except CronSimError:
            said = sentence(
                "a cron expression such as “0 6 * 1,4,7,10 MON#1” (minute, hour, day, month, weekday), or never"
            )
            raise Unfit(said) from None
        return value


class MarketSpec(StrictModel):
    """A whole market.toml."""

    market: MarketHeader
    columns: Columns
    outcomes: Annotated[tuple[OutcomeSpec, ...], Field(min_length=1)]
    channels: Annotated[tuple[ChannelSpec, ...], Field(min_length=1)]
    controls: tuple[ControlSpec, ...] = ()
    organic: tuple[OrganicSpec, ...] = ()
    events: tuple[EventSpec, ...] = ()
    indicators: tuple[IndicatorSpec, ...] = ()
    lift_tests: tuple[LiftTestSpec, ...] = ()
    model: ModelChoices = ModelChoices()
    refit: RefitChoices = RefitChoices()

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Self:
        problems: list[Sentence] = []
        terms: dict[str, list[str]] = {
            "outcomes": [outcome.name for outcome in self.outcomes],
            "channels": [channel.name for channel in self.channels],
            "controls": [control.name for control in self.controls],
            "organic": [medium.name for medium in self.organic],
            "events": [event.name for event in self.events],
            "indicators": [indicator.name for indicator in self.indicators],
        }
        for table, names in terms.items():
            problems += [_repeated_name(table, name) for name in _repeated(names)]
        problems += [
            sentence("the spend column '{column}' is given to more than one channel", column=Word(text=column))
            for column in _repeated(channel.spend for channel in self.channels)
        ]
        problems += [
            sentence("indicators: '{name}' is an outcome too; give one of them another name", name=Word(text=name))
            for name in terms["indicators"]
            if name in terms["outcomes"]
        ]
        for test in self.lift_tests:
            if test.channel not in terms["channels"]:
                said = sentence("lift_tests: no channel is called '{name}'", name=Word(text=test.channel))
                problems.append(said)
            if test.outcome is not None and test.outcome not in [*terms["outcomes"], *terms["indicators"]]:
                said = sentence("lift_tests: no outcome or indicator is called '{name}'", name=Word(text=test.outcome))
                problems.append(said)
        problems += self._tests_without_brand(frozenset(terms["indicators"]))
        if problems:
            raise Unfit(*problems)
        return self

    def _tests_without_brand(self, indicators: frozenset[str]) -> list[Sentence]:
        """What is wrong with tests of an indicator: their channel has to have a part in brand."""
        apart = {channel.name for channel in self.channels if channel.weight == 0.0}
        return [
            sentence(
                "lift_tests: '{name}' has no part in brand, which a test on '{indicator}' needs; give it brand_weight",
                name=Word(text=test.channel),
                indicator=Word(text=str(test.outcome)),
            )
            for test in self.lift_tests
            if test.outcome in indicators and test.channel in apart
        ]


def _repeated_name(table: str, name: str) -> Sentence:
    return sentence("{table}: the name '{name}' appears more than once", table=Word(text=table), name=Word(text=name))


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
