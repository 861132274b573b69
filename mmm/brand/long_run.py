"""The slow curves of an artifact: measured through indicators, else the short run drawn out by a stated multiple."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from mmm.brand.evidence import Learned, evidence_of_long_run
from mmm.brand.indicator_design import brand_channels
from mmm.brand.level import Brand, IndicatorFit
from mmm.brand.priors import (
    CARRYOVER_PERIODS,
    LONG_RUN_MULTIPLE,
    LONG_RUN_SPREAD,
    RETENTION_SPREAD,
    usual_slow_retention,
)
from mmm.curves import adstocked, carryover_weights
from mmm.long_run import IndicatorInfo, LongRunDraws, LongRunInfo, SlowCurveInfo
from mmm.market import Market
from mmm.posterior import Posterior
from mmm.saturation import saturate
from mmm.spec import ChannelSpec, LongRunPrior
from mmm.vocabulary import AdstockKind, Evidence, FloatArray, SaturationKind


@dataclass(frozen=True, slots=True)
class _SlowCurve:
    """One slow curve; each array of shape (S,)."""

    info: SlowCurveInfo
    retention: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray


def long_run_of(
    market: Market, posterior: Posterior, brand: Brand | None, rng: np.random.Generator
) -> tuple[LongRunInfo, LongRunDraws] | None:
    """The long run of every channel with a part in brand; None where there is none and no indicator either.

    Parameters
    ----------
    market
        National.
    posterior
        Of the outcome's fit.
    brand
        Of the same market; None without indicators.
    rng
        Source of what is drawn from priors and of how draws of both fits are paired.
    """
    places = brand_channels(market)
    if not places and brand is None:
        return None
    fitted = () if brand is None else brand.indicators
    used = () if brand is None else brand.used
    contraction = _elasticity_contraction(market, posterior, used)
    infos = tuple(_indicator_info(one) for one in fitted)
    curves: list[_SlowCurve] = []
    for place in places:
        spec = market.spec.channels[place]
        narrowed = [float(one.contraction) for one in _indicated(spec.name, used)]
        learned = Learned(tuple(info for info in infos if info.is_used), contraction, min(narrowed, default=None))
        evidence = evidence_of_long_run(learned, is_stated=spec.long_run is not None)
        if evidence == "measured":
            curves += _measured(spec, posterior, used, rng)
        else:
            curves.append(_drawn_out(market, place, spec, posterior, evidence, rng))
    info = LongRunInfo(
        carryover_periods=CARRYOVER_PERIODS[market.spec.market.period],
        curves=tuple(curve.info for curve in curves),
        indicators=infos,
        elasticity_contraction=contraction,
    )
    return info, _draws(curves, fitted, posterior)


@dataclass(frozen=True, slots=True)
class _Indicated:
    """One channel's curve in the fit of one indicator."""

    indicator: str
    place: int
    fit: IndicatorFit
    contraction: float


def _indicated(channel: str, used: tuple[IndicatorFit, ...]) -> list[_Indicated]:
    found = []
    for one in used:
        if one.curves is not None and channel in one.curves.channels:
            place = one.curves.channels.index(channel)
            found.append(_Indicated(one.spec.name, place, one, float(one.curves.contraction[place])))
    return found


def _elasticity_contraction(market: Market, posterior: Posterior, used: tuple[IndicatorFit, ...]) -> float | None:
    if not used:
        return None
    elasticity = posterior.coefficients[:, -1] / posterior.design.outcome_scale
    return float(np.clip(1.0 - elasticity.std() / market.spec.model.brand_elasticity.spread, 0.0, 1.0))


def _measured(
    spec: ChannelSpec, posterior: Posterior, used: tuple[IndicatorFit, ...], rng: np.random.Generator
) -> list[_SlowCurve]:
    """What the outcome follows of what the channel does to each indicator: elasticity times slow curve."""
    draws = len(posterior.coefficients)
    followed = posterior.coefficients[:, -1] / len(used)
    curves = []
    for one in _indicated(spec.name, used):
        found = one.fit.curves
        if found is None:
            continue
        # The two fits know nothing of each other's draws, so any pairing of them is one of the joint posterior.
        row = rng.permutation(np.arange(draws) % len(found.retention))
        info = SlowCurveInfo(
            channel=spec.name,
            evidence="measured",
            saturation=found.saturation[one.place],
            indicator=one.indicator,
            contraction=one.contraction,
        )
        curves.append(
            _SlowCurve(
                info,
                found.retention[row, one.place],
                found.half_saturation[row, one.place],
                found.slope[row, one.place],
                followed * found.ceiling[row, one.place],
            )
        )
    return curves


