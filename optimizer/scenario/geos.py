"""What a scenario says about the geos of a panel: which channels are split over them, and the rules of geos."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from mmm.parsing import StrictModel, Unfit
from mmm.sentence import Sentence, sentence
from optimizer.scenario.rules import Amount, Change, Fraction, Positive, check_names, check_order, check_range


class _Limits(StrictModel):
    """Limits of money over the horizon; `change` is against the reference plan."""

    min: Amount | None = None
    max: Amount | None = None
    change: tuple[Change, Change] | None = None
    locked: Amount | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems: list[Sentence] = []
        if self.locked is not None and any(value is not None for value in (self.min, self.max, self.change)):
            problems.append(sentence("locked stands instead of min, max and change: give one or the other"))
        problems += check_order(self.min, self.max)
        problems += check_range("change", self.change)
        if problems:
            raise Unfit(*problems)
        return self


class GeoChannelLimits(_Limits):
    """Rules of one channel in one geo; ceilings on CPA are as those of a channel."""

    off_or_at_least: Positive | None = None
    cpa_at_most: Positive | None = None
    marginal_cpa_at_most: Positive | None = None

    @model_validator(mode="after")
    def _locked_alone(self) -> Self:
        if self.locked is not None and self.off_or_at_least is not None:
            raise Unfit(sentence("locked stands instead of off_or_at_least: give one or the other"))
        return self


class GeoLimits(_Limits):
    """Rules of one geo: of all its channels together, and of single ones."""

    channels: Mapping[str, GeoChannelLimits] = Field(default_factory=dict)


class GeoGroup(StrictModel):
    """Geos that share a rule, with all of the channels that are split or with some of them.

    `share` is of what these channels spend in all geos, `amount` is money.
    """

    name: Annotated[str, Field(min_length=1)]
    geos: Annotated[tuple[str, ...], Field(min_length=1)]
    channels: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    share: tuple[Fraction, Fraction] | None = None
    amount: tuple[Amount, Amount] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = check_range("share", self.share) + check_range("amount", self.amount)
        if self.share is None and self.amount is None:
            problems.append(sentence("give at least one of share, amount"))
        if problems:
            raise Unfit(*problems)
        return self


class GeoSplit(StrictModel):
    """The geos of a panel as decisions.

    `channels` are those whose spend is split over geos: all that are not bought for the whole country unless given.
    `floor` is the least that each geo gets of them together, `change` how far each moves against the reference plan;
    `limits` has the rules of single geos.
    """

    channels: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    floor: Amount | None = None
    change: tuple[Change, Change] | None = None
    limits: Mapping[str, GeoLimits] = Field(default_factory=dict)
    groups: tuple[GeoGroup, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = check_range("change", self.change)
        problems += check_names([group.name for group in self.groups])
        if problems:
            raise Unfit(*problems)
        return self
