"""Models and their gates as tables."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmm.checks.health import Health
from mmm.sentence import Number, Word, phrase, sentence
from service.cli.session import Session
from service.cli.tables import VERDICT_STYLES, bar, bullet, heading, table
from service.language import Reader
from service.markets import ModelDetail, market_summary, model_detail
from service.records import ModelVersion
from service.registry import standing


def model_table(models: Sequence[ModelDetail], reader: Reader) -> Table:
    """Versions of markets, one a line."""
    _ = reader.gettext
    shown = table(
        _("Market"),
        _("Version"),
        _("Standing"),
        _("Gates"),
        _("Health"),
        _("KPIs"),
        _("Fitted"),
        _("Digest"),
        numbers=[1, 4],
    )
    for model in models:
        fitted = [(kpi.kpi, kpi.digest) for kpi in model.kpis] + [(kpi.kpi, kpi.digest) for kpi in model.damaged]
        shown.add_row(
            Text(model.market),
            str(model.version),
            Text(_(model.alias), style="bold" if model.alias == "champion" else ""),
            Text(_(model.verdict), style=VERDICT_STYLES[model.verdict]),
            _least_health(model, reader),
            Text(", ".join(kpi for kpi, _digest in fitted)),
            reader.day(model.created_at.date()),
            ", ".join(digest[:8] for _kpi, digest in fitted),
        )
    return shown


def damage(models: Sequence[ModelDetail], reader: Reader) -> list[RenderableType]:
    """What cannot be read of these models, and what to do about it."""
    return [
        bullet(
            reader.say(
                sentence(
                    "Version {version} of {market} cannot be used, its model of {kpi} cannot be read: {reason}. Fit "
                    "the market again.",
                    version=Number(amount=model.version),
                    market=Word(text=model.market),
                    kpi=Word(text=lost.kpi),
                    reason=phrase(lost.reason.rstrip(".") if isinstance(lost.reason, str) else lost.reason),
                )
            )
        )
        for model in models
        for lost in model.damaged
    ]


def gate_table(model: ModelDetail, reader: Reader) -> list[RenderableType]:
    """The gates of a model, a table a KPI: verdict, what was found, what to do."""
    _ = reader.gettext
    parts: list[RenderableType] = []
    for kpi in model.kpis:
        parts.append(heading(f"{model.market} · {kpi.kpi} · {_('version')} {model.version}"))
        if kpi.health is not None:
            parts.append(health_table(kpi.health, reader))
        shown = table(_("Gate"), _("Verdict"), _("What was found, and what to do"))
        for gate in kpi.gates:
            said = Text(reader.say(gate.text))
            if gate.action is not None and gate.verdict != "pass":
                said.append(f"\n→ {reader.say(gate.action)}", style="italic")
            shown.add_row(
                Text(_(gate.name).replace("_", " ")), Text(_(gate.verdict), style=VERDICT_STYLES[gate.verdict]), said
            )
        parts.append(shown)
    return parts


def health_table(found: Health, reader: Reader) -> Table:
    """The health of a fit: its score, and the points of each part with the gates that cost some."""
    _ = reader.gettext
    shown = table(_("Health"), _("Points"), _("Of"), "", _("Gates that cost points"), numbers=[1, 2])
    for part in found.parts:
        shown.add_row(
            Text(_(part.name)),
            reader.number(part.points, 1),
            reader.number(part.most, 1),
            Text(bar(part.points / part.most, 10)),
            Text(reader.gettext(", ").join(_(name).replace("_", " ") for name in part.gates)),
        )
    shown.add_row(Text(_("in all"), style="bold"), Text(reader.number(found.score, 1), style="bold"), "100", "", "")
    return shown


def tell_model(session: Session, version: ModelVersion) -> None:
    """Show a version's gates and its standing; as JSON when that was asked for."""
    registry = session.home.registry
    model = model_detail(registry, version)
    reader = session.reader(market_summary(registry, version.market).language)
    session.tell(model, reader, lambda: [*gate_table(model, reader), Text(reader.say(standing(version)))])


def _least_health(model: ModelDetail, reader: Reader) -> str:
    scores = [kpi.health.score for kpi in model.kpis if kpi.health is not None]
    return reader.number(min(scores)) if scores else "–"
