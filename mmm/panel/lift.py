"""What a panel's draws say of a lift test: the increment in the geos of the test, by their own effects."""

import numpy as np

from mmm.adstock import lagged_exposure
from mmm.panel.design import GeoTest
from mmm.panel.posterior import PanelPosterior
from mmm.vocabulary import FloatArray


def geo_increments(found: PanelPosterior, test: GeoTest) -> FloatArray:
    """What a test's change of spend brought in the periods and geos that were measured, by each draw.

    The fit counts a test by the country's curves; here each geo has the effect that its own history shows.

    Parameters
    ----------
    found
        Draws of a fit of the same panel, with or without the test.
    test
        Of that panel's design.

    Returns
    -------
    FloatArray
        Outcome units. Shape (S,).
    """
    curves = found.curves
    design, place, geos = curves.design, test.medium, list(test.geos)
    changed = design.exposure[geos, :, place].copy()
    changed[:, test.start : test.start + test.exposure_without.shape[1]] = test.exposure_without
    lagged, lagged_without = curves.lagged[:, :, place], lagged_exposure(changed.T, design.national.carryover_periods)
    measured = slice(test.start, test.start + test.measured)
    size = design.size[geos] / len(design.geos)
    increments = np.empty(len(found.effects))
    for draw in range(len(increments)):
        reached = curves.reached(draw, place, lagged)
        without = curves.reached(draw, place, lagged_without[measured], measured, geos)
        more = (reached[geos][:, measured] - without).sum(axis=1)
        increments[draw] = curves.ceiling(draw, place, reached) * (size * found.effects[draw, geos, place]) @ more
    return increments * design.national.outcome_scale
