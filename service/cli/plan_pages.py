"""Saved plans as a table, and a plan on newer models as a page."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmm.sentence import Sentence, Word, listed, sentence
from optimizer.plan.document import Interval
from service.answers import PlanHead
from service.cli.tables import bullet, heading, interval, table, with_unit
from service.language import Reader
from service.refits.rescoring import Rescore


def plan_table(plans: Sequence[PlanHead], reader: Reader) -> Table:
    """Saved plans, one a line."""
    _ = reader.gettext
    shown = table(
        _("Plan"), _("Market"), _("Scenario"), _("State"), _("From"), _("Budget"), _("Made"), _("Model"), numbers=[5]
    )
    for plan in plans:
        shown.add_row(
            plan.id,
            Text(plan.market),
            Text(plan.scenario),
            Text(_(plan.state), style="bold" if plan.state == "running" else ""),
            reader.day(plan.horizon.start),
            Reader(reader.language, plan.currency).money(plan.budget),
            reader.day(plan.created_at.date()),
            _versions(plan),
        )
    return shown


def rescore_page(found: Rescore, reader: Reader) -> list[RenderableType]:
    """What a plan promised and what it brings by newer models: KPIs, tasks, channels."""
    title = Text(f"\n{found.scenario}", style="bold")
    title.append(f"   {found.market} · {found.kpi}", style="not bold dim")
    parts: list[RenderableType] = [title, Text(reader.say(_between(found))), *_outcomes(found, reader)]
    parts += [*_tasks(found, reader), *_channels(found, reader)]
    parts += [bullet(reader.say(said)) for said in (*_lost(found), *found.notes)]
    return parts


def _versions(plan: PlanHead) -> str:
    return ", ".join(dict.fromkeys("–" if one.version is None else str(one.version) for one in plan.models))


def _between(found: Rescore) -> Sentence:
    before, now = (
        ", ".join(sorted({str(one.version or "–") for one in models})) for models in (found.models, found.newer)
    )
    return sentence(
        "Promised by model version {before}; now by version {now}.", before=Word(text=before), now=Word(text=now)
    )


def _outcomes(found: Rescore, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("What media bring"))
    shown = table(_("KPI"), _("Promised (90 % interval)"), _("Now"), _("Change"), numbers=[1, 2, 3])
    for one in found.outcomes:
        shown.add_row(
            Text(with_unit(one.kpi, one.unit)),
            interval(one.promised.incremental, reader),
            interval(one.now.incremental, reader),
            "–" if one.change is None else reader.change(one.change),
        )
    yield shown


def _tasks(found: Rescore, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    if not found.tasks:
        return
    yield heading(_("Tasks"))
    shown = table(_("Task"), _("Asked"), _("Probability: planned"), _("Now"), numbers=[1, 2, 3])
    for task in found.tasks:
        shown.add_row(
            Text(f"{task.kpi} ≥ {reader.quantity(task.at_least)}"),
            *(reader.share(each, 0) for each in (task.probability, task.promised, task.now)),
        )
    yield shown


def _channels(found: Rescore, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("Channels"))
    shown = table(_("Channel"), _("Spend"), _("Promised (90 % interval)"), _("Now"), numbers=[1, 2, 3])
    for one in found.channels:
        shown.add_row(
            Text(one.channel), reader.money(one.spend), interval(one.promised, reader), _shown(one.now, reader)
        )
    yield shown


def _shown(found: Interval | None, reader: Reader) -> str:
    return "–" if found is None else interval(found, reader)


def _lost(found: Rescore) -> Iterator[Sentence]:
    if found.lost_channels:
        names = listed(found.lost_channels, is_quoted=False)
        yield sentence(
            "The newer model does not know these channels, and counts nothing of them: {names}.", names=names
        )
    if found.lost_kpis:
        names = listed(found.lost_kpis, is_quoted=False)
        yield sentence("No newer model speaks of these KPIs: {names}.", names=names)
