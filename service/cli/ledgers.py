"""The two ledgers of a budget on its page: what tasks share, and the bottom-up route beside the plan."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmm.sentence import Money, Sentence, sentence
from optimizer.plan.document import Plan, TaskLedger
from optimizer.scenario.bottom_up import BottomUpPlan, LedgerGap
from service.cli.allocation import WHOLE_MONEY_BUDGET
from service.cli.tables import bullet, heading, table
from service.language import Reader


def shared_by_tasks(ledger: TaskLedger) -> Sentence:
    """What the tasks cost alone and together."""
    if ledger.shared >= 0:
        return sentence(
            "Alone the tasks would cost {alone}, together they cost {budget}: {shared} serve several of them.",
            alone=Money(amount=ledger.alone),
            budget=Money(amount=ledger.budget),
            shared=Money(amount=ledger.shared),
        )
    return sentence(
        "Alone the tasks would cost {alone}, together they cost {budget}: {more} more, as the rules let one stand in "
        "the way of another.",
        alone=Money(amount=ledger.alone),
        budget=Money(amount=ledger.budget),
        more=Money(amount=-ledger.shared),
    )


def bottom_up_parts(plan: Plan, reader: Reader) -> Iterator[RenderableType]:
    """The bottom-up ledger with its gap to the plan, in one table, and what is to be said of its rates."""
    if plan.bottom_up is None:
        return
    yield heading(reader.gettext("From the bottom up"))
    yield bottom_up_table(plan.bottom_up, reader)
    for remark in plan.bottom_up.remarks:
        yield bullet(reader.say(remark))


def bottom_up_table(ledger: BottomUpPlan, reader: Reader) -> Table:
    """Every step with its figure and cost, the total, the plan's budget, and what explains the difference."""
    _ = reader.gettext
    digits = 0 if ledger.cost >= WHOLE_MONEY_BUDGET else None
    shown = table(_("Step"), _("Figure"), _("Money"), numbers=[1, 2])
    for step in ledger.steps:
        money = "" if step.cost is None else reader.money(step.cost, digits)
        shown.add_row(Text(reader.say(step.text)), reader.quantity(step.figure), money)
    shown.add_section()
    shown.add_row(Text(_("Total from the bottom up")), "", reader.money(ledger.cost, digits), style="bold")
    if ledger.gap is not None:
        _gap_rows(shown, ledger.gap, reader, digits)
    return shown


def _gap_rows(shown: Table, gap: LedgerGap, reader: Reader, digits: int | None) -> None:
    _ = reader.gettext
    shown.add_row(Text(_("The plan's budget")), "", reader.money(gap.budget, digits), style="bold")
    ratio = "" if gap.ratio is None else f"× {reader.ratio(gap.ratio)}"
    shown.add_row(Text(_("Difference")), ratio, reader.money(gap.difference, digits), style="bold")
    for part in gap.parts:
        shown.add_row(Text(f"  {reader.say(part.text)}"), "", reader.money(part.amount, digits))
