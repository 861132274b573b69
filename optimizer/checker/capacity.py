"""What a plan brings period by period, held against what can be served in them."""

from collections.abc import Mapping

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import FloatArray
from optimizer.checker.calendar import periods_from
from optimizer.checker.value import brought_in_periods, is_countable
from optimizer.known_spend import KnownSpend
from optimizer.plan import Plan
from optimizer.scenario import Scenario

_ROUNDING = 1e-5
"""Share of a capacity by which numbers may differ."""


def broken_capacities(
    scenario: Scenario, plan: Plan, artifacts: Mapping[str, ResponseArtifact], known: KnownSpend | None = None
) -> list[str]:
    """Periods in which a plan brings more than can be served, or other than it says.

    What a period has without the plan is the plan's own word where the whole KPI counts.
    """
    faults: list[str] = []
    dates = periods_from(plan.horizon.start, plan.horizon.periods, artifacts[plan.kpi].manifest.period)
    for place, rule in enumerate(scenario.capacity, start=1):
        said = {each.date: each for each in plan.capacity if each.rule == f"capacity[{place}]"}
        if list(said) != dates:
            faults.append(f"capacity[{place}] does not name every period")
            continue
        artifact = artifacts[rule.kpi]
        added = _added(plan, artifact, artifacts[plan.kpi], known) if is_countable(artifact) else None
        for index, day in enumerate(dates):
            limit = rule.at_most[index] if isinstance(rule.at_most, tuple) else rule.at_most
            served = said[day]
            counted = served.expected if added is None else served.base + added[index]
            if rule.counts == "incremental" and served.base != 0.0:
                faults.append(f"capacity[{place}] counts a base on {day}")
            if abs(counted - served.expected) > _ROUNDING * limit:
                faults.append(f"capacity[{place}] on {day} is said to be {served.expected}, counted {counted}")
            if counted > limit * (1.0 + _ROUNDING):
                faults.append(f"capacity[{place}] on {day}")
    return faults


def _added(plan: Plan, artifact: ResponseArtifact, past: ResponseArtifact, known: KnownSpend | None) -> FloatArray:
    """Mean over the draws of what all channels add to each period. Shape (T,)."""
    spend = {channel.channel: channel.spend for channel in plan.channels}
    parts = [brought_in_periods(plan, artifact, name, spend[name], past, known) for name in artifact.channels]
    return np.asarray(np.sum(parts, axis=0).mean(axis=1))
