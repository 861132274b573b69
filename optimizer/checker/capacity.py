"""What a plan brings period by period, held against what can be served in them. T periods, S draws."""

from collections.abc import Mapping

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.checker.calendar import periods_from
from optimizer.checker.figures import base_in_periods
from optimizer.checker.recount import Recount
from optimizer.scenario.rules import Capacity

_ROUNDING = 1e-5
"""Share of a capacity by which numbers may differ."""


def broken_capacities(recount: Recount) -> list[str]:
    """Periods in which a plan brings more than can be served, or other than it says."""
    faults: list[str] = []
    plan = recount.plan
    dates = periods_from(plan.horizon.start, plan.horizon.periods, recount.artifact.manifest.period)
    for place, rule in enumerate(recount.scenario.capacity, start=1):
        said = {each.date: each for each in plan.capacity if each.rule == f"capacity[{place}]"}
        if list(said) != dates:
            faults.append(f"capacity[{place}] does not name every period")
            continue
        base, limits = _base(recount, rule), _limits(rule, len(dates))
        counted = base + served(recount, rule.kpi, recount.spend)
        for row, day in enumerate(dates):
            told, room = said[day], _ROUNDING * limits[row]
            if abs(told.base - base[row]) > room:
                faults.append(f"capacity[{place}] on {day} has {base[row]} without the plan, not {told.base}")
            if abs(counted[row] - told.expected) > room:
                faults.append(f"capacity[{place}] on {day} is said to be {told.expected}, counted {counted[row]}")
            if told.limit != limits[row] or counted[row] > limits[row] + room:
                faults.append(f"capacity[{place}] on {day}")
    return faults


def is_served(recount: Recount, spend: Mapping[str, float]) -> bool:
    """Whether another split, phased as the plan is, keeps all capacities."""
    return all(
        (_base(recount, rule) + served(recount, rule.kpi, spend) <= _limits(rule, recount.plan.horizon.periods)).all()
        for rule in recount.scenario.capacity
    )


def served(recount: Recount, kpi: str, spend: Mapping[str, float]) -> FloatArray:
    """Mean over the draws of what a split adds to each period of the horizon. Shape (T,)."""
    periods = recount.plan.horizon.periods
    parts = [channel.in_periods(spend[name])[:periods] for name, channel in recount.channels[kpi].items()]
    return np.asarray(np.sum(parts, axis=0).mean(axis=1))


def _base(recount: Recount, rule: Capacity) -> FloatArray:
    """What counts of a KPI without the plan. Shape (T,)."""
    if rule.counts == "incremental":
        return np.zeros(recount.plan.horizon.periods)
    return np.asarray(base_in_periods(recount, rule.kpi).mean(axis=1))


def _limits(rule: Capacity, periods: int) -> FloatArray:
    return np.array(rule.at_most if isinstance(rule.at_most, tuple) else (rule.at_most,) * periods)
