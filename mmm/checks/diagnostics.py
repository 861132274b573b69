"""Everything that is measured of a fit before it is judged."""

from dataclasses import dataclass

import numpy as np

from mmm.checks.bend import SeenBend, seen_bends
from mmm.checks.drift import Drift, drift
from mmm.checks.likeness import Likeness, likenesses
from mmm.checks.predictive import PredictedStatistic, predictive_check
from mmm.checks.residual import residual_autocorrelation
from mmm.checks.sampler import SamplerHealth, sampler_health
from mmm.checks.split import OpenSplit, open_split
from mmm.common_demand import common_movement, own_movements
from mmm.media_history import media_history
from mmm.parameters import ParameterPrior, Structure
from mmm.posterior import Posterior
from mmm.sampling import Samples
from mmm.vocabulary import FloatArray, PeriodName


@dataclass(frozen=True, slots=True)
class Contraction:
    """How much the data narrowed what was assumed, per medium in model order.

    One minus posterior over prior standard deviation of the log share of the outcome, the log half-saturation and the
    logit retention, in [0, 1]. Each of shape (M,).
    """

    share: FloatArray
    half_saturation: FloatArray
    retention: FloatArray


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What a fit is judged by.

    Attributes
    ----------
    sampler
        How the sampler did.
    contraction
        What the data taught about each medium.
    negative_baseline
        Posterior probability, averaged over periods, that the outcome without paid media would be below zero.
    residual_autocorrelation
        Of the mean residual, one lag an entry. Shape (lags,).
    predicted
        Statistics of what happened beside those of outcomes that the model makes.
    drift
        Whether effects move; None where that could not be tested.
    common_movement
        Median correlation of two channels' budgets beyond what is known; None where there are too few.
    bends
        Of every paid channel, whether spend was seen where its curve bends.
    likenesses
        Channels that cannot be told apart.
    split
        How open the best split of the budget is; None where there is nothing to split.
    shared_noise
        A country's noise over that of the sum of independent geos; None where there are no geos.
    """

    sampler: SamplerHealth
    contraction: Contraction
    negative_baseline: float
    residual_autocorrelation: FloatArray
    predicted: tuple[PredictedStatistic, ...]
    drift: Drift | None
    common_movement: float | None
    bends: tuple[SeenBend, ...]
    likenesses: tuple[Likeness, ...]
    split: OpenSplit | None
    shared_noise: float | None = None


def diagnose(
    samples: Samples,
    prior: ParameterPrior,
    structure: Structure,
    posterior: Posterior,
    period: PeriodName,
    rng: np.random.Generator,
) -> Diagnostics:
    """The diagnostics of a fit.

    Parameters
    ----------
    samples
        What the sampler walked over.
    prior
        Of every sampled parameter.
    structure
        What stands where in a parameter vector.
    posterior
        Draws in natural units.
    period
        Kind of period.
    rng
        Source of the outcomes that the model makes up.
    """
    design, history = posterior.design, media_history(posterior)
    return Diagnostics(
        sampler=sampler_health(samples, structure, design.media),
        contraction=Contraction(
            share=_narrowed(samples, prior, structure, "log_share"),
            half_saturation=_narrowed(samples, prior, structure, "log_half_saturation"),
            retention=_narrowed(samples, prior, structure, "logit_retention"),
        ),
        negative_baseline=float((posterior.baseline + posterior.organic < 0).mean()),
        residual_autocorrelation=residual_autocorrelation(posterior),
        predicted=predictive_check(posterior, rng),
        drift=drift(posterior, history, period, rng),
        common_movement=common_movement(own_movements(design)),
        bends=seen_bends(posterior, history),
        likenesses=likenesses(posterior, history),
        split=open_split(posterior, period),
        shared_noise=posterior.shared_noise,
    )


def _narrowed(samples: Samples, prior: ParameterPrior, structure: Structure, block: str) -> FloatArray:
    place = structure.blocks[block]
    narrowed = 1.0 - samples.parameters[:, :, place].std(axis=(0, 1)) / prior.total_spread[place]
    return np.clip(narrowed, 0.0, 1.0)
