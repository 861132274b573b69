"""Was spend ever high enough to see a channel's curve bend? Beyond what was seen a curve is prior and shape."""

from dataclasses import dataclass

import numpy as np

from mmm.checks.verdicts import unless_passed
from mmm.manifest import SEEN_FROM, Gate
from mmm.media_history import MediaHistory
from mmm.posterior import Posterior
from mmm.sentence import listed, sentence
from mmm.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class SeenBend:
    """How far a channel's curve rests on spend that was seen.

    Attributes
    ----------
    channel
        Name.
    reach
        Largest adstocked level over half-saturation, median over draws: above one the bend lies inside the data.
    probability
        That the level of half the ceiling was reached in the window.
    """

    channel: str
    reach: float
    probability: float


def seen_bends(posterior: Posterior, history: MediaHistory) -> tuple[SeenBend, ...]:
    """Every paid channel, in the order of market.toml."""
    design = posterior.design
    found = []
    for place in design.paid:
        ratio = history.largest[:, place] / posterior.media.half_saturation[:, place]
        found.append(SeenBend(design.media[place].name, float(np.median(ratio)), float((ratio >= 1.0).mean())))
    return tuple(found)


def judge_bends(found: tuple[SeenBend, ...]) -> Gate:
    """The gate: every channel was seen at the level where its curve bends."""
    unseen = [bend.channel for bend in found if bend.probability < SEEN_FROM]
    verdict: Verdict = "review" if unseen else "pass"
    told = sentence("Every channel was seen at spend where its curve bends.")
    if unseen:
        told = sentence(
            "Spend was never seen where the curve bends: {channels}. How far these can be scaled is assumed, not "
            "measured.",
            channels=listed(unseen, is_quoted=False),
        )
    return Gate(
        name="bend",
        verdict=verdict,
        value=min((bend.probability for bend in found), default=1.0),
        limit=SEEN_FROM,
        text=told,
        action=unless_passed(
            verdict,
            sentence("Raise spend in steps, and in one region or season first; read the curve again after each."),
        ),
    )
