"""What is settled at the mode, before anything is sampled: paths of the noise, and the trend where it must be.

Under normal noise the paths of the noise and the scale of the trend's bends are summed over exactly (`mmm.marginal`).
Paths that the data rule out at the mode would cost time at every step, and are left out of the sum.

Under other noise the linear terms are sampled, and sampling the scale of the bends with them mixes badly: bends and
their scale pull each other towards zero. So the scale is settled first, at the mode of the same model under normal
noise, where each scale's posterior probability is known in closed form: empirical Bayes for one number (Gelman et al.
2013, section 5.1).
"""

from dataclasses import replace

import numpy as np

from mmm.coordinates import find_mode
from mmm.design import Design
from mmm.kernel.data import KernelData
from mmm.kernel.evaluation import density_of
from mmm.marginal import point_probabilities
from mmm.parameters import centered_outcome, kernel_data, linear_terms, natural_media
from mmm.priors import Priors
from mmm.vocabulary import FloatArray

LEAST_CHANCE = 1e-3
"""Paths of the noise less likely than this at the mode are left out: each costs time at every step."""


def settle(design: Design, priors: Priors) -> tuple[Priors, KernelData]:
    """The priors with what is settled before sampling, and what the density then reads."""
    start = None
    if design.likelihood == "normal":
        priors, start = settle_paths(design, priors)
    else:
        priors = settle_trend(design, priors)
    return priors, kernel_data(design, priors, linear_terms(design, priors), start)


def settle_trend(design: Design, priors: Priors) -> Priors:
    """The priors with one scale of the linear terms, the mean of their logarithms by posterior probability."""
    _, probability = _mode(replace(design, likelihood="normal"), priors)
    settled = np.exp(probability.sum(axis=0) @ np.log(priors.linear_scales))
    return replace(priors, linear_scales=settled[None], linear_log_weights=np.zeros(1))


def settle_paths(design: Design, priors: Priors) -> tuple[Priors, FloatArray]:
    """The priors with those paths of the noise alone that the data leave possible at the mode, and the mode (D,)."""
    mode, probability = _mode(design, priors)
    possible = np.flatnonzero(probability.sum(axis=1) >= LEAST_CHANCE)
    return replace(priors, noise_paths=priors.noise_paths.at(possible)), mode


def _mode(design: Design, priors: Priors) -> tuple[FloatArray, FloatArray]:
    """The mode (D,), and there the posterior probability of each path of the noise with each scale of the trend.

    The second has shape (P, scales).
    """
    terms = linear_terms(design, priors)
    data = kernel_data(design, priors, terms)
    mode = find_mode(density_of(data), data.start, data.spread)
    media = natural_media(design, mode[None])
    scale = design.outcome_scale
    residual = centered_outcome(design, priors) - design.observed * media.contribution[0] / scale
    noise = float(media.noise_scale[0]) / scale
    probability = point_probabilities(residual, noise, int(design.observed.sum()), terms)
    return mode, probability.reshape(len(terms.paths), -1)
