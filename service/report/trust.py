"""How far a report can be trusted: what the data taught, the checks of the model, and where its figures come from."""

from functools import reduce

from mmm.checks.health import Health, health
from mmm.manifest import MEASURED_CONTRACTION, SEEN_FROM
from mmm.sentence import Number, Sentence, sentence
from service.report.blocks import Block, Paragraph, Section, Table
from service.report.opening import EVIDENCE, verdict_sentence
from service.report.subject import ReportSubject

TAUGHT: tuple[tuple[float, Sentence], ...] = (
    (0.6, sentence("The data speak clearly: what is said here is mostly theirs.")),
    (MEASURED_CONTRACTION, sentence("Partly data, partly what was assumed beforehand.")),
    (
        0.0,
        sentence(
            "The data taught little: this is mostly what was assumed beforehand. Test it before moving much money."
        ),
    ),
)
"""What a contraction means, by its least value; below the second the gate `learned` names a channel too."""


BENDS: dict[bool, Sentence] = {
    True: sentence("Spend was seen where the curve bends."),
    False: sentence("Spend was never seen where the curve bends: how far it can be scaled is assumed."),
}
"""What it means that the bend of a curve was seen, or not."""


def taught(subject: ReportSubject) -> Section:
    """What the data could teach about each channel, and what they could not."""
    _, reader, manifest = subject.reader.gettext, subject.reader, subject.manifest
    title = _("What the data could not teach")
    told = sentence(
        "Before it sees data the model holds a wide range of effects possible for each channel. The table says by how "
        "much the data narrowed that range: 0 % means that they said nothing, 100 % that they left no doubt."
    )
    limits = sentence(
        "Nor can the data tell what no row of them shows: the effect of spend beyond what was ever spent, of channels "
        "that always moved together, and of causes that moved with spend and are not among the controls."
    )
    rows = sorted(manifest.contraction, key=lambda evidence: evidence.contraction)
    blocks: list[Block] = []
    if rows:
        table = Table(
            "",
            (_("Channel"), _("Narrowed by"), _("What that means")),
            tuple(
                (row.channel, reader.share(row.contraction, 0), reader.say(_meaning(row.contraction))) for row in rows
            ),
            frozenset({1}),
        )
        blocks = [Paragraph(reader.say(told)), table, *_shape_taught(subject)]
    return Section(title, (*blocks, Paragraph(reader.say(limits))))


def _shape_taught(subject: ReportSubject) -> list[Block]:
    """How much the data narrowed each curve's bend and carryover, and whether the bend was seen."""
    _, reader = subject.reader.gettext, subject.reader
    told = sentence(
        "What a channel brought in all is one thing, how its curve bends and how long it works another. The bend was "
        "seen where the largest level of spend, carryover included, exceeds half-saturation; beyond that level a curve "
        "is assumed."
    )
    rows = [
        (
            row.channel,
            reader.share(row.half_saturation, 0),
            reader.share(row.retention, 0),
            reader.ratio(row.reach),
            reader.say(BENDS[row.bend_seen >= SEEN_FROM]),
        )
        for row in subject.manifest.contraction
        if row.half_saturation is not None
        and row.retention is not None
        and row.reach is not None
        and row.bend_seen is not None
    ]
    heads = (
        _("Channel"),
        _("Bend narrowed by"),
        _("Carryover narrowed by"),
        _("Largest level over half-saturation"),
        _("What that means"),
    )
    return [Paragraph(reader.say(told)), Table("", heads, tuple(rows), frozenset({1, 2, 3}))] if rows else []


def checks(subject: ReportSubject) -> Section:
    """Every gate of the model, with what to do about those that did not pass."""
    _, reader, manifest = subject.reader.gettext, subject.reader, subject.manifest
    rows = []
    for gate in manifest.gates:
        said = reader.say(gate.text)
        if gate.action is not None and gate.verdict != "pass":
            said = reader.join(said, reader.say(gate.action))
        rows.append((_(gate.name).replace("_", " "), _(gate.verdict), said))
    told = reader.join(reader.say(verdict_sentence(subject)), reader.say(EVIDENCE[manifest.evidence]))
    blocks: list[Block] = [Paragraph(told)]
    if rows:
        blocks.append(Table("", (_("Gate"), _("Verdict"), _("What was found, and what to do")), tuple(rows)))
    if (found := health(manifest.gates)) is not None:
        blocks += _health(found, subject)
    return Section(_("How far to trust it"), tuple(blocks))


def _health(found: Health, subject: ReportSubject) -> list[Block]:
    _, reader = subject.reader.gettext, subject.reader
    told = sentence(
        "Together the checks make a health of {score} of 100, to compare models by. A part keeps all of its points "
        "where its checks passed, half where one asks for a second look, and none where one failed.",
        score=Number(amount=found.score),
    )
    rows = [
        (
            _(part.name),
            reader.number(part.points, 1),
            reader.number(part.most, 1),
            _(", ").join(_(name).replace("_", " ") for name in part.gates) or "–",
        )
        for part in found.parts
    ]
    rows.append((_("in all"), reader.number(found.score, 1), "100", "–"))
    heads = (_("Health"), _("Points"), _("Of"), _("Gates that cost points"))
    return [Paragraph(reader.say(told)), Table("", heads, tuple(rows), frozenset({1, 2}))]


def trace(subject: ReportSubject) -> Section:
    """Where every figure comes from, so that it can be found again."""
    _, reader, manifest = subject.reader.gettext, subject.reader, subject.manifest
    told = [
        sentence(
            "Every figure here is computed from the artifact with this digest: its posterior draws and the spend "
            "series stored beside them. The digest covers every bit of them, so equal digests mean equal figures."
        ),
        sentence(
            "No scenario enters: spend is what was spent. A plan made with this model names the same digest and its "
            "own scenario."
        ),
    ]
    rows = (
        (_("Artifact digest"), subject.artifact.digest),
        (_("Data digest"), manifest.data_digest),
        (_("Model specification digest"), manifest.spec_digest),
        (_("Seed"), str(manifest.seed)),
        (_("Posterior draws"), reader.number(manifest.draws)),
        (_("Software"), reader.gettext(", ").join(f"{name} {number}" for name, number in manifest.versions.items())),
        (_("The same figures as JSON"), f"mixplan curves {manifest.market} --kpi {manifest.outcome.name} --json"),
        (_("The checks"), f"mixplan models {manifest.market}"),
    )
    text = reduce(reader.join, map(reader.say, told))
    return Section(_("Where these figures come from"), (Paragraph(text), Table("", (), rows)))


def _meaning(contraction: float) -> Sentence:
    return next((said for least, said in TAUGHT if contraction >= least), TAUGHT[-1][1])
