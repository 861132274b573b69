"""Worlds to simulate: what a kind of business buys, how its media work, what else moves its outcome.

A world holds ranges, not numbers: a seed draws one market from it. The ranges are chosen from
what the two kinds of business look like, and independently of the priors of our own model, so
that a fit to a simulated market is a fair test.
"""

from dataclasses import dataclass
from typing import Literal

from mmm.vocabulary import AdstockKind, Language, Role, SaturationKind, Scene, Stage

type BusinessKind = Literal["b2b", "b2c"]
ORGANIC_ADSTOCK: AdstockKind = "geometric"
ORGANIC_SATURATION: SaturationKind = "michaelis_menten"

type SpendHabit = Literal["always_on", "flights", "promotions", "fairs", "series"]


@dataclass(frozen=True, slots=True)
class Words:
    """One name in each language."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """The name in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Range:
    """Ends between which a seed draws."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WorldChannel:
    """One paid channel of a world.

    Attributes
    ----------
    retention, peak_delay, slope
        Carryover per period, periods to the peak (delayed adstock), Hill exponent (Hill saturation).
    fullness
        Half-saturation over the channel's mean adstock while it works: below one it is bought
        past the bend, above one there is room.
    worth
        Return on spend relative to the market's mean return.
    weight
        Usual part of the spend of its role, before the habits of one planner.
    """

    name: Words
    role: Role
    stage: Stage
    scene: Scene | None
    department: Words
    habit: SpendHabit
    adstock: AdstockKind
    saturation: SaturationKind
    retention: Range
    fullness: Range
    worth: Range
    weight: float
    peak_delay: Range = Range(0.0, 0.0)
    slope: Range = Range(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class WorldControl:
    """A control: how its series runs, and what it does to the outcome.

    Attributes
    ----------
    series
        `promotions` and `holidays` come from the calendar; `price` and `index` are drawn.
    effect
        Change of the outcome, as a part of its mean level, per unit (promotions and holidays:
        per full week; price: per relative change; index: per standard deviation).
    """

    name: Words
    series: Literal["promotions", "holidays", "price", "index"]
    effect: Range
    center: float = 0.0
    scale: float = 1.0
    persistence: float = 0.9


@dataclass(frozen=True, slots=True)
class World:
    """A kind of business.

    Attributes
    ----------
    level
        Mean outcome per period over the window, units.
    media_share
        Part of that outcome which paid media bring.
    mean_roas
        Value brought per unit of spend, over all channels.
    brand_share
        Brand's part of the spend in the years of the data: what a planner inherited.
    season, growth
        Amplitude of the yearly wave, and growth a year, as parts of the level.
    shock, shock_persistence
        Standard deviation of demand shocks as a part of the level, and their autocorrelation.
    noise
        Standard deviation of a single period's noise as a part of the level; None for counts
        that scatter as a Poisson variable does.
    preset_brand_share
        Centre of the band of its split preset.
    """

    kind: BusinessKind
    name: Words
    outcome: Words
    unit: Words
    outcome_stage: Stage
    value_per_unit_usd: float
    value_per_unit_cny: float
    level: Range
    media_share: Range
    mean_roas: Range
    brand_share: Range
    season: Range
    growth: Range
    shock: Range
    shock_persistence: Range
    noise: Range | None
    event: Words
    event_effect: Range
    channels: tuple[WorldChannel, ...]
    controls: tuple[WorldControl, ...]
    organic: Words | None
    preset_brand_share: float
