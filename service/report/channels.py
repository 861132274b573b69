"""What each channel brought and returned in the last year, and how it responds to more or less money."""

from mmm.decomposition import spend_range
from mmm.sentence import Day, sentence
from service.frequency import TOLD, frequency_table
from service.report.blocks import Block, Chart, ChartGrid, Paragraph, Section, Table
from service.report.channel_charts import Bar, CurveMarks, CurveWords, figures_with_intervals, response_curve
from service.report.chart_style import ACCENT, COMPACT, color_of
from service.report.figures import NOTHING, money, quantity, ratio, spent
from service.report.subject import ReportSubject

NEXT_COLOR = "#e08a1e"


def returns(subject: ReportSubject) -> Section:
    """The table of channels, and their returns side by side."""
    _, reader = subject.reader.gettext, subject.reader
    told = sentence(
        "What the spend from {start} to {end} brings, whenever it arrives: carryover after the end counts, what "
        "earlier spend still brought does not. ROAS is value for each unit of money spent; the next unit (mROAS) is "
        "what one more unit of money would return; CPA is money for each unit of the KPI.",
        start=Day(day=subject.starts(subject.year.start)),
        end=Day(day=subject.last_day(subject.year.stop - 1)),
    )
    share = sentence(
        "The share is what arrived from a channel in that time, as a part of all that came. The mean of a ratio can "
        "lie outside the middle of its interval: ratios are lopsided."
    )
    blocks: list[Block] = [Paragraph(reader.say(told)), _table(subject), Paragraph(reader.say(share))]
    bars = _return_bars(subject)
    if bars:
        colors = {_("ROAS"): ACCENT, _("Next unit"): NEXT_COLOR}
        spec = figures_with_intervals(bars, colors, _("Value for each unit of money"), 1.0)
        blocks.append(
            Chart(
                "returns", _("Returns with their 90 % intervals; at the dashed line money comes back just once"), spec
            )
        )
    return Section(_("What each channel brought"), tuple(blocks))


def responses(subject: ReportSubject) -> Section:
    """A response curve a channel."""
    _, reader = subject.reader.gettext, subject.reader
    told = sentence(
        "Each curve says what a year's spend on one channel adds, phased as last year's was; each has its own scale. "
        "The dot is last year's spend, the gray area what was spent in a year so far, the colored band the 90 % "
        "interval. Beyond the most that was ever spent the curve is dashed: no data speak there, only its shape."
    )
    interval = _("90 % interval")
    words = CurveWords(_("Spent"), subject.unit, f"{interval} ↓", f"{interval} ↑", COMPACT[reader.language])
    year = subject.year
    charts = []
    for place, curve in enumerate(subject.curves):
        if curve.largest_seen <= 0:
            continue
        least, _most = spend_range(subject.artifact.draws.spend[:, place], year.stop - year.start)
        marks = CurveMarks(curve.spend, least, curve.largest_seen)
        spec = response_curve(curve.curve, marks, color_of(place), words)
        charts.append(Chart(f"curve-{place}", curve.name, spec))
    return Section(
        _("How each channel responds"), (Paragraph(reader.say(told)), ChartGrid(tuple(charts)), *_frequencies(subject))
    )


def _frequencies(subject: ReportSubject) -> list[Block]:
    """The best frequency of channels with reach and frequency."""
    shown = frequency_table(subject.curves, subject.reader)
    if shown is None:
        return []
    title = subject.reader.gettext("Reach and frequency")
    numbers = frozenset(range(1, len(shown.header)))
    return [Paragraph(subject.reader.say(TOLD)), Table(title, shown.header, shown.rows, numbers)]


def _table(subject: ReportSubject) -> Table:
    _, reader, split, year = subject.reader.gettext, subject.reader, subject.split, subject.year
    has_value = subject.manifest.outcome.value_per_unit is not None
    actual = float(split.outcome[year].sum())
    arrived = split.brought[:, year, -len(subject.curves) :].mean(axis=0).sum(axis=0)

    def shared(amount: float) -> str:
        return reader.share(amount / actual) if actual > 0 else NOTHING

    rows = []
    for curve, units in zip(subject.curves, arrived, strict=True):
        ratios = (ratio(curve.roas, reader), ratio(curve.mroas, reader)) if has_value else ()
        rows.append(
            (
                curve.name,
                _(curve.role),
                spent(curve.spend, reader),
                quantity(curve.contribution, reader),
                *ratios,
                money(curve.cpa, reader),
                shared(float(units)),
            )
        )
    rows.append(_total(subject, shared(float(arrived.sum()))))
    ratio_names = (_("ROAS"), _("Next unit (mROAS)")) if has_value else ()
    header = (_("Channel"), _("Role"), _("Spent"), _("Brings"), *ratio_names, _("CPA"), _("Share"))
    return Table(
        _("Means with 90 % intervals"),
        header,
        tuple(rows),
        frozenset(range(2, len(header))),
        frozenset({len(rows) - 1}),
        has_intervals_below=True,
    )


def _total(subject: ReportSubject, share: str) -> tuple[str, ...]:
    reader, value = subject.reader, subject.manifest.outcome.value_per_unit
    spend = sum(curve.spend for curve in subject.curves)
    brought = sum(curve.contribution.mean for curve in subject.curves)
    ratios: tuple[str, ...] = ()
    if value is not None:
        ratios = (reader.ratio(value * brought / spend) if spend > 0 else NOTHING, "")
    cpa = reader.money(spend / brought) if brought > 0 else NOTHING
    return (reader.gettext("All channels"), "", spent(spend, reader), reader.quantity(brought), *ratios, cpa, share)


def _return_bars(subject: ReportSubject) -> list[Bar]:
    _ = subject.reader.gettext
    labels = [subject.labels[place] for place in subject.places(["channel"])]
    bars = []
    for label, curve in zip(labels, subject.curves, strict=True):
        for group, shown in ((_("ROAS"), curve.roas), (_("Next unit"), curve.mroas)):
            if shown is not None and curve.spend > 0:
                bars.append(Bar(label, group, shown.mean, shown.p05, shown.p95))
    return bars
