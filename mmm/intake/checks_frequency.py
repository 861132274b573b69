"""Whether reach and frequency go together: whoever is reached is reached at least once."""

from collections.abc import Mapping

import numpy as np

from mmm.errors import Fault
from mmm.intake.tables import capped, row_number
from mmm.sentence import Sentence, Word, sentence
from mmm.spec import MarketSpec
from mmm.vocabulary import FloatArray

LEAST_VARIATION = 0.05
"""Coefficient of variation of frequency below which a reader is told that its best value cannot be learned."""


def frequencies(
    file: str, spec: MarketSpec, clean: Mapping[str, FloatArray]
) -> tuple[list[Fault], tuple[Sentence, ...]]:
    """Faults of rows in which people are reached less than once; notes on frequencies that hardly vary.

    Numbers by column, shape (rows,) each.
    """
    faults: list[Fault] = []
    notes: list[Sentence] = []
    for channel in spec.channels:
        if channel.reach is None or channel.frequency is None or not {channel.reach, channel.frequency} <= set(clean):
            continue
        reach, frequency = clean[channel.reach], clean[channel.frequency]
        expected = sentence(
            "at least 1 where {reach} is above 0: frequency is impressions for each person reached",
            reach=Word(text=channel.reach),
        )
        broken = np.flatnonzero((reach > 0) & (frequency < 1))
        faults += capped(
            [Fault(file, channel.frequency, f"{frequency[at]:g}", expected, row=row_number(int(at))) for at in broken]
        )
        seen = frequency[reach > 0]
        if len(seen) and not len(broken) and float(seen.std()) < LEAST_VARIATION * float(seen.mean()):
            notes.append(
                sentence(
                    "The frequency of '{channel}' hardly varies: its best frequency will be assumed, not measured.",
                    channel=Word(text=channel.name),
                )
            )
    return faults, tuple(notes)
