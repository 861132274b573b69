"""Effectiveness of channels that drifts over the window.

Two ways that are known from practice: it wanders (audiences, prices of inventory and rivals
change), or a creative wears out with time and is renewed (Bass et al. 2007; Naik, Mantrala and
Sawyer 1998). A path is relative to the level at the window's end, which is what counts for a plan.
"""

import numpy as np

from mmm.vocabulary import FloatArray

WANDER_A_YEAR = 0.3
"""Standard deviation of the change of the log of effectiveness in a year."""
WORN_LEAST = 0.45
"""What is left of a new creative's effectiveness after a very long time."""
HALF_LIFE_WEEKS = (8.0, 16.0)
"""Ends of the time in which a new creative loses half of what it can lose."""
RENEWAL_WEEKS = (20, 45)
"""Fewest and most weeks until a creative is renewed."""


def drifting_paths(rng: np.random.Generator, periods: int, channels: int) -> FloatArray:
    """Effectiveness over its level in the last period; half of the channels wander, half wear out. Shape (T, C)."""
    wears_out = rng.permutation(channels) % 2 == 1
    paths = np.stack([_worn(rng, periods) if worn else _wandering(rng, periods) for worn in wears_out], axis=1)
    return np.asarray(paths / paths[-1])


def _wandering(rng: np.random.Generator, periods: int) -> FloatArray:
    steps = WANDER_A_YEAR / np.sqrt(52.0) * rng.standard_normal(periods)
    return np.asarray(np.exp(np.cumsum(steps)))


def _worn(rng: np.random.Generator, periods: int) -> FloatArray:
    path, week = np.empty(periods), -int(rng.integers(0, RENEWAL_WEEKS[0]))
    while week < periods:
        until = week + int(rng.integers(RENEWAL_WEEKS[0], RENEWAL_WEEKS[1] + 1))
        half_life, quality = rng.uniform(*HALF_LIFE_WEEKS), np.exp(0.15 * rng.standard_normal())
        age = np.arange(until - week)
        worn = quality * (WORN_LEAST + (1.0 - WORN_LEAST) * 0.5 ** (age / half_life))
        path[max(0, week) : until] = worn[max(0, -week) : periods - week]
        week = until
    return path
