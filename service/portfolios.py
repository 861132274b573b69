"""Portfolios: several markets with one budget, from files and for the desk."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mmm.errors import Fault, FileRefused
from mmm.io import read_toml
from mmm.parsing import faults_of
from mmm.sentence import Money, Sentence, Word, sentence
from optimizer.errors import ScenarioRefused
from optimizer.plan.portfolio import Portfolio, PortfolioMember, PortfolioPlan
from service.planning import PlannedMarket, PlanningDesk
from service.scenario_files import read_scenario

if TYPE_CHECKING:  # the optimiser takes a second to import
    from optimizer.portfolio.market import Market

_PLACE = sentence("portfolio")


def read_portfolio(path: Path) -> Portfolio:
    """The portfolio in a TOML file; `scenario` of a market may be a table or the path of a scenario file beside it.

    Raises
    ------
    ScenarioRefused
        When a file cannot be read, or what it says is no portfolio; every fault is listed.
    """
    try:
        document = _with_scenarios(read_toml(path), path.parent)
        return Portfolio.model_validate(document)
    except FileRefused as refused:
        raise ScenarioRefused(refused.faults) from refused
    except ValidationError as error:
        raise ScenarioRefused(faults_of(error, Portfolio, path.name)) from error


def plan_of_portfolio(desk: PlanningDesk, portfolio: Portfolio) -> PortfolioPlan:
    """The budget of a portfolio split over its markets, by their models in use; nothing is kept.

    Raises
    ------
    ScenarioRefused
        When a scenario does not fit its market, a market has no value per unit, or currencies differ without rates.
    """
    from optimizer.portfolio.split import plan_portfolio

    planned = [_market_of(desk, position, member) for position, member in enumerate(portfolio.markets, start=1)]
    currency = _currency(portfolio, planned)
    members = enumerate(zip(portfolio.markets, planned, strict=True), start=1)
    markets = [_market(desk, portfolio, position, member, market) for position, (member, market) in members]
    with desk.solving():
        return plan_portfolio(portfolio, markets, currency)


def _market_of(desk: PlanningDesk, position: int, member: PortfolioMember) -> PlannedMarket:
    try:
        return desk.market_of(member.scenario)
    except ScenarioRefused as error:
        raise _in_member(error, position) from error


def _market(
    desk: PlanningDesk, portfolio: Portfolio, position: int, member: PortfolioMember, planned: PlannedMarket
) -> "Market":
    from optimizer.portfolio.market import Market

    scenario = member.scenario
    try:
        market = Market(
            planner=planned.planner(),
            scenario=scenario,
            reference_spend=desk.reference_spend(scenario),
            rate=member.rate or 1.0,
            low=member.at_least,
            high=portfolio.budget if member.at_most is None else min(member.at_most, portfolio.budget),
        )
    except ScenarioRefused as error:
        raise _in_member(error, position) from error
    if not market.question.values():
        expected = sentence(
            "a value per unit of {kpi}, or values = {{ .. }} in the scenario: markets are compared in money",
            kpi=Word(text=scenario.kpi),
        )
        fault = Fault(_PLACE, f"markets[{position}].scenario.values", sentence("nothing"), expected)
        raise ScenarioRefused([fault])
    return market


def _currency(portfolio: Portfolio, planned: list[PlannedMarket]) -> str:
    """The currency of the portfolio: its own, or that of all its markets."""
    currencies = dict.fromkeys(market.currency for market in planned)
    currency = portfolio.currency or next(iter(currencies))
    faults = [
        Fault(_PLACE, f"markets[{position}].rate", sentence("nothing"), _rate_of(market.currency, currency))
        for position, (member, market) in enumerate(zip(portfolio.markets, planned, strict=True), start=1)
        if market.currency != currency and member.rate is None
    ]
    if faults:
        raise ScenarioRefused(faults)
    return currency


def _rate_of(other: str, currency: str) -> Sentence:
    return sentence("what one {other} is worth in {currency}", other=Word(text=other), currency=Word(text=currency))


def _in_member(error: ScenarioRefused, position: int) -> ScenarioRefused:
    place = f"markets[{position}].scenario"
    return ScenarioRefused(
        [
            Fault(fault.file, f"{place}.{fault.field}" if fault.field else place, fault.found, fault.expected)
            for fault in error.faults
        ]
    )


def _with_scenarios(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The document with scenario files in place of their paths."""
    members = document.get("markets")
    if not isinstance(members, list):
        return dict(document)
    return {**document, "markets": [_with_scenario(member, folder) for member in members]}


def _with_scenario(member: object, folder: Path) -> object:
    if not isinstance(member, dict) or not isinstance(member.get("scenario"), str):
        return member
    return {**member, "scenario": read_scenario(folder / member["scenario"]).model_dump(mode="json")}


def excess_of(plan: PortfolioPlan) -> Sentence:
    """Why a portfolio cannot be."""
    if plan.refused:
        return sentence(
            "The rules of {markets} cannot hold within what the market may get.",
            markets=Word(text=", ".join(plan.refused)),
        )
    return sentence(
        "The rules of the markets together ask for at least {excess} more than the budget.",
        excess=Money(amount=plan.excess or 0.0),
    )
