"""The last year against the year before: what changed because of what."""

from functools import reduce

from mmm.decomposition import PartChange, YearOnYear, year_on_year
from mmm.sentence import Day, Phrase, Sentence, Word, sentence
from service.report.blocks import Block, Chart, Paragraph, Section, Table
from service.report.channel_charts import Bar, changes
from service.report.figures import change, signed, spent
from service.report.subject import ReportSubject

NAMED = 3
"""Reasons that a sentence names: the largest."""


def last_year(subject: ReportSubject) -> Section:
    """Why the last year differs from the year before, part by part."""
    _, reader = subject.reader.gettext, subject.reader
    title = _("Last year against the year before")
    compared = year_on_year(subject.split, subject.season)
    if compared is None:
        told = sentence("The data have no two whole years to compare.")
        return Section(title, (Paragraph(reader.say(told)),))
    said = [
        sentence(
            "From {start} to {end}, against the year from {before}.",
            start=Day(day=subject.starts(compared.first_after)),
            end=Day(day=subject.last_day(len(subject.split.dates) - 1)),
            before=Day(day=subject.starts(compared.first_before)),
        ),
        *change_sentences(subject, compared),
        sentence(
            "A channel's change follows from how much was spent and when; its curve is the same in both years. What "
            "the model does not explain is the rest between what came and what it expected."
        ),
    ]
    text = reduce(reader.join, map(reader.say, said))
    rest = _("Not explained")
    bars = [
        Bar(label, _direction(one.change.mean), one.change.mean, one.change.p05, one.change.p95)
        for label, one in zip(subject.labels, compared.changes, strict=True)
        if _is_shown(one)
    ]
    bars.append(Bar(rest, _direction(compared.unexplained), compared.unexplained, None, None))
    chart = Chart("change", _("What changed because of what (90 % intervals)"), changes(bars, subject.unit))
    blocks: tuple[Block, ...] = (Paragraph(text), chart, _table(subject, compared, rest))
    return Section(title, blocks)


def change_sentences(subject: ReportSubject, compared: YearOnYear | None) -> list[Sentence]:
    """How much the last year differs from the year before, and the largest reasons; nothing without two years."""
    if compared is None or compared.actual_before <= 0:
        return []
    reader = subject.reader
    by_size = sorted(
        zip(subject.labels, compared.changes, strict=True), key=lambda pair: abs(pair[1].change.mean), reverse=True
    )
    reasons = [
        reader.gettext("{name} {change}").format(name=label, change=signed(one.change.mean, reader))
        for label, one in by_size[:NAMED]
        if _is_shown(one)
    ]
    difference = compared.actual_after - compared.actual_before
    said = sentence(
        "Against the year before: {change} {unit} ({relative}).",
        change=Word(text=signed(difference, reader)),
        relative=Word(text=reader.change(difference / compared.actual_before)),
        unit=Word(text=subject.unit),
    )
    if not reasons:
        return [said]
    why = sentence("The largest reasons: {reasons}.", reasons=Word(text=reader.gettext(", ").join(reasons)))
    return [sentence("{first} {second}", first=Phrase(said=said), second=Phrase(said=why))]


def _table(subject: ReportSubject, compared: YearOnYear, rest: str) -> Table:
    _, reader, split = subject.reader.gettext, subject.reader, subject.split
    spends = dict(zip(subject.artifact.channels, subject.artifact.draws.spend.T, strict=True))
    rows = []
    for label, one in zip(subject.labels, compared.changes, strict=True):
        if not _is_shown(one):
            continue
        money = ("", "")
        if one.part.kind == "channel":
            series = spends[one.part.name]
            money = (
                spent(float(series[compared.first_before : compared.first_after].sum()), reader),
                spent(float(series[compared.first_after :].sum()), reader),
            )
        rows.append(
            (label, *money, reader.quantity(one.before), reader.quantity(one.after), change(one.change, reader))
        )
    fitted = [float(split.fitted.mean(axis=0)[span].sum()) for span in _years(compared)]
    rows.append((rest, "", "", *_rest(compared, fitted, subject), signed(compared.unexplained, reader)))
    rows.append(
        (
            _("Actual"),
            "",
            "",
            reader.quantity(compared.actual_before),
            reader.quantity(compared.actual_after),
            signed(compared.actual_after - compared.actual_before, reader),
        )
    )
    header = (_("Part"), _("Spent before"), _("Spent"), _("Year before"), _("Last year"), _("Change (90 % interval)"))
    return Table("", header, tuple(rows), frozenset(range(1, 6)), totals=frozenset({len(rows) - 1}))


def _years(compared: YearOnYear) -> tuple[slice, slice]:
    return slice(compared.first_before, compared.first_after), slice(compared.first_after, None)


def _rest(compared: YearOnYear, fitted: list[float], subject: ReportSubject) -> tuple[str, str]:
    return (
        signed(compared.actual_before - fitted[0], subject.reader),
        signed(compared.actual_after - fitted[1], subject.reader),
    )


def _is_shown(one: PartChange) -> bool:
    """Whether a part was there in either year: an event of an earlier year was not."""
    return not (one.before == 0.0 and one.after == 0.0)


def _direction(amount: float) -> str:
    return "up" if amount >= 0 else "down"
