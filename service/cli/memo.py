"""A plan as one page of a planning memo.

In the order in which a planner reads: what to spend, where, what it brings, what the split
rule costs, what limits it, what else could be done, and how far the figures can be trusted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from rich.console import RenderableType
from rich.text import Text

from mmm.periods import PLURALS, shift_period
from mmm.sentence import Day, Money, Number, Sentence, Share, Term, Value, Word, sentence
from mmm.vocabulary import PeriodName
from optimizer.plan.document import ComparedPlan, Plan, RelaxedRule
from optimizer.scenario.document import ReferenceKind
from service.cli.allocation import allocation_table, task_table, verdict_table
from service.cli.figures import main_outcome, quantity, worth
from service.cli.geo_page import geo_parts
from service.cli.headline import brought, brought_by_new, with_assumed, worth_of_brought
from service.cli.ledgers import bottom_up_parts, shared_by_tasks
from service.cli.phasing import phasing_table
from service.cli.rounding import gap_digits
from service.cli.rule_prices import cost_of_split, price_of_rule
from service.cli.tables import ASSUMED_MARK, bar, bullet, heading, interval, table
from service.language import Reader
from service.limits import limit_unit

SMALLEST_GAP = 1e-6
"""Gaps are shown with four decimals of a percent: one below that is "within" the last of them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a memo needs beside its plan: the market's period, what the plan is compared with, columns of the page."""

    period: PeriodName
    reference: ReferenceKind
    width: int


def memo(plan: Plan, reader: Reader, setting: Setting) -> list[RenderableType]:
    """The page of a plan; an infeasible one tells what is in the way."""
    _ = reader.gettext
    title = Text(f"\n{plan.scenario}", style="bold")
    title.append(f"   {plan.market} · {plan.kpi} · {_(plan.objective)}", style="not bold dim")
    parts: list[RenderableType] = [title, Text("━" * setting.width, style="dim")]
    if plan.status == "infeasible":
        return [*parts, *_infeasible(plan, reader)]
    for section in (_lead, _where, _in_geos, _bottom_up, _when, _split, _limits, _compared, _trust):
        parts += section(plan, reader, setting)
    return parts


