"""The truth of a simulated market: the process that made its data, known exactly.

Axes: T periods, C channels, G geos, K linear terms, O media without cost. A market that is no
panel has one geo.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmm.adstock import CARRYOVER_PERIODS
from mmm.artifact import ResponseArtifact, ResponseDraws, seal
from mmm.curves import CurveDraws
from mmm.manifest import BaselineInfo, ChannelInfo, Manifest, OrganicInfo, OutcomeInfo
from mmm.market import Market
from mmm.simulation.other_saturation import OTHER_SATURATIONS, OtherSaturationKind
from mmm.simulation.people import Crowd
from mmm.simulation.world_names import WorldName
from mmm.simulation.worlds import BusinessKind
from mmm.vocabulary import AdstockKind, FloatArray, SaturationKind

type TrueAdstock = AdstockKind | Literal["emergent"]
type TrueSaturation = SaturationKind | OtherSaturationKind | Literal["emergent"]


@dataclass(frozen=True, slots=True)
class TrueMedia:
    """True parameters of some media: carryover is shared by all geos, scale is each geo's own.

    Attributes
    ----------
    adstock, saturation
        What they truly are, which need not be what market.toml says. Length C.
    retention, peak_delay, slope
        As in `ResponseDraws`; for saturations the model lacks, `slope` is their shape. Shape (C,).
    half_saturation
        Money (organic: units of the medium) per period; for saturations the model lacks, their
        scale. Shape (C, G).
    ceiling
        Outcome units per period: what the saturation is multiplied by, at the window's end. Shape (C, G).
    effectiveness
        Factor of the ceiling in each period, one in the last; None where it is one throughout. Shape (T, C).

    Where carryover and saturation emerge, what nobody set is NaN.
    """

    adstock: tuple[TrueAdstock, ...]
    saturation: tuple[TrueSaturation, ...]

    retention: FloatArray
    peak_delay: FloatArray
    slope: FloatArray
    half_saturation: FloatArray
    ceiling: FloatArray
    effectiveness: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class TrueProcess:
    """The parameters that made a market, and nothing random.

    Attributes
    ----------
    paid, organic
        Media, in the order of the market's channels and organic media.
    baseline, coefficients
        Terms of `baseline_design` and their values, outcome units. Shape (K, G).
    shock_scale, noise_scale
        Standard deviations of the autocorrelated shock and of a single period's scatter, outcome
        units. Shape (G,).
    shock_persistence
        First-order autocorrelation of the shock, in [0, 1).
    geo_share
        Part of each channel's spend that each geo got, sums to one over geos. Shape (C, G).
    """

    paid: TrueMedia
    organic: TrueMedia
    baseline: BaselineInfo
    coefficients: FloatArray
    shock_scale: FloatArray
    noise_scale: FloatArray
    shock_persistence: float
    geo_share: FloatArray


@dataclass(frozen=True, slots=True)
class TrueBrand:
    """The slow stock of a market's brand. B channels that feed it.

    Attributes
    ----------
    elasticity
        Relative change of the outcome per relative change of the level.
    level
        Over its mean in the long run, one. Shape (T,).
    channels
        Positions of the channels that feed it. Length B.
    curves
        What each does to the level, one draw each. Length B.
    before
        What each spent per week before the window. Shape (B,).
    indicator
        What the data show of the level. Shape (T, G).
    """

    elasticity: float
    level: FloatArray
    channels: tuple[int, ...]
    curves: tuple[CurveDraws, ...]
    before: FloatArray
    indicator: FloatArray


@dataclass(frozen=True, slots=True)
class Truth:
    """What made the data: ``outcome = base + organic + contributions + interaction + shock + noise``, nothing else.

    Attributes
    ----------
    business, seed, world
        What was asked for.
    process
        True parameters.
    base
        Intercept, trend, season, controls and events, outcome units, a hidden driver included. Shape (T, G).
    organic
        What media without cost brought. Shape (T, G).
    contributions
        What each paid channel brought: what would be missing without it, all else equal. Shape (T, C, G).
    shock
        Autocorrelated demand that no column explains. Shape (T, G).
    noise
        What is left: the scatter of single periods and the rounding to whole units. Shape (T, G).
    interaction
        What media bring together beyond the sum of what would be missing without each alone; positive
        where each does in part what others would have done without it. None where media add up. Shape (T, G).
    hidden
        The part of `base` due to a driver that the data do not have, if there is one. Shape (T, G).
    crowd
        Who buys, where the market is made of people.
    brand
        The slow stock that moves a part of `base`, if there is one.
    """

    business: BusinessKind
    seed: int
    world: WorldName
    process: TrueProcess
    base: FloatArray
    organic: FloatArray
    contributions: FloatArray
    shock: FloatArray
    noise: FloatArray
    interaction: FloatArray | None = None
    hidden: FloatArray | None = None
    crowd: Crowd | None = None
    brand: TrueBrand | None = None

    @property
    def expected(self) -> FloatArray:
        """The outcome before shock, noise and rounding. Shape (T, G)."""
        summed = self.base + self.organic + self.contributions.sum(axis=1)
        return np.asarray(summed if self.interaction is None else summed + self.interaction)

    @property
    def media_share(self) -> float:
        """Part of the expected outcome that paid media brought, the sum over channels."""
        return float(self.contributions.sum() / self.expected.sum())


@dataclass(frozen=True, slots=True)
class SimulatedMarket:
    """A market and the truth behind it."""

    market: Market
    truth: Truth


def truth_artifact(simulated: SimulatedMarket, geo: str | None = None) -> ResponseArtifact:
    """The true process of one geo as an artifact of one draw: what a perfect fit would publish.

    Curves, forecasts and plans computed from it are the truth. Its `noise_scale` holds shock and
    noise together. Where effectiveness drifts it is the truth from the window's end on, not the
    history; where a driver is hidden its forecasts lack it.

    Parameters
    ----------
    simulated
        The market and its truth.
    geo
        One of its geos; may be left out where there is only one.

    Raises
    ------
    ValueError
        When the market has no such geo, or is a panel and none is named; or when its world is none
        that an artifact can hold.
    """
    paid = simulated.truth.process.paid
    strange = sorted({kind for kind in paid.saturation if kind == "emergent" or kind in OTHER_SATURATIONS})
    if strange:
        raise ValueError(f"world {simulated.truth.world!r}: no artifact holds responses of kind {', '.join(strange)}")
    return nearest_artifact(simulated, geo)


def nearest_artifact(simulated: SimulatedMarket, geo: str | None = None) -> ResponseArtifact:
    """The true process of one geo as far as an artifact can say it: all but the kinds of saturation.

    Those are the ones of market.toml, which are true wherever `truth_artifact` has an answer.

    Raises
    ------
    ValueError
        When the market has no such geo, or is a panel and none is named.
    """
    market, process = simulated.market, simulated.truth.process
    if (geo is None and market.is_panel) or (geo is not None and geo not in market.geos):
        raise ValueError(f"geo: expected one of {', '.join(market.geos)}, got {geo!r}")
    at = 0 if geo is None else market.geos.index(geo)
    paid, organic = process.paid, process.organic
    draws = ResponseDraws(
        retention=paid.retention[None],
        peak_delay=paid.peak_delay[None],
        half_saturation=paid.half_saturation[None, :, at],
        slope=paid.slope[None],
        ceiling=paid.ceiling[None, :, at],
        organic_retention=organic.retention[None],
        organic_peak_delay=organic.peak_delay[None],
        organic_half_saturation=organic.half_saturation[None, :, at],
        organic_slope=organic.slope[None],
        organic_ceiling=organic.ceiling[None, :, at],
        baseline=process.coefficients[None, :, at],
        noise_scale=np.hypot(process.shock_scale[[at]], process.noise_scale[[at]]),
        spend=market.spend[:, :, at],
        organic=columns(market.organic, at, len(market.dates)),
        controls=columns(market.controls, at, len(market.dates)),
        outcome=market.outcomes[market.spec.outcomes[0].name][:, at],
    )
    return seal(_manifest(simulated, at), draws)


def columns(series: Mapping[str, FloatArray], geo: int, periods: int) -> FloatArray:
    """Named series of one geo side by side. Shape (T, number of series)."""
    return np.stack([values[:, geo] for values in series.values()], axis=1) if series else np.zeros((periods, 0))


def _manifest(simulated: SimulatedMarket, geo: int) -> Manifest:
    market, truth = simulated.market, simulated.truth
    spec, outcome = market.spec, market.spec.outcomes[0]
    value = market.values_per_unit[outcome.name]
    return Manifest(
        market=market.name,
        language=spec.market.language,
        currency=spec.market.currency,
        period=spec.market.period,
        business=spec.market.business,
        outcome=OutcomeInfo(
            name=outcome.name,
            unit=outcome.unit,
            stage=outcome.stage,
            value_per_unit=None if value is None else float(value[-1, geo]),
        ),
        channels=tuple(
            ChannelInfo(
                name=channel.name,
                role=channel.main_role,
                brand_weight=channel.weight,
                stage=channel.stage,
                scene=channel.scene,
                department=channel.department,
                adstock=channel.adstock,
                saturation=channel.saturation,
            )
            for channel in spec.channels
        ),
        organic=tuple(
            OrganicInfo(name=medium.name, adstock=medium.adstock, saturation=medium.saturation)
            for medium in spec.organic
        ),
        window_start=market.dates[0],
        window_periods=len(market.dates),
        carryover_periods=CARRYOVER_PERIODS[spec.market.period],
        baseline=truth.process.baseline,
        evidence="measured",
        data_digest=market.data_digest,
        spec_digest=hashlib.sha256(spec.model_dump_json().encode()).hexdigest(),
        seed=truth.seed,
        draws=1,
    )
