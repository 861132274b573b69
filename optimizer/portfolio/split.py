"""One budget for several markets, split over them and inside each, with a bound that no split exceeds.

Let D_m(λ) be the most of money brought less λ times money spent in market m, under its own rules and limits: a split
of one market, solved with a bound of its own (`optimizer.question.goal`, mROAS). For every price λ >= 0

    max Σ_m V_m(b_m) with Σ_m b_m <= B   is at most   Σ_m D_m(λ) + λ B

(Lagrangian duality). The price at which the markets together just spend the budget is found by bisection; what is left
over there goes where it brings most. Where curves are S-shaped the two stay apart: then the limits of the market whose
spend jumps at the price are split in two, and the better part is looked at first.
"""

import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from optimizer.answer.conflict import is_feasible
from optimizer.caution.shortfall import WorthOfDraws
from optimizer.checker.portfolio import wrong_portfolio
from optimizer.errors import CheckFailed
from optimizer.plan.document import Plan
from optimizer.plan.portfolio import GAP, MarketShare, Portfolio, PortfolioPlan
from optimizer.portfolio.market import Market, exact
from optimizer.question.asked import with_budget
from optimizer.responses.evaluate import interval

_STEPS = 40
_LARGEST_PRICE = 1e6
_SETTLED = 1e-5
"""Share of the budget left over, and of the price, at which the search for the price ends."""

_NEAR = 2e-3
"""The same for the price where limits were split: the bound holds at every price."""

_PROBE = 1e-3
"""Share of the budget by which a market is tried larger for what the next unit brings."""


type Limits = tuple[tuple[float, float], ...]


@dataclass(order=True, slots=True)
class _Node:
    """Limits of the markets, a bound on what they bring together within them, and what they spend about the price."""

    order: float
    bound: float = field(compare=False)
    limits: Limits = field(compare=False)
    dear: list[float] = field(compare=False)
    cheap: list[float] = field(compare=False)
    price: float = field(compare=False)


def plan_portfolio(portfolio: Portfolio, markets: Sequence[Market], currency: str) -> PortfolioPlan:
    """The budget split over markets, in the order of the portfolio, with the plan of each.

    Raises
    ------
    CheckFailed
        When the answer does not keep its word as it is counted anew, which is a fault of ours.
    """
    started = time.perf_counter()
    name, budget = portfolio.name, portfolio.budget
    refused = {market.scenario.market: plan for market in markets if (plan := _refused(market)) is not None}
    if refused:
        return PortfolioPlan(name=name, currency=currency, status="infeasible", budget=budget, refused=refused)
    least = sum(market.low for market in markets)
    limits = tuple((market.low, min(market.high, budget - least + market.low)) for market in markets)
    root = _priced(markets, limits, budget)
    if root is None:
        whole = [(market.low, market.high) for market in markets]
        needed = sum(market.at_price(_LARGEST_PRICE, each)[1] for market, each in zip(markets, whole, strict=True))
        return PortfolioPlan(name=name, currency=currency, status="infeasible", budget=budget, excess=needed - budget)
    budgets, bound = _searched(markets, root, budget, started + portfolio.seconds)
    shares = tuple(_share(market, amount, budget) for market, amount in zip(markets, budgets, strict=True))
    value = sum(share.value.mean for share in shares)
    bound = max(bound, value)
    gap = (bound - value) / value if value > 0 else 0.0
    found = PortfolioPlan(
        name=name,
        currency=currency,
        status="optimal" if gap <= GAP else "feasible",
        budget=budget,
        spent=sum(share.budget for share in shares),
        value=value,
        bound=bound,
        gap=gap,
        seconds=time.perf_counter() - started,
        markets=shares,
        as_before=_as_before(markets, budget),
    )
    if faults := wrong_portfolio(portfolio, found):
        raise CheckFailed(faults)
    return found


def _refused(market: Market) -> Plan | None:
    """The plan that says why a market's own rules cannot hold within its limits."""
    if is_feasible(market.form(market.low, market.high)):
        return None
    plan = market.planner.plan(with_budget(market.scenario, market.high / market.rate), market.reference_spend)
    return plan if plan.status == "infeasible" else None