def _lead(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    outcome = main_outcome(plan)
    unit = Word(text=outcome.unit)
    start = plan.horizon.start
    end = shift_period(start, plan.horizon.periods, setting.period) - timedelta(days=1)
    when: dict[str, Value] = {"budget": Money(amount=plan.budget), "start": Day(day=start), "end": Day(day=end)}
    yield Text(reader.say(_spending(plan, when)), style="bold")
    yield Text(reader.say(brought(outcome)))
    if outcome.assumed is not None and outcome.assumed.mean > 0:
        yield Text(reader.say(brought_by_new(outcome)))
    yield Text(
        reader.say(
            sentence(
                "Without the plan {base} {unit} would come; with it {total} ({low} to {high}) arrive in these "
                "{periods} {period}.",
                base=quantity(outcome.base.mean),
                total=quantity(outcome.total.mean),
                low=quantity(outcome.total.p05),
                high=quantity(outcome.total.p95),
                unit=unit,
                periods=Number(amount=plan.horizon.periods),
                period=Term(text=PLURALS[setting.period]),
            )
        )
    )
    if outcome.value is not None and plan.budget > 0:
        yield Text(reader.say(worth_of_brought(outcome, outcome.value, plan.budget)))
    if plan.profit is not None:
        yield Text(
            reader.say(
                sentence(
                    "What media bring in money, less the budget, is {profit} (90 % interval {low} to {high}).",
                    profit=Money(amount=plan.profit.mean),
                    low=Money(amount=plan.profit.p05),
                    high=Money(amount=plan.profit.p95),
                )
            )
        )
    if plan.risk is not None:
        yield Text(
            reader.say(
                sentence(
                    "In the worst {level} of what may be true it brings {worst} on average. The plan for the mean "
                    "would bring {neutral} there, and {mean} instead of {own} over all.",
                    level=Share(fraction=plan.risk.level, digits=0),
                    worst=worth(plan, plan.risk.worst),
                    neutral=worth(plan, plan.risk.neutral_worst),
                    mean=worth(plan, plan.risk.neutral_mean),
                    own=worth(plan, plan.risk.mean),
                )
            )
        )
    if plan.regret is not None:
        yield Text(
            reader.say(
                sentence(
                    "Against the best split of each of {count} cases it misses {worst} on average in the worst {level} "
                    "of them, and {largest} at most. The plan for the mean would miss {neutral} and {most}.",
                    count=Number(amount=len(plan.regret.draws)),
                    worst=worth(plan, plan.regret.worst),
                    level=Share(fraction=plan.regret.level, digits=0),
                    largest=worth(plan, plan.regret.largest),
                    neutral=worth(plan, plan.regret.neutral_worst),
                    most=worth(plan, plan.regret.neutral_largest),
                )
            )
        )


def _spending(plan: Plan, when: dict[str, Value]) -> Sentence:
    """What to spend, and to what end."""
    target = plan.target
    if plan.objective == "size":
        return sentence(
            "Spend {budget} from {start} to {end}: the smallest budget found that fulfils every task.", **when
        )
    is_held = any(rule.rule == "budget" for rule in plan.binding)
    if plan.objective == "profit" and plan.tasks:
        return sentence("Spend {budget} from {start} to {end}: the most profit with every task fulfilled.", **when)
    if plan.tasks and target is not None and target.mroas is not None:
        return sentence(
            "Spend {budget} from {start} to {end}: the most beyond {mroas} a unit of money with every task fulfilled.",
            mroas=Number(amount=target.mroas, digits=2),
            **when,
        )
    if plan.objective == "profit" and is_held:
        return sentence(
            "Spend {budget} from {start} to {end}: the whole budget, and more would pay for itself.", **when
        )
    if plan.objective == "profit":
        return sentence("Spend {budget} from {start} to {end}: more or less would leave less profit.", **when)
    if target is not None and target.roas is not None:
        roas = Number(amount=target.roas, digits=2)
        return sentence(
            "Spend {budget} from {start} to {end}: the most at a ROAS of {roas} or more.", roas=roas, **when
        )
    if target is not None and target.mroas is not None:
        mroas = Number(amount=target.mroas, digits=2)
        if is_held:
            return sentence(
                "Spend {budget} from {start} to {end}: the whole budget, and more would return over {mroas} a unit.",
                mroas=mroas,
                **when,
            )
        return sentence(
            "Spend {budget} from {start} to {end}: as far as more money returns {mroas} a unit.", mroas=mroas, **when
        )
    if target is not None and target.cpa is not None:
        cpa, unit = Money(amount=target.cpa), Word(text=main_outcome(plan).unit)
        return sentence(
            "Spend {budget} from {start} to {end}: the most at {cpa} or less for each of the {unit}.",
            cpa=cpa,
            unit=unit,
            **when,
        )
    return sentence("Spend {budget} from {start} to {end}.", **when)


def _where(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("Where the money goes"))
    yield allocation_table(plan, reader, setting.reference, setting.width)
    yield heading(_("What to do with each channel"))
    yield verdict_table(plan, reader)
    if any(channel.beyond_observed and channel.evidence != "assumed" for channel in plan.channels):
        yield Text(_("* beyond what was ever spent: the curve is an extrapolation there"), style="italic")
    if any(channel.evidence == "assumed" for channel in plan.channels):
        yield Text(reader.say(ASSUMED_MARK), style="italic")
        for channel in plan.channels:
            if channel.basis is not None:
                yield bullet(reader.say(channel.basis))
    if plan.tasks:
        yield heading(_("Tasks"))
        yield task_table(plan, reader)
        if plan.ledger is not None:
            yield Text(reader.say(shared_by_tasks(plan.ledger)))
        for task in plan.tasks:
            if task.with_assumed is not None:
                yield Text(reader.say(with_assumed(task)), style="italic")


def _in_geos(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    return geo_parts(plan, reader, setting.reference, setting.width)


def _bottom_up(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    return bottom_up_parts(plan, reader)


def _when(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    if plan.comparisons is None or plan.comparisons.even_flighting is None or not plan.flighting:
        return
    yield heading(reader.gettext("When"))
    yield phasing_table(plan, reader, setting.width)


def _split(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    split = plan.split
    if split is None:
        return
    _ = reader.gettext
    yield heading(_("Brand and performance"))
    share = Share(fraction=split.brand_share)
    line = f"{bar(split.brand_share, min(40, setting.width - 16)).replace(' ', '░')}  "
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
    cost = cost_of_split(plan, split)
    if cost is not None:
        yield Text(reader.say(cost))


def _limits(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    if not plan.binding:
        return
    yield heading(reader.gettext("What limits it"))
    for rule in plan.binding:
        said = reader.say(rule.text)
        price = price_of_rule(plan, rule)
        yield bullet(said if price is None else reader.join(said, reader.say(price)))


def _compared(plan: Plan, reader: Reader, setting: Setting) -> Iterator[RenderableType]:
    if plan.comparisons is None:
        return
    _ = reader.gettext
    main = main_outcome(plan).incremental
    this = ComparedPlan(budget=plan.budget, mean=main.mean, p05=main.p05, p95=main.p95)
    others = [
        (_(REFERENCES[setting.reference]), plan.comparisons.reference),
        (_("Its mix at this budget"), plan.comparisons.same_mix),
        (_("Without any rule"), plan.comparisons.no_rules),
        (_("Departments alone, no rules"), plan.comparisons.silos),
        (_("This split, phased evenly"), plan.comparisons.even_flighting),
    ]
    yield heading(_("Against what else could be done"))
    shown = table("", _("Budget"), _("Brings (90 % interval)"), _("This plan brings"), numbers=[1, 2, 3])
    shown.add_row(Text(_("This plan")), reader.money(this.budget), interval(this, reader), "", style="bold")
    for name, other in others:
        if other is not None:
            difference = reader.change(this.mean / other.mean - 1.0) if other.mean > 0 else "–"
            shown.add_row(Text(name), reader.money(other.budget), interval(other, reader), difference)
    yield shown


def _trust(plan: Plan, reader: Reader, _setting: Setting) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield heading(_("How far to trust it"))
    certificate = plan.certificate
    if certificate is not None:
        gap = Share(fraction=max(certificate.gap, SMALLEST_GAP), digits=gap_digits(certificate.gap))
        seconds = Number(amount=certificate.seconds, digits=2)
        if plan.objective == "size":
            said = sentence(
                "The probability of each task is counted on the draws themselves, and no split with less money was "
                "found to reach them. That proves no floor: the bound of {bound}, {gap} below, is for the tasks "
                "restated as means of draws, and a smaller budget may still reach the tasks themselves.",
                bound=Money(amount=certificate.bound),
                gap=gap,
            )
        else:
            told: dict[str, Value] = {"bound": worth(plan, certificate.bound), "gap": gap, "seconds": seconds}
            said = _certified(plan, told)
        yield bullet(reader.say(said))
        if plan.tasks and plan.objective != "size":
            restated = sentence(
                "Where the tasks hold the plan back, this bound is for the tasks restated as means of draws, not for "
                "the tasks themselves."
            )
            yield bullet(reader.say(restated))
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


def _certified(plan: Plan, told: dict[str, Value]) -> Sentence:
    """What no plan can exceed, or go below; with tasks that hold it back, none under which their means are less."""
    if plan.regret is not None:
        return sentence(
            "No plan under these rules can miss less than {bound} in the mean of its worst cases: this one is within "
            "{gap} of what a plan brings (found in {seconds} s).",
            **told,
        )
    if plan.objective == "profit":
        return sentence(
            "No plan under these rules can leave more than {bound}: this one is within {gap} of what it brings (found "
            "in {seconds} s).",
            **told,
        )
    if plan.target is not None and plan.target.mroas is not None:
        return sentence(
            "No plan under these rules can bring more than {bound} beyond {mroas} a unit of money: this one is within "
            "{gap} of what it brings (found in {seconds} s).",
            mroas=Number(amount=plan.target.mroas, digits=2),
            **told,
        )
    if plan.risk is not None:
        return sentence(
            "No plan under these rules can bring more than {bound} in the mean of its worst draws: this one is within "
            "{gap} of that (found in {seconds} s).",
            **told,
        )
    return sentence(
        "No plan under these rules can bring more than {bound}: this one is within {gap} of that (found in {seconds} "
        "s).",
        **told,
    )


def _infeasible(plan: Plan, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    yield Text(_("No plan fulfils all rules."), style="bold red")
    if plan.conflict:
        yield heading(_("These cannot hold together"))
        for rule in plan.conflict:
            yield bullet(_("{text} ({rule})").format(text=reader.say(rule.text), rule=rule.rule))
    if plan.relaxation:
        yield heading(_("The smallest change that makes room"))
        shown = table(_("Rule"), _("From"), _("To"), numbers=[1, 2])
        for relaxed in plan.relaxation:
            shown.add_row(
                Text(relaxed.rule), _limit(relaxed, relaxed.from_, reader), _limit(relaxed, relaxed.to, reader)
            )
        yield shown
    yield from bottom_up_parts(plan, reader)
    for warning in plan.warnings:
        yield bullet(reader.say(warning))


def _limit(relaxed: RelaxedRule, amount: float, reader: Reader) -> str:
    match limit_unit(relaxed.rule):
        case "money":
            return reader.money(amount, 0 if float(amount).is_integer() else 2)
        case "share" | "ratio":
            return reader.share(amount, 2)
        case "count" | "quantity":
            return reader.number(amount, 2)  # not rounded further: it shall work when it is copied into the scenario


REFERENCES: dict[ReferenceKind, str] = {
    "last_year": "Last year's spend",
    "last_periods": "The last periods' spend",
    "plan": "The plan compared with",
    "spend": "The spend compared with",
}
"""Name of the reference plan, by its kind."""
