"""What an explanation says of other splits, counted anew: those nearly as good, and the phasing to learn from."""

from collections.abc import Iterator, Mapping

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import FloatArray
from optimizer.checker.calendar import periods_from
from optimizer.checker.capacity import is_served
from optimizer.checker.certificate import worth_of
from optimizer.checker.figures import is_near
from optimizer.checker.phasing import is_closed
from optimizer.checker.recount import Recount
from optimizer.checker.rules import broken_ceilings
from optimizer.checker.splits import split_rules
from optimizer.checker.value import recounted_channel
from optimizer.plan.document import Plan
from optimizer.plan.explanation import Explanation, LearningPhasing
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend

_NEAR = 1e-5
"""Part of what the best split brings by which another may fall short of what is nearly as good."""


def wrong_explanation(
    asked: Scenario,
    told: Explanation,
    artifacts: Mapping[str, ResponseArtifact],
    known: KnownSpend | None = None,
    reference_spend: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """Splits that break a rule, or bring less than is said, and ranges of spend that leave out the best split.

    `asked` is the scenario as it was explained: a maximum, without tasks.
    """
    best = {channel.channel: channel.spend for channel in told.channels}
    recount = Recount.of_split(asked, best, None, artifacts, known, reference_spend)
    gross = float(worth_of(recount, recount.incremental).mean())
    value = gross - recount.price * recount.plan.budget
    faults = _broken_by(recount, best, "best split")
    if not is_near(told.budget, recount.plan.budget, told.budget) or not is_near(told.value, value, gross):
        faults.append(f"best split is said to bring {told.value} for {told.budget}, counted {value}")
    slack = 1e-6 * told.budget
    for channel in told.channels:
        if not channel.low - slack <= channel.spend <= channel.high + slack:
            faults.append(f"{channel.channel} has its best spend outside of its room")
    for place, other in enumerate(told.alternatives, start=1):
        name = f"alternative {place}"
        faults += _broken_by(recount, other.spend, name)
        brought = {kpi: recount.brought_by(kpi, other.spend) for kpi in recount.units}
        paid = float(split_rules(recount).totals(_row(recount, other.spend)[None])[0])
        lost = max(0.0, value - float(worth_of(recount, brought).mean()) + recount.price * paid) / gross
        if abs(lost - other.loss) > _NEAR or lost > told.near + _NEAR:
            faults.append(f"{name} is said to lose {other.loss}, counted {lost}")
    return tuple(faults)


def wrong_learning(
    scenario: Scenario,
    plan: Plan,
    told: LearningPhasing,
    artifacts: Mapping[str, ResponseArtifact],
    known: KnownSpend | None = None,
) -> tuple[str, ...]:
    """What a phasing to learn from moves that it may not, and what it loses other than it says."""
    return tuple(_wrong_learning(Recount.of(scenario, plan, artifacts, known), told))


def _wrong_learning(recount: Recount, told: LearningPhasing) -> Iterator[str]:
    plan, slack = recount.plan, 1e-6 * recount.plan.budget
    dates = periods_from(plan.horizon.start, plan.horizon.periods, recount.artifact.manifest.period)
    phased: dict[str, FloatArray] = {}
    for channel in told.channels:
        name, moved = channel.channel, np.array(channel.spend)
        planned, rule = recount.phasing[name] * recount.spend[name], recount.rule(name)
        if abs(moved.sum() - recount.spend[name]) > 0.005 + slack or (moved < -slack).any():
            yield f"{name} has {moved.sum()} to learn from, not {recount.spend[name]}"
        if (np.abs(moved - planned) > told.variation * planned + slack).any():
            yield f"{name} is moved by more than {told.variation}"
        if any(amount > slack and is_closed(rule, row, dates, recount.artifact) for row, amount in enumerate(moved)):
            yield f"{name} is on in a closed period"
        if rule.per_period_max is not None and moved.max() > rule.per_period_max + slack:
            yield f"{name} per period"
        phased[name] = moved / max(moved.sum(), 1e-300)
    lost = {kpi: _lost(recount, kpi, phased) for kpi in {plan.kpi, *recount.scenario.values}}
    values = recount.scenario.values or {plan.kpi: 1.0}
    whole = sum(value * float(recount.incremental[kpi].mean()) for kpi, value in values.items())
    share = sum(value * lost[kpi] for kpi, value in values.items()) / whole
    if not is_near(told.lost, lost[plan.kpi], float(recount.incremental[plan.kpi].mean())):
        yield f"to learn is said to lose {told.lost}, counted {lost[plan.kpi]}"
    if abs(told.lost_share - share) > _NEAR or share > told.lost_at_most + _NEAR:
        yield f"to learn is said to lose {told.lost_share} of all, counted {share}"


def _lost(recount: Recount, kpi: str, phased: Mapping[str, FloatArray]) -> float:
    """What channels bring less of a KPI, on average, with another phasing. Shape (T,) each."""
    lost = 0.0
    for name, shares in phased.items():
        other = recounted_channel(
            recount.artifacts[kpi], name, shares, recount.plan.horizon, past=recount.artifact, known=recount.known
        )
        lost += float((recount.brought[kpi][name] - other.added(recount.spend[name])).mean())
    return lost


def _row(recount: Recount, spend: Mapping[str, float]) -> FloatArray:
    return np.array([spend[name] for name in recount.names])


def _broken_by(recount: Recount, spend: Mapping[str, float], name: str) -> list[str]:
    """Rules that a split breaks, named with it."""
    rules, row = split_rules(recount), _row(recount, spend)
    broken = rules.broken(row, float(rules.totals(row[None])[0])) + broken_ceilings(recount, spend)
    if recount.scenario.capacity and not is_served(recount, spend):
        broken.append("capacity")
    return [f"{name} breaks {rule}" for rule in broken]
