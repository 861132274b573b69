"""How much money a channel with reach and frequency can use: until it reaches as many people as it ever did."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class ReachLimit:
    """The most that a channel may get over a horizon.

    Attributes
    ----------
    spend
        Money at which its fullest period reaches as many people as any period of history did, and at least the largest
        spend seen over as many periods.
    people
        People reached in that period of history.
    """

    spend: float
    people: float


def reach_limits(
    artifact: ResponseArtifact, flighting: FloatArray, frequency: FloatArray | None, largest_seen: Mapping[str, float]
) -> dict[str, ReachLimit]:
    """The limit of every channel with reach and frequency.

    Money x of a channel buys x φ_t / f people in period t, counted in the money of one impression each, with f the
    mean frequency 1 / Σ_t(φ_t / f_t); history reached at most max_t(worked_t / f_t).

    Parameters
    ----------
    artifact
        The model.
    flighting
        Share φ of a channel's budget in each period of the horizon. Shape (T, C).
    frequency
        Frequency f planned in these periods. Shape (T, C); None where no channel has one.
    largest_seen
        Largest spend of each channel over as many consecutive periods.
    """
    draws = artifact.draws
    if draws.frequency is None or frequency is None:
        return {}
    reached = (draws.worked / draws.frequency).max(axis=0)
    bought = flighting.max(axis=0) * (flighting / frequency).sum(axis=0)
    limits = {}
    for place, info in enumerate(artifact.manifest.channels):
        if info.saturation == "reach" and info.cost_per_impression is not None and bought[place] > 0:
            spend = max(float(reached[place] / bought[place]), largest_seen[info.name])
            limits[info.name] = ReachLimit(spend, float(reached[place]) / info.cost_per_impression)
    return limits
