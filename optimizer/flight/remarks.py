"""What is said beside a plan that chose its phasing."""

from dataclasses import replace

import numpy as np

from mmm.sentence import Number, Sentence, Word, sentence
from mmm.vocabulary import FloatArray
from optimizer.flight.problem import carryover_of
from optimizer.horizon.phasing import closed_periods
from optimizer.program.allocation import Allocation
from optimizer.question.asked import Question

_IN_TURNS = sentence(
    "Phasing and budget were found in turns: the bound is for this phasing, another one may need less or bring more."
)

_UNEVEN = 0.1
"""Share of a channel's money that a phasing moves, against an even one, before its carryover matters."""


def with_warnings(question: Question, allocation: Allocation, *, is_joint: bool) -> Question:
    """The question with its timeline's warnings, and those of the phasing that an allocation has."""
    timeline = question.timeline
    warnings = [] if is_joint else [_IN_TURNS]
    warnings += [
        said
        for column, name in enumerate(question.artifact.channels)
        if allocation.spend[name] > 0 and (said := _carryover_warning(question, name, timeline.flighting[:, column]))
    ]
    return replace(question, timeline=replace(timeline, warnings=(*timeline.warnings, *warnings)))


def _carryover_warning(question: Question, channel: str, shares: FloatArray) -> Sentence | None:
    """Said where an uneven phasing rests on a mean delay whose 90 % interval is wider than the delay itself."""
    open_periods = ~closed_periods(question.scenario, question.artifact)[:, question.artifact.channels.index(channel)]
    even = open_periods / open_periods.sum()
    weights = carryover_of(question.artifact, channel)
    delay = weights @ np.arange(weights.shape[1])
    low, high = np.quantile(delay, (0.05, 0.95))
    if 0.5 * np.abs(shares - even).sum() < _UNEVEN or high - low <= float(delay.mean()):
        return None
    return sentence(
        "The phasing of {channel} rests on carryover that is not well known: its effect comes {low} to {high} periods "
        "after the spend on average.",
        channel=Word(text=channel),
        low=Number(amount=float(low), digits=1),
        high=Number(amount=float(high), digits=1),
    )
