"""Why no split obeys all rules, and the least that would have to give way."""

import math
from dataclasses import replace

from mmm.sentence import Sentence
from optimizer.geos.rules import CellRules
from optimizer.plan.document import ConflictingRule, RelaxedRule
from optimizer.program.formulation import Formulation, Row, Setting
from optimizer.program.shadow import TIGHT
from optimizer.program.solve import Relaxed, compile_split, feasible_with_slack
from optimizer.rulebook.rules import formulate

_BUDGET_RELUCTANCE = 1.05
"""The budget gives way a little less readily than a rule of the same money: it is what was asked."""

_CEILING_PRECISION = 1e-4
"""Relative precision of a ceiling on CPA that gives way."""


def conflicting_rules(setting: Setting) -> tuple[ConflictingRule, ...]:
    """Rules of an infeasible scenario that cannot hold together; without any one of them the others can.

    A deletion filter: each rule is left out in turn, and stays out when the rest is still infeasible.
    """
    form = roomy(setting)
    split = compile_split(form)
    texts: dict[str, Sentence] = {row.rule: row.text for row in form.rows}
    positions = {rule: [i for i, row in enumerate(form.rows) if row.rule == rule] for rule in texts}
    left_out: frozenset[int] = frozenset()
    needed: list[str] = []
    for rule, rows in positions.items():
        without = left_out | frozenset(rows)
        if feasible_with_slack(split, {}, without) is None:
            left_out = without
        else:
            needed.append(rule)
    return tuple(ConflictingRule(rule=rule, text=texts[rule]) for rule in needed)


def smallest_relaxation(setting: Setting) -> tuple[RelaxedRule, ...]:
    """The limits that would have to give way, and how far, so that the least money has to move.

    Amounts and shares count by the money that they move, a count of channels by an even share of
    the budget a channel.
    """
    form = roomy(setting)
    split = compile_split(form)
    costs = {position: _cost(row, form.setting) for position, row in enumerate(form.rows) if row.is_relaxable}
    while (found := feasible_with_slack(split, costs, frozenset())) is not None:
        relaxed, yielding = found
        hopeless = [position for position in yielding if _measure(form, position, relaxed) is None]
        if not hopeless:
            break
        for position in hopeless:
            del costs[position]
    if found is None:
        return ()
    furthest: dict[tuple[str, float], float] = {}
    for position in sorted(yielding):
        row, to = form.rows[position], _measure(form, position, relaxed)
        at = (row.rule, row.limit)
        if to is not None and abs(to - row.limit) >= abs(furthest.get(at, row.limit) - row.limit):
            furthest[at] = to  # one limit may stand in several rows, such as one a period
    if len(furthest) == 1:
        furthest = {at: _least_ceiling(setting, *at, to) for at, to in furthest.items()}
    return tuple(RelaxedRule(rule=rule, from_=limit, to=to) for (rule, limit), to in furthest.items())


def _least_ceiling(setting: Setting, rule: str, limit: float, enough: float) -> float:
    """The least ceiling on a channel's CPA, between one that is too low and one that is enough; others as they are.

    The least money that has to move can lie in the foot of an S, where an outcome costs more than further up.
    """
    channel, _, field = rule.removeprefix("channels.").rpartition(".")
    if field not in ("cpa_at_most", "marginal_cpa_at_most"):
        return enough
    limits = setting.cpa_limits[channel]
    under = limits.with_average if field == "cpa_at_most" else limits.with_marginal
    low, high = limit, enough
    while high > low * (1.0 + _CEILING_PRECISION):
        middle = math.sqrt(low * high)
        tried = replace(setting, cpa_limits={**setting.cpa_limits, channel: under(middle)})
        low, high = (low, middle) if is_feasible(roomy(tried)) else (middle, high)
    return high


def is_feasible(form: Formulation) -> bool:
    """Whether any split obeys all rows."""
    return feasible_with_slack(compile_split(form), {}, frozenset()) is not None


def roomy(setting: Setting) -> Formulation:
    """The rules with variables that reach far beyond the budget, so that nothing but the rules limits them."""
    return formulate(replace(setting, ceiling=2.0 * _largest_demand(setting)))


def _cost(row: Row, setting: Setting) -> float:
    if row.unit == "count":
        return 1.0 / len(setting.names)
    if row.unit == "kpi":
        return 1.0 / row.limit
    return (_BUDGET_RELUCTANCE if row.rule == "budget" else 1.0) / setting.ceiling


def _measure(form: Formulation, position: int, relaxed: Relaxed) -> float | None:
    """What the row's limit would have to be for the relaxed split to obey it; None for a share of nothing."""
    row = form.rows[position]
    if row.measure is not None:
        measured = row.measure(relaxed.spend)
        return measured if math.isfinite(measured) else None
    if row.unit == "count":
        slack = TIGHT * form.setting.ceiling
        counted = [window.holds(relaxed.spend, slack) for window in row.windows]
        return float(sum(counted or [relaxed.is_on[name] for name in row.measured]))
    if row.rule in ("budget", "rules.total_change"):
        return relaxed.total
    measured = sum(weight * relaxed.spend[name] for name, weight in row.measured.items())
    measured += sum(amount for name, amount in row.measured_on.items() if relaxed.is_on[name])
    if row.unit == "money":
        return measured
    base = sum(relaxed.spend[name] for name in row.base)
    return measured / base if base > 1e-9 * form.setting.ceiling else None


def _largest_demand(setting: Setting) -> float:
    """Money that is enough for every lower limit at once."""
    wanted = sum(
        max(rule.min or 0.0, rule.locked or 0.0, rule.off_or_at_least or 0.0, rule.increment or 0.0)
        + _whole_bursts(setting, name)
        + (rule.fixed_cost or 0.0)
        for name, rule in setting.scenario.channels.items()
    )
    wanted += sum(group.amount[0] for group in setting.scenario.groups if group.amount is not None)
    if isinstance(setting.scenario.geos, CellRules):
        wanted += sum(rule.low or 0.0 for rule in setting.scenario.geos.sums if not rule.base)
    wanted += sum(group.at_least_channels or 0 for group in setting.scenario.groups) * setting.smallest_on
    wanted += sum(sum(rule.after.values()) for rule in setting.scenario.precedence)
    grown = sum(
        setting.reference[name] * (1.0 + rule.change[1])
        for name, rule in setting.scenario.channels.items()
        if rule.change is not None
    )
    total = setting.scenario.rules.total_change
    planned = setting.reference_total * (1.0 + total[1]) if total is not None else 0.0
    return max(setting.ceiling, planned) + (wanted + grown) * max(1.0, *setting.unit_costs.values())


def _whole_bursts(setting: Setting, name: str) -> float:
    """Spend of a channel that has its least in its emptiest period."""
    least, shares = setting.scenario.channels[name].burst_at_least, setting.phasing.get(name)
    return 0.0 if least is None or shares is None else least / float(shares[shares > 0].min())
