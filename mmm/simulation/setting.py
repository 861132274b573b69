"""The setting of a simulated market: its size, its weeks and its places, before anything is spent or sold."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.market import NATIONAL
from mmm.periods import period_range, shift_period
from mmm.simulation.world_consumer import CONSUMER
from mmm.simulation.world_industrial import INDUSTRIAL
from mmm.simulation.worlds import BusinessKind, Range, World
from mmm.vocabulary import FloatArray, Language

FIRST_DAY_AFTER = date(2026, 10, 5)
"""Monday after the last simulated week: the data end with the third quarter of 2026, the fourth is to be planned."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What one seed made of a world.

    Attributes
    ----------
    weeks
        Mondays. Length T.
    geos, population, part
        Names, people and part of the national market per geo; `part` sums to one. Length G.
    level
        Mean outcome per week, all geos together.
    brought
        The part of it that paid media bring, outcome units per week.
    value
        Money per unit of the outcome.
    money
        Mean spend per week, all channels and geos together.
    """

    world: World
    language: Language
    weeks: tuple[date, ...]
    geos: tuple[str, ...]
    population: FloatArray
    part: FloatArray
    level: float
    brought: float
    value: float
    money: float


def world_of(business: BusinessKind) -> World:
    """The world of one kind of business.

    Raises
    ------
    ValueError
        When there is no such kind.
    """
    match business:
        case "b2c":
            return CONSUMER
        case "b2b":
            return INDUSTRIAL
    raise ValueError(f"business: expected 'b2b' or 'b2c', got {business!r}")


def draw_setting(rng: np.random.Generator, world: World, language: Language, periods: int, geos: int) -> Setting:
    """A setting within the ranges of a world."""
    level = draw(rng, world.level)
    brought = level * draw(rng, world.media_share)
    value = world.value_per_unit_cny if language == "zh" else world.value_per_unit_usd
    population = np.round(np.exp(0.6 * rng.standard_normal(geos)) * 8e6 / geos, -3)
    return Setting(
        world=world,
        language=language,
        weeks=period_range(shift_period(FIRST_DAY_AFTER, -periods, "week"), periods, "week"),
        geos=(NATIONAL,) if geos == 1 else _geo_names(language, geos),
        population=population,
        part=population / population.sum(),
        level=level,
        brought=brought,
        value=value,
        money=brought * value / draw(rng, world.mean_roas),
    )


def draw(rng: np.random.Generator, ends: Range) -> float:
    """A number between the ends of a range, all equally likely."""
    return float(rng.uniform(ends.low, ends.high))


def _geo_names(language: Language, geos: int) -> tuple[str, ...]:
    word = "大区" if language == "zh" else "region "
    return tuple(f"{word}{number:02d}" for number in range(1, geos + 1))
