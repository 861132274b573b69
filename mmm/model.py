"""The media-mix model as a PyMC model: plain, with every coefficient sampled, and integrated.

    outcome_t = columns_t @ coefficients + sum_m ceiling_m * saturation(adstock(exposure_m))_t + noise_t

Everything is in multiples of the outcome's mean and of each medium's exposure scale. What is sampled
per medium is the logarithm of its share of the outcome over the window (return times spend); the ceiling
follows from it, so that the posterior has no ridge between ceiling and half-saturation.

`build_plain` is the model as a textbook writes it; `build_integrated` integrates its linear coefficients out,
and `mmm.kernel` is that density compiled for the sampler. Tests hold the three equal. Noise that is not normal
cannot be integrated over: there the compiled density is that of the plain model.
"""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from mmm.adstock import delayed_weights, geometric_weights, lagged_exposure, weibull_weights
from mmm.design import Design
from mmm.lift import LiftTest
from mmm.marginal import log_marginal
from mmm.noise_paths import sampled_whitening
from mmm.outcome_noise import LEAST_DEGREES, positive_mean
from mmm.parameters import Structure, centered_outcome, coefficients_at, linear_terms, prior_of_parameters, structure_of
from mmm.priors import Priors, excess_share_density
from mmm.saturation import effect_of_impression, saturate
from mmm.vocabulary import FloatArray, SaturationKind

SMALLEST_STOCK = 1e-30
"""Added to adstock in multiples of the exposure scale: at zero the gradient of a Hill curve is not a number."""
_BENT_AFTER_CARRYOVER: tuple[SaturationKind, ...] = ("hill", "logistic", "michaelis_menten")


def build_integrated(design: Design, priors: Priors) -> pm.Model:
    """The model with its linear terms integrated out, in the formulas that everything else uses; normal noise alone."""
    structure, terms = structure_of(design), linear_terms(design, priors)
    target, observed = pt.as_tensor(centered_outcome(design, priors)), pt.as_tensor(design.observed)
    with pm.Model() as model:
        parameters = _add_parameters(design, priors)
        curves = _curves(design, parameters)
        residual = target - observed * curves.contribution.sum(axis=1)
        noise = pt.exp(parameters[structure.blocks["log_noise"]][0])
        pm.Potential("outcome", log_marginal(residual, noise, design.observed.sum(), terms))
        _add_lift_tests(design, curves)
    return model


def build_plain(design: Design, priors: Priors) -> pm.Model:
    """The model with every coefficient sampled, as a textbook would write it: the specification."""
    structure = structure_of(design)
    observed = pt.as_tensor(design.observed)
    with pm.Model() as model:
        parameters = _add_parameters(design, priors)
        curves = _curves(design, parameters)
        if structure.place("coefficient") >= 0:
            coefficients = coefficients_at(design, priors, parameters)
        else:
            coefficients = pm.Flat("coefficients", shape=design.columns.shape[1])
            of_each_scale = pm.logp(pm.Normal.dist(0.0, pt.as_tensor(priors.linear_scales)), coefficients).sum(axis=1)
            pm.Potential("coefficients_prior", pt.logsumexp(of_each_scale + priors.linear_log_weights))
        mean = pt.as_tensor(design.columns) @ coefficients + curves.contribution.sum(axis=1)
        if design.likelihood == "normal":
            pm.Potential("outcome", _normal_density(design, priors, parameters, mean))
        else:
            pm.Potential("outcome", (observed * _outcome_density(design, priors, parameters, mean)).sum())
        _add_lift_tests(design, curves)
    return model


def _normal_density(design: Design, priors: Priors, parameters: Any, mean: Any) -> Any:
    """Log density of all outcomes around what is added up, summed over the paths that the noise may take."""
    noise = pt.exp(parameters[structure_of(design).blocks["log_noise"]][0])
    residual = design.observed * (pt.as_tensor(centered_outcome(design, priors)) - mean)
    filters = sampled_whitening(priors.noise_paths, design.observed)
    white = (pt.as_tensor(filters.matrix) * residual).sum(axis=-1)
    by_period = pm.logp(pm.Normal.dist(0.0, noise), white) * design.observed
    return pt.logsumexp(by_period.sum(axis=1) + filters.log_determinant - np.log(len(priors.noise_paths)))


def _outcome_density(design: Design, priors: Priors, parameters: Any, mean: Any) -> Any:
    """Log density of each period's outcome around what is added up, where noise is not normal. Shape (T,)."""
    structure, target = structure_of(design), pt.as_tensor(centered_outcome(design, priors))
    by_block = {name: parameters[block] for name, block in structure.blocks.items()}
    match design.likelihood:
        case "student_t":
            degrees = LEAST_DEGREES + pt.exp(by_block["log_shape"][0])
            return pm.logp(pm.StudentT.dist(nu=degrees, mu=mean, sigma=pt.exp(by_block["log_noise"][0])), target)
        case "negative_binomial":
            level = positive_mean(mean + pt.as_tensor(design.columns @ priors.linear_location)) * design.outcome_scale
            counts = pt.as_tensor(design.outcome * design.observed)
            return pm.logp(pm.NegativeBinomial.dist(mu=level, alpha=pt.exp(by_block["log_shape"][0])), counts)
        case "normal":
            raise AssertionError("normal noise follows a path")


