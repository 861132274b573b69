"""Whether a plan keeps its word: rules, money, what it says that it brings, and that its bound is one.

Cheap enough to look at every plan before it leaves; shares no code with what found it.
"""

from collections.abc import Collection, Mapping

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import FloatArray
from optimizer.checker.calendar import periods_between
from optimizer.checker.capacity import broken_capacities
from optimizer.checker.new_channels import with_new_channels, wrong_marks
from optimizer.checker.rules import broken_rules
from optimizer.checker.value import brought_in_periods, is_countable
from optimizer.known_spend import KnownSpend
from optimizer.plan import Plan
from optimizer.scenario import Scenario

_DRAWS = 1.5
"""Draws that may lie on a target so exactly that rounding says on which side."""

_VALUE = 1e-5
"""Relative difference of values that is rounding, and the solver's tolerance given back."""


def faults_of_plan(
    scenario: Scenario, plan: Plan, artifacts: Mapping[str, ResponseArtifact], known: KnownSpend | None = None
) -> tuple[str, ...]:
    """What is wrong with a plan, by name; nothing where it is infeasible or stands.

    `artifacts` are the models by KPI; the plan's own KPI and those of its outcomes are looked up. `known` is spend of
    periods after their data.
    """
    if plan.status == "infeasible":
        return ()
    counted = dict.fromkeys([plan.kpi, *(outcome.kpi for outcome in plan.outcomes)])
    artifacts = {kpi: with_new_channels(scenario, artifacts[kpi]) for kpi in counted}
    faults = broken_rules(scenario, plan, artifacts[plan.kpi], known)
    in_periods = {
        outcome.kpi: _brought_by_channel(plan, artifacts[outcome.kpi], artifacts[plan.kpi], known)
        for outcome in plan.outcomes
        if is_countable(artifacts[outcome.kpi])
    }
    parts = {
        kpi: {name: np.asarray(rows.sum(axis=0)) for name, rows in each.items()} for kpi, each in in_periods.items()
    }
    faults += wrong_marks(scenario, plan, parts)
    brought = {kpi: np.asarray(sum(by_channel.values())) for kpi, by_channel in parts.items()}
    for outcome in plan.outcomes:
        draws = brought.get(outcome.kpi)
        if draws is not None and not _is_near(outcome.incremental.mean, float(draws.mean()), float(draws.mean())):
            faults.append(f"{outcome.kpi} is said to be {outcome.incremental.mean}, counted {draws.mean()}")
    if len(brought) == len(plan.outcomes):
        faults += _broken_certificate(scenario, plan, artifacts[plan.kpi], brought)
    faults += broken_capacities(scenario, plan, artifacts, known)
    return (*faults, *_broken_tasks(scenario, plan, artifacts, in_periods))


def _brought_by_channel(
    plan: Plan, artifact: ResponseArtifact, past: ResponseArtifact, known: KnownSpend | None
) -> dict[str, FloatArray]:
    """What each channel of a plan brings in every period, of the horizon and after it. Shape (any, S) each."""
    spend = {channel.channel: channel.spend for channel in plan.channels}
    return {name: brought_in_periods(plan, artifact, name, spend[name], past, known) for name in artifact.channels}


def _sum_of(by_channel: Mapping[str, FloatArray], names: Collection[str]) -> FloatArray | float:
    """What some channels bring together, per draw; zero where there are none."""
    return sum((by_channel[name] for name in names), 0.0)


