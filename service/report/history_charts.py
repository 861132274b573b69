"""Charts over the history: what the outcome was made of, what moved the base, and how well the model fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import altair as alt
import numpy as np

from mmm.decomposition import Series
from mmm.vocabulary import FloatArray
from service.report.blocks import Spec
from service.report.chart_style import (
    ACCENT,
    INK,
    PALE,
    PLAIN_ZERO,
    SMALL,
    TALL,
    Row,
    finished,
    hover_band,
    number_format,
    on,
    rounded,
    square_legend,
    time_axis,
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods of a history: their starts, the starts of the next ones, and their names under a title."""

    starts: Sequence[date]
    ends: Sequence[date]
    told: Sequence[str]
    title: str


@dataclass(frozen=True, slots=True)
class Band:
    """A labelled series with its color. `amounts` of shape (T,)."""

    label: str
    color: str
    amounts: FloatArray


def stacked(calendar: Calendar, bands: Sequence[Band], actual: Band, unit: str) -> Spec:
    """Bands on top of each other, the first lowest, and the actual outcome as a line."""
    shape = number_format([float(np.abs(actual.amounts).max())])
    rows: list[Row] = [
        {"date": start.isoformat(), "part": band.label, "order": place, "amount": rounded(amount)}
        for place, band in enumerate(bands)
        for start, amount in zip(calendar.starts, band.amounts, strict=True)
    ]
    lines: list[Row] = []
    for row, start in enumerate(calendar.starts):
        line: Row = {"date": start.isoformat(), "end": calendar.ends[row].isoformat(), "told": calendar.told[row]}
        line |= {"part": actual.label, "amount": rounded(actual.amounts[row])}
        lines.append(line | {f"band{place}": rounded(band.amounts[row]) for place, band in enumerate(bands)})
    color = _colors([*bands, actual])
    x, y = time_axis(), alt.Y("amount:Q", title=unit, axis=alt.Axis(format=shape), stack="zero")
    areas = on("bands").mark_area().encode(x=x, y=y, color=color, order="order:Q")
    observed = on("lines").mark_line(strokeWidth=1.3).encode(x=x, y="amount:Q", color=color)
    told = [alt.Tooltip("told:N", title=calendar.title), alt.Tooltip("amount:Q", title=actual.label, format=shape)]
    told += [
        alt.Tooltip(f"band{place}:Q", title=band.label, format=shape) for place, band in reversed([*enumerate(bands)])
    ]
    return finished([areas, observed, hover_band("lines", x, told)], TALL, bands=rows, lines=lines)


def around_zero(calendar: Calendar, bands: Sequence[Band], unit: str, part_title: str) -> Spec:
    """What adds to a norm or takes from it, as bars above and below zero; `part_title` says what a band is."""
    shape = number_format([float(np.abs(band.amounts).max()) for band in bands])
    above = np.zeros(len(calendar.starts))
    below = np.zeros(len(calendar.starts))
    rows: list[Row] = []
    for band in bands:  # stacked here: Vega-Lite does not stack bars that have both a start and an end
        bottom = np.where(band.amounts >= 0, above, below)
        top = bottom + band.amounts
        above, below = np.maximum(above, top), np.minimum(below, top)
        rows += [
            {
                "date": start.isoformat(),
                "end": calendar.ends[row].isoformat(),
                "told": calendar.told[row],
                "part": band.label,
                "amount": rounded(band.amounts[row]),
                "bottom": rounded(bottom[row]),
                "top": rounded(top[row]),
            }
            for row, start in enumerate(calendar.starts)
            if band.amounts[row] != 0.0
        ]
    told = [
        alt.Tooltip("told:N", title=calendar.title),
        alt.Tooltip("part:N", title=part_title),
        alt.Tooltip("amount:Q", title=unit, format=f"+{shape}"),
    ]
    y = alt.Y("bottom:Q", title=unit, axis=alt.Axis(format=f"+{shape}", labelExpr=PLAIN_ZERO))
    bars = on("bars").mark_rect().encode(x=time_axis(), x2="end:T", y=y, y2="top:Q", color=_colors(bands), tooltip=told)
    zero = on("zero").mark_rule(color=INK, strokeWidth=0.8).encode(y="amount:Q")
    return finished([bars, zero], SMALL + 40, bars=rows, zero=[{"amount": 0.0}])


def against_fitted(calendar: Calendar, actual: Band, fitted: Series, labels: tuple[str, str], unit: str) -> Spec:
    """The actual outcome as points, over the fitted line and the interval in which it should lie.

    An outcome that is not a number is not shown. `labels` are those of the line and of the interval.
    """
    line_label, band_label = labels
    shape = number_format([float(np.nanmax(np.abs(actual.amounts)))])
    rows: list[Row] = [
        {
            "date": start.isoformat(),
            "end": calendar.ends[row].isoformat(),
            "told": calendar.told[row],
            **({} if np.isnan(actual.amounts[row]) else {"actual": rounded(actual.amounts[row])}),
            "mean": rounded(fitted.mean[row]),
            "low": rounded(fitted.p05[row]),
            "high": rounded(fitted.p95[row]),
            "points": actual.label,
            "line": line_label,
            "band": band_label,
        }
        for row, start in enumerate(calendar.starts)
    ]
    colors = alt.Scale(domain=[actual.label, line_label, band_label], range=[actual.color, ACCENT, PALE])
    x, height = time_axis(), alt.Scale(zero=False)
    low = alt.Y("low:Q", title=unit, scale=height, axis=alt.Axis(format=shape))
    shown = alt.Color("band:N", title=None, scale=colors, legend=square_legend())
    band = on("periods").mark_area(opacity=0.8).encode(x=x, y=low, y2="high:Q", color=shown)
    line = on("periods").mark_line(strokeWidth=1.6)
    line = line.encode(x=x, y=alt.Y("mean:Q", scale=height), color=alt.Color("line:N", scale=colors))
    points = on("periods").mark_circle(size=18, opacity=0.9)
    points = points.encode(x=x, y=alt.Y("actual:Q", scale=height), color=alt.Color("points:N", scale=colors))
    told = [
        alt.Tooltip("told:N", title=calendar.title),
        alt.Tooltip("actual:Q", title=actual.label, format=shape),
        alt.Tooltip("mean:Q", title=line_label, format=shape),
        alt.Tooltip("low:Q", title=f"{band_label} ↓", format=shape),
        alt.Tooltip("high:Q", title=f"{band_label} ↑", format=shape),
    ]
    return finished([band, line, points, hover_band("periods", x, told)], TALL - 60, periods=rows)


def _colors(bands: Sequence[Band]) -> alt.Color:
    scale = alt.Scale(domain=[band.label for band in bands], range=[band.color for band in bands])
    return alt.Color("part:N", title=None, scale=scale, legend=square_legend(columns=4))
