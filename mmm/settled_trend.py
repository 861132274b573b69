"""How flexible the trend is where it cannot be summed over: settled by the same market under normal noise.

Under normal noise the scale of the trend's bends is summed over exactly (`mmm.marginal`). Under other noise the linear
terms are sampled, and sampling their scale with them mixes badly: bends and their scale pull each other towards zero.
So the scale is settled first, at the mode of the same model under normal noise, where each scale's posterior
probability is known in closed form: empirical Bayes for one number (Gelman et al. 2013, section 5.1).
"""

from dataclasses import replace

import numpy as np

from mmm.coordinates import round_coordinates
from mmm.design import Design
from mmm.kernel.evaluation import density_of
from mmm.marginal import scale_probabilities
from mmm.parameters import centered_outcome, kernel_data, linear_terms, natural_media
from mmm.priors import Priors


def settle_trend(design: Design, priors: Priors) -> Priors:
    """The priors with one scale of the linear terms, the mean of their logarithms by posterior probability."""
    normal = replace(design, likelihood="normal")
    terms = linear_terms(normal, priors)
    data = kernel_data(normal, priors, terms)
    media = natural_media(normal, round_coordinates(density_of(data), data.start, data.spread).center[None])
    scale = design.outcome_scale
    residual = centered_outcome(normal, priors) - design.observed * media.contribution[0] / scale
    noise = float(media.noise_scale[0]) / scale
    probability = scale_probabilities(residual, noise, int(design.observed.sum()), terms)
    settled = np.exp(probability @ np.log(priors.linear_scales))
    return replace(priors, linear_scales=settled[None], linear_log_weights=np.zeros(1))
