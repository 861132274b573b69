"""How a plan phases its channels, and how its scenario would have it."""

from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.checker.calendar import periods_between, periods_from, repeated
from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.rules import ChannelRules

_ROUNDING = 1e-6
"""Share of a channel's spend by which that of a period may be off its pattern."""


def planned_phasing(plan: Plan, artifact: ResponseArtifact) -> dict[str, FloatArray]:
    """Share of its spend that each channel has in each period of the plan; nothing of channels without spend.

    Shape (T,) each.
    """
    dates = {day: row for row, day in enumerate(_dates(plan, artifact))}
    money: dict[str, FloatArray] = {}
    for flight in plan.flighting:
        if flight.date in dates:
            money.setdefault(flight.channel, np.zeros(len(dates)))[dates[flight.date]] += flight.spend
    return {name: amounts / amounts.sum() for name, amounts in money.items() if amounts.sum() > 0}


def asked_phasing(scenario: Scenario, artifact: ResponseArtifact) -> dict[str, FloatArray]:
    """Share of its spend that each channel has in each period as the scenario says: even where the plan may choose.

    Closed periods have none. `artifact` has the scenario's new channels. Shape (T,) each.
    """
    manifest, horizon, asked = artifact.manifest, scenario.horizon, scenario.flighting
    dates = periods_from(horizon.start, horizon.periods, manifest.period)
    first = periods_between(manifest.window_start, horizon.start, manifest.period)
    past = None
    if asked.pattern == "history":
        season = SEASON_LAG[manifest.period]
        past = repeated(artifact.draws.spend, range(first, first + horizon.periods), season)
    shares: dict[str, FloatArray] = {}
    for column, name in enumerate(artifact.channels):
        rule = scenario.channels.get(name, ChannelRules())
        weights = np.ones(len(dates))
        if rule.lead_time or rule.blackout:
            weights[[is_closed(rule, row, dates, artifact) for row in range(len(dates))]] = 0.0
        if asked.weights is not None and name in asked.weights:
            weights = np.array(asked.weights[name], dtype=np.float64)
        elif past is not None and (past[:, column] * weights).sum() > 0:
            weights = past[:, column] * weights
        shares[name] = weights / weights.sum()
    return shares


def is_closed(rule: ChannelRules, row: int, dates: list[date], artifact: ResponseArtifact) -> bool:
    """Whether lead time or a blackout lets a channel spend nothing in a period of the horizon, the first being 0."""
    spans = [(one, 1) if isinstance(one, date) else (one.start, one.periods) for one in rule.blackout]
    return row < rule.lead_time or any(
        0 <= row - periods_between(dates[0], first, artifact.manifest.period) < periods for first, periods in spans
    )


def wrong_phasing(scenario: Scenario, plan: Plan, artifact: ResponseArtifact) -> list[str]:
    """Channels that are not phased as the scenario says; none where the plan may choose."""
    if scenario.flighting.pattern == "optimized":
        return []
    asked = asked_phasing(scenario, artifact)
    return [
        f"{name} is not phased as asked"
        for name, shares in planned_phasing(plan, artifact).items()
        if np.abs(shares - asked[name]).max() > _ROUNDING
    ]


def _dates(plan: Plan, artifact: ResponseArtifact) -> list[date]:
    return periods_from(plan.horizon.start, plan.horizon.periods, artifact.manifest.period)
