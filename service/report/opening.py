"""The opening of a report: which model speaks, and what it says in short."""

from mmm.checks.health import Health, health
from mmm.contribution import figure
from mmm.decomposition import BASE, year_on_year
from mmm.periods import PLURALS
from mmm.sentence import Day, Money, Names, Number, Sentence, Share, Term, Word, sentence
from mmm.vocabulary import Evidence, Verdict
from service.report.blocks import Points, Section, Table
from service.report.change import change_sentences
from service.report.subject import ReportSubject

EVIDENCE: dict[Evidence, Sentence] = {
    "measured": sentence("The channels' effects rest on the data: they narrowed clearly what was assumed beforehand."),
    "prior": sentence(
        "The channels' effects rest mostly on what was assumed beforehand: the data hardly narrowed it. Use them as "
        "starting points for tests, not as findings."
    ),
    "assumed": sentence("The channels' effects are assumed, not measured."),
}
"""What the evidence of a model means."""

VERDICTS: dict[Verdict, Sentence] = {
    "pass": sentence("The model passed every check."),
    "review": sentence("The model passed, but checks ask for a second look: {gates}."),
    "fail": sentence("The model failed checks: {gates}. Decide nothing on these figures alone."),
}
"""What the verdict on a model means."""


def identity(subject: ReportSubject) -> Section:
    """Which market, which model, from which data."""
    _, reader, manifest = subject.reader.gettext, subject.reader, subject.manifest
    window = sentence(
        "{start} to {end}: {periods} {period}",
        start=Day(day=manifest.window_start),
        end=Day(day=subject.last_day(manifest.window_periods - 1)),
        periods=Number(amount=manifest.window_periods),
        period=Term(text=PLURALS[manifest.period]),
    )
    worth = manifest.outcome.value_per_unit
    rows = [
        (_("Market"), manifest.market),
        (_("KPI"), subject.kpi),
        *([] if worth is None else [(_("Value of a unit"), reader.money(worth))]),
        (_("Data"), reader.say(window)),
        (_("Model"), _("version {version}").format(version=subject.version.version)),
        (_("Digest"), subject.artifact.digest[:12]),
        (_("Seed"), str(manifest.seed)),
        (_("Verdict"), _(manifest.verdict)),
        *([] if (found := health(manifest.gates)) is None else [(_("Health"), _health_in_words(found, subject))]),
        (_("Evidence"), _(manifest.evidence)),
        (_("Written"), reader.day(subject.written_on)),
    ]
    return Section(_("Which model speaks"), (Table("", (), tuple(rows)),))


def _health_in_words(found: Health, subject: ReportSubject) -> str:
    score = Number(amount=found.score)
    return subject.reader.say(sentence("{score} of 100; see “How far to trust it”", score=score))


def in_short(subject: ReportSubject) -> Section:
    """The few sentences that a reader in a hurry takes away."""
    said = [
        *_brought(subject),
        *_returns(subject),
        *change_sentences(subject, year_on_year(subject.split, subject.season)),
        verdict_sentence(subject),
        EVIDENCE[subject.manifest.evidence],
    ]
    return Section(subject.reader.gettext("In short"), (Points(tuple(subject.reader.say(one) for one in said)),))


def verdict_sentence(subject: ReportSubject) -> Sentence:
    """What the checks of the model came to, naming those that did not pass."""
    manifest = subject.manifest
    if not manifest.gates:
        return sentence("No checks of the model are on record.")
    verdict = manifest.verdict
    said = VERDICTS[verdict]
    if verdict == "pass":
        return said
    names = [subject.reader.gettext(gate.name).replace("_", " ") for gate in manifest.gates if gate.verdict == verdict]
    return sentence(said.template, gates=Names(names=tuple(names), is_quoted=False))


def _brought(subject: ReportSubject) -> list[Sentence]:
    year, split, reader = subject.year, subject.split, subject.reader
    base = figure(split.of(BASE)[:, year].sum(axis=1))
    media = figure(split.of(["channel"])[:, year].sum(axis=1))
    actual = float(split.outcome[year].sum())
    came = sentence(
        "From {start} to {end}, {actual} {unit} came.",
        start=Day(day=subject.starts(year.start)),
        end=Day(day=subject.last_day(year.stop - 1)),
        actual=Word(text=reader.quantity(actual)),
        unit=Word(text=subject.unit),
    )
    if actual <= 0:
        return [came]
    brought = sentence(
        "Paid media brought about {mean} of them (90 % interval {low} to {high}), {share} of all; without paid "
        "media about {base} would have come.",
        mean=Word(text=reader.quantity(media.mean)),
        low=Word(text=reader.quantity(media.p05)),
        high=Word(text=reader.quantity(media.p95)),
        share=Share(fraction=media.mean / actual, digits=0),
        base=Word(text=reader.quantity(base.mean)),
    )
    return [came, brought]


def _returns(subject: ReportSubject) -> list[Sentence]:
    curves, value = subject.curves, subject.manifest.outcome.value_per_unit
    spend = sum(curve.spend for curve in curves)
    brought = sum(curve.contribution.mean for curve in curves)
    if spend <= 0 or brought <= 0:
        return []
    if value is None:
        return [
            sentence(
                "{spend} was spent in that time, {cpa} for each of the {unit} that it brings.",
                spend=Money(amount=spend),
                cpa=Money(amount=spend / brought),
                unit=Word(text=subject.unit),
            )
        ]
    said = [
        sentence(
            "{spend} was spent in that time; what it brings is worth {worth}, {roas} for each unit of money.",
            spend=Money(amount=spend),
            worth=Money(amount=value * brought),
            roas=Number(amount=value * brought / spend, digits=2),
        )
    ]
    ranked = sorted(
        ((curve.mroas.mean, curve.name) for curve in curves if curve.mroas is not None and curve.spend > 0),
        reverse=True,
    )
    if len(ranked) > 1:
        said.append(
            sentence(
                "At last year's spend the next unit of money returns most in {best} ({most}) and least in {worst} "
                "({least}).",
                best=Word(text=ranked[0][1]),
                most=Number(amount=ranked[0][0], digits=2),
                worst=Word(text=ranked[-1][1]),
                least=Number(amount=ranked[-1][0], digits=2),
            )
        )
    return said
