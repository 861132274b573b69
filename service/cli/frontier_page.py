"""Outcome over budgets as a table with bars."""

from rich.console import RenderableType

from service.answers import FrontierAnswer
from service.cli.tables import bar, heading, table, with_unit
from service.language import Reader

BAR = 24
"""Columns of the longest bar, where the page is wide enough."""

WIDE_PAGE = 76
"""Columns from which on a page has room for the gap."""

FIGURES = 64
"""Columns of the page that the figures beside the bars take."""


def frontier_page(answer: FrontierAnswer, reader: Reader, width: int) -> list[RenderableType]:
    """One line a budget: what it brings, what each unit of money brings, and the next one.

    `width` is the page's; narrow ones go without the gap.
    """
    _ = reader.gettext
    is_wide = width >= WIDE_PAGE
    shown = table(
        _("Budget"),
        answer.kpi,
        "",
        _("90 % interval"),
        _("ROAS"),
        _("Next unit"),
        *([_("Gap")] if is_wide else []),
        numbers=[0, 1, 3, 4, 5, 6],
    )
    columns = max(4, min(BAR, width - FIGURES))
    shown.columns[2].min_width = columns
    top = max((point.mean for point in answer.points if point.mean is not None), default=0.0)
    for point in answer.points:
        if point.mean is None or point.p05 is None or point.p95 is None:
            nothing = ["–"] * (len(shown.columns) - 3)
            shown.add_row(reader.money(point.budget), "–", _("the rules allow no plan"), *nothing, style="dim")
            continue
        shown.add_row(
            reader.money(point.budget),
            reader.quantity(point.mean),
            bar(point.mean / top if top > 0 else 0.0, columns),
            f"{reader.quantity(point.p05)}–{reader.quantity(point.p95)}",
            "–" if point.roas is None else reader.ratio(point.roas),
            "–" if point.mroas is None else reader.ratio(point.mroas),
            *(["–" if point.gap is None else reader.share(point.gap, 4)] if is_wide else []),
        )
    return [heading(f"{answer.scenario} · {answer.market} · {with_unit(answer.kpi, answer.unit)}"), shown]
