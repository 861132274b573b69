"""Posterior draws of a panel: each geo's base and effects drawn back exactly, then the country as their sum.

An artifact speaks of the country: what a channel's national spend brings when it is shared out over geos as in history.
Where geos get unequal money a head, that is a sum of curves; the artifact holds, draw by draw, the
one curve of the same kind and slope that bends like the sum and brings the same in history. Of reach and frequency the
half-saturation is the same in all geos, for it is of a person; at the country's reach and frequency its curve brings
in history what the geos' did.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from mmm.adstock import lagged_exposure
from mmm.curves import adstocked, carryover_weights
from mmm.panel.design import PanelDesign
from mmm.panel.parameters import linear_prior, panel_structure, panel_target
from mmm.parameters import MediaDraws
from mmm.posterior import Posterior
from mmm.priors import Priors
from mmm.saturation import effect_of_impression, saturate
from mmm.vocabulary import FloatArray, SaturationKind

LEVELS = (0.5, 2.0)
"""Levels of exposure, in multiples of the usual one, over which the country's curve bends like the sum of the geos'."""

_HALVINGS = 50
_WIDEST = 6.0
"""Half-saturation of the country's curve is looked for within e to this power either way of the geos'."""


@dataclass(frozen=True, slots=True)
class PanelPosterior:
    """Draws of a panel. S draws, G geos, M media.

    Attributes
    ----------
    country
        Draws of the country as a whole.
    effects
        Effect of each medium in each geo relative to the country's. Shape (S, G, M).
    curves
        The country's curves per head, which the effects multiply.
    heights
        Ceilings of these curves, in national means. Shape (S, M).
    brought
        What each medium brought in each geo over the window before its effect there, in national means times periods.
        Shape (S, G, M).
    """

    country: Posterior
    effects: FloatArray
    curves: "NationalCurves"
    heights: FloatArray
    brought: FloatArray


def draw_panel_posterior(
    design: PanelDesign, priors: Priors, parameters: FloatArray, rng: np.random.Generator
) -> PanelPosterior:
    """Draws in natural units.

    Parameters
    ----------
    design, priors
        Of the fit.
    parameters
        Sampled parameters. Shape (S, D).
    rng
        Source of randomness of what is drawn back.
    """
    curves, linear = national_curves(design, parameters), linear_prior(design, priors)
    draws, (geos, periods, media) = len(parameters), design.exposure.shape
    national, terms = design.national, design.columns.shape[2]
    target, observed = panel_target(design, priors), design.national.observed
    columns = design.columns * observed[:, None]
    by_block = {name: parameters[:, place] for name, place in panel_structure(design).blocks.items()}
    bends = 1.0 + linear.bends * (np.exp(by_block["log_bend_spread"]) - 1.0)
    local = linear.local * bends * (1.0 + linear.pooled * (np.exp(by_block["log_pooling"]) - 1.0))
    effect = design.varies * np.exp(by_block["log_effect_spread"])
    noise = np.exp(by_block["log_noise"] - by_block["noise_exponent"] * np.log(design.size))
    coefficients, effects = np.empty((draws, terms)), np.empty((draws, geos, media))
    contribution, heights, whole = np.empty((draws, periods, media)), np.empty((draws, media)), np.empty_like(effects)
    for draw in range(draws):
        brought, heights[draw] = curves.contribution(draw)
        seen = brought * observed[:, None]
        own = np.concatenate([columns, seen], axis=2) * np.concatenate([local[draw], effect[draw]])
        common, drawn = _draw_linear(
            target - seen.sum(axis=2), columns * (linear.common * bends[draw]), own, noise[draw], rng
        )
        base = common * linear.common * bends[draw] + drawn[:, :terms] * local[draw]
        effects[draw] = 1.0 + drawn[:, terms:] * effect[draw]
        coefficients[draw] = design.size @ base / geos
        contribution[draw] = np.einsum("g,gm,gtm->tm", design.size / geos, effects[draw], brought)
        whole[draw] = design.size[:, None] / geos * brought.sum(axis=1)
    scale = national.outcome_scale
    media_draws = curves.country(effects, contribution * scale, noise)
    country = Posterior(national, media_draws, (priors.linear_location + coefficients) * scale)
    return PanelPosterior(_with_noise_of_country(country, rng), effects, curves, heights, whole)


def _with_noise_of_country(independent: Posterior, rng: np.random.Generator) -> Posterior:
    """The same draws with the noise that the country's sum shows, which is more than that of independent geos.

    A week that is strong everywhere does not average out. Given a draw's residuals, the variance of n normal periods is
    their sum of squares over a chi-square variable of n degrees (Gelman et al. 2013, section 2.6).
    """
    seen = independent.design.observed > 0
    squares = (independent.residual[:, seen] ** 2).sum(axis=1)
    shown = np.sqrt(squares / rng.chisquare(seen.sum(), size=len(squares)))
    return replace(
        independent,
        media=replace(independent.media, noise_scale=shown),
        shared_noise=float(np.median(shown / independent.media.noise_scale)),
    )


def _draw_linear(
    residual: FloatArray, common: FloatArray, own: FloatArray, noise: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """One draw of standard coefficients: what geos share (K,), and each geo's own (G, K + M).

    `residual` (G, T); `common` (G, T, K) and `own` (G, T, K + M) are scaled by the prior's sds; `noise` (G,).
    """
    variance = noise[:, None, None] ** 2
    inner = own.transpose(0, 2, 1) @ own + variance * np.eye(own.shape[2])
    crossed = own.transpose(0, 2, 1) @ common
    solved = np.linalg.solve(inner, crossed)
    precision = ((common.transpose(0, 2, 1) @ common - crossed.transpose(0, 2, 1) @ solved) / variance).sum(axis=0)
    seen = (common.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
    seen_own = (own.transpose(0, 2, 1) @ residual[:, :, None])[:, :, 0]
    pulled = ((seen - (solved.transpose(0, 2, 1) @ seen_own[:, :, None])[:, :, 0]) / variance[:, :, 0]).sum(axis=0)
    factor = np.linalg.cholesky(precision + np.eye(len(precision)))
    mean = np.linalg.solve(factor, pulled)
    shared = np.linalg.solve(factor.T, mean + rng.standard_normal(len(mean)))
    left = seen_own - (crossed @ shared)
    factors = np.linalg.cholesky(inner)
    half = np.linalg.solve(factors, left[:, :, None])
    normal = rng.standard_normal(half.shape) * noise[:, None, None]
    return shared, np.linalg.solve(factors.transpose(0, 2, 1), half + normal)[:, :, 0]


@dataclass(frozen=True, slots=True)
class NationalCurves:
    """The country's curves per draw, per head. S draws, M media; each array of shape (S, M)."""

    design: PanelDesign
    lagged: FloatArray
    retention: FloatArray
    peak_delay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    share: FloatArray

    def contribution(self, draw: int) -> tuple[FloatArray, FloatArray]:
        """What each medium would bring in each geo by the country's effect, per head, and ceilings. (G, T, M), (M,)."""
        brought = np.zeros(self.design.exposure.shape)
        heights = np.zeros(brought.shape[2])
        for place in range(brought.shape[2]):
            reached = self.reached(draw, place, self.lagged[:, :, place])
            heights[place] = self.ceiling(draw, place, reached)
            brought[:, :, place] = reached * heights[place]
        return brought, heights

    def reached(
        self,
        draw: int,
        place: int,
        lagged: FloatArray,
        periods: slice = slice(None),
        geos: slice | list[int] = slice(None),
    ) -> FloatArray:
        """Saturated adstock of a medium's exposure with its lags (T, G, L). Shape (G, T).

        From 0 to 1 but for reach and frequency, of which the panel's frequency counts; `periods` and `geos` say which
        of the panel's the exposure is of.
        """
        medium, national, one = self.design.national.media[place], self.design.national, slice(draw, draw + 1)
        if medium.saturation == "reach":
            frequency = self.design.frequency[geos, :, place].T
            effect = effect_of_impression(frequency, self.half_saturation[draw, place], self.slope[draw, place])
            lagged = lagged * lagged_exposure(effect, national.carryover_periods)[periods]
        weights = carryover_weights(
            medium.adstock, national.carryover_periods, self.retention[one, place], self.peak_delay[one, place]
        )[0]
        stock = (lagged @ weights).T
        return np.asarray(
            saturate(medium.saturation, stock, self.half_saturation[draw, place], self.slope[draw, place])
        )

    def ceiling(self, draw: int, place: int, reached: FloatArray) -> float:
        """Height at which a medium brings its share; `reached` (G, T) is of the window. Zero without exposure."""
        total = float((self.design.size[:, None] * reached).sum())
        return float(self.share[draw, place]) * reached.size / total if total > 0 else 0.0

    def country(self, effects: FloatArray, contribution: FloatArray, noise: FloatArray) -> MediaDraws:
        """The country's curves in natural units; `contribution` (S, T, M) is what the geos' sum brought."""
        design, national = self.design, self.design.national
        usual = design.exposure.mean(axis=1)
        usual = usual / np.average(usual, weights=design.size, axis=0).clip(min=1e-300)
        half, ceiling = self.half_saturation.copy(), np.zeros_like(self.half_saturation)
        total = np.zeros(contribution.shape[:2])
        paid = np.zeros_like(total)
        lagged = lagged_exposure(national.exposure / national.exposure_scale, national.carryover_periods)
        for place, medium in enumerate(national.media):
            is_reach = medium.saturation == "reach"
            if np.ptp(usual[:, place]) > 0 and not is_reach:
                half[:, place] = _joint_half(
                    medium.saturation, usual[:, place], effects[:, :, place] * design.size, half[:, place],
                    self.slope[:, place],
                )  # fmt: skip
            weights = carryover_weights(
                medium.adstock, national.carryover_periods, self.retention[:, place], self.peak_delay[:, place]
            )
            if is_reach:
                worked, contacts = national.exposure[:, place], national.frequency[:, place]
                bend = (half[:, place] * national.usual_frequency[place], self.slope[:, place])
                stock = adstocked(medium.saturation, weights, worked, contacts, *bend)
            else:
                stock = weights @ lagged[:, place].T
            reached = saturate(medium.saturation, stock, half[:, place, None], self.slope[:, place, None])
            summed = reached.sum(axis=1)
            brought = contribution[:, :, place].sum(axis=1)
            np.divide(brought, summed, out=ceiling[:, place], where=summed > 0)
            total += ceiling[:, place, None] * reached
            if medium.is_paid:
                paid += ceiling[:, place, None] * reached
        geos = len(design.geos)
        spread = np.sqrt((noise**2 * design.size**2).sum(axis=1)) / geos * national.outcome_scale
        return MediaDraws(
            retention=self.retention,
            peak_delay=self.peak_delay,
            half_saturation=half * national.half_saturation_scale,
            slope=self.slope,
            ceiling=ceiling,
            contribution=total,
            paid_contribution=paid,
            noise_scale=spread,
            noise_shape=np.full(len(half), np.inf),
        )


