"""The truth of a simulated market: the process that made its data, known exactly.

Axes: T periods, C channels, G geos, K linear terms, O media without cost. A market that is no
panel has one geo.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm.adstock import CARRYOVER_PERIODS
from mmm.artifact import (
    BaselineInfo,
    ChannelInfo,
    Manifest,
    OrganicInfo,
    OutcomeInfo,
    ResponseArtifact,
    ResponseDraws,
    seal,
)
from mmm.market import Market
from mmm.simulation.worlds import BusinessKind
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class TrueMedia:
    """True parameters of some media: carryover is shared by all geos, scale is each geo's own.

    Attributes
    ----------
    retention, peak_delay, slope
        As in `ResponseDraws`. Shape (C,).
    half_saturation
        Money (organic: units of the medium) per period. Shape (C, G).
    ceiling
        Outcome units per period. Shape (C, G).
    """

    retention: FloatArray
    peak_delay: FloatArray
    slope: FloatArray
    half_saturation: FloatArray
    ceiling: FloatArray


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
class Truth:
    """What made the data: ``outcome = base + organic + contributions + shock + noise``, nothing else.

    Attributes
    ----------
    business, seed
        What was asked for.
    process
        True parameters.
    base
        Intercept, trend, season, controls and events, outcome units. Shape (T, G).
    organic
        What media without cost brought. Shape (T, G).
    contributions
        What each paid channel brought. Shape (T, C, G).
    shock
        Autocorrelated demand that no column explains. Shape (T, G).
    noise
        What is left: the scatter of single periods and the rounding to whole units. Shape (T, G).
    """

    business: BusinessKind
    seed: int
    process: TrueProcess
    base: FloatArray
    organic: FloatArray
    contributions: FloatArray
    shock: FloatArray
    noise: FloatArray

    @property
    def expected(self) -> FloatArray:
        """The outcome before shock, noise and rounding. Shape (T, G)."""
        return np.asarray(self.base + self.organic + self.contributions.sum(axis=1))

    @property
    def media_share(self) -> float:
        """Part of the expected outcome that paid media brought."""
        return float(self.contributions.sum() / self.expected.sum())


@dataclass(frozen=True, slots=True)
class SimulatedMarket:
    """A market and the truth behind it."""

    market: Market
    truth: Truth


def truth_artifact(simulated: SimulatedMarket, geo: str | None = None) -> ResponseArtifact:
    """The true process of one geo as an artifact of one draw: what a perfect fit would publish.

    Curves, forecasts and plans computed from it are the truth. Its `noise_scale` holds shock and
    noise together.

    Parameters
    ----------
    simulated
        The market and its truth.
    geo
        One of its geos; may be left out where there is only one.

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
