"""A plan held against the rules of its scenario, recounted from the numbers alone.

Shares nothing with the formulation: every rule is written out once more, as a planner would
check it with a pocket calculator.
"""

import math
from collections.abc import Mapping
from datetime import date

import numpy as np

from mmm.artifact import ChannelInfo, ResponseArtifact
from mmm.vocabulary import FloatArray, PeriodName
from optimizer.checker.calendar import periods_between, periods_from
from optimizer.checker.new_channels import broken_limits
from optimizer.checker.value import brought_at
from optimizer.known_spend import KnownSpend
from optimizer.plan import Plan
from optimizer.scenario import Scenario
from optimizer.scenario_rules import ChannelRules

MIDDLES = {"b2b": 0.60, "b2c": 0.40, "published_b2b": 0.46, "published_b2c": 0.60}
TOLERANCE = 0.05


def broken_rules(
    scenario: Scenario, plan: Plan, artifact: ResponseArtifact, known: KnownSpend | None = None
) -> list[str]:
    """Names of the rules that the plan breaks by more than a millionth of the budget."""
    spend = {channel.channel: channel.spend for channel in plan.channels}
    reference = {channel.channel: channel.reference_spend for channel in plan.channels}
    infos = {info.name: info for info in artifact.manifest.channels}
    slack, whole = 1e-6 * plan.budget, sum(spend.values())
    broken: list[str] = []

    def check(name: str, is_kept: bool | np.bool) -> None:
        if not is_kept:
            broken.append(name)

    if scenario.budget is not None:
        check("budget", plan.budget <= scenario.budget + slack)
    band = _brand_band(scenario)
    if band is not None:
        brand = sum(infos[name].brand_weight * amount for name, amount in spend.items())
        check("brand share", band[0] * whole - slack <= brand <= band[1] * whole + slack)
    for name, rule in scenario.channels.items():
        amount = spend[name]
        check(f"{name} min", rule.min is None or amount >= rule.min - slack)
        check(f"{name} max", rule.max is None or amount <= rule.max + slack)
        check(f"{name} locked", rule.locked is None or abs(amount - rule.locked) <= slack)
        if rule.off_or_at_least is not None:
            check(f"{name} off or at least", amount <= slack or amount >= rule.off_or_at_least - slack)
        if rule.change is not None:
            low, high = (reference[name] * (1 + change) for change in rule.change)
            check(f"{name} change", low - slack <= amount <= high + slack)
        if rule.increment is not None:
            check(
                f"{name} increment",
                abs(amount / rule.increment - round(amount / rule.increment)) * rule.increment <= slack,
            )
    costs = {name: _unit_cost(info, scenario.channels.get(name, ChannelRules())) for name, info in infos.items()}
    reference_cost = sum(costs[name] * amount for name, amount in reference.items())
    for group in scenario.groups:
        members = group.channels or [
            name
            for name, info in infos.items()
            if (group.stage and info.stage == group.stage)
            or (group.scene and info.scene == group.scene)
            or (group.department and info.department == group.department)
            or (group.role and info.role == group.role)
        ]
        amount = sum(spend[name] for name in members)
        if group.share is not None:
            check(
                f"group {group.name} share", group.share[0] * whole - slack <= amount <= group.share[1] * whole + slack
            )
        if group.amount is not None:
            check(f"group {group.name} amount", group.amount[0] - slack <= amount <= group.amount[1] + slack)
        on = sum(spend[name] > slack for name in members)
        smallest = 0.001 * (scenario.budget or reference_cost)
        enough = sum(spend[name] >= smallest - slack for name in members)
        check(f"group {group.name} at least", enough >= (group.at_least_channels or 0))
        check(f"group {group.name} at most", on <= (group.at_most_channels or len(infos)))
    for order in scenario.precedence:
        is_late = all(spend[name] >= level - slack for name, level in order.after.items())
        check(f"{order.channel} after", spend[order.channel] <= slack or is_late)
    for either in scenario.either_or:
        check("either or", sum(spend[name] > slack for name in set(either.channels)) <= either.at_most)
    for requirement in scenario.requires:
        upstream = sum(spend[name] for name in requirement.upstream)
        check("requires", spend[requirement.channel] <= requirement.at_most_ratio * upstream + slack)
    rules = scenario.rules
    check("test reserve", abs(plan.test_reserve - rules.test_reserve * plan.budget) <= slack)
    on = sum(amount > slack for amount in spend.values())
    check("channel count", rules.at_most_channels is None or on <= rules.at_most_channels)
    if rules.total_change is not None:
        low, high = (reference_cost * (1 + change) for change in rules.total_change)
        check("total change", low - slack <= plan.budget <= high + slack)
    most_seen = rules.at_most_seen
    for index, name in enumerate(artifact.channels if most_seen is not None else ()):
        if name in scenario.new_channels:
            continue
        seen = _most_seen(artifact.draws.spend[:, index], scenario.horizon.periods)
        check(f"{name} at most seen", spend[name] <= (most_seen or 0.0) * seen + slack)
    for channel in plan.channels:
        rule = scenario.channels.get(channel.channel, ChannelRules())
        if rule.cpa_at_most is not None and channel.spend > slack:
            cost = channel.spend / channel.contribution.mean
            check(f"{channel.channel} cpa", cost <= rule.cpa_at_most * (1 + 1e-3))
        is_counted = infos[channel.channel].saturation != "reach"
        if rule.marginal_cpa_at_most is not None and channel.spend > slack and is_counted:
            most, ceiling = (
                4.0 * max(scenario.budget or 0.0, 10.0 * plan.budget),
                rule.marginal_cpa_at_most * (1 + 1e-3),
            )
            is_kept = _is_worth_more(channel.channel, channel.spend, most, ceiling, plan, artifact, known)
            check(f"{channel.channel} marginal cpa", is_kept)
    adds_up = whole + plan.fees - plan.coop + plan.test_reserve + plan.fixed_costs
    check("money adds up", abs(adds_up - plan.budget) <= 0.005 + slack)
    broken += broken_limits(scenario, plan, reference_cost)
    return broken + _broken_periods(scenario, plan, artifact.manifest.period, costs)