def national_curves(design: PanelDesign, parameters: FloatArray) -> NationalCurves:
    """The country's curves at sampled parameters (S, D)."""
    structure, national = panel_structure(design), design.national
    by_block = {name: parameters[:, place] for name, place in structure.blocks.items()}
    shape = (len(parameters), structure.media)
    peak_delay, slope = np.zeros(shape), np.ones(shape)
    peak_delay[:, structure.carried("delayed")] = expit(by_block["logit_peak"]) * (national.carryover_periods - 1)
    peak_delay[:, structure.carried("weibull")] = np.exp(by_block["log_exponent"])
    slope[:, structure.sloped] = np.exp(by_block["log_slope"])
    return NationalCurves(
        design=design,
        lagged=lagged_exposure(design.exposure.transpose(1, 0, 2), national.carryover_periods),
        retention=expit(by_block["logit_retention"]),
        peak_delay=peak_delay,
        half_saturation=np.exp(by_block["log_half_saturation"]),
        slope=slope,
        share=np.exp(by_block["log_share"]),
    )


def _joint_half(
    kind: SaturationKind, intensity: FloatArray, weight: FloatArray, half: FloatArray, slope: FloatArray
) -> FloatArray:
    """Half-saturation of the one curve that grows between two levels as the weighted sum of the geos' curves does.

    `intensity` (G,) is exposure per head relative to the country's, `weight` (S, G), `half` and `slope` (S,). The
    growth from the lowest to the highest level rises with half-saturation, so that halving finds it.
    """
    low, high = LEVELS

    def growth(halves: FloatArray) -> FloatArray:
        reached = [saturate(kind, level, halves, slope) for level in (low, high)]
        return np.asarray(reached[1] / reached[0])

    summed = [
        (weight * saturate(kind, level * intensity, half[:, None], slope[:, None])).sum(axis=1) for level in (low, high)
    ]
    wanted = summed[1] / summed[0]
    lower, upper = np.log(half) - _WIDEST, np.log(half) + _WIDEST
    for _ in range(_HALVINGS):
        middle = (lower + upper) / 2.0
        is_low = growth(np.exp(middle)) < wanted
        lower, upper = np.where(is_low, middle, lower), np.where(is_low, upper, middle)
    return np.asarray(np.exp((lower + upper) / 2.0))
