"""How far a channel's return may lie from the others' beforehand: the farther, the less of it anybody could see.

What makes the channels of a market alike is that money leaves those that bring little. Somebody must have seen what a
channel brings for that, and what there is to see is what its budget did, beyond season, controls and demand, that no
other budget did. So before anyone has looked, a return may lie as far off as that of any medium; what planners saw of
it counts as a measurement, and in a regression what is known of an effect is in proportion to u, the part of its series
beyond the baseline that other channels leave unexplained. Precisions of a normal prior and of a normal measurement add
up (Gelman et al. 2013, section 2.5):

    1 / spread² = 1 / UNSEEN_SPREAD² + u (1 / SEEN_SPREAD² - 1 / UNSEEN_SPREAD²).

It reads budgets and not outcomes, so it is a prior.
"""

import numpy as np

from mmm.least_squares import unexplained
from mmm.vocabulary import FloatArray

SEEN_SPREAD = 0.5
"""Sd of the logarithm of the own return of a channel whose budget moves on its own: 90 % within a factor of 2.3 of
what its spend suggests, because money that brought far less or far more than the rest would have been moved."""

UNSEEN_SPREAD = 0.67
"""The same of a channel that never did what others did not. With what all channels have in common
(`mmm.priors.SHARED_SPREAD`) it makes 0.9: as uncertain as any medium's return anywhere, for which Meridian's default
prior has the same number. Means over 141 brands scatter by 0.3 between ten media, and brands differ beyond that
(Thinkbox 2024, "Profit Ability 2")."""


def own_spread(exposure: FloatArray, baseline: FloatArray) -> FloatArray:
    """Sd of the logarithm of each channel's own return, from SEEN_SPREAD to UNSEEN_SPREAD.

    Parameters
    ----------
    exposure
        Of the channels: money, or exposure at today's cost, per period. Shape (T, C).
    baseline
        The baseline's columns. Shape (T, K).

    Returns
    -------
    FloatArray
        Shape (C,).
    """
    series, known = exposure - exposure.mean(axis=0), baseline - baseline.mean(axis=0)
    own_part = np.array([_own_part(series, place, known) for place in range(series.shape[1])])
    unseen, seen = UNSEEN_SPREAD**-2, SEEN_SPREAD**-2
    return np.asarray((unseen + own_part * (seen - unseen)) ** -0.5)


def _own_part(series: FloatArray, place: int, known: FloatArray) -> float:
    """Part of one series, beyond what is known, that the others leave unexplained; in [0, 1]."""
    one, others = series[:, place], np.delete(series, place, axis=1)
    alone = unexplained(one, known)
    return min(unexplained(one, np.hstack([known, others])) / max(alone, np.finfo(float).tiny), 1.0)