def _searched(markets: Sequence[Market], root: _Node, budget: float, until: float) -> tuple[list[float], float]:
    """The best budgets found and the bound, after the limits of the markets were split where the two stay apart."""
    best, value = _best_of(markets, root, budget)
    nodes = [root]
    while nodes and time.perf_counter() < until and nodes[0].bound > value * (1.0 + 0.5 * GAP):
        node = heapq.heappop(nodes)
        position = int(np.argmax(np.abs(np.subtract(node.cheap, node.dear)))) if node.cheap else -1
        middle = 0.5 * (node.cheap[position] + node.dear[position]) if node.cheap else 0.0
        low, high = node.limits[position]
        if not node.cheap or not low < middle < high or high - low <= _SETTLED * budget:
            heapq.heappush(nodes, node)
            break
        for part in ((low, middle), (middle, high)):
            limits = (*node.limits[:position], part, *node.limits[position + 1 :])
            child = _priced(markets, limits, budget, node.price)
            if child is None:
                continue
            found, brings = _best_of(markets, child, budget)
            if brings > value:
                best, value = found, brings
            heapq.heappush(nodes, child)
    return best, max([value, *(node.bound for node in nodes)])


def _priced(markets: Sequence[Market], limits: Limits, budget: float, start: float = 0.0) -> _Node | None:
    """A bound, and spend of the markets just below and above the price at which they spend the budget; None if none.

    `start` is the first price that is tried; a bound holds at every price.
    """
    bound, low, high = np.inf, 0.0, np.inf
    dear: list[float] | None = None
    cheap: list[float] = []
    price, settled = start, _SETTLED if start == 0.0 else _NEAR
    for _ in range(_STEPS):
        found = [market.at_price(price, limit) for market, limit in zip(markets, limits, strict=True)]
        spent = [money for _, money in found]
        bound = min(bound, sum(most for most, _ in found) + price * budget)
        if sum(spent) <= budget * (1.0 + 1e-9):
            dear, high = spent, price
            if price == 0.0 or budget - sum(spent) <= _SETTLED * budget:
                break
        else:
            cheap, low = spent, price
        if high - low <= settled * high < np.inf:
            break
        if dear is None:
            price = max(1.0, 4.0 * price) if start == 0.0 else 1.3 * price
        else:
            price = 0.5 * (low + high) if cheap or start == 0.0 else price / 1.3
        if price > _LARGEST_PRICE:
            break
    return None if dear is None else _Node(-bound, bound, limits, dear, cheap, high)


def _best_of(markets: Sequence[Market], node: _Node, budget: float) -> tuple[list[float], float]:
    """Budgets within the whole that bring most of those that a node suggests, and what they bring."""
    options = [_filled(markets, node.dear, budget), *_cut(markets, node.cheap, budget)]
    ranked = [
        (sum(market.best(money)[0] for market, money in zip(markets, each, strict=True)), each) for each in options
    ]
    value, best = max(ranked, key=lambda pair: pair[0])
    return best, value


def _filled(markets: Sequence[Market], spent: Sequence[float], budget: float) -> list[float]:
    """What is left over given to one market after the other, first where it brings most."""
    budgets = list(spent)
    for _ in markets:
        left = budget - sum(budgets)
        if left <= _SETTLED * budget:
            break
        gains = []
        for position, market in enumerate(markets):
            more = min(budgets[position] + left, market.high)
            gains.append((market.best(more)[0] - market.best(budgets[position])[0], more))
        chosen = int(np.argmax([gain for gain, _ in gains]))
        if not gains[chosen][0] > 0:
            break
        budgets[chosen] = gains[chosen][1]
    return budgets


def _cut(markets: Sequence[Market], spent: Sequence[float], budget: float) -> list[list[float]]:
    """Budgets that spend too much together, with the excess taken from one market."""
    excess = sum(spent) - budget
    options = []
    for position, market in enumerate(markets if spent else ()):
        less = spent[position] - excess
        if less >= market.low and market.best(less)[0] > -np.inf:
            options.append([*spent[:position], less, *spent[position + 1 :]])
    return options


def _share(market: Market, budget: float, whole: float) -> MarketShare:
    scenario = exact(with_budget(market.scenario, market.least(budget) / market.rate))
    plan = market.planner.plan(scenario, market.reference_spend)
    spend = {channel.channel: channel.spend for channel in plan.channels}
    draws = market.rate * WorthOfDraws(market.question.valued()).draws(spend)
    step = _PROBE * whole
    mroas = None
    if budget + step <= market.high * (1.0 + 1e-9):
        more, spent = market.best(budget + step)
        paid = spent - market.rate * plan.budget
        mroas = (more - float(draws.mean())) / paid if paid > 0.5 * step else None
    return MarketShare(
        market=market.scenario.market,
        budget=market.rate * plan.budget,
        share=market.rate * plan.budget / whole,
        reference=market.reference,
        value=interval(draws),
        mroas=mroas,
        plan=plan,
    )


def _as_before(markets: Sequence[Market], budget: float) -> float | None:
    """Expected money when the budget is shared as in the reference plans, each market split at its best."""
    whole = sum(market.reference for market in markets)
    if whole <= 0:
        return None
    found = [market.best(budget * market.reference / whole)[0] for market in markets]
    return None if not np.isfinite(found).all() else float(sum(found))
