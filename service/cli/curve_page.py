"""Response curves as a page: the channel table, and each curve as a line of blocks."""

from collections.abc import Callable, Sequence

from rich.console import RenderableType
from rich.text import Text

from service.answers import Band, CurvesAnswer
from service.cli.tables import (
    ASSUMED_MARK,
    channel_name,
    heading,
    interval,
    mean,
    optional_ratio,
    ratio_interval,
    table,
    with_unit,
)
from service.frequency import TOLD, frequency_table
from service.language import Reader

STEPS = 24
"""Columns of a curve's line; half of them on narrow pages."""

WIDE_PAGE = 90
"""Columns from which on a page has room for intervals."""

HEIGHTS = "▁▂▃▄▅▆▇█"


def curve_page(answer: CurvesAnswer, over: str, reader: Reader, width: int) -> list[RenderableType]:
    """What each channel brings, and how its curve bends; `over` says for which periods, and at which spend.

    Pages narrower than `WIDE_PAGE` go without intervals and without the middle of the curves.
    """
    _ = reader.gettext
    is_wide = width >= WIDE_PAGE
    ratio = ratio_interval if is_wide else optional_ratio
    brings = _("Brings (90 % interval)") if is_wide else _("Brings")
    has_value = any(channel.roas is not None for channel in answer.channels)
    ratios = [_("ROAS"), _("Next unit")] if has_value else [_("CPA")]
    figures = table(_("Channel"), _("Spend"), brings, *ratios, numbers=[1, 2, 3, 4])
    for channel in answer.channels:
        shown = (
            [ratio(channel.roas, reader), ratio(channel.mroas, reader)]
            if has_value
            else ["–" if channel.cpa is None else reader.money(channel.cpa.mean)]
        )
        spend = reader.money(channel.spend, 0 if channel.spend >= 1 else None)
        figures.add_row(
            channel_name(channel.name, is_assumed=channel.is_assumed),
            spend,
            (interval if is_wide else mean)(channel.contribution, reader),
            *shown,
        )
    middles = [_("At half of it")] if is_wide else []
    bends = table(_("Channel"), _("From nothing to twice the largest spend"), *middles, _("At the end"), numbers=[2, 3])
    for channel in answer.channels:
        end, middle = channel.curve.spend[-1], len(channel.curve.mean) // 2
        bends.add_row(
            channel_name(channel.name, is_assumed=channel.is_assumed),
            _line(channel.curve.mean, STEPS if is_wide else STEPS // 2),
            *([f"{reader.money(end / 2)} → {reader.quantity(channel.curve.mean[middle])}"] if is_wide else []),
            f"{reader.money(end)} → {reader.quantity(channel.curve.mean[-1])}",
        )
    title = heading(f"{answer.market} · {with_unit(answer.kpi, answer.unit)}")
    frequencies = _frequencies(answer, reader, is_wide)
    is_marked = any(channel.is_assumed for channel in answer.channels)
    notes = [Text(reader.say(ASSUMED_MARK), style="italic")] if is_marked else []
    return [title, Text(over), "", figures, "", bends, *notes, *frequencies, *_long_run(answer, reader)]


def _frequencies(answer: CurvesAnswer, reader: Reader, is_wide: bool) -> list[RenderableType]:
    """The best frequency of channels with reach and frequency."""
    shown = frequency_table(answer.channels, reader, is_wide=is_wide)
    if shown is None:
        return []
    made = table(*shown.header, numbers=range(1, len(shown.header)))
    for name, *cells in shown.rows:
        made.add_row(Text(name), *cells)
    return [heading(reader.gettext("Reach and frequency")), Text(reader.say(TOLD)), "", made]


def _long_run(answer: CurvesAnswer, reader: Reader) -> list[RenderableType]:
    """What last year's spend brings through brand, and on what that rests; bands alone where it is assumed."""
    _ = reader.gettext
    if not answer.long_run:
        return []
    slow = table(_("Channel"), _("Evidence"), _("Brings through brand"), _("ROAS through brand"), numbers=[2, 3])
    for one in answer.long_run:
        roas = "–" if one.roas is None else _band(one.roas, reader.ratio, reader)
        slow.add_row(Text(one.name), Text(_(one.evidence)), _band(one.contribution, reader.quantity, reader), roas)
    told = _("Last year's spend, in the long run: over and above the figures before, and in none of them.")
    return [heading(_("The long run through brand")), Text(told), "", slow]


def _band(shown: Band, told: Callable[[float], str], reader: Reader) -> str:
    if shown.mean is None:
        return reader.gettext("{low} to {high}").format(low=told(shown.p05), high=told(shown.p95))
    return f"{told(shown.mean)} ({told(shown.p05)}–{told(shown.p95)})"


def _line(values: Sequence[float], steps: int) -> str:
    """A curve in one line: its height at equal steps, as a share of its largest value."""
    top = max(values)
    picked = [values[round(step * (len(values) - 1) / (steps - 1))] for step in range(steps)]
    if top <= 0:
        return HEIGHTS[0] * steps
    return "".join(HEIGHTS[min(len(HEIGHTS) - 1, int(value / top * len(HEIGHTS)))] for value in picked)
