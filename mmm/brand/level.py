"""The level of the brand: fits of the indicators, cut off from the outcome that they later explain.

The outcome may not speak about the stock: what it follows slowly, for whatever reason, would be taken for brand. So
each indicator is fitted by itself, and of its fit the outcome's model sees the mean level alone (modular inference,
Plummer 2015, Jacob et al. 2017; a regressor replaced by its expectation, Carroll et al. 2006, chapter 4).
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.baseline import baseline_design
from mmm.brand.evidence import FEWEST_READINGS, FEWEST_YEARS, LEAST_RELIABILITY
from mmm.brand.indicator_design import (
    IndicatorDesign,
    Readings,
    brand_channels,
    build_indicator_design,
    readings_of,
)
from mmm.design import Design
from mmm.market import Market
from mmm.panel.design import PanelDesign
from mmm.parameters import prior_of_parameters, structure_of
from mmm.posterior import KEPT_DRAWS, Posterior, draw_posterior, thinned
from mmm.progress import Listener, sample_until_agreed
from mmm.sampling import Effort, Samples
from mmm.settled import settle
from mmm.spec import IndicatorSpec
from mmm.vocabulary import FloatArray, SaturationKind

LARGEST_LEVEL = 10.0
"""Largest level over its mean that a regressor may hold: a share or a volume that is next to nothing on average tells
nothing by its multiples."""


@dataclass(frozen=True, slots=True)
class SlowCurves:
    """What channels do to an indicator, in multiples of its mean level. S draws, B channels with a part in brand.

    Attributes
    ----------
    channels, saturation
        Names and kinds. Length B.
    retention, half_saturation, slope, ceiling
        As in `mmm.artifact.ResponseDraws`; the ceiling in mean levels. Shape (S, B).
    contraction
        One minus posterior over prior sd of the logarithm of each channel's share of the indicator. Shape (B,).
    """

    channels: tuple[str, ...]
    saturation: tuple[SaturationKind, ...]
    retention: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray
    contraction: FloatArray


@dataclass(frozen=True, slots=True)
class IndicatorFit:
    """One indicator and its level; `level` (S, T), in its own unit, and `curves` are None where it was not fitted."""

    spec: IndicatorSpec
    readings: Readings
    level: FloatArray | None
    curves: SlowCurves | None

    @property
    def reliability(self) -> float | None:
        """Share of what the mean level varies over time in that and the variance of the level, in [0, 1]."""
        if self.level is None:
            return None
        varies = float(self.level.mean(axis=0).var())
        return varies / (varies + float(self.level.var(axis=0).mean()))

    @property
    def is_used(self) -> bool:
        """Whether it says enough to explain an outcome by."""
        return self.reliability is not None and self.reliability >= LEAST_RELIABILITY

    @property
    def relative(self) -> FloatArray:
        """Mean level over its own mean, less one. Shape (T,)."""
        if self.level is None:
            raise ValueError(f"indicator '{self.spec.name}' was not fitted")
        mean = self.level.mean(axis=0)
        return np.asarray(mean / mean.mean() - 1.0)


@dataclass(frozen=True, slots=True)
class Brand:
    """The indicators of a market, in the order of market.toml."""

    indicators: tuple[IndicatorFit, ...]

    @property
    def used(self) -> tuple[IndicatorFit, ...]:
        """Those whose level explains the outcome."""
        return tuple(one for one in self.indicators if one.is_used)

    @property
    def level(self) -> tuple[float, ...]:
        """Level of the brand over its mean, less one: the mean of its indicators. Length T; empty without any."""
        used = self.used
        if not used:
            return ()
        mean = np.mean([one.relative for one in used], axis=0)
        return tuple(float(value) for value in np.clip(mean, -1.0, LARGEST_LEVEL))


def fit_brand(
    market: Market,
    held_out: int,
    efforts: tuple[Effort, ...],
    stage: str,
    seed: np.random.SeedSequence,
    progress: Listener | None,
) -> Brand:
    """The level of the brand of a national market, by a fit of each indicator.

    Parameters
    ----------
    market
        Of one geo; its indicators may have no readings.
    held_out
        Number of last periods whose readings the fits may not see.
    efforts, stage, progress
        How long to sample, and who is told.
    seed
        Equal markets and seeds give equal levels.
    """
    fits = []
    for indicator, own in zip(market.spec.indicators, seed.spawn(len(market.spec.indicators)), strict=True):
        readings = readings_of(market, indicator, held_out)
        if not brand_channels(market) or not _can_be_fitted(readings):
            fits.append(IndicatorFit(indicator, readings, None, None))
            continue
        prepared = build_indicator_design(market, indicator, held_out)
        fits.append(_fit_indicator(indicator, prepared, efforts, stage, own, progress))
    return Brand(tuple(fits))


def with_brand(design: Design, brand: Brand | None) -> Design:
    """The design with the level of the brand among the columns of its baseline."""
    if brand is None or not brand.level:
        return design
    baseline = design.baseline.model_copy(update={"brand": brand.level})
    columns = baseline_design(baseline, np.arange(design.periods), design.controls)
    return replace(design, baseline=baseline, columns=columns)


def with_panel_brand(panel: PanelDesign, brand: Brand | None) -> PanelDesign:
    """The design with the level of the brand, the same in all geos, among the columns of its baseline."""
    national = with_brand(panel.national, brand)
    added = national.columns[:, panel.columns.shape[2] :]
    everywhere = np.broadcast_to(added, (len(panel.geos), *added.shape))
    return replace(panel, national=national, columns=np.concatenate([panel.columns, everywhere], axis=2))


def _can_be_fitted(readings: Readings) -> bool:
    read = readings.value[readings.weight > 0]
    return readings.count >= FEWEST_READINGS and readings.years >= FEWEST_YEARS and float(np.ptp(read)) > 0


def _fit_indicator(
    spec: IndicatorSpec,
    prepared: IndicatorDesign,
    efforts: tuple[Effort, ...],
    stage: str,
    seed: np.random.SeedSequence,
    progress: Listener | None,
) -> IndicatorFit:
    design, priors = prepared.design, prepared.priors
    of_sampler, of_rest = seed.spawn(2)
    priors, data = settle(design, priors)
    samples = sample_until_agreed(data, efforts, int(of_sampler.generate_state(1, np.uint64)[0]), stage, progress)
    drawn = thinned(samples.parameters, KEPT_DRAWS)
    posterior = draw_posterior(design, priors, drawn, np.random.default_rng(of_rest))
    level = _level(posterior)[:, prepared.lead :]
    return IndicatorFit(spec, prepared.readings, level, _curves(prepared, posterior, samples, float(level.mean())))


def _level(posterior: Posterior) -> FloatArray:
    """Trend and stocks: what is left of the indicator without season, events, holidays and noise. Shape (S, T)."""
    info = posterior.design.baseline
    trend = slice(0, 1 + info.has_slope + len(info.knots))
    columns = posterior.design.columns[:, trend]
    return np.asarray(posterior.coefficients[:, trend] @ columns.T + posterior.media.contribution)


def _curves(prepared: IndicatorDesign, posterior: Posterior, samples: Samples, mean: float) -> SlowCurves:
    design, media = posterior.design, posterior.media
    paid = list(design.paid)
    structure = structure_of(design)
    share = structure.blocks["log_share"]
    prior = prior_of_parameters(structure, prepared.priors).total_spread[share]
    narrowed = 1.0 - samples.parameters[:, :, share].std(axis=(0, 1)) / prior
    return SlowCurves(
        channels=prepared.channels,
        saturation=tuple(design.media[place].saturation for place in paid),
        retention=media.retention[:, paid],
        half_saturation=media.half_saturation[:, paid],
        slope=media.slope[:, paid],
        ceiling=media.ceiling[:, paid] / mean,
        contraction=np.clip(narrowed[paid], 0.0, 1.0),
    )
