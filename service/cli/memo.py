"""A plan as one page of a planning memo.

In the order in which a planner reads: what to spend, where, what it brings, what the split
rule costs, what limits it, what else could be done, and how far the figures can be trusted.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmm.periods import shift_period
from mmm.sentence import Day, Money, Number, Sentence, Share, Term, Value, Word, sentence
from mmm.vocabulary import PeriodName
from optimizer.plan import BindingRule, ChannelPlan, ComparedPlan, OutcomePlan, Plan, RelaxedRule, SplitPlan
from optimizer.scenario import ReferenceKind
from service.cli.rounding import rounded_to_total
from service.cli.tables import bar, bullet, heading, interval, optional_ratio, table
from service.language import Reader
from service.limits import limit_unit

BAR = 6
"""Columns of the bar of a channel's share."""

NOTHING = 5e-5
"""A cost below this share is within the certificate's gap: nothing that one could speak of."""

WHOLE_MONEY_BUDGET = 10_000.0
"""Budgets from here on are shown in whole units of money."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a memo says beside its plan: the market's period, and what the plan is compared with."""

    period: PeriodName
    reference: ReferenceKind


def memo(plan: Plan, reader: Reader, setting: Setting) -> list[RenderableType]:
    """The page of a plan; an infeasible one tells what is in the way."""
    _ = reader.gettext
    title = Text(f"\n{plan.scenario}", style="bold")
    title.append(f"   {plan.market} · {plan.kpi} · {_(plan.objective)}", style="not bold dim")
    parts: list[RenderableType] = [title, Text("━" * 100, style="dim", no_wrap=True, overflow="crop")]
    if plan.status == "infeasible":
        return [*parts, *_infeasible(plan, reader)]
    for section in (_lead, _where, _verdicts, _tasks, _split, _limits, _compared, _trust):
        parts += section(plan, reader, setting)
    return parts


