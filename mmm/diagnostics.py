"""Did the chains agree, and how much did the data teach: numbers about one fit."""

from dataclasses import dataclass

import numpy as np
from arviz_stats.base import array_stats

from mmm.parameters import ParameterPrior, Structure
from mmm.posterior import Posterior
from mmm.sampling import Samples
from mmm.vocabulary import FloatArray

TAILS = (0.05, 0.95)
"""Quantiles whose effective sample size is the tail's (Vehtari et al. 2021)."""


RHAT_LIMIT = 1.01
"""Largest R-hat at which chains count as agreed (Vehtari et al. 2021)."""

ESS_LIMIT = 400.0
"""Fewest effective draws of four chains at which R-hat and quantiles can be trusted (Vehtari et al. 2021)."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """Whether chains agree, over all sampled parameters.

    Attributes
    ----------
    rhat
        Largest rank-normalised split R-hat (Vehtari et al. 2021).
    bulk_ess, tail_ess
        Smallest effective sample sizes.
    """

    rhat: float
    bulk_ess: float
    tail_ess: float

    @property
    def is_reached(self) -> bool:
        """Whether nothing more need be sampled."""
        return self.rhat <= RHAT_LIMIT and min(self.bulk_ess, self.tail_ess) >= ESS_LIMIT


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Convergence of a fit and what it learned.

    Attributes
    ----------
    convergence
        Of the chains.
    draws, divergences
        Draws after warm-up, all chains, and how many of them diverged.
    contraction
        Per medium in model order: one minus posterior over prior sd of its log share, in [0, 1]. Shape (M,).
    negative_baseline
        Posterior probability, averaged over periods, that the outcome without paid media would be below zero.
    residual_autocorrelation
        Correlation of one period's mean residual with the next one's.
    """

    convergence: Convergence
    draws: int
    divergences: int
    contraction: FloatArray
    negative_baseline: float
    residual_autocorrelation: float


def convergence_of(samples: Samples) -> Convergence:
    """How far the chains agree."""
    values = samples.parameters
    return Convergence(
        rhat=float(array_stats.rhat(values, chain_axis=0, draw_axis=1).max()),
        bulk_ess=float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk").min()),
        tail_ess=float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="tail", prob=TAILS).min()),
    )


def diagnose(samples: Samples, prior: ParameterPrior, structure: Structure, posterior: Posterior) -> Diagnostics:
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
    """
    values = samples.parameters
    chains, draws, _ = values.shape
    place = structure.blocks["log_share"]
    learned = 1.0 - values[:, :, place].std(axis=(0, 1)) / prior.total_spread[place]
    without_paid = posterior.baseline + posterior.organic
    return Diagnostics(
        convergence=convergence_of(samples),
        draws=chains * draws,
        divergences=samples.divergences,
        contraction=np.clip(learned, 0.0, 1.0),
        negative_baseline=float((without_paid < 0).mean()),
        residual_autocorrelation=_lag_one(posterior.design.outcome - posterior.expected.mean(axis=0)),
    )


def _lag_one(series: FloatArray) -> float:
    centered = series - series.mean()
    total = float(centered @ centered)
    return float(centered[1:] @ centered[:-1]) / total if total > 0 else 0.0
