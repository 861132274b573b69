"""A running plan in a report: what came against what was planned, with the interval in which it should lie."""

from datetime import date

import altair as alt

from mmm.periods import shift_period
from mmm.vocabulary import PeriodName
from optimizer.plan.document import Interval
from service.language import Reader
from service.report.blocks import Chart, ChartGrid, Points, Section, Spec
from service.report.chart_style import (
    ACCENT,
    INK,
    PALE,
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
from service.tracking.document import KpiTracking, PeriodOutcome, Tracking

FORECAST = "#f3cfa0"
"""The forecast of what is left: what came is known up to there."""

EXPECTED = "#e08a1e"
"""What was expected for the money that was really spent."""


def tracking_section(found: Tracking, reader: Reader) -> Section:
    """Two charts a KPI, period by period and summed up, under the alerts."""
    told = tuple(reader.join(reader.say(alert.text), reader.say(alert.action)) for alert in found.alerts)
    quiet = reader.gettext("No alert: money and outcomes are where they may be.")
    grids = [_charts(kpi, place, found.period, reader) for place, kpi in enumerate(found.outcomes)]
    return Section(reader.gettext("The plan against what happened"), (Points(told or (quiet,)), *grids))


def _charts(kpi: KpiTracking, place: int, period: PeriodName, reader: Reader) -> ChartGrid:
    _ = reader.gettext
    by_period = delivered_chart(kpi, period, reader)
    summed = delivered_chart(kpi, period, reader, is_summed=True)
    return ChartGrid(
        (
            Chart(f"tracking-{place}", f"{kpi.kpi} · {_('by period')}", by_period),
            Chart(f"tracking-{place}-summed", f"{kpi.kpi} · {_('to date')}", summed),
        )
    )


def delivered_chart(kpi: KpiTracking, period: PeriodName, reader: Reader, *, is_summed: bool = False) -> Spec:
    """Planned with its 90 % interval, expected for what was spent, actual, and the forecast of the rest.

    Summed up there is no forecast, and the band of the planned gives way to the one that an alert watches.
    """
    _ = reader.gettext
    labels = {
        "band": _("Usual for the spend") if is_summed else _("Planned, 90 % interval"),
        "planned": _("Planned"),
        "expected": _("Expected for the spend"),
        "actual": _("Actual"),
        "forecast": _("Forecast, 90 % interval"),
    }
    if is_summed:
        del labels["forecast"]
    rows = [_row(one, period, reader, labels, is_summed=is_summed) for one in kpi.periods]
    shape = number_format([_planned(one, is_summed=is_summed).p95 for one in kpi.periods])
    scale = alt.Scale(domain=list(labels.values()), range=[_COLORS[name] for name in labels])
    x, height = time_axis(), alt.Scale(zero=False)

    def color(name: str) -> alt.Color:
        return alt.Color(f"{name}_label:N", title=None, scale=scale, legend=square_legend(columns=3))

    low = alt.Y("low:Q", title=kpi.unit, scale=height, axis=alt.Axis(format=shape))
    layers = [on("periods").mark_area(opacity=0.8).encode(x=x, y=low, y2="high:Q", color=color("band"))]
    if not is_summed:
        rest = on("periods").transform_filter("isValid(datum.least)").mark_area(opacity=0.7)
        layers.append(rest.encode(x=x, y=alt.Y("least:Q", scale=height), y2="most:Q", color=color("forecast")))
    for name, width in (("planned", 1.4), ("expected", 1.4), ("actual", 2.2)):
        line = on("periods").transform_filter(f"isValid(datum.{name})")
        line = line.mark_line(strokeWidth=width, point=alt.OverlayMarkDef(size=22) if name == "actual" else False)
        layers.append(line.encode(x=x, y=alt.Y(f"{name}:Q", scale=height), color=color(name)))
    told = [alt.Tooltip("told:N", title=_("Period from"))]
    told += [alt.Tooltip(f"{name}:Q", title=labels[name], format=shape) for name in ("actual", "expected", "planned")]
    told += [
        alt.Tooltip("low:Q", title=f"{labels['band']} ↓", format=shape),
        alt.Tooltip("high:Q", title=f"{labels['band']} ↑", format=shape),
    ]
    return finished([*layers, hover_band("periods", x, told)], TALL - 60, periods=rows)


_COLORS = {"band": PALE, "planned": ACCENT, "expected": EXPECTED, "actual": INK, "forecast": FORECAST}


def _row(one: PeriodOutcome, period: PeriodName, reader: Reader, labels: dict[str, str], *, is_summed: bool) -> Row:
    planned = _planned(one, is_summed=is_summed)
    expected = one.expected_to_date if is_summed else one.expected
    actual = one.actual_to_date if is_summed else one.actual
    low, high = one.allowed if is_summed else (planned.p05, planned.p95)
    row: Row = {
        "date": one.date.isoformat(),
        "end": _end(one.date, period).isoformat(),
        "told": reader.day(one.date),
        "planned": rounded(planned.mean),
        "expected": rounded(expected.mean),
        "low": rounded(low),
        "high": rounded(high),
    }
    if actual is not None:
        row["actual"] = rounded(actual)
    if one.forecast is not None and not is_summed:
        row |= {"least": rounded(one.forecast.p05), "most": rounded(one.forecast.p95)}
    return row | {f"{name}_label": label for name, label in labels.items()}


def _planned(one: PeriodOutcome, *, is_summed: bool) -> Interval:
    return one.planned_to_date if is_summed else one.planned


def _end(day: date, period: PeriodName) -> date:
    return shift_period(day, 1, period)
