"""The media-mix model as a PyMC model: plain, with every coefficient sampled, and integrated.

    outcome_t = columns_t @ coefficients + sum_m ceiling_m * saturation(adstock(exposure_m))_t + noise_t

Everything is in multiples of the outcome's mean and of each medium's exposure scale. What is sampled
per medium is the logarithm of its share of the outcome over the window (return times spend); the ceiling
follows from it, so that the posterior has no ridge between ceiling and half-saturation.

`build_plain` is the model as a textbook writes it; `build_integrated` integrates its linear coefficients out,
and `mmm.kernel` is that density compiled for the sampler. Tests hold the three equal.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from mmm.adstock import delayed_weights, geometric_weights
from mmm.design import Design
from mmm.marginal import log_marginal
from mmm.parameters import centered_outcome, linear_terms, prior_of_parameters, structure_of
from mmm.priors import Priors, excess_share_density
from mmm.saturation import saturate
from mmm.vocabulary import SaturationKind

SMALLEST_STOCK = 1e-12
"""Added to adstock in multiples of the exposure scale: at zero the gradient of a Hill curve is not a number."""
_KINDS: tuple[SaturationKind, ...] = ("hill", "logistic", "michaelis_menten")


def build_integrated(design: Design, priors: Priors) -> pm.Model:
    """The model with its linear terms integrated out, in the formulas that everything else uses."""
    structure, terms = structure_of(design), linear_terms(design, priors)
    target, observed = pt.as_tensor(centered_outcome(design, priors)), pt.as_tensor(design.observed)
    with pm.Model() as model:
        parameters = _add_parameters(design, priors)
        residual = target - observed * media_response(design, parameters)
        noise = pt.exp(parameters[structure.blocks["log_noise"]][0])
        left, variance = pt.as_tensor(terms.left), pt.as_tensor(terms.variance)
        density = log_marginal(residual, noise, design.observed.sum(), left, variance, pt.as_tensor(terms.log_weights))
        pm.Potential("outcome", density)
    return model


def build_plain(design: Design, priors: Priors) -> pm.Model:
    """The model with every coefficient sampled, as a textbook would write it: the specification."""
    structure, terms = structure_of(design), linear_terms(design, priors)
    target, observed = pt.as_tensor(centered_outcome(design, priors)), pt.as_tensor(design.observed)
    with pm.Model() as model:
        parameters = _add_parameters(design, priors)
        coefficients = pm.Flat("coefficients", shape=design.columns.shape[1])
        under_each_scale = pm.logp(pm.Normal.dist(0.0, pt.as_tensor(priors.linear_scales)), coefficients).sum(axis=1)
        pm.Potential("coefficients_prior", pt.logsumexp(under_each_scale + terms.log_weights))
        mean = pt.as_tensor(design.columns) @ coefficients + media_response(design, parameters)
        noise = pm.Normal.dist(mean, pt.exp(parameters[structure.blocks["log_noise"]]))
        pm.Potential("outcome", (observed * pm.logp(noise, target)).sum())
    return model


def media_response(design: Design, parameters: Any) -> Any:
    """Contribution of all media together, in mean outcomes, as a graph of the sampled parameters. Shape (T,)."""
    structure = structure_of(design)
    by_block = {name: parameters[place] for name, place in structure.blocks.items()}
    retention = pt.sigmoid(by_block["logit_retention"])[:, None]
    peak = (pt.sigmoid(by_block["logit_peak"]) * (design.carryover_periods - 1))[:, None]
    lags = np.arange(design.carryover_periods, dtype=np.float64)
    first_delayed = structure.media - structure.delayed
    weights = pt.concatenate(
        [
            geometric_weights(retention[:first_delayed], lags),
            delayed_weights(retention[first_delayed:], peak, lags),
        ]
    )
    stock = (pt.as_tensor(design.lagged) * weights).sum(axis=-1) + SMALLEST_STOCK
    half_saturation, share = pt.exp(by_block["log_half_saturation"]), pt.exp(by_block["log_share"])
    total: Any = 0.0
    for kind in _KINDS:
        if places := structure.places(kind):
            slope = pt.exp(by_block["log_slope"]) if kind == "hill" else 1.0
            reached = saturate(kind, stock[:, places], half_saturation[places], slope)
            # The share is of the whole window, held-out periods included: their exposure is known.
            total = total + (reached * (share[places] * design.periods / reached.sum(axis=0))).sum(axis=-1)
    return total


def _add_parameters(design: Design, priors: Priors) -> Any:
    """The sampled parameters; each prior is explained in `mmm.priors`."""
    structure = structure_of(design)
    prior = prior_of_parameters(structure, priors)
    parameters = pm.MvNormal("parameters", prior.location, cov=prior.covariance, shape=structure.size)
    pm.Potential("share_below_one", excess_share_density(pt.exp(parameters[structure.blocks["log_share"]]).sum()))
    return parameters
