"""One budget for several markets, as one page."""

from collections.abc import Iterator
from dataclasses import replace

from rich.console import RenderableType
from rich.text import Text

from mmm.sentence import Money, Number, Share, sentence
from optimizer.plan.portfolio import PortfolioPlan
from service.cli.rounding import gap_digits
from service.cli.tables import bullet, heading, interval, table
from service.language import Reader
from service.portfolios import excess_of


def portfolio_page(plan: PortfolioPlan, reader: Reader) -> list[RenderableType]:
    """What each market gets, what it brings, and how good that is."""
    title = Text(f"\n{plan.name}", style="bold")
    if plan.status == "infeasible":
        return [title, Text(reader.say(excess_of(plan)), style="bold red"), *_conflicts(plan, reader)]
    return [title, *_markets(plan, reader), *_trust(plan, reader)]


def _markets(plan: PortfolioPlan, reader: Reader) -> Iterator[RenderableType]:
    _ = reader.gettext
    said = sentence(
        "Spend {spent} in {count} markets: it brings {value}.",
        spent=Money(amount=plan.spent),
        count=Number(amount=len(plan.markets)),
        value=Money(amount=plan.value),
    )
    yield Text(reader.say(said), style="bold")
    shown = table(
        _("Market"),
        _("Budget"),
        _("Share"),
        _("Before"),
        _("Brings (90 % interval)"),
        _("ROAS"),
        _("Next unit"),
        numbers=[1, 2, 3, 4, 5, 6],
    )
    for market in plan.markets:
        shown.add_row(
            Text(market.market),
            reader.money(market.budget),
            reader.share(market.share),
            reader.money(market.reference),
            interval(market.value, reader),
            "–" if market.budget <= 0 else reader.ratio(market.value.mean / market.budget),
            "–" if market.mroas is None else reader.ratio(market.mroas),
        )
    yield shown
    for market in plan.markets:
        yield heading(market.market)
        channels = table(_("Channel"), _("Spend"), _("Share"), numbers=[1, 2])
        own = replace(reader, currency=market.plan.currency)
        for channel in market.plan.channels:
            channels.add_row(Text(channel.channel), own.money(channel.spend), own.share(channel.share))
        yield channels


def _trust(plan: PortfolioPlan, reader: Reader) -> Iterator[RenderableType]:
    yield heading(reader.gettext("How far to trust it"))
    certified = sentence(
        "No split of this budget over these markets can bring more than {bound}: this one is within {gap} of that.",
        bound=Money(amount=plan.bound),
        gap=Share(fraction=max(plan.gap, 1e-6), digits=gap_digits(plan.gap)),
    )
    yield bullet(reader.say(certified))
    if plan.as_before is not None:
        before = sentence(
            "Shared over the markets as in their reference plans, each split at its best, it would bring {before}: "
            "moving money between markets is worth {gain}.",
            before=Money(amount=plan.as_before),
            gain=Money(amount=plan.value - plan.as_before),
        )
        yield bullet(reader.say(before))


def _conflicts(plan: PortfolioPlan, reader: Reader) -> Iterator[RenderableType]:
    for market, refused in plan.refused.items():
        yield heading(market)
        for rule in refused.conflict:
            yield bullet(reader.gettext("{text} ({rule})").format(text=reader.say(rule.text), rule=rule.rule))
