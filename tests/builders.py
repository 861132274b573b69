"""Small artifacts with curves of our choice, for tests that need no sampler."""

from dataclasses import replace
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact, ResponseDraws, seal
from mmm.geo_curves import GeoDraws, GeosInfo
from mmm.manifest import BaselineInfo, ChannelInfo, Manifest, OutcomeInfo, baseline_terms

CHANNELS = (
    ChannelInfo(
        name="tv",
        role="brand",
        brand_weight=1.0,
        stage="need",
        scene="offline",
        department="brand team",
        adstock="geometric",
        saturation="hill",
    ),
    ChannelInfo(
        name="video",
        role="brand",
        brand_weight=1.0,
        stage="search",
        scene="streaming",
        department="brand team",
        adstock="delayed",
        saturation="hill",
    ),
    ChannelInfo(
        name="social",
        role="performance",
        brand_weight=0.0,
        stage="evaluation",
        scene="social",
        department="growth",
        adstock="geometric",
        saturation="michaelis_menten",
    ),
    ChannelInfo(
        name="search",
        role="performance",
        brand_weight=0.0,
        stage="evaluation",
        scene="search",
        department="growth",
        adstock="geometric",
        saturation="logistic",
    ),
)


def make_artifact(
    *,
    market: str = "testland",
    kpi: str = "orders",
    draws: int = 200,
    periods: int = 104,
    seed: int = 1,
    channels: tuple[ChannelInfo, ...] = CHANNELS,
    language: str = "en",
    value_per_unit: float | None = 40.0,
    money: float = 1.0,
) -> ResponseArtifact:
    """A weekly market from 2025-01-06 with plausible draws; `money` scales the currency unit."""
    rng = np.random.default_rng(seed)
    count = len(channels)
    spend = money * rng.gamma(4.0, 5000.0, size=(periods, count))
    baseline = BaselineInfo(trend_unit=52.0, has_slope=True, fourier_pairs=1, season_length=52.1775)

    def spread(center: np.ndarray, sd: float) -> np.ndarray:
        return center * np.exp(sd * rng.standard_normal((draws, count)))

    manifest = Manifest(
        market=market,
        language=language,
        currency="EUR",
        period="week",
        outcome=OutcomeInfo(name=kpi, unit=kpi, stage="purchase", value_per_unit=value_per_unit),
        channels=channels,
        window_start=date(2025, 1, 6),
        window_periods=periods,
        carryover_periods=8,
        baseline=baseline,
        evidence="measured",
        data_digest="0" * 64,
        spec_digest="0" * 64,
        seed=seed,
        draws=draws,
    )
    is_hill = np.array([channel.saturation == "hill" for channel in channels])
    is_delayed = np.array([channel.adstock == "delayed" for channel in channels])
    coefficients = np.column_stack(
        [
            rng.normal(1500.0, 30.0, draws),
            rng.normal(50.0, 10.0, draws),
            rng.normal(100.0, 10.0, draws),
            rng.normal(-60.0, 10.0, draws),
        ]
    )
    assert coefficients.shape[1] == baseline_terms(baseline)
    empty = np.zeros((draws, 0))
    return seal(
        manifest,
        ResponseDraws(
            retention=rng.beta(4.0, 4.0, size=(draws, count)),
            peak_delay=np.where(is_delayed, rng.uniform(0.5, 3.0, size=(draws, count)), 0.0),
            half_saturation=money * spread(rng.uniform(10_000.0, 40_000.0, count), 0.2),
            slope=np.where(is_hill, spread(np.full(count, 1.8), 0.2), 1.0),
            ceiling=spread(rng.uniform(150.0, 500.0, count), 0.25),
            organic_retention=empty,
            organic_peak_delay=empty,
            organic_half_saturation=empty,
            organic_slope=empty,
            organic_ceiling=empty,
            baseline=coefficients,
            noise_scale=np.abs(rng.normal(80.0, 5.0, draws)),
            spend=spend,
            organic=np.zeros((periods, 0)),
            controls=np.zeros((periods, 0)),
            outcome=rng.normal(2200.0, 100.0, periods),
        ),
    )


def make_panel(
    *,
    draws: int = 100,
    geos: tuple[str, ...] = ("north", "south", "west"),
    effects: dict[tuple[str, str], float] | None = None,
    local: tuple[str, ...] = ("video", "social", "search"),
    seed: int = 1,
    **options: object,
) -> ResponseArtifact:
    """A market of geos whose country is that of `make_artifact`, shared out by size; `effects` by geo and channel."""
    whole = make_artifact(draws=draws, seed=seed, **options)
    manifest, country = whole.manifest, whole.draws
    rng = np.random.default_rng(seed + 100)
    size = np.arange(len(geos), 0.0, -1.0) / np.arange(len(geos), 0.0, -1.0).sum()
    effect = np.ones((draws, len(geos), len(manifest.channels)))
    for (geo, channel), times in (effects or {}).items():
        effect[:, geos.index(geo), whole.channels.index(channel)] = times
    parts = size * np.exp(0.3 * rng.standard_normal((len(country.spend), 1, len(geos))))
    spend = (country.spend[:, :, None] * parts / parts.sum(axis=2, keepdims=True)).transpose(0, 2, 1)
    by_geo = GeoDraws(
        half_saturation=country.half_saturation,
        ceiling=country.ceiling,
        effect=effect,
        size=size,
        price=np.ones((len(geos), len(manifest.channels))),
        spend=spend,
        exposure=spend,
    )
    info = GeosInfo(names=geos, local=local)
    return seal(manifest.model_copy(update={"geos": info}), replace(country, geos=by_geo))
