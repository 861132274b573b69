"""Variants of a scenario in columns beside each other."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from optimizer.plan.document import OutcomePlan, Plan
from service.answers import Variant, WhatIfAnswer
from service.cli.rounding import gap_digits
from service.cli.tables import ASSUMED_MARK, channel_name, heading, table
from service.language import Reader

COLUMN = 15
"""Columns of the page that a variant takes; variants beyond its width go into tables below."""

LABELS = 20
"""Columns of the page that the names of the rows take."""


def side_by_side(answer: WhatIfAnswer, reader: Reader, width: int) -> list[RenderableType]:
    """The plans of all variants, the scenario as it is in the first column of each table; `width` is the page's."""
    base, *others = answer.variants
    parts: list[RenderableType] = [heading(f"{answer.scenario} · {answer.kpi}")]
    settings = {} if base.change is not None or others[0].change is None else others[0].change.set
    if settings:
        listed = ", ".join(f"{path}={value}" for path, value in settings.items())
        parts.append(Text(reader.gettext("Every column after the first: {settings}").format(settings=listed)))
    most = max(1, (width - LABELS) // COLUMN - 1)
    for start in range(0, len(others), most):
        parts += ["", _table([base, *others[start : start + most]], answer, reader)]
    if any(channel.evidence == "assumed" for variant in answer.variants for channel in variant.plan.channels):
        parts.append(Text(reader.say(ASSUMED_MARK), style="italic"))
    return parts


def _table(variants: list[Variant], answer: WhatIfAnswer, reader: Reader) -> Table:
    _ = reader.gettext
    names = [variant.name if isinstance(variant.name, str) else reader.say(variant.name) for variant in variants]
    shown = table("", *names, numbers=range(1, len(names) + 1))
    for column in shown.columns[1:]:
        column.no_wrap = False
    plans = [variant.plan for variant in variants]
    shown.columns[0].no_wrap = True
    shown.add_row(_("Budget"), *(reader.money(plan.budget) for plan in plans), style="bold")
    shown.add_row(Text(answer.kpi), *(_incremental(plan, reader) for plan in plans), style="bold")
    shown.add_row(_("90 % interval"), *(_interval(plan, reader) for plan in plans))
    shown.add_row(_("Against the first"), *(_against(plan, plans[0], reader) for plan in plans))
    shown.add_row(
        _("Brand share"), *("–" if plan.split is None else reader.share(plan.split.brand_share) for plan in plans)
    )
    shown.add_row(
        _("Gap"),
        *(
            "–" if plan.certificate is None else reader.share(plan.certificate.gap, gap_digits(plan.certificate.gap))
            for plan in plans
        ),
    )
    shown.add_section()
    channels = {channel.channel: channel.evidence for plan in plans for channel in plan.channels}
    for name, evidence in channels.items():
        marked = channel_name(name, is_assumed=evidence == "assumed")
        shown.add_row(marked, *(_spend(plan, name, reader) for plan in plans))
    infeasible = [plan for plan in plans if plan.status == "infeasible"]
    if infeasible:
        shown.add_section()
        shown.add_row(_("In conflict"), *(Text("\n".join(rule.rule for rule in plan.conflict)) for plan in plans))
    return shown


def _outcome(plan: Plan) -> OutcomePlan | None:
    return next((outcome for outcome in plan.outcomes if outcome.kpi == plan.kpi), None)


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
