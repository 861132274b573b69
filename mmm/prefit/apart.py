"""Whether channels can be told apart from one another, from other causes and from the calendar."""

import numpy as np

from mmm.errors import Fault
from mmm.intake.checks_series import DEPENDENT
from mmm.least_squares import unexplained
from mmm.prefit.evidence import Evidence
from mmm.prefit.warning import DataWarning
from mmm.sentence import Number, Phrase, Sentence, Share, Value, Word, sentence

MOST_INFLATION = 1.0 / (1.0 - DEPENDENT)
"""Variance inflation from which an effect cannot be learned: as in files that are refused, but the calendar counts."""

HIGH_INFLATION = 10.0
"""Variance inflation from which a reader is told: the standard error is three times what it could be."""


def inseparable(evidence: Evidence, file: str) -> tuple[list[Fault], list[DataWarning]]:
    """Faults of channels that the others and the calendar explain; warnings of those that they nearly explain."""
    faults, warnings = [], []
    for position, place in enumerate(evidence.design.paid):
        series = evidence.exposure[:, place]
        others = np.hstack([np.delete(evidence.exposure, place, axis=1), evidence.base])
        share = unexplained(series, others)
        inflation = 1.0 / max(share, 1e-6)
        if inflation < HIGH_INFLATION:
            continue
        name = evidence.design.media[place].name
        said = {
            "channel": Word(text=name),
            "share": Share(fraction=1.0 - share),
            "other": _closest(evidence, place),
            "inflation": Number(amount=inflation),
        }
        if inflation >= MOST_INFLATION:
            found = sentence(
                "'{channel}' explained to {share} by the other series, above all by {other} "
                "(variance inflation {inflation})"
            )
            expected = sentence(
                "a variance inflation below {limit}: add up the channels that move together, or leave one out",
                limit=Number(amount=MOST_INFLATION),
            )
            field = f"channels[{position + 1}]"
            faults.append(Fault(file, field, Sentence(template=found.template, values=said), expected))
            continue
        told = sentence(
            "'{channel}' moves with other series, above all with {other}: they explain {share} of it "
            "(variance inflation {inflation})."
        )
        warnings.append(
            DataWarning(
                name="inflation",
                subject=name,
                text=Sentence(template=told.template, values=said),
                action=sentence(
                    "Its effect will be told from theirs mostly by what is assumed: vary its spend on its own, test "
                    "it, or add up channels that are planned together."
                ),
            )
        )
    return faults, warnings


def _closest(evidence: Evidence, place: int) -> Value:
    """What a medium moves with most: another series by name, or trend and season."""
    series = evidence.exposure[:, place]
    names = [medium.name for medium in evidence.design.media] + list(evidence.control_names)
    columns = np.hstack([evidence.exposure, evidence.controls])
    lengths = np.linalg.norm(columns, axis=0) * np.linalg.norm(series)
    alike = np.abs(series @ columns) / np.where(lengths > 0, lengths, np.inf)
    alike[place] = 0.0
    if 1.0 - unexplained(series, evidence.calendar) > float(alike.max()) ** 2:
        return Phrase(said=sentence("trend and season"))
    return Phrase(said=sentence("'{name}'", name=Word(text=names[int(alike.argmax())])))
