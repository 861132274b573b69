"""What PyMC's own sampler finds in the plain model is what the fit finds in the integrated one."""

import numpy as np
import pymc as pm
from arviz_stats.base import array_stats
from fitting_markets import small_market

from mmm.checks.sampler import DIVERGENCE_LIMITS
from mmm.design import build_design
from mmm.model import build_plain
from mmm.parameters import kernel_data, linear_terms
from mmm.posterior import draw_posterior
from mmm.priors import build_priors
from mmm.sampling import Effort, sample


def test_posterior_means_agree_within_monte_carlo_error() -> None:
    market = small_market()
    outcome = market.spec.outcomes[0]
    design = build_design(market, outcome, 0)
    priors = build_priors(market, outcome, design)
    samples = sample(kernel_data(design, priors, linear_terms(design, priors)), Effort(4, 1000, 1000), 5)
    found = samples.parameters
    posterior = draw_posterior(design, priors, found.reshape(-1, found.shape[-1]), np.random.default_rng(0))
    drawn = (posterior.coefficients / design.outcome_scale - priors.linear_location).reshape(4, 1000, -1)
    with build_plain(design, priors):
        plain = pm.sample(
            draws=1000, tune=1500, chains=4, cores=2, random_seed=11, nuts_sampler="nutpie", progressbar=False
        ).posterior
    assert samples.divergences <= DIVERGENCE_LIMITS[0] * 4000
    agree(found, plain["parameters"].values)
    agree(drawn, plain["coefficients"].values)


def agree(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Means and spreads of two sets of draws (chains, draws, D) differ by no more than their own errors."""
    assert float(array_stats.rhat(theirs, chain_axis=0, draw_axis=1).max()) < 1.03
    errors = [
        values.std(axis=(0, 1)) / np.sqrt(array_stats.ess(values, chain_axis=0, draw_axis=1, method="mean"))
        for values in (ours, theirs)
    ]
    distance = np.abs(ours.mean(axis=(0, 1)) - theirs.mean(axis=(0, 1))) / np.hypot(*errors)
    # Of a dozen normal distances none lies beyond 4 in 99.9 % of cases.
    assert distance.max() < 4.0
    np.testing.assert_allclose(ours.std(axis=(0, 1)), theirs.std(axis=(0, 1)), rtol=0.25)
