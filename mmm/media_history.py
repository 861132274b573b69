"""What each medium did over the window by a fit, in the few arrays that the checks after a fit need."""

from dataclasses import dataclass

import numpy as np

from mmm.curves import adstocked, carryover_weights
from mmm.posterior import Posterior
from mmm.saturation import saturate
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class MediaHistory:
    """The media of a fit over the window, in model order. S draws, T periods, M media.

    Attributes
    ----------
    contribution
        Mean over the draws of what a medium brought in each period, outcome units. Shape (T, M).
    total
        What it brought over the window, by each draw. Shape (S, M).
    largest
        Its largest adstocked level, units of exposure, by each draw; of reach and frequency the largest frequency.
        Shape (S, M).
    """

    contribution: FloatArray
    total: FloatArray
    largest: FloatArray


def media_history(posterior: Posterior) -> MediaHistory:
    """What each medium did over the window."""
    design, media = posterior.design, posterior.media
    shape = (len(media.ceiling), len(design.media))
    contribution, total, largest = np.zeros((design.periods, shape[1])), np.zeros(shape), np.zeros(shape)
    # Medium by medium: draws by periods of all of them at once would be large where periods are days.
    for place, medium in enumerate(design.media):
        weights = carryover_weights(
            medium.adstock, design.carryover_periods, media.retention[:, place], media.peak_delay[:, place]
        )
        half, slope = media.half_saturation[:, place], media.slope[:, place]
        stock = adstocked(
            medium.saturation, weights, design.exposure[:, place], design.frequency[:, place], half, slope
        )
        reached = saturate(medium.saturation, stock, half[:, None], slope[:, None])
        brought = media.ceiling[:, place, None] * reached
        contribution[:, place] = brought.mean(axis=0)
        total[:, place] = brought.sum(axis=1)
        is_reach = medium.saturation == "reach"
        largest[:, place] = design.frequency[:, place].max() if is_reach else stock.max(axis=1)
    return MediaHistory(contribution, total, largest)