def media_response(design: Design, parameters: Any) -> Any:
    """Contribution of all media together, in mean outcomes, as a graph of the sampled parameters. Shape (T,)."""
    return media_contributions(design, parameters).sum(axis=1)


def media_contributions(design: Design, parameters: Any) -> Any:
    """Contribution of each medium, in mean outcomes, as a graph of the sampled parameters. Shape (T, M)."""
    return _curves(design, parameters).contribution


class Curves:
    """The media's curves as a graph of the sampled parameters. N rows (periods, of a panel geo after geo), M media.

    Attributes
    ----------
    ceiling
        Height at which each medium brings its share. Shape (M,).
    contribution
        What each medium brings in each row, mean outcomes. Shape (N, M).
    """

    def __init__(
        self,
        structure: Structure,
        lags: int,
        parameters: Any,
        lagged: FloatArray,
        frequency: FloatArray,
        weight: FloatArray,
    ) -> None:
        self._structure, self._lags = structure, np.arange(lags, dtype=np.float64)
        by_block = {name: parameters[block] for name, block in structure.blocks.items()}
        self._half_saturation = pt.exp(by_block["log_half_saturation"])
        self._slope = by_block["log_slope"]
        self._weights = self._carryover(by_block)
        reached = self.reached(lagged, frequency)
        # The share is of the whole window, held-out periods included: their exposure is known.
        counted = (pt.as_tensor(weight)[:, None] * reached).sum(axis=0)
        self.ceiling = pt.exp(by_block["log_share"]) * weight.sum() / counted
        self.contribution = reached * self.ceiling

    def reached(self, lagged: FloatArray, frequency: FloatArray) -> Any:
        """Response of every medium to lagged exposure and frequency (N, M, L); below one but for `reach`. Shape (N, M).

        Frequency is in multiples of the usual one.
        """
        stock = (pt.as_tensor(lagged) * self._weights).sum(axis=-1) + SMALLEST_STOCK
        reached: list[Any] = [None] * self._structure.media
        slopes = {place: pt.exp(self._slope[number]) for number, place in enumerate(self._structure.sloped)}
        for kind in _BENT_AFTER_CARRYOVER:
            for place in self._structure.curved(kind):
                half = self._half_saturation[place]
                reached[place] = saturate(kind, stock[:, place], half, slopes.get(place, 1.0))
        for place in self._structure.curved("reach"):
            half = self._half_saturation[place]
            effect = effect_of_impression(pt.as_tensor(frequency[:, place]), half, slopes[place])
            reached[place] = (pt.as_tensor(lagged[:, place]) * effect * self._weights[place]).sum(axis=-1)
        return pt.stack(reached, axis=1)

    def _carryover(self, by_block: dict[str, Any]) -> Any:
        structure, lags = self._structure, self._lags
        retention = pt.sigmoid(by_block["logit_retention"])[:, None]
        peak = (pt.sigmoid(by_block["logit_peak"]) * (len(lags) - 1))[:, None]
        exponent = pt.exp(by_block["log_exponent"])[:, None]
        # Media are in the order of their kinds.
        return pt.concatenate(
            [
                geometric_weights(retention[structure.carried("geometric")], lags),
                delayed_weights(retention[structure.carried("delayed")], peak, lags),
                weibull_weights(retention[structure.carried("weibull")], exponent, lags),
            ]
        )


def _curves(design: Design, parameters: Any) -> Curves:
    structure = structure_of(design)
    lagged, frequency = design.lagged, design.lagged_frequency
    return Curves(structure, design.carryover_periods, parameters, lagged, frequency, np.ones(design.periods))


def _increment(design: Design, curves: Curves, test: LiftTest) -> Any:
    """What a lift test's change of spend brought in the periods that were measured, mean outcomes."""
    changed = design.exposure.copy()
    changed[test.start : test.start + len(test.exposure_without), test.medium] = test.exposure_without
    lagged = lagged_exposure(changed / design.exposure_scale, design.carryover_periods)
    difference = curves.contribution - curves.reached(lagged, design.lagged_frequency) * curves.ceiling
    return difference[test.start : test.start + test.measured, test.medium].sum()


def _add_lift_tests(design: Design, curves: Curves) -> None:
    """What was measured scatters around the increment by the curves with the test's standard error."""
    for number, test in enumerate(design.tests):
        estimate, error = test.estimate / design.outcome_scale, test.standard_error / design.outcome_scale
        pm.Potential(f"lift_test_{number}", pm.logp(pm.Normal.dist(_increment(design, curves, test), error), estimate))


def _add_parameters(design: Design, priors: Priors) -> Any:
    """The sampled parameters; each prior is explained in `mmm.priors`."""
    structure = structure_of(design)
    prior = prior_of_parameters(structure, priors)
    parameters = pm.MvNormal("parameters", prior.location, cov=prior.covariance, shape=structure.size)
    pm.Potential("share_below_one", excess_share_density(pt.exp(parameters[structure.blocks["log_share"]]).sum()))
    return parameters
