"""Charts of channels: one response curve, and lists of figures with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from optimizer.plan_parts.channel_curves import CurveTable
from service.report.blocks import Spec
from service.report.chart_style import (
    DOWN,
    GRID,
    INK,
    PLAIN_ZERO,
    SMALL,
    STEP,
    UP,
    Row,
    finished,
    number_format,
    on,
    rounded,
    square_legend,
)


@dataclass(frozen=True, slots=True)
class CurveWords:
    """Words on a response curve: its axes and its interval; `compact` is one of `chart_style.COMPACT`."""

    spend: str
    brings: str
    low: str
    high: str
    compact: str


@dataclass(frozen=True, slots=True)
class CurveMarks:
    """What is marked on a response curve: the last year's spend, and the least and most spent in a year so far."""

    spend: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a list: a figure and its interval; `group` tells figures of one line apart.

    Without an interval, `low` and `high` are None.
    """

    label: str
    group: str
    mean: float
    low: float | None
    high: float | None


def response_curve(curve: CurveTable, marks: CurveMarks, color: str, words: CurveWords) -> Spec:
    """What a channel adds by spend, with its interval; dashed and paler beyond the most that was ever spent."""
    shape, money = number_format([max(curve.p95)]), number_format([curve.spend[-1]])
    grid = np.unique([*curve.spend, marks.spend, marks.most])
    columns = [np.interp(grid, curve.spend, series) for series in (curve.mean, curve.p05, curve.p95)]
    rows: list[Row] = [
        {"spend": rounded(spend), "mean": rounded(mean), "low": rounded(low), "high": rounded(high)}
        for spend, mean, low, high in zip(grid, *columns, strict=True)
    ]
    inside = [row for row, spend in zip(rows, grid, strict=True) if spend <= marks.most]
    beyond = [row for row, spend in zip(rows, grid, strict=True) if spend >= marks.most]
    x = alt.X(
        "spend:Q", title=words.spend, axis=alt.Axis(labelExpr=words.compact, tickCount=4, labelOverlap=True, grid=False)
    )
    y = alt.Y("mean:Q", title=words.brings, axis=alt.Axis(format=shape, tickCount=4))
    told = [
        alt.Tooltip("spend:Q", title=words.spend, format=money),
        alt.Tooltip("mean:Q", title=words.brings, format=shape),
        alt.Tooltip("low:Q", title=words.low, format=shape),
        alt.Tooltip("high:Q", title=words.high, format=shape),
    ]
    here = float(np.interp(marks.spend, curve.spend, curve.mean))
    layers = [
        on("seen").mark_rect(color=GRID, opacity=0.7).encode(x=alt.X("least:Q"), x2="most:Q"),
        on("inside").mark_area(color=color, opacity=0.3).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        on("beyond").mark_area(color=color, opacity=0.13).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        on("inside").mark_line(color=color).encode(x=x, y=y),
        on("beyond").mark_line(color=color, strokeDash=[5, 4]).encode(x=x, y=y),
        on("all").mark_circle(size=120, opacity=0.0).encode(x=x, y=y, tooltip=told),
        on("here").mark_point(color=INK, filled=True, size=55, opacity=1.0).encode(x=x, y=y),
    ]
    return finished(
        layers,
        SMALL,
        seen=[{"least": rounded(marks.least), "most": rounded(marks.most)}],
        inside=inside,
        beyond=beyond,
        all=rows,
        here=[{"spend": rounded(marks.spend), "mean": rounded(here)}],
    )


def figures_with_intervals(bars: Sequence[Bar], colors: dict[str, str], title: str, norm: float) -> Spec:
    """Figures of several channels, a line each, as dots with their intervals; `norm` is marked."""
    x = alt.X("mean:Q", title=title, axis=alt.Axis(format=number_format(_sizes(bars)), tickCount=6))
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False))
    offset = alt.YOffset("group:N", sort=list(colors))
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    color = alt.Color("group:N", title=None, scale=scale, legend=square_legend())
    spans = on("bars").mark_rule(strokeWidth=3, opacity=0.45)
    dots = on("bars").mark_circle(size=70, opacity=1.0)
    layers = [
        on("norm").mark_rule(color=INK, strokeDash=[3, 3]).encode(x="norm:Q"),
        spans.encode(x="low:Q", x2="high:Q", y=y, yOffset=offset, color=color),
        dots.encode(x=x, y=y, yOffset=offset, color=color, tooltip=_told(bars, title)),
    ]
    return finished(layers, (STEP + 10) * _lines(bars), bars=_rows(bars), norm=[{"norm": norm}])


def changes(bars: Sequence[Bar], title: str) -> Spec:
    """Changes, a line each: bars to the right where they add and to the left where they take, with intervals."""
    shape = number_format(_sizes(bars))
    x = alt.X("mean:Q", title=title, axis=alt.Axis(format=f"+{shape}", labelExpr=PLAIN_ZERO, tickCount=6))
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False))
    sign = alt.Color("group:N", legend=None, scale=alt.Scale(domain=["up", "down"], range=[UP, DOWN]))
    layers = [
        on("bars").mark_bar(height=14, opacity=0.85).encode(x=x, y=y, color=sign, tooltip=_told(bars, title)),
        on("bars").mark_rule(color=INK, strokeWidth=1.2).encode(x="low:Q", x2="high:Q", y=y),
        on("norm").mark_rule(color=INK, strokeWidth=0.8).encode(x="norm:Q"),
    ]
    return finished(layers, STEP * _lines(bars), bars=_rows(bars), norm=[{"norm": 0.0}])


def _rows(bars: Sequence[Bar]) -> list[Row]:
    return [
        {
            "label": bar.label,
            "group": bar.group,
            "mean": rounded(bar.mean),
            "low": rounded(bar.mean if bar.low is None else bar.low),
            "high": rounded(bar.mean if bar.high is None else bar.high),
        }
        for bar in bars
    ]


def _told(bars: Sequence[Bar], title: str) -> list[alt.Tooltip]:
    shape = number_format(_sizes(bars))
    return [
        alt.Tooltip("label:N", title=" "),
        alt.Tooltip("mean:Q", title=title, format=shape),
        alt.Tooltip("low:Q", title="5 %", format=shape),
        alt.Tooltip("high:Q", title="95 %", format=shape),
    ]


def _sizes(bars: Sequence[Bar]) -> list[float]:
    return [bar.mean if bar.high is None else bar.high for bar in bars]


def _lines(bars: Sequence[Bar]) -> int:
    return len({bar.label for bar in bars})
