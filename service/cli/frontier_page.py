"""Outcome over budgets as a table with bars."""

from rich.console import RenderableType

from service.answers import FrontierAnswer
from service.cli.tables import bar, heading, table, with_unit
from service.language import Reader

BAR = 24


def frontier_page(answer: FrontierAnswer, reader: Reader) -> list[RenderableType]:
    """One line a budget: what it brings, what each unit of money brings, and the next one."""
    _ = reader.gettext
    shown = table(
        _("Budget"),
        answer.kpi,
        "",
        _("90 % interval"),
        _("ROAS"),
        _("Next unit"),
        _("Gap"),
        numbers=[0, 1, 3, 4, 5, 6],
    )
    top = max((point.mean for point in answer.points if point.mean is not None), default=0.0)
    for point in answer.points:
        if point.mean is None or point.p05 is None or point.p95 is None:
            shown.add_row(
                reader.money(point.budget), "–", _("the rules allow no plan"), "–", "–", "–", "–", style="dim"
            )
            continue
        shown.add_row(
            reader.money(point.budget),
            reader.quantity(point.mean),
            bar(point.mean / top if top > 0 else 0.0, BAR),
            f"{reader.quantity(point.p05)}–{reader.quantity(point.p95)}",
            "–" if point.roas is None else reader.ratio(point.roas),
            "–" if point.mroas is None else reader.ratio(point.mroas),
            "–" if point.gap is None else reader.share(point.gap, 4),
        )
    return [heading(f"{answer.scenario} · {answer.market} · {with_unit(answer.kpi, answer.unit)}"), shown]