def _brand_band(scenario: Scenario) -> tuple[float, float] | None:
    """Lowest and highest brand share: the scenario's own, or its preset's middle and what may be off it."""
    split, middle = scenario.split, MIDDLES.get(scenario.business)
    if split is not None and split.brand_share is not None:
        return split.brand_share
    if middle is None:
        return None
    off = TOLERANCE if split is None or split.tolerance is None else split.tolerance
    return max(0.0, middle - off), min(1.0, middle + off)


def _most_seen(history: FloatArray, periods: int) -> float:
    """Largest sum over so many periods in a row; pro rata where history is shorter. `history` of shape (T,)."""
    if len(history) < periods:
        return float(history.sum()) * periods / len(history)
    return max(float(history[first : first + periods].sum()) for first in range(len(history) - periods + 1))


def _is_worth_more(
    name: str,
    spend: float,
    most: float,
    ceiling: float,
    plan: Plan,
    artifact: ResponseArtifact,
    known: KnownSpend | None,
) -> bool:
    """Whether one more outcome costs at most `ceiling` at some spend or, behind the foot of an S, at more of it."""

    def cost(money: float) -> float:
        low, high = (brought_at(plan, artifact, name, money * up, known=known) for up in (1.0, 1.0001))
        return float(1e-4 * money / max((high - low).mean(), 1e-300))

    steps = int(np.ceil(np.log(max(most / spend, 30.0)) / np.log(1.1))) + 1
    return any(cost(float(money)) <= ceiling for money in spend * 1.1 ** np.arange(steps))


def _broken_periods(scenario: Scenario, plan: Plan, calendar: PeriodName, costs: Mapping[str, float]) -> list[str]:
    """Rules about single periods of a calendar that the plan breaks."""
    dates = periods_from(plan.horizon.start, plan.horizon.periods, calendar)
    slack, broken = 1e-6 * plan.budget, []
    spend = {channel.channel: channel.spend for channel in plan.channels}
    paid: dict[date, float] = {}
    for flight in plan.flighting:
        rule = scenario.channels.get(flight.channel, ChannelRules())
        period = dates.index(flight.date)
        fixed = (rule.fixed_cost or 0.0) * flight.spend / spend[flight.channel]
        cost = flight.spend * costs[flight.channel]
        paid[flight.date] = paid.get(flight.date, 0.0) + cost + fixed
        spans = [(one, 1) if isinstance(one, date) else (one.start, one.periods) for one in rule.blackout]
        is_out = any(0 <= period - periods_between(dates[0], first, calendar) < periods for first, periods in spans)
        if flight.spend > 0 and (period < rule.lead_time or is_out):
            broken.append(f"{flight.channel} closed on {flight.date}")
        if flight.spend > (math.inf if rule.per_period_max is None else rule.per_period_max) + slack:
            broken.append(f"{flight.channel} per period")
        if slack < flight.spend < (rule.burst_at_least or 0.0) - slack:
            broken.append(f"{flight.channel} burst on {flight.date}")
    for place, budget in enumerate(scenario.flighting.budgets, start=1):
        inside = [
            flight.spend * costs[flight.channel]
            for flight in plan.flighting
            if budget.start <= flight.date <= budget.end
        ]
        if not budget.amount[0] - slack <= sum(inside) <= budget.amount[1] + slack:
            broken.append(f"flighting budget {place}")
    cash = scenario.rules.cash_per_period
    for day, amount in paid.items():
        most = cash[dates.index(day)] if isinstance(cash, tuple) else math.inf if cash is None else cash
        if amount > most + slack:
            broken.append(f"cash on {day}")
    for name, amount in spend.items():
        phased = sum(flight.spend for flight in plan.flighting if flight.channel == name)
        if abs(phased - amount) > 0.005 + slack:
            broken.append(f"{name} phased")
    return broken


def _unit_cost(info: ChannelInfo, rule: ChannelRules) -> float:
    """What the company pays for a unit of spend: with the fee, the scenario's before the market's, less co-op money."""
    fee = info.fee if rule.fee is None else rule.fee
    return (1.0 + fee) * (1.0 - rule.coop)
