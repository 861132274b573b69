"""Variants of a scenario in columns beside each other."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from optimizer.plan import OutcomePlan, Plan
from service.answers import Variant, WhatIfAnswer
from service.cli.tables import heading, table
from service.language import Reader

MOST_COLUMNS = 5
"""Variants in one table; more go into tables below."""


def side_by_side(answer: WhatIfAnswer, reader: Reader) -> list[RenderableType]:
    """The plans of all variants, the scenario as it is in the first column of each table."""
    base, *others = answer.variants
    parts: list[RenderableType] = [heading(f"{answer.scenario} · {answer.kpi}")]
    width = MOST_COLUMNS - 1
    parts += [_table([base, *others[start : start + width]], answer, reader) for start in range(0, len(others), width)]
    return parts


def _table(variants: list[Variant], answer: WhatIfAnswer, reader: Reader) -> Table:
    _ = reader.gettext
    names = [variant.name if isinstance(variant.name, str) else reader.say(variant.name) for variant in variants]
    shown = table("", *names, numbers=range(1, len(names) + 1))
    for column in shown.columns[1:]:
        column.no_wrap = False
    plans = [variant.plan for variant in variants]
    shown.add_row(_("Budget"), *(_cell(plan, reader.money(plan.budget)) for plan in plans), style="bold")
    shown.add_row(Text(answer.kpi), *(_incremental(plan, reader) for plan in plans), style="bold")
    shown.add_row(_("90 % interval"), *(_interval(plan, reader) for plan in plans))
    shown.add_row(_("Against the first"), *(_against(plan, plans[0], reader) for plan in plans))
    shown.add_row(
        _("Brand share"), *("–" if plan.split is None else reader.share(plan.split.brand_share) for plan in plans)
    )
    shown.add_row(
        _("Gap"), *("–" if plan.certificate is None else reader.share(plan.certificate.gap, 4) for plan in plans)
    )
    shown.add_section()
    channels = [channel.channel for channel in next((plan.channels for plan in plans if plan.channels), ())]
    for name in channels:
        shown.add_row(Text(name), *(_spend(plan, name, reader) for plan in plans))
    infeasible = [plan for plan in plans if plan.status == "infeasible"]
    if infeasible:
        shown.add_section()
        shown.add_row(_("In conflict"), *(Text(", ".join(rule.rule for rule in plan.conflict)) for plan in plans))
    return shown


def _outcome(plan: Plan) -> OutcomePlan | None:
    return next((outcome for outcome in plan.outcomes if outcome.kpi == plan.kpi), None)


def _cell(plan: Plan, text: str) -> str:
    return "–" if plan.status == "infeasible" else text


def _incremental(plan: Plan, reader: Reader) -> str:
    outcome = _outcome(plan)
    return reader.gettext("infeasible") if outcome is None else reader.quantity(outcome.incremental.mean)


def _interval(plan: Plan, reader: Reader) -> str:
    outcome = _outcome(plan)
    if outcome is None:
        return "–"
    return f"{reader.quantity(outcome.incremental.p05)}–{reader.quantity(outcome.incremental.p95)}"


def _against(plan: Plan, first: Plan, reader: Reader) -> str:
    outcome, base = _outcome(plan), _outcome(first)
    if plan is first or outcome is None or base is None or base.incremental.mean <= 0:
        return ""
    return reader.change(outcome.incremental.mean / base.incremental.mean - 1.0)


def _spend(plan: Plan, name: str, reader: Reader) -> str:
    return next((reader.money(channel.spend) for channel in plan.channels if channel.channel == name), "–")
