"""A channel that no model has seen: what a planner assumes of it, from a similar channel or from stated returns."""

import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from mmm.parsing import StrictModel, Unfit
from mmm.sentence import Sentence, Word, sentence
from mmm.vocabulary import Role, Scene, Stage

type Positive = Annotated[float, Field(gt=0, le=1e15)]
type Fraction = Annotated[float, Field(ge=0, le=1)]

SMALL_SHARE = 0.05
"""Share of the budget that a channel without history gets at most, unless the planner says otherwise."""

USUAL_UNCERTAINTY = 0.5
"""Standard deviation of the logarithm of what a channel brings against a similar one: 0.44 to 2.3 times in 90 %."""

_IN_NINETY = 1.645
"""Standard deviations about the middle between which 90 % of a normal distribution lies."""

_OF_LIKE = ("cost_ratio", "effect", "uncertainty")
_OF_PRIORS = ("retention",)


class ChannelPrior(StrictModel):
    """What a new channel is assumed to return, for one KPI (the scenario's own unless named).

    With `spend` money in every period it returns `roas` (money by money), or costs `cpa` for each unit of the KPI: the
    5 and 95 % quantiles of what is believed. At `half_saturation`, money a period, half of its ceiling is reached.
    """

    kpi: str | None = None
    spend: Positive
    roas: tuple[Positive, Positive] | None = None
    cpa: tuple[Positive, Positive] | None = None
    half_saturation: Positive

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        problems: list[Sentence] = []
        if (self.roas is None) == (self.cpa is None):
            problems.append(sentence("give exactly one of roas, cpa: [low, high], the ends of a 90 % interval"))
        for field, ends in (("roas", self.roas), ("cpa", self.cpa)):
            if ends is not None and ends[0] >= ends[1]:
                low, high = Word(text=str(ends[0])), Word(text=str(ends[1]))
                problems.append(
                    sentence(
                        "{field}: the low end {low} must be below the high end {high}: nobody has measured this yet",
                        field=Word(text=field),
                        low=low,
                        high=high,
                    )
                )
        if problems:
            raise Unfit(*problems)
        return self


class NewChannel(StrictModel):
    """A channel without history, and where its curve comes from: exactly one of `like` and `priors`.

    `like` names a channel of the model. The new one costs `cost_ratio` times as much money for the same exposure, it
    brings `effect` times as much with it on average, and `uncertainty` is the standard deviation of the logarithm of
    that factor, beside what is open about the similar channel itself. What is not stated (role, stage, scene,
    department, fee) is as of the similar channel. With `priors` the effect carries over with `retention` from period to
    period, as usual for its role unless stated.

    It gets at most `at_most_share` of the budget (without one, of the reference plan); `max` or `locked` of the
    channel's own rules stand in place of that.
    """

    role: Role | None = None
    brand_weight: Fraction | None = None
    stage: Stage | None = None
    scene: Scene | None = None
    department: str | None = None
    owner: str | None = None
    fee: Annotated[float, Field(ge=0, lt=1)] | None = None
    like: str | None = None
    cost_ratio: Annotated[float, Field(gt=0, le=1000)] = 1.0
    effect: Annotated[float, Field(gt=0, le=1000)] = 1.0
    uncertainty: Annotated[float, Field(ge=0.1, le=2)] = USUAL_UNCERTAINTY
    priors: tuple[ChannelPrior, ...] = ()
    retention: Annotated[float, Field(ge=0, lt=1)] | None = None
    at_most_share: Annotated[float, Field(gt=0, le=1)] = SMALL_SHARE

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        problems: list[Sentence] = []
        if (self.like is None) == (not self.priors):
            problems.append(
                sentence(
                    'say where its curve comes from: either like = "channel", a similar channel of the market, or '
                    "priors, what it is assumed to return"
                )
            )
        else:
            strange = [name for name in (_OF_PRIORS if self.like else _OF_LIKE) if name in self.model_fields_set]
            problems += [_elsewhere(name, "priors" if self.like else "like") for name in strange]
        if self.priors and self.role is None and self.brand_weight is None:
            problems.append(sentence('say role = "brand" or "performance", or brand_weight between 0 and 1'))
        if problems:
            raise Unfit(*problems)
        return self

    @property
    def factor_either_way(self) -> float:
        """Factor within which what it brings against the similar channel lies in 90 % of the draws, up or down."""
        return math.exp(_IN_NINETY * self.uncertainty)

    def prior_of(self, kpi: str, own: str) -> ChannelPrior | None:
        """What is stated for a KPI; `own` is the KPI that a prior without a name is about."""
        return next((prior for prior in self.priors if (prior.kpi or own) == kpi), None)


def _elsewhere(field: str, source: str) -> Sentence:
    return sentence("{field} goes with {source}", field=Word(text=field), source=Word(text=source))