def _broken_certificate(
    scenario: Scenario, plan: Plan, artifact: ResponseArtifact, brought: Mapping[str, FloatArray]
) -> list[str]:
    certificate = plan.certificate
    if certificate is None:
        return ["no certificate"]
    if plan.objective == "size":
        counted, gross = plan.budget, plan.budget
        is_bound = certificate.bound <= certificate.value * (1.0 + 1e-9) + 1e-9
    elif plan.regret is not None:
        return _broken_regret(scenario, plan, artifact, brought)
    else:
        values = dict(scenario.values) or {plan.kpi: artifact.manifest.outcome.value_per_unit or 0.0}
        is_money = certificate.unit == "money"
        draws = (
            np.sum([value * brought[kpi] for kpi, value in values.items()], axis=0) if is_money else brought[plan.kpi]
        )
        worst = draws if plan.risk is None else np.sort(draws)
        gross = float(draws.mean()) if plan.risk is None else _mean_of_first(worst, plan.risk.level)
        price = 1.0 if plan.objective == "profit" else 0.0
        price = plan.target.mroas if plan.target is not None and plan.target.mroas is not None else price
        counted = gross - price * plan.budget
        is_bound = certificate.bound >= certificate.value - 1e-9 * abs(gross)
    faults = [] if is_bound else [f"bound {certificate.bound} is none for value {certificate.value}"]
    if not _is_near(certificate.value, counted, gross):
        faults.append(f"value is said to be {certificate.value}, counted {counted}")
    return faults


def _broken_regret(
    scenario: Scenario, plan: Plan, artifact: ResponseArtifact, brought: Mapping[str, FloatArray]
) -> list[str]:
    """Regrets counted anew from what is best in each draw, which is the plan's own word; it does not exceed that."""
    certificate, regret = plan.certificate, plan.regret
    if certificate is None or regret is None:
        return ["no certificate"]
    values = dict(scenario.values) or {plan.kpi: artifact.manifest.outcome.value_per_unit or 0.0}
    is_money = certificate.unit == "money"
    worth = np.sum([value * brought[kpi] for kpi, value in values.items()], axis=0) if is_money else brought[plan.kpi]
    spent = plan.budget if plan.objective == "profit" else 0.0
    places, best = [each.draw for each in regret.draws], np.array([each.best for each in regret.draws])
    missed, gross = best - (worth[places] - spent), float(worth.mean())
    counted = _mean_of_first(np.sort(missed)[::-1], regret.level)
    faults = [] if certificate.bound <= certificate.value + 1e-9 * gross else ["regret below its bound"]
    if (missed < -_VALUE * gross).any():
        faults.append("the plan brings more than the best split of a draw")
    if not _is_near(certificate.value, counted, gross) or not _is_near(regret.worst, counted, gross):
        faults.append(f"regret is said to be {certificate.value}, counted {counted}")
    return faults


def _broken_tasks(
    scenario: Scenario,
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    in_periods: Mapping[str, Mapping[str, FloatArray]],
) -> list[str]:
    """Probabilities of tasks on what media add, in all or by a date, counted anew.

    By channels with a history, and by all of them.
    """
    faults = []
    for place, task in enumerate(plan.tasks, start=1):
        if task.counts != "incremental" or task.kpi not in in_periods:
            continue
        until = None
        if task.by is not None:
            until = periods_between(plan.horizon.start, task.by, artifacts[task.kpi].manifest.period) + 1
        by_channel = {name: rows[:until].sum(axis=0) for name, rows in in_periods[task.kpi].items()}
        draws = np.asarray(sum(by_channel.values()))
        cases = [(task.reached_probability, draws - _sum_of(by_channel, scenario.new_channels))]
        cases += [] if task.with_assumed is None else [(task.with_assumed, draws)]
        for said, counted in cases:
            share = float((counted >= task.at_least * (1.0 - 1e-9)).mean())
            if abs(share - said) > _DRAWS / len(draws):
                faults.append(f"tasks[{place}] is said to be reached with {said}")
    return faults


def _mean_of_first(ordered: FloatArray, level: float) -> float:
    """Mean of the first `level` of ordered draws, the last of them in part."""
    count = max(1.0, level * len(ordered))
    whole = int(count)
    part = (count - whole) * ordered[whole] if whole < len(ordered) else 0.0
    return float((ordered[:whole].sum() + part) / count)


def _is_near(said: float, counted: float, gross: float) -> bool:
    return abs(said - counted) <= _VALUE * max(abs(gross), 1e-12) + 1e-9
