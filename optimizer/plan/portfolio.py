"""Several markets with one budget: what is asked, and the answer. One model for TOML, HTTP and CLI."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mmm.parsing import StrictModel, Unfit
from mmm.sentence import Sentence, Word, sentence
from optimizer.plan.document import Interval, Plan
from optimizer.scenario.document import Budget, Scenario
from optimizer.scenario.rules import Amount

GAP = 1e-3
"""Relative gap up to which a portfolio counts as optimal."""

type PortfolioStatus = Literal["optimal", "feasible", "infeasible"]


class PortfolioMember(StrictModel):
    """One market of a portfolio.

    The scenario's rules, horizon and values hold; its budget and objective do not count. `at_least` and `at_most` are
    limits on what the market gets, in the portfolio's currency; `rate` is what a unit of the market's money is worth in
    that currency.
    """

    scenario: Scenario
    at_least: Amount = 0.0
    at_most: Amount | None = None
    rate: Annotated[float, Field(gt=0, le=1e9)] | None = None

    @model_validator(mode="after")
    def _can_share_a_budget(self) -> Self:
        problems: list[Sentence] = []
        if self.at_most is not None and self.at_least > self.at_most:
            problems.append(sentence("at_least is above at_most"))
        if self.scenario.capacity:
            problems.append(sentence("scenario.capacity: what can be served is a rule of one market"))
        if self.scenario.geos is not None:
            problems.append(
                sentence(
                    "scenario.geos: a portfolio plans whole countries; leave geos out, then plan each market by geo "
                    "with the budget that it gets here"
                )
            )
        if self.scenario.tasks:
            problems.append(sentence("scenario.tasks: a portfolio splits a budget; size each market by itself first"))
        if self.scenario.risk.attitude != "neutral":
            problems.append(sentence("scenario.risk: a portfolio counts means; other attitudes are for one market"))
        if self.scenario.flighting.pattern == "optimized":
            problems.append(sentence("scenario.flighting: even, history or given in a portfolio"))
        if problems:
            raise Unfit(*problems)
        return self


class Portfolio(StrictModel):
    """A budget for several markets; after `seconds` the best split so far is answered, with the gap that it has."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    budget: Budget
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    seconds: Annotated[float, Field(gt=0, le=3600)] = 20.0
    markets: Annotated[tuple[PortfolioMember, ...], Field(min_length=2, max_length=100)]

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        problems: list[Sentence] = []
        names = [member.scenario.market for member in self.markets]
        problems += [
            sentence("markets: '{name}' appears more than once", name=Word(text=name))
            for name in sorted(set(names))
            if names.count(name) > 1
        ]
        if sum(member.at_least for member in self.markets) > self.budget:
            problems.append(sentence("budget: below what the markets are to get at least together"))
        if problems:
            raise Unfit(*problems)
        return self


class MarketShare(StrictModel):
    """What one market gets and brings; money in the portfolio's currency, `plan` in the market's own.

    `mroas` is what the next unit of money would bring here at best, None where the market cannot take more.
    """

    market: str
    budget: float
    share: float
    reference: float
    value: Interval
    mroas: float | None
    plan: Plan


class PortfolioPlan(StrictModel):
    """The answer: how the budget is split over the markets, and in each.

    `value` is the expected money that all plans bring, `bound` what no split of the budget can exceed, `gap` their
    distance relative to the value. `as_before` is the value when each market gets its share of the reference plans.
    `excess` of an infeasible one is what the rules of the markets ask for beyond the budget; `refused` are plans of
    markets whose own rules cannot hold.
    """

    name: str
    currency: str
    status: PortfolioStatus
    budget: float
    spent: float = 0.0
    value: float = 0.0
    bound: float = 0.0
    gap: float = 0.0
    seconds: float = 0.0
    markets: tuple[MarketShare, ...] = ()
    as_before: float | None = None
    excess: float | None = None
    refused: Mapping[str, Plan] = Field(default_factory=dict)
