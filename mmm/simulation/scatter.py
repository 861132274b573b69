"""What no column of a simulated market explains: shocks of demand and the noise of single periods."""

from dataclasses import dataclass

import numpy as np

from mmm.simulation.setting import Setting, draw
from mmm.simulation.spend_habits import autocorrelated
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class Shock:
    """Autocorrelated demand, outcome units.

    Attributes
    ----------
    series
        Shape (T, G).
    scale
        Standard deviation. Shape (G,).
    persistence
        First-order autocorrelation, in [0, 1).
    """

    series: FloatArray
    scale: FloatArray
    persistence: float


def draw_shock(rng: np.random.Generator, setting: Setting) -> Shock:
    """Shocks of the size and persistence that the world has; each geo has its own."""
    world, periods = setting.world, len(setting.weeks)
    persistence = draw(rng, world.shock_persistence)
    scale = setting.level * draw(rng, world.shock) * setting.part
    series = scale * np.stack([autocorrelated(rng, periods, persistence) for _ in setting.geos], axis=1)
    return Shock(series, scale, persistence)


def draw_outcome(
    rng: np.random.Generator, setting: Setting, expected: FloatArray, shock: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Whole units that came of what was expected, shape (T, G), and the scale of their noise, shape (G,)."""
    if setting.world.noise is None:
        return rng.poisson(expected + shock).astype(np.float64), np.sqrt(expected.mean(axis=0))
    # A geo's noise falls with the root of its size, so that the nation's is that of the world.
    scale = setting.level * draw(rng, setting.world.noise) * np.sqrt(setting.part)
    return np.rint(expected + shock + scale * rng.standard_normal(expected.shape)), np.asarray(scale)
