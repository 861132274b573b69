"""Spend that goes with something it should not: with demand, with a hidden driver, with another channel.

Each function takes the spend that planners of the model's world would have and returns what the
planners of another world spend; the money of a channel over the window stays what it was. The
bursts of `on_air_twice` are the exception.
"""

import numpy as np

from mmm.simulation.spend_habits import autocorrelated
from mmm.vocabulary import BoolArray, FloatArray, IntArray

DEMAND_PULL = 2.0
"""Elasticity of budgets with respect to expected demand: a planner who sees a tenth more coming spends a fifth more."""
OWN_WANDERING = 0.08
"""Spread (sd of the log) that a demand-led budget has of its own."""
HIDDEN_PULL = 0.6
"""Relative change of spend per standard deviation of the hidden driver."""
CORRELATION = {"correlated_channels": 0.96, "twins": 0.99}
"""Least correlation of channels that move together. Files whose channels reach 0.995 are refused as collinear."""
BURST_WEEKS, BURST_STRENGTH = 5, 4.0
"""Length of a burst, and its spend a week over what the channel usually spends a week."""


def follow_demand(rng: np.random.Generator, spend: FloatArray, demand: FloatArray, demand_led: BoolArray) -> FloatArray:
    """Spend of planners who know the demand to come.

    Parameters
    ----------
    spend
        As without that knowledge. Shape (T, C, G).
    demand
        Expected outcome without media, the shock included, over its mean; > 0. Shape (T, G).
    demand_led
        Which channels have no plan of their own but a share of expected demand; flights and fairs
        keep their weeks and take more money in strong ones. Shape (C,).
    """
    periods, channels, _ = spend.shape
    wandering = np.stack([autocorrelated(rng, periods, 0.5) for _ in range(channels)], axis=1)
    level = spend.mean(axis=0)[None] * np.exp(OWN_WANDERING * wandering)[:, :, None]
    own = np.where(demand_led[None, :, None], level, spend)
    return _same_money(own * demand[:, None, :] ** DEMAND_PULL, spend)


def follow_driver(spend: FloatArray, driver: FloatArray) -> FloatArray:
    """Spend that rises with a driver that the data do not have. `driver` is standardised, shape (T,)."""
    return _same_money(spend * np.exp(HIDDEN_PULL * driver)[:, None, None], spend)


def move_together(
    rng: np.random.Generator, spend: FloatArray, group: tuple[int, ...], correlation: float
) -> FloatArray:
    """Spend in which a group of channels has the rhythm of its first one; the least alike two correlate as said."""
    rhythm = spend[:, group[0]] / spend[:, group[0]].mean(axis=0)
    own = rng.standard_normal((len(group), *rhythm.shape))

    def apart(spread: float) -> FloatArray:
        moved = spend.copy()
        for channel, wandering in zip(group, own, strict=True):
            moved[:, channel] = spend[:, channel].mean(axis=0) * rhythm * np.maximum(1.0 + spread * wandering, 0.0)
        return moved

    # The chances of one draw would move the correlation: the spread is found that gives it in this draw.
    close, far = 0.0, 1.0
    for _ in range(40):
        middle = (close + far) / 2.0
        alike = np.corrcoef(apart(middle)[:, list(group)].sum(axis=2).T).min()
        close, far = (middle, far) if alike > correlation else (close, middle)
    return _same_money(apart(close), spend)


def on_air_twice(rng: np.random.Generator, spend: FloatArray, channel: int) -> FloatArray:
    """Spend in which one channel has two bursts, one in each half of the window, and nothing else."""
    periods, bent = len(spend), spend.copy()
    starts: IntArray = np.array(
        [
            rng.integers(periods // 8, 3 * periods // 8),
            rng.integers(5 * periods // 8, 7 * periods // 8),
        ]
    )
    usual = spend[:, channel].mean(axis=0)
    bent[:, channel] = 0.0
    for start in starts:
        sizes = BURST_STRENGTH * np.exp(0.15 * rng.standard_normal(BURST_WEEKS))
        bent[start : start + BURST_WEEKS, channel] = sizes[:, None] * usual
    return bent


def _same_money(bent: FloatArray, spend: FloatArray) -> FloatArray:
    return np.asarray(bent * (spend.sum(axis=(0, 2)) / bent.sum(axis=(0, 2)))[None, :, None])
