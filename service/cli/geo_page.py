"""The geos of a plan: a table of channels by geo that a planner can read."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmm.sentence import Sentence, Share, sentence
from optimizer.plan.document import Plan
from optimizer.plan.geos import GeoPlan
from optimizer.scenario.document import ReferenceKind
from service.cli.allocation import AGAINST, WHOLE_MONEY_BUDGET
from service.cli.figures import main_outcome, quantity
from service.cli.rounding import rounded_to_total
from service.cli.tables import heading, interval, mean, table
from service.language import Reader

_MONEY, _REST, _INTERVAL = 12, 36, 18
"""Columns of the page that an amount, the rest of the table, and an interval beside its mean take."""


def geo_parts(plan: Plan, reader: Reader, reference: ReferenceKind, width: int) -> Iterator[RenderableType]:
    """Channels by geo, and what the same money would bring as geos shared it before; nothing without geos."""
    by_geo = plan.geos
    if by_geo is None:
        return
    yield heading(reader.gettext("Where in the country"))
    yield geo_table(by_geo, reader, reference, width, is_whole=plan.budget >= WHOLE_MONEY_BUDGET)
    yield Text(reader.say(_against_history(plan, by_geo)))


def geo_table(by_geo: GeoPlan, reader: Reader, reference: ReferenceKind, width: int, *, is_whole: bool) -> Table:
    """A geo a line and a channel a column; where the page is too narrow for that, a geo and channel a line."""
    if _MONEY * (len(by_geo.channels) + 1) + _REST <= width:
        return _side_by_side(by_geo, reader, reference, width, is_whole=is_whole)
    return _one_by_one(by_geo, reader, reference, is_whole=is_whole)


def _side_by_side(by_geo: GeoPlan, reader: Reader, reference: ReferenceKind, width: int, *, is_whole: bool) -> Table:
    _ = reader.gettext
    is_wide = _MONEY * (len(by_geo.channels) + 1) + _REST + _INTERVAL <= width
    last = _("Brings (90 % interval)") if is_wide else _("Brings")
    heads = (_("Geo"), *by_geo.channels, _("Total"), _("Share"), _(AGAINST[reference]), last)
    shown = table(*heads, numbers=range(1, len(heads)))
    spend = {(cell.geo, cell.channel): cell.spend for cell in by_geo.cells}
    beyond = {(cell.geo, cell.channel) for cell in by_geo.cells if cell.beyond_observed}
    digits = 0 if is_whole else None
    for total in by_geo.totals:
        amounts = [spend[total.geo, channel] for channel in by_geo.channels]
        shown.add_row(
            Text(total.geo),
            *(
                reader.money(amount, digits) + ("*" if (total.geo, channel) in beyond else "")
                for channel, amount in zip(
                    by_geo.channels, rounded_to_total(amounts, total.spend) if is_whole else amounts, strict=True
                )
            ),
            reader.money(total.spend, digits),
            reader.share(total.share, 0),
            "–" if total.change is None else reader.change(total.change),
            (interval if is_wide else mean)(total.contribution, reader),
            style="dim" if total.spend == 0 else "",
        )
    return shown


def _one_by_one(by_geo: GeoPlan, reader: Reader, reference: ReferenceKind, *, is_whole: bool) -> Table:
    _ = reader.gettext
    shown = table(
        _("Geo"), _("Channel"), _("Spend"), _("Share"), _(AGAINST[reference]), _("Brings"), numbers=[2, 3, 4, 5]
    )
    digits = 0 if is_whole else None
    for total in by_geo.totals:
        own = [cell for cell in by_geo.cells if cell.geo == total.geo]
        for place, cell in enumerate(own):
            shown.add_row(
                Text(total.geo if place == 0 else ""),
                Text(cell.channel + ("*" if cell.beyond_observed else "")),
                reader.money(cell.spend, digits),
                reader.share(cell.share, 0),
                "–" if cell.change is None else reader.change(cell.change),
                mean(cell.contribution, reader),
                style="dim" if cell.spend == 0 else "",
            )
        shown.add_row(
            "",
            Text(_("Total")),
            reader.money(total.spend, digits),
            reader.share(total.share, 0),
            "–" if total.change is None else reader.change(total.change),
            mean(total.contribution, reader),
            style="bold",
            end_section=True,
        )
    return shown


def _against_history(plan: Plan, by_geo: GeoPlan) -> Sentence:
    """What freeing the geos brings beside the same money by channel in the shares of last year."""
    here, before = main_outcome(plan).incremental.mean, by_geo.as_in_history.mean
    if before <= 0:
        return sentence("Shared out over geos as last year, the same money by channel would bring nothing.")
    if here < before:
        return sentence(
            "Shared out over geos as last year, the same money by channel would bring {before}: the rules of geos cost "
            "more than their freedom brings.",
            before=quantity(before),
        )
    return sentence(
        "Shared out over geos as last year, the same money by channel would bring {before}: this brings {gain} more.",
        before=quantity(before),
        gain=Share(fraction=here / before - 1.0, digits=1),
    )
