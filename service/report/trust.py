"""How far a report can be trusted: what the data taught, the checks of the model, and where its figures come from."""

from functools import reduce

from mmm.sentence import Sentence, sentence
from service.report.blocks import Block, Paragraph, Section, Table
from service.report.opening import EVIDENCE, verdict_sentence
from service.report.subject import ReportSubject

TAUGHT: tuple[tuple[float, Sentence], ...] = (
    (0.6, sentence("The data speak clearly: what is said here is mostly theirs.")),
    (0.2, sentence("Partly data, partly what was assumed beforehand.")),
    (
        0.0,
        sentence(
            "The data taught little: this is mostly what was assumed beforehand. Test it before moving much money."
        ),
    ),
)
"""What a contraction means, by its least value; below 0.2 the gate `learned` names a channel too."""


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
        blocks = [Paragraph(reader.say(told)), table]
    return Section(title, (*blocks, Paragraph(reader.say(limits))))


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
    return Section(_("How far to trust it"), tuple(blocks))


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
