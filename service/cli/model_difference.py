"""Two model versions as a page: data, choices, gates, and how far each channel's return moved."""

import math
from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmm.periods import PLURALS
from mmm.sentence import Day, Number, Sentence, Term, Word, sentence
from mmm.vocabulary import Verdict
from optimizer.plan.document import Interval
from service.cli.tables import VERDICT_STYLES, bullet, heading, ratio_interval, table
from service.language import Reader
from service.refits.curve_stability import ChannelMove, FigureMove
from service.refits.difference import ModelDifference, VersionHead
from service.refits.model_choices import ChoiceChange, Written

TWO_DECIMALS_FROM = 0.1
"""Returns below are shown with three significant figures: a unit of money brings few leads."""


def difference_page(found: ModelDifference, reader: Reader) -> list[RenderableType]:
    """What differs, section by section; sections without a difference say so or are left out."""
    title = reader.gettext("{market} · version {before} → {after}").format(
        market=found.market, before=found.before.version, after=found.after.version
    )
    remarks = [*_data(found), found.choices_told, *_seed(found), *_columns(found)]
    parts: list[RenderableType] = [heading(title), _versions(found, reader), ""]
    parts += [bullet(reader.say(said)) for said in remarks]
    for section in (_choices, _packages, _gates, _returns):
        parts += section(found, reader)
    return parts


def _versions(found: ModelDifference, reader: Reader) -> RenderableType:
    _ = reader.gettext
    shown = table("", _("Before"), _("After"))
    both = (found.before, found.after)
    rows: list[tuple[str, Iterable[str]]] = [
        (_("Version"), (str(head.version) for head in both)),
        (_("Standing"), (_(head.alias) for head in both)),
        (_("Gates"), (_(head.verdict) for head in both)),
        (_("Data"), (_window(head, reader) for head in both)),
        (_("Data digest"), (head.data_digest[:8] for head in both)),
        (_("Choices digest"), (head.spec_digest[:8] for head in both)),
        (_("Seed"), (str(head.seed) for head in both)),
    ]
    for one in found.health:
        name = _("Health of {kpi}").format(kpi=one.kpi)
        rows.append((name, ("–" if score is None else reader.number(score) for score in (one.before, one.after))))
    for label, cells in rows:
        shown.add_row(Text(label), *(Text(cell) for cell in cells))
    return shown


def _window(head: VersionHead, reader: Reader) -> str:
    return f"{reader.day(head.data_from)} – {reader.day(head.data_until)}"


def _data(found: ModelDifference) -> list[Sentence]:
    if found.data.is_same:
        return [sentence("Both were fitted on the same data.")]
    unit, after, before = Term(text=PLURALS[found.period]), found.data.added_after, found.data.added_before
    said = []
    if after > 0:
        until = Day(day=found.after.data_until)
        said.append(sentence("{count} {unit} came in, up to {day}.", count=Number(amount=after), unit=unit, day=until))
    if after < 0:
        said.append(sentence("The last {count} {unit} are gone.", count=Number(amount=-after), unit=unit))
    if before > 0:
        said.append(sentence("{count} earlier {unit} came in.", count=Number(amount=before), unit=unit))
    if before < 0:
        said.append(sentence("The first {count} {unit} are gone.", count=Number(amount=-before), unit=unit))
    return said or [sentence("The periods are the same, their numbers or columns are not.")]


def _seed(found: ModelDifference) -> list[Sentence]:
    return [] if found.is_seed_same else [sentence("The seeds differ.")]


def _columns(found: ModelDifference) -> list[Sentence]:
    told = (
        (found.new_kpis, sentence("New outcomes: {names}.")),
        (found.lost_kpis, sentence("Outcomes that are gone: {names}.")),
        (found.new_channels, sentence("New channels: {names}.")),
        (found.lost_channels, sentence("Channels that are gone: {names}.")),
        (found.not_compared, sentence("Not compared, for their period or currency changed: {names}.")),
    )
    return [
        Sentence(template=said.template, values={"names": Word(text=", ".join(names))}) for names, said in told if names
    ]


