"""What the outcome was made of, over the history and over the last year, and how well the model fits it."""

from functools import reduce

import numpy as np

from mmm.contribution import figure
from mmm.decomposition import BASE, SEASON_AND_CAUSES, Series, expected_series, part_series
from mmm.periods import shift_period
from mmm.sentence import Day, Number, Share, sentence
from mmm.vocabulary import FloatArray
from service.report.blocks import Block, Chart, Paragraph, Section, Table, distinct
from service.report.chart_style import BASE_COLOR, INK, ORGANIC_COLOR, color_of
from service.report.figures import NOTHING, quantity
from service.report.history_charts import Band, Calendar, against_fitted, around_zero, stacked
from service.report.subject import ReportSubject


def made_of(subject: ReportSubject) -> Section:
    """Base and channels by period, what moved the base, and the totals of the last year."""
    _, reader = subject.reader.gettext, subject.reader
    calendar, by_part = calendar_of(subject), part_series(subject.split)
    base = subject.split.of([kind for kind in BASE if kind != "organic"]).mean(axis=0)
    bands = [Band(_("Base"), BASE_COLOR, base)]
    bands += [Band(subject.labels[place], ORGANIC_COLOR, by_part[place].mean) for place in subject.places(["organic"])]
    bands += [
        Band(subject.labels[place], color_of(order), by_part[place].mean)
        for order, place in enumerate(subject.places(["channel"]))
    ]
    *labels, actual = distinct([*(band.label for band in bands), _("Actual")])
    bands = [Band(label, band.color, band.amounts) for label, band in zip(labels, bands, strict=True)]
    observed = Band(actual, INK, subject.split.outcome)
    told = sentence(
        "The base is what would have come without paid media, the season and all other causes included. Each color "
        "above it is what one channel brought in that period, whenever it was paid for. The line is the actual outcome."
    )
    over_time = Chart(
        "made-of", _("Base and channels, period by period"), stacked(calendar, bands, observed, subject.unit)
    )
    blocks: list[Block] = [Paragraph(reader.say(told)), over_time]
    moved = subject.places(SEASON_AND_CAUSES)
    if moved:
        causes = _causes(subject, by_part)
        said = sentence(
            "The season counts against the average of the year, a control against its own average, an event or a "
            "holiday against not having been: what lies below zero took something away."
        )
        chart = Chart("base-moved", _("What moved the base"), around_zero(calendar, causes, subject.unit, _("Part")))
        blocks += [chart, Paragraph(reader.say(said))]
    return Section(_("What it was made of"), (*blocks, _year_table(subject), _period_table(subject, by_part)))


def fit(subject: ReportSubject) -> Section:
    """The actual outcome against what the model expected."""
    _, reader, split = subject.reader.gettext, subject.reader, subject.split
    expected = expected_series(split, np.random.default_rng(subject.manifest.seed))
    inside = int(((split.outcome >= expected.p05) & (split.outcome <= expected.p95)).sum())
    total = float(np.abs(split.outcome).sum())
    told = [
        sentence(
            "{inside} of {periods} periods lie inside the interval that should hold nine of ten.",
            inside=Number(amount=inside),
            periods=Number(amount=len(split.dates)),
        )
    ]
    if total > 0:
        error = float(np.abs(split.outcome - expected.mean).sum()) / total
        told.append(sentence("On average the model is off by {error} of what came.", error=Share(fraction=error)))
    told.append(
        sentence("It has seen these periods; how well it forecasts those that it has not is among the checks below.")
    )
    labels = (_("Expected by the model"), _("90 % interval"))
    observed = Band(_("Actual"), INK, split.outcome)
    chart = Chart(
        "fit",
        _("Actual against expected"),
        against_fitted(calendar_of(subject), observed, expected, labels, subject.unit),
    )
    return Section(_("How well the model fits"), (Paragraph(reduce(reader.join, map(reader.say, told))), chart))


def calendar_of(subject: ReportSubject) -> Calendar:
    """The periods of the history, as charts name them."""
    dates, period = subject.split.dates, subject.manifest.period
    return Calendar(
        starts=dates,
        ends=[*dates[1:], shift_period(dates[-1], 1, period)],
        told=[subject.reader.day(day) for day in dates],
        title=subject.reader.gettext("Period from"),
    )


def _causes(subject: ReportSubject, by_part: tuple[Series, ...]) -> list[Band]:
    """What moved the base, part by part; holidays, of which there are many, together."""
    holidays = subject.places(["holiday"])
    single = [place for place in subject.places(SEASON_AND_CAUSES) if place not in holidays]
    causes = [(subject.labels[place], by_part[place].mean) for place in single]
    if holidays:
        causes.append((subject.reader.gettext("Holidays"), subject.split.of(["holiday"]).mean(axis=0)))
    labels = distinct([label for label, _ in causes])
    return [
        Band(label, color_of(order), brought)
        for order, (label, (_, brought)) in enumerate(zip(labels, causes, strict=True))
    ]


def _year_table(subject: ReportSubject) -> Table:
    """Totals of the last year, part by part, with what they are as a share of the outcome."""
    _, reader, split, year = subject.reader.gettext, subject.reader, subject.split, subject.year
    actual = float(split.outcome[year].sum())

    def row(label: str, draws: FloatArray) -> tuple[str, str, str]:
        brought = figure(draws[:, year].sum(axis=1))
        return label, quantity(brought, reader), reader.share(brought.mean / actual) if actual > 0 else NOTHING

    base = [(subject.labels[place], split.brought[:, :, place]) for place in subject.places(BASE)]
    media = [(subject.labels[place], split.brought[:, :, place]) for place in subject.places(["channel"])]
    rows = [row(*one) for one in base if one[1][:, year].any()]
    rows.append(row(_("Base: all of the above"), split.of(BASE)))
    rows += [row(*one) for one in media]
    rows.append(row(_("Paid media: all channels"), split.of(["channel"])))
    rows.append(row(_("Expected by the model"), split.fitted))
    rows.append((_("Actual"), reader.quantity(actual), reader.share(1.0) if actual > 0 else NOTHING))
    title = sentence(
        "From {start} to {end}", start=Day(day=subject.starts(year.start)), end=Day(day=subject.last_day(year.stop - 1))
    )
    bases = len(rows) - len(media) - 4
    return Table(
        reader.say(title),
        (_("Part"), f"{subject.unit} ({_('90 % interval')})", _("Share")),
        tuple(rows),
        frozenset({1, 2}),
        totals=frozenset({bases, len(rows) - 3, len(rows) - 2, len(rows) - 1}),
    )


def _period_table(subject: ReportSubject, by_part: tuple[Series, ...]) -> Table:
    """Means by period, the newest first, for whoever wants to calculate with them."""
    _, reader, split = subject.reader.gettext, subject.reader, subject.split
    fitted = split.fitted.mean(axis=0)
    rows = tuple(
        (
            reader.day(split.dates[row]),
            *(reader.quantity(float(brought.mean[row])) for brought in by_part),
            reader.quantity(float(fitted[row])),
            reader.quantity(float(split.outcome[row])),
        )
        for row in reversed(range(len(split.dates)))
    )
    header = (_("Period from"), *subject.labels, _("Expected by the model"), _("Actual"))
    return Table(_("All periods as a table (means)"), header, rows, frozenset(range(1, len(header))), is_folded=True)
