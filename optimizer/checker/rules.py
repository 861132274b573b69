"""A plan held against the rules of its scenario, recounted from the numbers alone."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from optimizer.checker.calendar import periods_from
from optimizer.checker.phasing import is_closed
from optimizer.checker.recount import Recount
from optimizer.checker.splits import split_rules
from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend

_NEAR = 1e-3
"""Part of a ceiling on CPA by which a plan may exceed it: it is kept on an interval that is found by halving."""


def broken_rules(
    scenario: Scenario,
    plan: Plan,
    artifact: ResponseArtifact,
    known: KnownSpend | None = None,
    reference_spend: Mapping[str, float] | None = None,
) -> list[str]:
    """Names of the rules that the plan breaks by more than a millionth of the budget.

    `artifact` is the model of the plan's KPI, as it is in the registry.
    """
    own = plan.model_copy(update={"outcomes": ()})
    return rules_broken_in(Recount.of(scenario, own, {plan.kpi: artifact}, known, reference_spend))


def rules_broken_in(recount: Recount) -> list[str]:
    """The same of a plan that is being counted anew."""
    spend = np.array([recount.spend[name] for name in recount.names])
    broken = split_rules(recount).broken(spend, recount.plan.budget)
    return [*broken, *_broken_periods(recount), *broken_ceilings(recount, recount.spend)]


def broken_ceilings(recount: Recount, spend: Mapping[str, float], near: float = _NEAR) -> list[str]:
    """Ceilings on what an outcome costs that a split exceeds by more than a part `near` of them, by their names."""
    broken, slack, plan = [], 1e-6 * recount.plan.budget, recount.plan
    for name in recount.scenario.channels:
        rule = recount.rule(name)
        if spend[name] <= slack or (rule.cpa_at_most is None and rule.marginal_cpa_at_most is None):
            continue
        brought = float(recount.channels[plan.kpi][name].added(spend[name]).mean())
        if rule.cpa_at_most is not None and spend[name] > rule.cpa_at_most * (1.0 + near) * brought:
            broken.append(f"{name} cpa")
        most = 4.0 * max(recount.scenario.budget or 0.0, 10.0 * plan.budget)
        ceiling = rule.marginal_cpa_at_most
        if ceiling is not None and not _is_worth_more(recount, name, spend[name], most, ceiling * (1.0 + near)):
            broken.append(f"{name} marginal cpa")
    return broken


def _is_worth_more(recount: Recount, name: str, spend: float, most: float, ceiling: float) -> bool:
    """Whether one more outcome costs at most `ceiling` at some spend or, behind the foot of an S, at more of it."""
    channel = recount.channels[recount.plan.kpi][name]
    steps = int(np.ceil(np.log(max(most / spend, 30.0)) / np.log(1.1))) + 1
    return any(ceiling * channel.slopes(float(money)).mean() >= 1.0 for money in spend * 1.1 ** np.arange(steps))


def _broken_periods(recount: Recount) -> list[str]:
    """Flights in closed periods or below a burst, and channels whose flights do not add up to their spend."""
    plan, broken, slack = recount.plan, [], 1e-6 * recount.plan.budget
    dates = periods_from(plan.horizon.start, plan.horizon.periods, recount.artifact.manifest.period)
    phased: dict[str, float] = {}
    days: dict[date, int] = {day: row for row, day in enumerate(dates)}
    for flight in plan.flighting:
        rule = recount.rule(flight.channel)
        phased[flight.channel] = phased.get(flight.channel, 0.0) + flight.spend
        if flight.date not in days:
            broken.append(f"{flight.channel} outside of the horizon on {flight.date}")
        elif flight.spend > 0 and is_closed(rule, days[flight.date], dates, recount.artifact):
            broken.append(f"{flight.channel} closed on {flight.date}")
        if slack < flight.spend < (rule.burst_at_least or 0.0) - slack:
            broken.append(f"{flight.channel} burst on {flight.date}")
    return broken + [
        f"{name} phased" for name, spend in recount.spend.items() if abs(phased.get(name, 0.0) - spend) > 0.005 + slack
    ]
