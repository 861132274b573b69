"""What channels bring through brand in the long run, on what that rests, and the indicators of brand behind it."""

import numpy as np

from mmm.decomposition import Series
from mmm.long_run import IndicatorInfo
from mmm.long_run_figures import HEADLINE, LongRunFigures, long_run_figures
from mmm.sentence import Sentence, sentence
from mmm.vocabulary import Evidence, FloatArray
from service.report.blocks import Block, Chart, Paragraph, Section, Table
from service.report.chart_style import INK
from service.report.explained import calendar_of
from service.report.figures import NOTHING, quantity, ratio, spent
from service.report.history_charts import Band, against_fitted
from service.report.subject import ReportSubject

RESTS_ON: dict[Evidence, Sentence] = {
    "measured": sentence("Measured: an indicator follows the channel's spend, and the KPI follows the indicator."),
    "prior": sentence("Stated beforehand, not measured: it is what the market's description says."),
    "assumed": sentence(
        "Assumed, not measured: a rule of thumb with a wide band. It is in no other figure; test before using it."
    ),
}
"""What the evidence of a long run means."""


def long_run(subject: ReportSubject) -> list[Section]:
    """The section on the long run; none where no channel has a part in brand."""
    _, reader = subject.reader.gettext, subject.reader
    found, info = long_run_figures(subject.artifact, subject.year), subject.manifest.long_run
    if info is None or not found:
        return []
    told = sentence(
        "Brand media also feed a slow stock that moves the base for months. This is what last year's spend brings "
        "through it, over and above all figures before, until it has faded."
    )
    charts: list[Block] = [
        _indicator(subject, indicator, place) for place, indicator in enumerate(info.indicators) if indicator.readings
    ]
    return [Section(_("The long run through brand"), (Paragraph(reader.say(told)), _table(subject, found), *charts))]


def _table(subject: ReportSubject, found: tuple[LongRunFigures, ...]) -> Table:
    _, reader = subject.reader.gettext, subject.reader
    rows = tuple(
        (
            one.channel,
            spent(one.spend, reader),
            quantity(one.contribution, reader) if one.evidence in HEADLINE else _band(one, subject),
            (ratio(one.roas, reader) if one.evidence in HEADLINE else _ratio_band(one, subject)),
            reader.say(RESTS_ON[one.evidence]),
        )
        for one in found
    )
    header = (_("Channel"), _("Spent"), _("Brings through brand"), _("ROAS through brand"), _("What that rests on"))
    title = _("Means with 90 % intervals; bands alone where assumed")
    return Table(title, header, rows, frozenset({1, 2, 3}))


def _band(one: LongRunFigures, subject: ReportSubject) -> str:
    reader, shown = subject.reader, one.contribution
    low, high = reader.quantity(shown.p05), reader.quantity(shown.p95)
    return reader.gettext("{low} to {high}").format(low=low, high=high)


def _ratio_band(one: LongRunFigures, subject: ReportSubject) -> str:
    reader = subject.reader
    if one.roas is None:
        return NOTHING
    return reader.gettext("{low} to {high}").format(low=reader.ratio(one.roas.p05), high=reader.ratio(one.roas.p95))


def _indicator(subject: ReportSubject, info: IndicatorInfo, place: int) -> Block:
    """The readings of an indicator and its level, where it has one."""
    _, draws = subject.reader.gettext, subject.artifact.draws.long_run
    if draws is None:
        raise ValueError("an artifact with a long run has its draws")
    read = draws.weights[:, place] > 0
    values, level = draws.readings[:, place], draws.level[:, :, place]
    title = _("{indicator}: readings, and the level of the brand behind them").format(indicator=info.name)
    observed = Band(_("Reading"), INK, np.where(read, values, np.nan))
    shown = _series(level) if info.reliability is not None else _series(np.stack([values] * 3))
    labels = (_("Level of the brand"), _("90 % interval"))
    return Chart(f"indicator-{place}", title, against_fitted(calendar_of(subject), observed, shown, labels, info.name))


def _series(band: FloatArray) -> Series:
    return Series(band[0], band[1], band[2])
