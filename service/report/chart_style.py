"""How the charts of a report look, and how numbers and text come into them.

Text that a user wrote is data or a title in a chart, never the name of a field or part of an
expression. Dates are UTC, so that a Monday stays a Monday wherever the page is opened.
"""

from collections.abc import Iterable, Sequence

import altair as alt

from mmm.vocabulary import Language
from service.report.blocks import Spec

type Row = dict[str, str | float]

INK, GRID, ACCENT, PALE = "#1f2933", "#e4e7eb", "#0b6e99", "#bcd9e6"
BASE_COLOR, ORGANIC_COLOR = "#d3dae1", "#a8b79a"
"""The base, and organic media: quiet, so that paid channels stand out."""

COLORS = (
    "#3b6fb6",
    "#e08a1e",
    "#4a9d6b",
    "#c4473a",
    "#8a63b3",
    "#35a3b5",
    "#b58a3b",
    "#d4739f",
    "#6c7a1f",
    "#7a4a2c",
    "#6f8fe0",
    "#94b83d",
)
"""Of channels, in the order of market.toml; they repeat from the thirteenth on."""

UP, DOWN = "#4a9d6b", "#c4473a"

FONT = "system-ui, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif"

TALL, SMALL, STEP = 330, 180, 26
"""Heights in pixels: of a chart over time, of one curve, and of one line of a list."""

COMPACT: dict[Language, str] = {
    "en": "replace(format(datum.value, '~s'), 'G', 'B')",
    "zh": "abs(datum.value) >= 10000 ? format(datum.value / 10000, ',~r') + '万' : format(datum.value, ',~r')",
}
"""Labels of money on an axis with little room, as each language shortens large numbers."""

PLAIN_ZERO = "datum.value === 0 ? '0' : datum.label"
"""Labels of an axis whose numbers have a sign."""

SIGNIFICANT = 6
"""Digits of a number in a chart: more than a pixel shows, fewer than a float writes."""


CONFIG: Spec = {
    "font": FONT,
    "autosize": {"type": "fit-x", "contains": "padding"},
    "background": "white",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "labelFontSize": 11,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
    },
    "legend": {"labelColor": INK, "labelFontSize": 12},
}


def color_of(place: int) -> str:
    """Color of the channel (or cause) at a place."""
    return COLORS[place % len(COLORS)]


def on(dataset: str) -> alt.Chart:
    """An empty layer on one of the data sets that `finished` is given."""
    return alt.Chart(alt.NamedData(name=dataset))


def rounded(amount: float) -> float:
    """A number as a chart needs it."""
    return float(f"{amount:.{SIGNIFICANT}g}")


def number_format(amounts: Iterable[float]) -> str:
    """Pattern of numbers of this size: whole from a hundred on, with decimals below."""
    size = max((abs(amount) for amount in amounts), default=0.0)
    return ",.0f" if size >= 100 or size == 0 else ",.1f" if size >= 10 else ",.2f"


def time_axis() -> alt.X:
    """Dates along the bottom."""
    return alt.X(
        "date:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(grid=False, tickCount=8, labelOverlap=True)
    )


def square_legend(columns: int = 0) -> alt.Legend:
    """A legend under the chart; names longer than it has room for are cut."""
    return alt.Legend(orient="bottom", columns=columns, labelLimit=220, symbolType="square", symbolOpacity=1.0)


def hover_band(dataset: str, x: alt.X, told: Sequence[alt.Tooltip]) -> alt.Chart:
    """A pale band over the period under the pointer, from its `date` to its `end`, that tells the period's figures.

    A selection of the nearest point would do the same, but loses text in its tooltips.
    """
    pointed = alt.selection_point(fields=["date"], on="pointerover", clear="pointerout", empty=False)
    shown = alt.when(pointed).then(alt.value(0.12)).otherwise(alt.value(0.0))
    band: alt.Chart = on(dataset).mark_rect(color=INK).encode(x=x, x2="end:T", opacity=shown, tooltip=list(told))
    return band.add_params(pointed)


def finished(layers: Sequence[alt.Chart], height: int, **datasets: Sequence[Row]) -> Spec:
    """The layers as one chart of Vega-Lite with its data, as wide as the page gives it room.

    The data join last: Altair checks whatever passes through it against the schema of Vega-Lite, which
    for thousands of rows takes seconds and can find nothing.
    """
    spec: Spec = alt.layer(*layers).to_dict(validate=False)
    spec.pop("$schema", None)  # the page names no other host, not even one that is never asked
    return spec | {
        "width": "container",
        "height": height,
        "config": CONFIG,
        "datasets": {name: list(rows) for name, rows in datasets.items()},
    }
