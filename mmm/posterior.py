"""Posterior draws of one fit in natural units, from what the sampler walked over."""

from dataclasses import dataclass

import numpy as np

from mmm.artifact import ResponseDraws
from mmm.design import Design
from mmm.marginal import draw_coefficients
from mmm.noise_paths import NoiseDraws, NoisePaths, draw_noise
from mmm.outcome_noise import noisy, positive_mean, standard_deviation
from mmm.parameters import MediaDraws, centered_outcome, coefficients_at, linear_terms, natural_media, structure_of
from mmm.priors import Priors
from mmm.vocabulary import FloatArray

KEPT_DRAWS = 1000
"""Most draws that an artifact holds: planning costs time in proportion to them, and a mean over a thousand
is already known to 3 % of a posterior standard deviation."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Draws of everything in a fit; S draws, K linear terms.

    `coefficients` are of the baseline's design, in outcome units, shape (S, K). `paths` are those of normal noise, one
    a draw; None where noise is independent. `shared_noise` is a country's noise over that of the sum of independent
    geos; None where it has no geos.
    """

    design: Design
    media: MediaDraws
    coefficients: FloatArray
    paths: NoisePaths | None = None
    shared_noise: float | None = None

    @property
    def noise(self) -> NoiseDraws:
        """Normal noise of every draw."""
        paths = self.paths or NoisePaths(*np.zeros((2, len(self.coefficients))))
        return NoiseDraws(self.media.noise_scale / np.sqrt(paths.surprise), paths.persistence, paths.share)

    @property
    def standard_deviation(self) -> FloatArray:
        """Of one period's noise at the mean outcome, outcome units. Shape (S,)."""
        if self.design.likelihood == "normal":
            return self.noise.scale
        media = self.media
        return standard_deviation(
            self.design.likelihood, media.noise_scale, media.noise_shape, self.design.outcome_scale
        )

    @property
    def residual(self) -> FloatArray:
        """Outcome less what is expected. Shape (S, T)."""
        return np.asarray(self.design.outcome - self.expected)

    def noisy(self, rng: np.random.Generator) -> FloatArray:
        """One outcome of each draw: what is expected, with noise of its own. Shape (S, T)."""
        if self.design.likelihood == "normal":
            return self.expected + draw_noise(self.noise, self.design.periods, rng)
        media = self.media
        return noisy(self.design.likelihood, self.expected, media.noise_scale, media.noise_shape, rng)

    @property
    def expected(self) -> FloatArray:
        """Outcome without noise, held-out periods included. Shape (S, T)."""
        added = self.baseline + self.media.contribution
        if self.design.likelihood == "negative_binomial":
            return np.asarray(positive_mean(added / self.design.outcome_scale) * self.design.outcome_scale)
        return np.asarray(added)

    @property
    def baseline(self) -> FloatArray:
        """The linear terms. Shape (S, T)."""
        return np.asarray(self.coefficients @ self.design.columns.T)

    @property
    def organic(self) -> FloatArray:
        """What the organic media brought. Shape (S, T)."""
        return np.asarray(self.media.contribution - self.media.paid_contribution)


def thinned(samples: FloatArray, most: int) -> FloatArray:
    """At most so many draws, evenly spaced over all chains.

    Parameters
    ----------
    samples
        Sampled parameters. Shape (chains, draws, D).
    most
        Number of draws to keep.

    Returns
    -------
    FloatArray
        Shape (S, D).
    """
    flat = samples.reshape(-1, samples.shape[-1])
    if len(flat) <= most:
        return flat
    return flat[np.linspace(0, len(flat) - 1, most).round().astype(np.int64)]


def draw_posterior(design: Design, priors: Priors, parameters: FloatArray, rng: np.random.Generator) -> Posterior:
    """The draws in natural units, with the linear coefficients drawn back exactly.

    Parameters
    ----------
    design, priors
        Of the fit.
    parameters
        Sampled parameters. Shape (S, D).
    rng
        Source of randomness of the coefficients.
    """
    media = natural_media(design, parameters)
    scale, structure = design.outcome_scale, structure_of(design)
    if structure.place("coefficient") >= 0:
        sampled = coefficients_at(design, priors, parameters)
        return Posterior(design, media, (priors.linear_location + sampled) * scale)
    residual = centered_outcome(design, priors) - design.observed * media.contribution / scale
    terms = linear_terms(design, priors)
    deviations, path = draw_coefficients(residual, media.noise_scale / scale, int(design.observed.sum()), terms, rng)
    return Posterior(design, media, (priors.linear_location + deviations) * scale, terms.paths.at(path))


def response_draws(posterior: Posterior) -> ResponseDraws:
    """The arrays of an artifact: media back in the order of market.toml."""
    design, media = posterior.design, posterior.media
    paid, organic = list(design.paid), list(design.organic)
    return ResponseDraws(
        retention=media.retention[:, paid],
        peak_delay=media.peak_delay[:, paid],
        half_saturation=media.half_saturation[:, paid],
        slope=media.slope[:, paid],
        ceiling=media.ceiling[:, paid],
        organic_retention=media.retention[:, organic],
        organic_peak_delay=media.peak_delay[:, organic],
        organic_half_saturation=media.half_saturation[:, organic],
        organic_slope=media.slope[:, organic],
        organic_ceiling=media.ceiling[:, organic],
        baseline=posterior.coefficients,
        noise_scale=posterior.standard_deviation,
        spend=design.spend,
        organic=design.exposure[:, organic],
        controls=design.controls,
        outcome=design.outcome,
        noise_persistence=None if posterior.paths is None else posterior.paths.persistence,
        noise_share=None if posterior.paths is None else posterior.paths.share,
        exposure=None if np.array_equal(design.exposure[:, paid], design.spend) else design.exposure[:, paid],
        frequency=design.frequency[:, paid] if "reach" in {medium.saturation for medium in design.media} else None,
    )
