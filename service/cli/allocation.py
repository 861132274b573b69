"""Where a plan's money goes, what to do with each channel, and the ledger of the tasks: tables."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from optimizer.plan.document import ChannelPlan, Plan
from optimizer.scenario.document import ReferenceKind
from service.cli.figures import main_outcome
from service.cli.rounding import rounded_to_total
from service.cli.tables import bar, channel_name, interval, mean, optional_ratio, table
from service.language import Reader

BAR = 6
"""Columns of the bar of a channel's share."""

NARROW_PAGE = 76
"""Columns below which a page has no room for intervals."""

WIDE_PAGE = 96
"""Columns from which on a page has room for bars and average returns."""

WHOLE_MONEY_BUDGET = 10_000.0
"""Budgets from here on are shown in whole units of money."""

AGAINST: dict[ReferenceKind, str] = {
    "last_year": "Vs last year",
    "last_periods": "Vs before",
    "plan": "Vs that plan",
    "spend": "Vs given",
}
"""Head of the column of changes, by what they are changes against."""


def allocation_table(plan: Plan, reader: Reader, reference: ReferenceKind, width: int) -> Table:
    """Spend, share, change and what it brings, a line a channel.

    Pages that are not wide go without bars and average returns, narrow ones without intervals too.
    """
    _ = reader.gettext
    is_wide, is_narrow = width >= WIDE_PAGE, width < NARROW_PAGE
    brings = mean if is_narrow else interval
    has_value = any(channel.mroas is not None for channel in plan.channels)
    last = [_("CPA")] if not has_value else [_("ROAS"), _("Next unit")] if is_wide else [_("Next unit")]
    shown = table(
        _("Channel"),
        _("Spend"),
        _("Share"),
        _(AGAINST[reference]),
        _("Brings") if is_narrow else _("Brings (90 % interval)"),
        *last,
        numbers=[1, 3, 4, 5, 6],
    )
    extra = [
        (_("Fees"), plan.fees),
        (_("Paid by partners"), -plan.coop),
        (_("Test reserve"), plan.test_reserve),
        (_("Fixed costs"), plan.fixed_costs),
    ]
    extra = [(name, amount) for name, amount in extra if amount != 0]
    digits = 0 if plan.budget >= WHOLE_MONEY_BUDGET else None
    amounts = [*(channel.spend for channel in _by_role(plan)), *(amount for _name, amount in extra)]
    rounded = rounded_to_total(amounts, plan.budget) if digits == 0 else amounts
    money = [reader.money(amount, digits) for amount in rounded]
    for position, channel in enumerate(_by_role(plan)):
        figures = [brings(channel.contribution, reader), *_ratios(channel, reader, has_value, is_wide)]
        _channel_row(shown, channel, money[position], figures, reader, is_wide=is_wide)
    for (name, _amount), text in zip(extra, money[len(plan.channels) :], strict=True):
        shown.add_row(Text(name), text)
    shown.add_section()
    total = reader.money(plan.budget, digits)
    added = main_outcome(plan).incremental
    shown.add_row(Text(_("Total")), total, "", _total_change(plan, reader), brings(added, reader), style="bold")
    return shown


def _channel_row(
    shown: Table, channel: ChannelPlan, money: str, figures: list[str], reader: Reader, *, is_wide: bool
) -> None:
    name = channel_name(channel.channel, is_assumed=channel.evidence == "assumed", is_beyond=channel.beyond_observed)
    share = Text(reader.share(channel.share, 0).rjust(4), no_wrap=True)
    shown.add_row(
        name,
        money,
        Text(f"{bar(channel.share, BAR)} ").append(share) if is_wide else share,
        "–" if channel.change is None else reader.change(channel.change),
        *figures,
        style="dim" if channel.spend == 0 else "",
    )


def _ratios(channel: ChannelPlan, reader: Reader, has_value: bool, is_wide: bool) -> list[str]:
    if not has_value:
        return ["–" if channel.cpa is None else reader.money(channel.cpa.mean)]
    marginal = optional_ratio(channel.mroas, reader)
    return [optional_ratio(channel.roas, reader), marginal] if is_wide else [marginal]


def verdict_table(plan: Plan, reader: Reader) -> Table:
    """What to do with each channel, and why."""
    _ = reader.gettext
    shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    for is_short in (False, True, True, False):
        shown.add_column(no_wrap=is_short, overflow="fold")
    for channel in _by_role(plan):
        role = Text(_(channel.role), style="dim")
        verdict = Text(_(channel.verdict), style="bold")
        shown.add_row(Text(channel.channel), role, verdict, Text(reader.say(channel.reason)))
    return shown


def task_table(plan: Plan, reader: Reader) -> Table:
    """Each task: what was asked, what is reached, what it would cost alone, and what it adds to the others."""
    _ = reader.gettext
    has_added = len(plan.tasks) > 1 and any(task.added_cost is not None for task in plan.tasks)
    shown = table(
        _("KPI"),
        _("Target"),
        _("By"),
        _("Asked"),
        _("Reached"),
        _("Expected"),
        _("Cost alone"),
        *([_("Adds")] if has_added else []),
        "",
        numbers=[1, 3, 4, 5, 6, *([7] if has_added else [])],
    )
    digits = 0 if plan.budget >= WHOLE_MONEY_BUDGET else None
    for task in plan.tasks:
        counted = _("in total") if task.counts == "total" else _("on top")
        added = "–" if task.added_cost is None else reader.money(task.added_cost, digits)
        name = Text(task.kpi)
        if task.stage is not None:
            name.append(f"\n{_(task.stage)}", style="dim")
        shown.add_row(
            name,
            f"{reader.quantity(task.at_least)} {counted}",
            _("the end") if task.by is None else reader.day(task.by),
            reader.share(task.probability, 0),
            reader.share(task.reached_probability, 1),
            reader.quantity(task.expected),
            "–" if task.cost is None else reader.money(task.cost),
            *([added] if has_added else []),
            _("drives the budget") if task.drives_budget else "",
        )
    return shown


def _by_role(plan: Plan) -> Sequence[ChannelPlan]:
    """Channels, brand first, the largest first within a role."""
    return sorted(plan.channels, key=lambda channel: (channel.role != "brand", -channel.spend))


def _total_change(plan: Plan, reader: Reader) -> str:
    """What the plan costs in all against what the reference did, fees, reserve and fixed costs of the plan included."""
    reference = None if plan.comparisons is None else plan.comparisons.reference
    return "–" if reference is None else reader.change(plan.budget / reference.budget - 1.0)
