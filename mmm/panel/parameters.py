"""The sampled parameters of a panel and their priors; the arrays that its compiled density reads.

What is sampled are the country's curves, exactly as without geos, and four numbers more: how much geos differ in their
effects, how much in their base, how noise falls with size, and how much the trend bends. What each geo has of its own
is integrated out (`mmm.kernel.panel_normal`) and drawn back (`mmm.panel.posterior`), so that
more geos make the density longer to evaluate and no harder to walk.
"""

from dataclasses import dataclass

import numpy as np

from mmm.kernel.data import MediaData
from mmm.kernel.panel_data import PanelData
from mmm.panel.design import PanelDesign
from mmm.parameters import ParameterPrior, Structure, bends_of, layout_of, prior_of_parameters, structure_of
from mmm.priors import BEND_SPREAD, BEND_SPREAD_SPREAD, EXCESS_SPREAD, NOISE_SHARE, Priors
from mmm.vocabulary import FloatArray

EFFECT_SPREAD, EFFECT_SPREAD_SPREAD = 0.25, 0.6
"""Median sd of a geo's effect relative to the country's, and sd of its logarithm: 90 % within 0.09 and 0.67."""

POOLING, POOLING_SPREAD = 0.3, 0.7
"""Median sd of a geo's season, trend and controls relative to the prior of the country's, and sd of its logarithm."""

NOISE_EXPONENT, NOISE_EXPONENT_SPREAD = 0.25, 0.25
"""Noise per head falls with size to this power: 0.5 if people were independent, 0 if they all moved together."""

GEO_LEVEL_SPREAD = 0.4
"""Sd of a geo's own level per head, in national means: not pooled, because every geo shows its own."""


@dataclass(frozen=True, slots=True)
class LinearPrior:
    """Prior of the K linear terms of a panel, each array of shape (K,); see `mmm.kernel.panel_data.PanelData`."""

    common: FloatArray
    local: FloatArray
    pooled: FloatArray
    bends: FloatArray


def panel_structure(design: PanelDesign) -> Structure:
    """The structure of the vector of sampled parameters."""
    national = structure_of(design.national)
    return Structure(national.adstock, national.saturation, is_panel=True)


def panel_prior(design: PanelDesign, priors: Priors) -> ParameterPrior:
    """The prior of every sampled parameter: the country's, then the panel's own."""
    national = prior_of_parameters(structure_of(design.national), priors)
    location = national.location.copy()
    location[-1] = np.log(NOISE_SHARE * design.variation)
    own = np.array(
        [
            (np.log(EFFECT_SPREAD), EFFECT_SPREAD_SPREAD),
            (np.log(POOLING), POOLING_SPREAD),
            (NOISE_EXPONENT, NOISE_EXPONENT_SPREAD),
            (np.log(BEND_SPREAD), BEND_SPREAD_SPREAD),
        ]
    ).T
    return ParameterPrior(
        np.concatenate([location, own[0]]),
        np.concatenate([national.spread, own[1]]),
        np.concatenate([national.shared, np.zeros(4)]),
    )


def linear_prior(design: PanelDesign, priors: Priors) -> LinearPrior:
    """Prior sds of what geos have in common and of what each has of its own."""
    info = design.national.baseline
    bends = bends_of(info)
    common = np.where(bends > 0, 1.0, priors.linear_scales[0])
    local, pooled = common.copy(), np.ones_like(common)
    local[0], pooled[0] = GEO_LEVEL_SPREAD, 0.0
    return LinearPrior(common, local, pooled, bends)


def panel_target(design: PanelDesign, priors: Priors) -> FloatArray:
    """Outcome less the baseline's prior mean, zero where not observed. Shape (G, T)."""
    return np.asarray((design.outcome - design.columns @ priors.linear_location) * design.national.observed)


def panel_data(design: PanelDesign, priors: Priors) -> PanelData:
    """The arrays that the compiled density reads."""
    structure, prior, linear = panel_structure(design), panel_prior(design, priors), linear_prior(design, priors)
    observed = design.national.observed
    return PanelData(
        media=_media_data(design, structure),
        noise_place=structure.place("log_noise"),
        excess_spread=EXCESS_SPREAD,
        prior=np.stack([prior.location, prior.spread, prior.shared]),
        target=panel_target(design, priors),
        observed=observed,
        columns=np.ascontiguousarray(design.columns.transpose(0, 2, 1)) * observed,
        common=linear.common,
        local=linear.local,
        pooled=linear.pooled,
        bends=linear.bends,
        varies=design.varies,
        log_size=np.log(design.size),
    )


def _media_data(design: PanelDesign, structure: Structure) -> MediaData:
    lags, (geos, periods, media) = design.national.carryover_periods, design.exposure.shape
    # Of media with reach and frequency the people reached; frequency is one for all others.
    led = np.concatenate([np.zeros((geos, lags - 1, media)), design.exposure / design.frequency], axis=1)
    led_frequency = np.concatenate([np.ones((geos, lags - 1, media)), design.frequency], axis=1)
    segments: list[tuple[int, int, int, int]] = []
    pieces: list[tuple[int, int, int, int, int]] = []
    sizes: list[float] = []
    exposures: list[FloatArray] = []
    frequencies: list[FloatArray] = []
    rows, start, row = np.zeros((media, 2), dtype=np.int64), 0, 0
    for place in range(media):
        first = rows[place, 0] = row
        windows = [led[geo, :, place] for geo in range(geos)]
        frequencies += [led_frequency[geo, :, place] for geo in range(geos)]
        without = geos * periods
        for number, test in enumerate(design.tests):
            if test.medium != place:
                continue
            for geo, exposure in zip(test.geos, test.exposure_without, strict=True):
                measured = slice(test.start, test.start + lags - 1 + test.measured)
                contacts = led_frequency[geo, measured, place]
                changed = led[geo, measured, place].copy()
                inside = slice(lags - 1, lags - 1 + len(exposure))
                changed[inside] = exposure / contacts[inside]
                frequencies.append(contacts)
                pieces.append((number, place, geo * periods + test.start, without, test.measured))
                sizes.append(float(design.size[geo]) / geos)
                windows.append(changed)
                without += test.measured
        for window in windows:
            segments.append((place, start, row, len(window) - lags + 1))
            exposures.append(window)
            start, row = start + len(window), row + len(window) - lags + 1
        rows[place] = first, row
    scale = design.national.outcome_scale
    return MediaData(
        lags=lags,
        layout=layout_of(structure, rows),
        segments=np.array(segments, dtype=np.int64),
        exposure=np.concatenate(exposures),
        log_frequency=np.log(np.concatenate(frequencies)),
        weight=np.repeat(design.size, periods),
        pieces=np.array(pieces, dtype=np.int64).reshape(-1, 5),
        piece_size=np.array(sizes),
        tests=np.array([(test.estimate / scale, test.standard_error / scale) for test in design.tests]).reshape(-1, 2),
    )
