"""What each medium did over the window by a fit, in the few arrays that the checks after a fit need."""

from dataclasses import dataclass

import numpy as np

from mmm.adstock import lagged_exposure
from mmm.curves import carryover_weights
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
        Its largest adstocked level, units of exposure, by each draw. Shape (S, M).
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
        stock = weights @ lagged_exposure(design.exposure[:, place], design.carryover_periods).T
        reached = saturate(medium.saturation, stock, media.half_saturation[:, place, None], media.slope[:, place, None])
        brought = media.ceiling[:, place, None] * reached
        contribution[:, place] = brought.mean(axis=0)
        total[:, place] = brought.sum(axis=1)
        largest[:, place] = stock.max(axis=1)
    return MediaHistory(contribution, total, largest)
