"""Tables on pages that are too narrow for them: columns give way one after the other, and nothing is cut off."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

READABLE = 8
"""Columns of the page that a column of text keeps as long as others can give way."""

SMALLEST = 2
"""Columns of the page that the widest character takes."""


def fit_to_page(shown: Table, console: Console) -> None:
    """Give a table's columns widths with which it fits on the page, where it would be cut off otherwise.

    First the heads of figures are wrapped, then text, then figures at their spaces; only then is anything folded
    within a word.
    """
    columns = [_Needs.of(column) for column in shown.columns]
    if not columns:
        return
    endless = console.options.update(max_width=sum(each.whole for each in columns) + 10 * len(columns))
    between = Measurement.get(console, endless, shown).maximum - sum(each.whole for each in columns)
    room = console.width - between
    if sum(each.whole if each.is_figure else each.readable for each in columns) <= room:
        return
    widths = [each.whole for each in columns]
    steps: tuple[Callable[[_Needs], int], ...] = (
        lambda each: max(each.body, each.head_word) if each.is_figure else each.whole,
        lambda each: each.whole if each.is_figure else each.readable,
        lambda each: each.word if each.is_figure else each.readable,
        lambda each: min(each.whole, SMALLEST),
    )
    for floor in steps:
        widths = _narrowed(widths, [floor(each) for each in columns], room)
    for column, width in zip(shown.columns, widths, strict=True):
        column.width, column.no_wrap = width, False


@dataclass(frozen=True, slots=True)
class _Needs:
    """Columns of the page that a table's column needs.

    As it is, without its head, for its longest word, for its head's longest word; and the fewest in which text reads.
    """

    whole: int
    body: int
    word: int
    head_word: int
    readable: int
    is_figure: bool

    @classmethod
    def of(cls, column: Column) -> "_Needs":
        cells = [_text(cell) for cell in column.cells]
        body = max((cell_len(line) for cell in cells for line in cell.splitlines()), default=0)
        head = _text(column.header)
        head_word = max(map(cell_len, head.split()), default=0)
        word = max((cell_len(part) for cell in cells for part in cell.split()), default=0)
        least = column.min_width or 0
        whole = max(body, cell_len(head), least)
        return cls(whole, body, max(word, head_word), head_word, max(min(whole, READABLE), least), column.no_wrap)


def _narrowed(widths: list[int], floors: list[int], room: int) -> list[int]:
    """The widths with one column after the other taken from the widest that may give way, until they fit the room."""
    widths = list(widths)
    while sum(widths) > room:
        width, place = max(_giving(widths, floors), default=(0, -1))
        if place < 0:
            break
        widths[place] = width - 1
    return widths


def _giving(widths: list[int], floors: list[int]) -> Iterator[tuple[int, int]]:
    return ((width, place) for place, (width, least) in enumerate(zip(widths, floors, strict=True)) if width > least)


def _text(cell: object) -> str:
    return cell.plain if isinstance(cell, Text) else str(cell)
