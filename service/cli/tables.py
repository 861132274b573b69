"""Tables and bars in the terminal."""

from collections.abc import Sequence
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from mmm.sentence import sentence
from mmm.vocabulary import Verdict
from optimizer.plan.document import ComparedPlan, Interval
from service.language import Reader

VERDICT_STYLES: dict[Verdict, str] = {"pass": "green", "review": "yellow", "fail": "bold red"}

ASSUMED_MARK = sentence("† no history: what it brings is assumed, not measured")
"""Told under tables that mark channels without history."""

BLOCKS = " ▏▎▍▌▋▊▉█"
"""Bars in eighths of a column."""


def table(*names: str, numbers: Sequence[int] = (), show_lines: bool = False) -> Table:
    """An empty table with these columns, those at `numbers` aligned to the right.

    Text is folded where it has to be: Chinese has no spaces at which a line could break.
    """
    made = Table(
        box=box.HORIZONTALS if show_lines else box.SIMPLE_HEAD,
        show_lines=show_lines,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for position, name in enumerate(names):
        justify: Literal["left", "right"] = "right" if position in numbers else "left"
        made.add_column(Text(name), justify=justify, no_wrap=position in numbers, overflow="fold")
    return made


def bar(fraction: float, width: int) -> str:
    """A bar of `fraction` of `width` columns, in eighths."""
    eighths = round(max(0.0, min(1.0, fraction)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (BLOCKS[rest] if rest else "")).ljust(width)


def interval(shown: Interval | ComparedPlan, reader: Reader) -> str:
    """Mean with the 90 % interval behind it; a plain zero where nothing is spent."""
    if shown.mean == shown.p05 == shown.p95 == 0.0:
        return reader.quantity(0.0)
    return reader.estimate(shown.mean, shown.p05, shown.p95)


def mean(shown: Interval, reader: Reader) -> str:
    """Mean alone, for pages without room for its interval."""
    return reader.quantity(shown.mean)


def ratio_interval(shown: Interval | None, reader: Reader) -> str:
    """Ratio with the 90 % interval behind it; a dash where it has no meaning."""
    if shown is None:
        return "–"
    return f"{reader.ratio(shown.mean)} ({reader.ratio(shown.p05)}–{reader.ratio(shown.p95)})"


def optional_ratio(shown: Interval | None, reader: Reader) -> str:
    """Mean of a ratio; a dash where it has no meaning."""
    return "–" if shown is None else reader.ratio(shown.mean)


def with_unit(kpi: str, unit: str) -> str:
    """A KPI with its unit, unless it is called by it."""
    return kpi if kpi == unit else f"{kpi} ({unit})"


def channel_name(name: str, *, is_assumed: bool, is_beyond: bool = False) -> Text:
    """A channel with the marks that `ASSUMED_MARK` and the note on extrapolation explain."""
    marked = Text(name)
    return marked.append("†" if is_assumed else "*" if is_beyond else "")


def heading(text: str) -> Text:
    """The heading of a section, with a line under it as long as it is wide."""
    return Text(f"\n{text}\n{'─' * cell_len(text)}", style="bold")


def bullet(text: str) -> Table:
    """One point of a list, wrapped under itself."""
    point = Table.grid(padding=(0, 1, 0, 0))
    point.add_column()
    point.add_column(overflow="fold")
    point.add_row("•", Text(text))
    return point
