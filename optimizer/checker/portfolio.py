"""A portfolio counted anew from the plans of its markets, each of which has been checked by itself."""

from collections.abc import Iterator

from optimizer.checker.figures import is_near
from optimizer.plan.portfolio import GAP, MarketShare, Portfolio, PortfolioMember, PortfolioPlan

_ROUNDING = 1e-6
"""Part of a budget by which money may be off."""


def wrong_portfolio(portfolio: Portfolio, told: PortfolioPlan) -> tuple[str, ...]:
    """Money of markets beyond their limits or the budget, and sums that are none; nothing where no plan was found."""
    return () if told.status == "infeasible" else tuple(_faults(portfolio, told))


def _faults(portfolio: Portfolio, told: PortfolioPlan) -> Iterator[str]:
    room = _ROUNDING * portfolio.budget
    if [share.market for share in told.markets] != [member.scenario.market for member in portfolio.markets]:
        yield "markets are not those of the portfolio"
        return
    for member, share in zip(portfolio.markets, told.markets, strict=True):
        yield from (f"{share.market}: {fault}" for fault in _faults_of_market(member, share, told))
    spent, value = sum(share.budget for share in told.markets), sum(share.value.mean for share in told.markets)
    if told.budget != portfolio.budget or spent > portfolio.budget + room:
        yield f"markets get {spent} together"
    if not is_near(told.spent, spent, spent) or not is_near(told.value, value, value):
        yield f"markets are said to bring {told.value} for {told.spent}, counted {value} for {spent}"
    if told.bound < told.value * (1.0 - 1e-9):
        yield f"bound {told.bound} is none for value {told.value}"
    if told.as_before is not None and told.as_before > told.bound * (1.0 + 1e-5):
        yield f"bound {told.bound} is beaten by the budget as it was shared before, with {told.as_before}"
    gap = (told.bound - told.value) / told.value if told.value > 0 else 0.0
    if abs(gap - told.gap) > 1e-9 or (told.status == "optimal") != (gap <= GAP):
        yield f"gap is said to be {told.gap}, counted {gap}"


def _faults_of_market(member: PortfolioMember, share: MarketShare, told: PortfolioPlan) -> Iterator[str]:
    room, plan = _ROUNDING * told.budget, share.plan
    rate = 1.0 if member.rate is None else member.rate
    if plan.status == "infeasible" or plan.market != share.market:
        yield "has no plan of its own"
        return
    if not is_near(share.budget, rate * plan.budget, share.budget):
        yield f"is said to get {share.budget}, its plan costs {rate * plan.budget}"
    most = told.budget if member.at_most is None else member.at_most
    if not member.at_least - room <= share.budget <= most + room:
        yield f"gets {share.budget}, beyond its limits"
    if not is_near(share.share, share.budget / told.budget, 1.0):
        yield f"share is not {share.budget / told.budget}"
    values = dict(member.scenario.values)
    worth = sum(
        outcome.incremental.mean * values[outcome.kpi] if values else outcome.value or 0.0
        for outcome in plan.outcomes
        if outcome.kpi in (values or {plan.kpi})
    )
    if not is_near(share.value.mean, rate * worth, share.value.mean):
        yield f"is said to bring {share.value.mean}, its plan brings {rate * worth}"
