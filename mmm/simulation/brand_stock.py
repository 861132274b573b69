"""The brand of a simulated market: a slow stock fed by brand media and by what nobody plans, and an indicator of it."""

from dataclasses import replace

import numpy as np

from mmm.curves import CurveDraws, medium_contribution, response_of
from mmm.manifest import BaselineInfo
from mmm.market import Market, with_data_digest
from mmm.simulation.setting import Setting, draw
from mmm.simulation.spend_habits import autocorrelated
from mmm.simulation.truth import TrueBrand, TrueMedia
from mmm.simulation.worlds import Range, Words
from mmm.spec import IndicatorSpec
from mmm.vocabulary import PERIODS_PER_YEAR, FloatArray, SaturationKind

INDICATOR = Words("branded_search", "品牌搜索量")
LAGS = 130
"""Weeks over which the stock is counted: longer than a fit counts it."""
_HALF_LIFE = Range(8.0, 20.0)
"""Half-life of the stock, weeks."""
_BROUGHT = Range(0.2, 0.4)
"""Part of the level that brand media together keep up."""
_ELASTICITY = Range(0.25, 0.6)
_FULLNESS = Range(0.8, 2.0)
"""Half-saturation over the mean stock."""
_WORTH_SPREAD = 0.5
"""Sd of the logarithm of what a channel's money does to the brand, relative to the others'."""
_BEFORE_SPREAD = 0.25
"""Sd of the logarithm of spend before the window over that of its first year, which a fit does not know."""
_DRIFT = Range(0.03, 0.07)
"""Standard deviation of the level that no media explain."""
_DRIFT_PERSISTENCE = 0.98
_NOISE, _SEASON = Range(0.03, 0.06), Range(0.03, 0.08)
"""Scatter of a week's indicator, and amplitude of its yearly wave, as parts of its mean."""
_VOLUME = Range(3.0, 8.0)
"""Mean indicator in multiples of the mean outcome."""


def draw_brand(rng: np.random.Generator, setting: Setting, spend: FloatArray, paid: TrueMedia) -> TrueBrand:
    """The brand of a market with this spend (T, C, G), and an indicator of it."""
    channels, periods = setting.world.channels, len(setting.weeks)
    places = tuple(place for place, channel in enumerate(channels) if channel.role == "brand")
    national = spend.sum(axis=2)[:, list(places)]
    before = national[:52].mean(axis=0) * np.exp(_BEFORE_SPREAD * rng.standard_normal(len(places)))
    led = np.concatenate([np.broadcast_to(before, (LAGS - 1, len(places))), national])
    curves = _curves(rng, setting, led, places, paid)
    stocks = np.stack([_brought(curve, led[:, place])[LAGS - 1 :] for place, curve in enumerate(curves)], axis=1)
    share = draw(rng, _BROUGHT)
    worth = national.sum(axis=0) * np.exp(_WORTH_SPREAD * rng.standard_normal(len(places)))
    ceilings = share * worth / worth.sum() / stocks.mean(axis=0)
    curves = tuple(replace(curve, ceiling=np.array([height])) for curve, height in zip(curves, ceilings, strict=True))
    drift = draw(rng, _DRIFT) * autocorrelated(rng, periods, _DRIFT_PERSISTENCE)
    level = 1.0 - share + drift - drift.mean() + (stocks * ceilings).sum(axis=1)
    volume = draw(rng, _VOLUME) * setting.level
    time = 2.0 * np.pi * np.arange(periods) / PERIODS_PER_YEAR["week"]
    season = draw(rng, _SEASON) * np.sin(time + rng.uniform(0.0, 2.0 * np.pi))
    noise = draw(rng, _NOISE) * rng.standard_normal((periods, len(setting.geos)))
    indicator = volume * setting.part * np.maximum(level[:, None] + season[:, None] + noise, 0.0)
    return TrueBrand(
        elasticity=draw(rng, _ELASTICITY),
        level=level,
        channels=places,
        curves=curves,
        before=before,
        indicator=np.rint(indicator),
    )


def feed_base(
    brand: TrueBrand, setting: Setting, info: BaselineInfo, coefficients: FloatArray
) -> tuple[BaselineInfo, FloatArray, FloatArray]:
    """Terms of the baseline and coefficients (K, G) with the brand among them, and what it brings (T, G)."""
    relative = brand.level - 1.0
    followed = brand.elasticity * setting.level * setting.part
    column = tuple(float(value) for value in relative)
    return info.model_copy(update={"brand": column}), np.vstack([coefficients, followed]), np.outer(relative, followed)


def with_indicator(market: Market, brand: TrueBrand) -> Market:
    """The market with the column that indicates its brand."""
    name = INDICATOR.of(market.spec.market.language)
    spec = market.spec.model_copy(update={"indicators": (IndicatorSpec(name=name, column=name),)})
    return with_data_digest(replace(market, spec=spec, indicators={name: brand.indicator}))


def true_long_run(brand: TrueBrand, spend: FloatArray, window: slice) -> FloatArray:
    """What spend of a window (T, C) does to the level, summed until it has faded, by brand channel. Shape (B,)."""
    found = []
    for place, (channel, curve) in enumerate(zip(brand.channels, brand.curves, strict=True)):
        series = spend[:, channel]
        earlier = np.concatenate([np.full(LAGS, brand.before[place]), series[: window.start]])
        total = float(series[window].sum())
        found.append(response_of("", curve, series[window] / total, earlier).per_draw(total)[0] if total > 0 else 0.0)
    return np.array(found)


def _curves(
    rng: np.random.Generator, setting: Setting, led: FloatArray, places: tuple[int, ...], paid: TrueMedia
) -> tuple[CurveDraws, ...]:
    curves = []
    for column, place in enumerate(places):
        kind: SaturationKind = setting.world.channels[place].saturation
        retention = 0.5 ** (1.0 / draw(rng, _HALF_LIFE))
        # The mean stock is mean spend, because weights sum to one.
        half = draw(rng, _FULLNESS) * float(led[:, column].mean())
        slope = paid.slope[place] if kind == "hill" else 1.0
        one = np.ones(1)
        curves.append(
            CurveDraws("geometric", kind, LAGS, retention * one, 0.0 * one, half * one, float(slope) * one, one)
        )
    return tuple(curves)


def _brought(curve: CurveDraws, exposure: FloatArray) -> FloatArray:
    (brought,) = medium_contribution(
        curve.adstock,
        curve.saturation,
        curve.carryover_periods,
        exposure,
        curve.retention,
        curve.peak_delay,
        curve.half_saturation,
        curve.slope,
        curve.ceiling,
    )
    return np.asarray(brought)