def _choices(found: ModelDifference, reader: Reader) -> list[RenderableType]:
    _ = reader.gettext
    if not found.choices:
        return []
    shown = table(_("Choice"), _("Before"), _("After"))
    for choice in found.choices:
        shown.add_row(Text(choice.path), *(Text(cell) for cell in _written(choice, reader)))
    return [heading(_("Choices")), shown]


def _written(choice: ChoiceChange, reader: Reader) -> list[str]:
    def told(value: Written) -> str:
        match value:
            case None:
                return "–"
            case bool():
                return reader.gettext("yes") if value else reader.gettext("no")
            case str():
                return value
        return reader.number(value, 4)

    return [told(choice.before), told(choice.after)]


def _packages(found: ModelDifference, reader: Reader) -> list[RenderableType]:
    _ = reader.gettext
    if not found.packages:
        return []
    shown = table(_("Package"), _("Before"), _("After"))
    for one in found.packages:
        shown.add_row(Text(one.package), Text(one.before or "–"), Text(one.after or "–"))
    return [heading(_("Software")), shown]


def _gates(found: ModelDifference, reader: Reader) -> list[RenderableType]:
    _ = reader.gettext
    if not found.gates:
        return [heading(_("Gates")), Text(_("No gate changed its verdict."))]
    shown = table(_("KPI"), _("Gate"), _("Before"), _("After"), _("What was found"))
    for one in found.gates:
        verdicts = (_verdict(one.before, reader), _verdict(one.after, reader))
        text = "" if one.text is None else reader.say(one.text)
        shown.add_row(Text(one.kpi), Text(_(one.gate).replace("_", " ")), *verdicts, Text(text))
    return [heading(_("Gates")), shown]


def _verdict(verdict: Verdict | None, reader: Reader) -> Text:
    return Text("–") if verdict is None else Text(reader.gettext(verdict), style=VERDICT_STYLES[verdict])


def _returns(found: ModelDifference, reader: Reader) -> list[RenderableType]:
    """ROAS and mROAS on the same spend, those in bold that moved beyond both intervals."""
    _ = reader.gettext
    parts: list[RenderableType] = []
    for kpi in dict.fromkeys(move.kpi for move in found.channels):
        moves = [move for move in found.channels if move.kpi == kpi]
        shown = table(_("Channel"), _("Spend"), "", _("Before"), _("After"), _("Move in sds"), numbers=[1, 3, 4, 5])
        for move in moves:
            _add_move(shown, move, reader)
        told = (
            _("What last year's spend of the newer version returns in both, and the next unit of money on top of it.")
            if moves[0].is_in_money
            else _("What a unit of last year's spend of the newer version brings in both, and the next one on top.")
        )
        parts += [heading(_("Returns on {kpi}").format(kpi=kpi)), Text(told), "", shown]
    return parts


def _add_move(shown: Table, move: ChannelMove, reader: Reader) -> None:
    _ = reader.gettext
    spend = reader.money(move.spend, 0 if move.spend >= 1 else None)
    for line, (name, figure) in enumerate(((_("ROAS"), move.roas), (_("Next unit"), move.mroas))):
        style = "bold" if figure is not None and figure.is_beyond else ""
        first = (move.channel, spend) if line == 0 else ("", "")
        shown.add_row(*(Text(cell) for cell in first), Text(name), *_figures(figure, reader), style=style)


def _figures(figure: FigureMove | None, reader: Reader) -> tuple[str, str, str]:
    if figure is None:
        return "–", "–", "–"
    before, after = (_ratio_interval(each, reader) for each in (figure.before, figure.after))
    return before, after, "–" if figure.standardised is None else reader.ratio(figure.standardised)


def _ratio_interval(shown: Interval, reader: Reader) -> str:
    """A ratio with its 90 % interval, with enough decimals for small ones."""
    if shown.mean >= TWO_DECIMALS_FROM or shown.mean <= 0:
        return ratio_interval(shown, reader)
    digits = 2 - math.floor(math.log10(shown.mean))
    low, mean, high = (reader.number(value, digits) for value in (shown.p05, shown.mean, shown.p95))
    return f"{mean} ({low}–{high})"
