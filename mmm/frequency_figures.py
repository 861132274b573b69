"""The best frequency of each channel with reach and frequency, and what it would add. NumPy alone.

An impression does most where hill(frequency) / frequency is largest (`mmm.saturation.best_frequency`): below that
people are reached too seldom for it to work, above it too often for the next contact to add much. The frequency
recommended is the best one for the mean over the draws; what it adds compares last year's impressions, at the
frequencies at which they came, with the same impressions at that one.
"""

from dataclasses import dataclass

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.contribution import Figure, figure
from mmm.curves import last_frequency
from mmm.long_run_figures import last_year_of
from mmm.saturation import best_frequency, effect_of_impression
from mmm.vocabulary import FloatArray

LEAST_FREQUENCY = 1.0
"""Nobody who is reached is reached less than once."""

STEPS = 400
"""Frequencies that are tried for the best mean, evenly spaced in logarithms."""


@dataclass(frozen=True, slots=True)
class FrequencyFigures:
    """One channel's frequency: contacts of a person reached in a period.

    Attributes
    ----------
    channel
        Name.
    last
        Impressions a person reached, over the last year.
    least_seen, most_seen
        Smallest and largest frequency of a period in history.
    best
        Where an impression does most, over the draws.
    recommended
        Where it does most on the mean of the draws, at least one.
    uplift
        What last year's impressions would have brought more at the recommended frequency, as a share.
    cost_per_impression
        Over the last year; money.
    """

    channel: str
    last: float
    least_seen: float
    most_seen: float
    best: Figure
    recommended: float
    uplift: Figure
    cost_per_impression: float

    @property
    def is_seen(self) -> bool:
        """Whether the recommended frequency lies within what was seen."""
        return self.least_seen <= self.recommended <= self.most_seen


def frequency_figures(artifact: ResponseArtifact) -> tuple[FrequencyFigures, ...]:
    """Every channel with reach and frequency that was on air, in the order of market.toml."""
    return tuple(
        _figures(artifact, place, artifact.draws.frequency[:, place], info.cost_per_impression)
        for place, info in enumerate(artifact.manifest.channels)
        if artifact.draws.frequency is not None
        and info.saturation == "reach"
        and info.cost_per_impression is not None
        and artifact.draws.worked[:, place].any()
    )


def _figures(artifact: ResponseArtifact, place: int, frequency: FloatArray, cost: float) -> FrequencyFigures:
    draws = artifact.draws
    half, slope, ceiling = (values[:, place, None] for values in (draws.half_saturation, draws.slope, draws.ceiling))
    worked = draws.worked[:, place]
    window = last_year_of(artifact)
    window = window if worked[window].any() else slice(None)
    best = best_frequency(half[:, 0], slope[:, 0], LEAST_FREQUENCY)
    tried = np.geomspace(LEAST_FREQUENCY, max(float(best.max()), LEAST_FREQUENCY), STEPS)
    # Draws count as much as the channel brings in them: the mean outcome is largest here.
    brought = ceiling * effect_of_impression(tried, half, slope)
    chosen = int(brought.mean(axis=0).argmax())
    as_it_was = effect_of_impression(frequency[window], half, slope) @ worked[window] / worked[window].sum()
    uplift = effect_of_impression(tried[chosen], half, slope)[:, 0] / as_it_was - 1.0
    on_air = frequency[worked > 0]
    return FrequencyFigures(
        channel=artifact.channels[place],
        last=last_frequency(artifact, place),
        least_seen=float(on_air.min()),
        most_seen=float(on_air.max()),
        best=figure(best),
        recommended=float(tried[chosen]),
        uplift=figure(uplift),
        cost_per_impression=cost,
    )
