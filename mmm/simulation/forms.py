"""Which family each paid channel's response truly is of, and how its effectiveness runs."""

from dataclasses import dataclass

import numpy as np

from mmm.simulation.effectiveness import drifting_paths
from mmm.simulation.other_saturation import FULLNESS, OTHER_SATURATIONS, SHAPES
from mmm.simulation.setting import Setting, draw
from mmm.simulation.truth import TrueSaturation
from mmm.simulation.world_names import WorldName
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms of the paid channels' responses.

    Attributes
    ----------
    saturation
        Length C.
    shape, fullness
        Second parameter, and scale over mean stock, where the saturation is none of the model's; NaN
        elsewhere. Shape (C,).
    effectiveness
        As in `TrueMedia`.
    """

    saturation: tuple[TrueSaturation, ...]
    shape: FloatArray
    fullness: FloatArray
    effectiveness: FloatArray | None


def draw_forms(rng: np.random.Generator, setting: Setting, name: WorldName) -> Forms:
    """The forms that channels have in the world of a name: those of the model, but for what the world changes."""
    channels = setting.world.channels
    if name == "other_saturation":
        # Every family occurs as often as any other, whichever channels have it.
        turn = rng.permutation(len(channels)) % len(OTHER_SATURATIONS)
        kinds = tuple(OTHER_SATURATIONS[place] for place in turn)
        shape = np.array([draw(rng, SHAPES[kind]) for kind in kinds])
        return Forms(kinds, shape, np.array([draw(rng, FULLNESS[kind]) for kind in kinds]), None)
    paths = drifting_paths(rng, len(setting.weeks), len(channels)) if name == "drifting_effects" else None
    as_drawn = np.full(len(channels), np.nan)
    return Forms(tuple(channel.saturation for channel in channels), as_drawn, as_drawn, paths)
