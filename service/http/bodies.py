"""What requests say beside a scenario."""

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from mmm.parsing import StrictModel, Unfit
from mmm.sentence import Word, sentence
from mmm.vocabulary import Language
from optimizer.plan.portfolio import Portfolio
from optimizer.scenario.document import Budget, Scenario
from service.keys import Scope
from service.paging import AGE_CURSOR
from service.records import PlanState
from service.webhook_addresses import LONGEST_ADDRESS
from service.what_if import MOST_CHANGES, Change

MOST_POINTS = 200
"""Budgets that one frontier may ask for."""


class LanguageQuery(StrictModel):
    """Query of everything that speaks: the language of its sentences, the market's own unless asked."""

    lang: Language | None = None


class ListQuery(LanguageQuery):
    """Query of a list: how much of it, and where the page begins."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[int, Field(ge=1, lt=2**63)] | None = None


class PageQuery(ListQuery):
    """Query of a list over all markets."""

    market: str | None = None


class VersionsQuery(ListQuery):
    """Query of versions: the cursor is the number of the last one."""

    cursor: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class NamesQuery(LanguageQuery):
    """Query of a list by name: the cursor is the last name of the page before."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None


class AgeQuery(LanguageQuery):
    """Query of a list by age."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(pattern=AGE_CURSOR)] | None = None


class JobsQuery(PageQuery):
    """Query of the jobs: of one market, or of one batch."""

    parent: str | None = None


class EventsQuery(PageQuery):
    """Query of the events: of one market, or of one job, plan or model."""

    subject: str | None = None


class CurvesQuery(LanguageQuery):
    """Query of a market's curves: which KPI (its first unless asked), over which saved scenario's horizon."""

    kpi: str | None = None
    scenario: str | None = None


class DifferenceQuery(LanguageQuery):
    """Query of a difference: the version `with` which the one in the address is compared, told from it to that one."""

    model_config = ConfigDict(populate_by_name=True)

    with_: Annotated[int, Field(ge=1, lt=2**31, alias="with")]


class WhatIfBody(StrictModel):
    """The variants to plan beside the scenario as it is."""

    changes: Annotated[tuple[Change, ...], Field(min_length=1, max_length=MOST_CHANGES)]


class FrontierBody(StrictModel):
    """A scenario, written out or by the id of a saved one, and the budgets to plan it for."""

    model_config = ConfigDict(populate_by_name=True)

    scenario: Scenario | None = None
    scenario_id: str | None = None
    from_: Annotated[Budget, Field(alias="from")]
    to: Budget
    points: Annotated[int, Field(ge=2, le=MOST_POINTS)] = 50

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.scenario is None) == (self.scenario_id is None):
            raise Unfit(sentence("give either scenario or scenario_id"))
        if self.from_ >= self.to:
            lowest, highest = Word(text=str(self.from_)), Word(text=str(self.to))
            raise Unfit(sentence("from must be below to, got {lowest} and {highest}", lowest=lowest, highest=highest))
        return self


class ComparisonBody(StrictModel):
    """Which saved plans to hold against each other: their ids, or the ids of their scenarios."""

    plans: Annotated[tuple[str, ...], Field(min_length=2, max_length=MOST_CHANGES)]


class KeyBody(StrictModel):
    """What a new key may do, and until when; without `expires_at` until it is revoked."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=4)]
    expires_at: AwareDatetime | None = None


class WebhookBody(StrictModel):
    """Where events shall be sent."""

    address: Annotated[str, Field(min_length=1, max_length=LONGEST_ADDRESS)]


class RefitBody(StrictModel):
    """How to refit a market: with the seed of its file unless another is given."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class BacktestBody(StrictModel):
    """What to backtest: which KPI (the market's first unless given), how often, and how long each window is."""

    kpi: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    folds: Annotated[int, Field(ge=2, le=60)] = 4
    periods: Annotated[int, Field(ge=1, le=400)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class BatchBody(StrictModel):
    """Which markets to refit; every one that has data unless named."""

    markets: Annotated[tuple[str, ...], Field(min_length=1, max_length=10_000)] | None = None


class PromotionBody(StrictModel):
    """Whether a model that failed a gate is promoted all the same."""

    force: bool = False


class StateBody(StrictModel):
    """The state to give a plan; with the `revision` that was seen it is refused when the plan was changed since."""

    state: PlanState
    revision: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class FollowedQuery(LanguageQuery):
    """Query of what is held against a plan: which one, the running plan of the market unless given."""

    plan: str | None = None


class ReplanBody(StrictModel):
    """What the rest of a plan may cost: what is left of its budget unless given."""

    remaining_budget: Annotated[float, Field(gt=0, le=1e15)] | None = None


class RescoreBody(StrictModel):
    """The model version to score a plan on; the one in use unless given."""

    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None


REQUESTS: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (
        Scenario,
        Portfolio,
        LanguageQuery,
        ListQuery,
        PageQuery,
        VersionsQuery,
        NamesQuery,
        AgeQuery,
        JobsQuery,
        EventsQuery,
        CurvesQuery,
        DifferenceQuery,
        WhatIfBody,
        FrontierBody,
        ComparisonBody,
        KeyBody,
        WebhookBody,
        RefitBody,
        BacktestBody,
        BatchBody,
        PromotionBody,
        StateBody,
        RescoreBody,
        FollowedQuery,
        ReplanBody,
    )
}
"""The models that requests are parsed with, by the name that a validation error gives."""