def _drawn_out(
    market: Market,
    place: int,
    spec: ChannelSpec,
    posterior: Posterior,
    evidence: Evidence,
    rng: np.random.Generator,
) -> _SlowCurve:
    """A slow curve that brings a stated multiple of what the channel's short run brought in history."""
    prior = spec.long_run or LongRunPrior(median=LONG_RUN_MULTIPLE * spec.weight, spread=LONG_RUN_SPREAD)
    design, media = posterior.design, posterior.media
    medium, period = design.paid[place], market.spec.market.period
    draws = len(media.ceiling)
    multiple = prior.median * np.exp(prior.spread * rng.standard_normal(draws))
    retention = expit(logit(usual_slow_retention(period)) + RETENTION_SPREAD * rng.standard_normal(draws))
    kind = design.media[medium].saturation
    shape = _Shape(
        kind,
        design.exposure[:, medium],
        design.frequency[:, medium],
        media.half_saturation[:, medium],
        media.slope[:, medium],
    )
    short = shape.reached(
        spec.adstock, design.carryover_periods, media.retention[:, medium], media.peak_delay[:, medium]
    )
    if kind == "reach":
        # In the long run impressions count alike, whatever the frequency at which they came.
        shape = replace(shape, frequency=None)
    slow = shape.reached("geometric", CARRYOVER_PERIODS[period], retention, np.zeros(draws))
    ceiling = multiple * media.ceiling[:, medium] * np.divide(short, slow, out=np.zeros(draws), where=slow > 0)
    info = SlowCurveInfo(channel=spec.name, evidence=evidence, saturation=kind)
    return _SlowCurve(info, retention, shape.half_saturation, shape.slope, ceiling)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A channel's exposure and frequency (T,) and the bend of its curve, per draw (S,)."""

    saturation: SaturationKind
    exposure: FloatArray
    frequency: FloatArray | None
    half_saturation: FloatArray
    slope: FloatArray

    def reached(self, kind: AdstockKind, lags: int, retention: FloatArray, peak_delay: FloatArray) -> FloatArray:
        """Sum of the response, in ceilings, until the last exposure has faded. Shape (S,)."""
        weights = carryover_weights(kind, lags, retention, peak_delay)
        exposure = np.concatenate([self.exposure, np.zeros(lags - 1)])
        frequency = None if self.frequency is None else np.concatenate([self.frequency, np.ones(lags - 1)])
        stock = adstocked(self.saturation, weights, exposure, frequency, self.half_saturation, self.slope)
        response = saturate(self.saturation, stock, self.half_saturation[:, None], self.slope[:, None])
        return np.asarray(response.sum(axis=1))


def _indicator_info(fit: IndicatorFit) -> IndicatorInfo:
    return IndicatorInfo(
        name=fit.spec.name,
        kind=fit.spec.kind,
        readings=fit.readings.count,
        years=fit.readings.years,
        reliability=fit.reliability,
        is_used=fit.is_used,
    )


def _draws(curves: list[_SlowCurve], fitted: tuple[IndicatorFit, ...], posterior: Posterior) -> LongRunDraws:
    draws, periods = len(posterior.coefficients), posterior.design.periods

    def beside(columns: list[FloatArray], rows: int) -> FloatArray:
        return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))

    return LongRunDraws(
        retention=beside([curve.retention for curve in curves], draws),
        half_saturation=beside([curve.half_saturation for curve in curves], draws),
        slope=beside([curve.slope for curve in curves], draws),
        ceiling=beside([curve.ceiling for curve in curves], draws),
        readings=beside([one.readings.value for one in fitted], periods),
        weights=beside([one.readings.weight for one in fitted], periods),
        level=np.stack([_band(one, periods) for one in fitted], axis=2) if fitted else np.zeros((3, periods, 0)),
    )


def _band(fit: IndicatorFit, periods: int) -> FloatArray:
    """Mean, 5 and 95 % quantile of the level; zero without a fit. Shape (3, T)."""
    if fit.level is None:
        return np.zeros((3, periods))
    return np.stack([fit.level.mean(axis=0), *np.quantile(fit.level, (0.05, 0.95), axis=0)])