def _lead(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    outcome = _main_outcome(plan)
    unit = Word(text=outcome.unit)
    start = plan.horizon.start
    end = shift_period(start, plan.horizon.periods, setting.period) - timedelta(days=1)
    when: dict[str, Value] = {"budget": Money(amount=plan.budget), "start": Day(day=start), "end": Day(day=end)}
    if plan.objective == "size":
        said = sentence("Spend {budget} from {start} to {end}: the smallest budget that fulfils every task.", **when)
    else:
        said = sentence("Spend {budget} from {start} to {end}.", **when)
    yield Text(reader.say(said), style="bold")
    added = outcome.incremental
    yield Text(
        reader.say(
            sentence(
                "It brings {mean} {unit} (90 % interval {low} to {high}), of which {later} arrive after the end.",
                mean=_number(added.mean),
                low=_number(added.p05),
                high=_number(added.p95),
                later=_number(outcome.after_horizon.mean),
                unit=unit,
            )
        )
    )
    yield Text(
        reader.say(
            sentence(
                "Without it {base} {unit} would come; with it {total} ({low} to {high}) arrive in these {periods} "
                "{period}.",
                base=_number(outcome.base.mean),
                total=_number(outcome.total.mean),
                low=_number(outcome.total.p05),
                high=_number(outcome.total.p95),
                unit=unit,
                periods=Number(amount=plan.horizon.periods),
                period=Term(text=PERIOD_WORDS[setting.period]),
            )
        )
    )
    if outcome.value is not None and plan.budget > 0:
        yield Text(
            reader.say(
                sentence(
                    "That is worth {value}: {ratio} for each unit of money spent.",
                    value=Money(amount=outcome.value),
                    ratio=Number(amount=outcome.value / plan.budget, digits=2),
                )
            )
        )


def _where(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("Where the money goes"))
    has_value = any(channel.mroas is not None for channel in plan.channels)
    last = [_("ROAS"), _("Next unit")] if has_value else [_("CPA")]
    shown = table(
        _("Channel"),
        _("Spend"),
        _("Share"),
        _(AGAINST[setting.reference]),
        _("Brings (90 % interval)"),
        *last,
        numbers=[1, 3, 4, 5, 6],
    )
    extra = [(_("Test reserve"), plan.test_reserve), (_("Fixed costs"), plan.fixed_costs)]
    extra = [(name, amount) for name, amount in extra if amount > 0]
    digits = 0 if plan.budget >= WHOLE_MONEY_BUDGET else None
    amounts = [*(channel.spend for channel in _by_role(plan)), *(amount for _name, amount in extra)]
    rounded = rounded_to_total(amounts, plan.budget) if digits == 0 else amounts
    money = [reader.money(amount, digits) for amount in rounded]
    for position, channel in enumerate(_by_role(plan)):
        _channel_row(shown, channel, money[position], reader, has_value=has_value)
    for (name, _amount), text in zip(extra, money[len(plan.channels) :], strict=True):
        shown.add_row(Text(name), text)
    shown.add_section()
    total = reader.money(plan.budget, digits)
    added = _main_outcome(plan).incremental
    shown.add_row(Text(_("Total")), total, "", _total_change(plan, reader), interval(added, reader), style="bold")
    yield shown


def _channel_row(shown: Table, channel: ChannelPlan, money: str, reader: Reader, *, has_value: bool) -> None:
    name = Text(channel.channel)
    if channel.beyond_observed:
        name.append(" *")
    ratios = (
        [optional_ratio(channel.roas, reader), optional_ratio(channel.mroas, reader)]
        if has_value
        else ["–" if channel.cpa is None else reader.money(channel.cpa.mean)]
    )
    shown.add_row(
        name,
        money,
        f"{bar(channel.share, BAR)} {reader.share(channel.share, 0)}",
        "–" if channel.change is None else reader.change(channel.change),
        interval(channel.contribution, reader),
        *ratios,
        style="dim" if channel.spend == 0 else "",
    )


def _verdicts(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("What to do with each channel"))
    shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    for channel in _by_role(plan):
        role = Text(_(channel.role), style="dim")
        shown.add_row(Text(channel.channel), role, Text(f"{_(channel.verdict)}: {reader.say(channel.reason)}"))
    yield shown
    if any(channel.beyond_observed for channel in plan.channels):
        yield Text(_("* beyond what was ever spent: the curve is an extrapolation there"), style="italic")


def _tasks(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    if not plan.tasks:
        return
    _ = reader.gettext
    yield heading(_("Tasks"))
    shown = table(
        _("KPI"),
        _("Target"),
        _("By"),
        _("Asked"),
        _("Reached"),
        _("Expected"),
        _("Cost alone"),
        "",
        numbers=[1, 3, 4, 5, 6],
    )
    for task in plan.tasks:
        counted = _("in total") if task.counts == "total" else _("on top")
        shown.add_row(
            Text(task.kpi),
            f"{reader.quantity(task.at_least)} {counted}",
            _("the end") if task.by is None else reader.day(task.by),
            reader.share(task.probability, 0),
            reader.share(task.reached_probability, 1),
            reader.quantity(task.expected),
            "–" if task.cost is None else reader.money(task.cost),
            _("drives the budget") if task.drives_budget else "",
        )
    yield shown


def _split(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    split = plan.split
    if split is None:
        return
    _ = reader.gettext
    yield heading(_("Brand and performance"))
    share = Share(fraction=split.brand_share)
    line = f"{bar(split.brand_share, 40).replace(' ', '░')}  "
    yield Text(f"{line}{_('brand')} {reader.value(share)}")
    if split.band is None:
        yield Text(_("No rule on the split."))
        return
    said = sentence(
        "The rule {preset} asks for {low} to {high} of spend on brand.",
        preset=Term(text=split.preset),
        low=Share(fraction=split.band[0]),
        high=Share(fraction=split.band[1]),
    )
    yield Text(reader.say(said))
    cost = _cost_of_rule(plan, split)
    if cost is not None:
        yield Text(reader.say(cost))


def _cost_of_rule(plan: Plan, split: SplitPlan) -> Sentence | None:
    """What the rule of the split takes away: KPI at this budget, or budget when sizing."""
    cost = split.cost_of_rule
    if cost is None:
        return None
    if plan.objective == "size":
        if cost <= NOTHING * plan.budget:
            return sentence("It costs nothing here: the cheapest split lies inside the band anyway.")
        return sentence(
            "It costs {cost} of budget ({share}): without it {without} would do.",
            cost=Money(amount=cost),
            share=Share(fraction=cost / plan.budget, digits=2),
            without=Money(amount=plan.budget - cost),
        )
    without = split.kpi_without_rule or 0.0
    if cost <= NOTHING * without:
        return sentence("It costs nothing here: the best split lies inside the band anyway.")
    return sentence(
        "It costs {cost} {unit} ({share}): without it the same budget would bring {without}.",
        cost=_number(cost),
        unit=Word(text=_main_outcome(plan).unit),
        share=Share(fraction=cost / without, digits=2),
        without=_number(without),
    )


def _limits(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    if not plan.binding:
        return
    yield heading(reader.gettext("What limits it"))
    for rule in plan.binding:
        said = reader.say(rule.text)
        price = _price(plan, rule)
        yield bullet(said if price is None else f"{said} {reader.say(price)}")


def _price(plan: Plan, rule: BindingRule) -> Sentence | None:
    """What a step of the rule's limit is worth, where that can be said in money or in shares."""
    unit = limit_unit(rule.rule)
    if not rule.shadow_price or unit not in ("money", "share"):
        return None
    if unit == "share":
        return _price_of_point(plan, rule.shadow_price / 100.0)
    step = 10.0 ** math.floor(math.log10(plan.budget / 100.0)) if plan.budget > 0 else 1.0
    return _price_of_step(plan, step, rule.shadow_price * step)


def _price_of_point(plan: Plan, change: float) -> Sentence:
    """What one percentage point is worth: KPI, or budget when sizing."""
    money, gain, unit = Money(amount=abs(change)), _number(abs(change)), Word(text=_main_outcome(plan).unit)
    if plan.objective == "size":
        if change < 0:
            return sentence("One percentage point more would save {money} of budget.", money=money)
        return sentence("One percentage point more would cost {money} of budget.", money=money)
    if change < 0:
        return sentence("One percentage point more would bring {gain} {unit} less.", gain=gain, unit=unit)
    return sentence("One percentage point more would bring {gain} {unit} more.", gain=gain, unit=unit)


def _price_of_step(plan: Plan, step: float, change: float) -> Sentence:
    """What a step of money is worth: KPI, or budget when sizing."""
    room, money = Money(amount=step), Money(amount=abs(change))
    gain, unit = _number(abs(change)), Word(text=_main_outcome(plan).unit)
    if plan.objective == "size":
        if change < 0:
            return sentence("{room} more of it would save {money} of budget.", room=room, money=money)
        return sentence("{room} more of it would cost {money} of budget.", room=room, money=money)
    if change < 0:
        return sentence("{room} more of it would bring {gain} {unit} less.", room=room, gain=gain, unit=unit)
    return sentence("{room} more of it would bring {gain} {unit} more.", room=room, gain=gain, unit=unit)


def _compared(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    if plan.comparisons is None:
        return
    _ = reader.gettext
    main = _main_outcome(plan).incremental
    this = ComparedPlan(budget=plan.budget, mean=main.mean, p05=main.p05, p95=main.p95)
    others = [
        (_(REFERENCES[setting.reference]), plan.comparisons.reference),
        (_("Its mix at this budget"), plan.comparisons.same_mix),
        (_("Without any rule"), plan.comparisons.no_rules),
    ]
    yield heading(_("Against what else could be done"))
    shown = table("", _("Budget"), _("Brings (90 % interval)"), _("This plan brings"), numbers=[1, 2, 3])
    shown.add_row(Text(_("This plan")), reader.money(this.budget), _compared_interval(this, reader), "", style="bold")
    for name, other in others:
        if other is not None:
            difference = reader.change(this.mean / other.mean - 1.0) if other.mean > 0 else "–"
            shown.add_row(Text(name), reader.money(other.budget), _compared_interval(other, reader), difference)
    yield shown


def _compared_interval(shown: ComparedPlan, reader: Reader) -> str:
    return f"{reader.quantity(shown.mean)} ({reader.quantity(shown.p05)}–{reader.quantity(shown.p95)})"


def _trust(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("How far to trust it"))
    certificate = plan.certificate
    if certificate is not None:
        gap = Share(fraction=certificate.gap, digits=4)
        seconds = Number(amount=certificate.seconds, digits=2)
        if plan.objective == "size":
            said = sentence(
                "No budget below {bound} can fulfil the tasks under these rules: this one is within {gap} of it "
                "({seconds} s).",
                bound=Money(amount=certificate.bound),
                gap=gap,
                seconds=seconds,
            )
        else:
            said = sentence(
                "No plan under these rules can bring more than {bound} {unit}: this one is within {gap} of that "
                "({seconds} s).",
                bound=_number(certificate.bound),
                unit=Word(text=_main_outcome(plan).unit),
                gap=gap,
                seconds=seconds,
            )
        yield bullet(reader.say(said))
    for model in plan.models:
        version = Number(amount=model.version or 0)
        yield bullet(
            reader.say(
                sentence(
                    "Curves of {kpi} from model version {version} ({digest}), evidence: {evidence}.",
                    kpi=Word(text=model.kpi),
                    version=version,
                    digest=Word(text=model.digest[:12]),
                    evidence=Term(text=model.evidence),
                )
            )
        )
    for warning in plan.warnings:
        yield bullet(reader.say(warning))


def _infeasible(plan: Plan, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield Text(_("No plan fulfils all rules."), style="bold red")
    if plan.conflict:
        yield heading(_("These cannot hold together"))
        for rule in plan.conflict:
            yield bullet(f"{reader.say(rule.text)} ({rule.rule})")
    if plan.relaxation:
        yield heading(_("The smallest change that makes room"))
        shown = table(_("Rule"), _("From"), _("To"), numbers=[1, 2])
        for relaxed in plan.relaxation:
            shown.add_row(
                Text(relaxed.rule), _limit(relaxed, relaxed.from_, reader), _limit(relaxed, relaxed.to, reader)
            )
        yield shown
    for warning in plan.warnings:
        yield bullet(reader.say(warning))


def _limit(relaxed: RelaxedRule, amount: float, reader: Reader) -> str:
    match limit_unit(relaxed.rule):
        case "money":
            return reader.money(amount)
        case "share" | "ratio":
            return reader.share(amount, 2)
        case "count" | "quantity":
            return reader.quantity(amount)


PERIOD_WORDS: dict[PeriodName, str] = {
    "day": "days",
    "week": "weeks",
    "month": "months",
    "quarter": "quarters",
    "year": "years",
}
"""Plural of each period, as a term."""


AGAINST: dict[ReferenceKind, str] = {
    "last_year": "Vs last year",
    "last_periods": "Vs before",
    "plan": "Vs that plan",
    "spend": "Vs given",
}
"""Head of the column of changes, by what they are changes against."""

REFERENCES: dict[ReferenceKind, str] = {
    "last_year": "Last year's spend",
    "last_periods": "The last periods' spend",
    "plan": "The plan compared with",
    "spend": "The spend compared with",
}
"""Name of the reference plan, by its kind."""


def _main_outcome(plan: Plan) -> OutcomePlan:
    return next(outcome for outcome in plan.outcomes if outcome.kpi == plan.kpi)


def _by_role(plan: Plan) -> Sequence[ChannelPlan]:
    """Channels, brand first, the largest first within a role."""
    return sorted(plan.channels, key=lambda channel: (channel.role != "brand", -channel.spend))


def _total_change(plan: Plan, reader: Reader) -> str:
    reference = sum(channel.reference_spend for channel in plan.channels)
    spent = sum(channel.spend for channel in plan.channels)
    return reader.change(spent / reference - 1.0) if reference > 0 else "–"


def _number(amount: float) -> Number:
    size = abs(amount)
    return Number(amount=amount, digits=0 if size >= 100 else 1 if size >= 10 else 2)
