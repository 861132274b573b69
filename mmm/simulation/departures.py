"""What a world of another name changes in a business: its channels, its level, its shocks."""

from dataclasses import dataclass, replace

import numpy as np

from mmm.simulation.spend_habits import autocorrelated
from mmm.simulation.world_names import WORLDS, WorldName
from mmm.simulation.worlds import Range, Words, World
from mmm.vocabulary import BoolArray, FloatArray

LEADERS = {"b2c": (4, 5, 7), "b2b": (3, 4, 5)}
"""Channels, by place, that move together: all performance, the first always on and followed by the others."""
WORTH_APART = (Range(0.3, 0.5), Range(1.7, 2.2), Range(0.8, 1.1))
"""Returns of channels that move together, relative to the market's: far enough apart for a split to matter."""
HIDDEN_DRIVER = {"b2c": Words("distribution", "铺货率"), "b2b": Words("sales_force", "销售人数")}
"""What the data do not have: the part of shops that stock the brand; the people who sell."""
HIDDEN_EFFECT = Range(0.06, 0.09)
"""Change of the outcome, as a part of its level, per standard deviation of the hidden driver."""
_KNOWN_SHOCK, _KNOWN_PERSISTENCE = Range(0.07, 0.11), Range(0.85, 0.95)
"""Shocks large and lasting enough that a planner sees them coming."""


@dataclass(frozen=True, slots=True)
class HiddenDriver:
    """A driver of the outcome that the truth has and the data have not.

    Attributes
    ----------
    series
        Standardised. Shape (T,).
    effect
        Change of the outcome per standard deviation, as a part of its level.
    """

    name: Words
    series: FloatArray
    effect: float

    def brought(self, level: float, part: FloatArray) -> FloatArray:
        """What it does to the outcome of geos with a `part` of the national level each. Shape (T, G)."""
        return np.outer(level * self.effect * self.series, part)


def departed_world(world: World, name: WorldName) -> World:
    """The business as it is in the world of a name.

    Raises
    ------
    ValueError
        When there is no such world, or the business has no such.
    """
    if name not in WORLDS:
        raise ValueError(f"world: expected one of {', '.join(WORLDS)}, got {name!r}")
    match name:
        case "spend_follows_demand":
            return replace(world, shock=_KNOWN_SHOCK, shock_persistence=_KNOWN_PERSISTENCE)
        case "correlated_channels" | "twins":
            return _worth_apart(world, together(world, name))
        case "sparse_b2b":
            if world.kind != "b2b":
                raise ValueError("world: 'sparse_b2b' is of business 'b2b' only: consumers buy every week")
            return _large_plants(world)
    return world


def together(world: World, name: WorldName) -> tuple[int, ...]:
    """Places of the channels whose spends move together in the world of a name."""
    match name:
        case "correlated_channels":
            return LEADERS[world.kind]
        case "twins":
            return LEADERS[world.kind][:2]
    return ()


def draw_hidden_driver(rng: np.random.Generator, world: World, periods: int) -> HiddenDriver:
    """A slow driver: it lasts for months, as listings and hiring do, and has its bounds, as a part of all shops has."""
    series = np.tanh(autocorrelated(rng, periods, 0.95))
    return HiddenDriver(
        HIDDEN_DRIVER[world.kind],
        np.asarray((series - series.mean()) / series.std()),
        float(rng.uniform(HIDDEN_EFFECT.low, HIDDEN_EFFECT.high)),
    )


def demand_led(world: World) -> BoolArray:
    """Which channels are bought as a share of expected demand: those without flights or fairs. Shape (C,)."""
    return np.array([channel.habit not in ("flights", "fairs") for channel in world.channels])


def _worth_apart(world: World, group: tuple[int, ...]) -> World:
    worth = dict(zip(group, WORTH_APART, strict=False))
    channels = tuple(
        replace(channel, worth=worth.get(place, channel.worth)) for place, channel in enumerate(world.channels)
    )
    return replace(world, channels=channels)


def _large_plants(world: World) -> World:
    """A lead is a factory, so that budgets stay what an industrial company spends."""
    return replace(
        world,
        name=Words("plant-builder", "plant-builder-cn"),
        value_per_unit_usd=120_000.0,
        value_per_unit_cny=500_000.0,
        level=Range(0.7, 1.1),
    )
