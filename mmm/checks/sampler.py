"""Did the sampler reach the whole posterior? The gates of convergence, which name what mixes worst."""

from dataclasses import dataclass

import numpy as np

from mmm.checks.chains import agreement, bulk_draws, tail_draws
from mmm.checks.verdicts import above, below, unless_passed
from mmm.design import Medium
from mmm.manifest import Gate
from mmm.parameters import Structure
from mmm.sampling import Samples
from mmm.sentence import Number, Phrase, Sentence, Word, sentence
from mmm.vocabulary import FloatArray

TAILS = (0.05, 0.95)
"""Quantiles whose effective sample size is the tail's (Vehtari et al. 2021)."""

STANDING_RHAT = 1000.0
"""R-hat of a parameter of which one chain did not move at all: its formula divides by zero there."""

RHAT_LIMITS = (1.01, 1.05)
"""Largest R-hat: pass below the first (chains agree, Vehtari et al. 2021), fail above the second."""

ESS_LIMITS = (400.0, 100.0)
"""Fewest effective draws: pass above the first (of four chains R-hat and quantiles can then be trusted, Vehtari et al.
2021), fail below the second."""

DIVERGENCE_LIMITS = (0.0025, 0.02)
"""Share of draws; a handful in thousands sits in the corners of the prior."""

ENERGY_LIMITS = (0.3, 0.1)
"""Pass above the first (Betancourt 2016): below it the sampler creeps through the tails. Fail below the second."""

PARAMETERS: dict[str, Sentence] = {
    "logit_retention": sentence("retention"),
    "log_half_saturation": sentence("half-saturation"),
    "log_share": sentence("share of the outcome"),
    "logit_peak": sentence("delay of the peak"),
    "log_exponent": sentence("shape of the carryover"),
    "log_slope": sentence("slope of the curve"),
    "log_noise": sentence("the noise"),
    "log_shape": sentence("the shape of the noise"),
    "log_effect_spread": sentence("how much effects differ between geos"),
    "log_pooling": sentence("how much geos have in common"),
    "noise_exponent": sentence("how noise grows with a geo's size"),
    "log_bend_spread": sentence("how much trends differ between geos"),
}
"""What a sampled parameter is called."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """Whether chains agree, over all sampled parameters.

    Attributes
    ----------
    rhat
        Largest rank-normalised split R-hat (Vehtari et al. 2021).
    bulk_ess, tail_ess
        Smallest effective sample sizes.
    least_agreed, slowest
        Places, in the vector of parameters, of the largest R-hat and of the smallest effective sample.
    """

    rhat: float
    bulk_ess: float
    tail_ess: float
    least_agreed: int = 0
    slowest: int = 0

    @property
    def is_reached(self) -> bool:
        """Whether nothing more need be sampled."""
        return self.rhat <= RHAT_LIMITS[0] and min(self.bulk_ess, self.tail_ess) >= ESS_LIMITS[0]


@dataclass(frozen=True, slots=True)
class SamplerHealth:
    """How the sampler did.

    Attributes
    ----------
    convergence
        Of the chains.
    draws, divergences
        Draws after warm-up, all chains, and how many of them diverged.
    energy
        Smallest fraction of missing information about energy of a chain (E-BFMI, Betancourt 2016).
    least_agreed, slowest
        Names of the parameters that mix worst: by R-hat, by effective draws.
    """

    convergence: Convergence
    draws: int
    divergences: int
    energy: float
    least_agreed: Sentence
    slowest: Sentence


def convergence_of(samples: Samples) -> Convergence:
    """How far the chains agree. A chain that stands still agrees with none and has no effective draws."""
    values = samples.parameters
    stands = (np.ptp(values, axis=1) == 0).any(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rhat, bulk, tail = agreement(values), bulk_draws(values), tail_draws(values, TAILS)
    rhat = np.where(stands, STANDING_RHAT, rhat)
    bulk, tail = np.where(stands, 0.0, bulk), np.where(stands, 0.0, tail)
    return Convergence(
        rhat=float(rhat.max()),
        bulk_ess=float(bulk.min()),
        tail_ess=float(tail.min()),
        least_agreed=int(rhat.argmax()),
        slowest=int(np.minimum(bulk, tail).argmin()),
    )


def diverged_share(samples: Samples) -> float:
    """Share of the draws that diverged."""
    return float(samples.divergences / np.prod(samples.parameters.shape[:2]))


def sampler_health(samples: Samples, structure: Structure, media: tuple[Medium, ...]) -> SamplerHealth:
    """How the sampler did, with the worst parameters by name.

    Parameters
    ----------
    samples
        What the sampler walked over.
    structure
        What stands where in a parameter vector.
    media
        In model order.
    """
    convergence = convergence_of(samples)
    chains, draws, _ = samples.parameters.shape
    return SamplerHealth(
        convergence=convergence,
        draws=chains * draws,
        divergences=samples.divergences,
        energy=_energy(samples.energy),
        least_agreed=parameter_name(structure, media, convergence.least_agreed),
        slowest=parameter_name(structure, media, convergence.slowest),
    )


def parameter_name(structure: Structure, media: tuple[Medium, ...], place: int) -> Sentence:
    """The parameter at a place of the vector, in words."""
    blocks = {name: block for name, block in structure.blocks.items() if block.start <= place < block.stop}
    name, block = next(iter(blocks.items()))
    if name == "coefficient":
        return sentence("term {number} of the baseline", number=Number(amount=place - block.start + 1))
    owners = {
        "logit_retention": range(len(media)),
        "log_half_saturation": range(len(media)),
        "log_share": range(len(media)),
        "logit_peak": structure.carried("delayed"),
        "log_exponent": structure.carried("weibull"),
        "log_slope": structure.sloped,
    }
    if name not in owners:
        return PARAMETERS[name]
    return sentence(
        "{parameter} of {channel}",
        parameter=Phrase(said=PARAMETERS[name]),
        channel=Word(text=media[owners[name][place - block.start]].name),
    )


def judge_sampler(found: SamplerHealth) -> list[Gate]:
    """The gates of the sampler."""
    return [_convergence(found), _effective_draws(found), _divergences(found), _energy_gate(found)]


def _convergence(found: SamplerHealth) -> Gate:
    rhat = found.convergence.rhat
    verdict = below(rhat, RHAT_LIMITS)
    return Gate(
        name="convergence",
        verdict=verdict,
        value=rhat,
        limit=RHAT_LIMITS[0],
        text=sentence(
            "The chains agree to an R-hat of {rhat} (limit {limit}); they agree least about {parameter}.",
            rhat=Number(amount=rhat, digits=3),
            limit=Number(amount=RHAT_LIMITS[0], digits=2),
            parameter=Phrase(said=found.least_agreed),
        ),
        action=unless_passed(verdict, _sample_longer()),
    )


def _effective_draws(found: SamplerHealth) -> Gate:
    least = min(found.convergence.bulk_ess, found.convergence.tail_ess)
    verdict = above(least, ESS_LIMITS)
    return Gate(
        name="effective_draws",
        verdict=verdict,
        value=least,
        limit=ESS_LIMITS[0],
        text=sentence(
            "Every parameter has at least {least} effective draws (limit {limit}); fewest has {parameter}.",
            least=Number(amount=least),
            limit=Number(amount=ESS_LIMITS[0]),
            parameter=Phrase(said=found.slowest),
        ),
        action=unless_passed(verdict, _sample_longer()),
    )


def _divergences(found: SamplerHealth) -> Gate:
    verdict = below(found.divergences / found.draws, DIVERGENCE_LIMITS)
    return Gate(
        name="divergences",
        verdict=verdict,
        value=float(found.divergences),
        limit=DIVERGENCE_LIMITS[0] * found.draws,
        text=sentence(
            "{count} of {draws} draws diverged.",
            count=Number(amount=found.divergences),
            draws=Number(amount=found.draws),
        ),
        action=unless_passed(
            verdict,
            sentence("State what you believe of the channels' returns (roas); merge channels that move together."),
        ),
    )


def _energy_gate(found: SamplerHealth) -> Gate:
    verdict = above(found.energy, ENERGY_LIMITS)
    return Gate(
        name="energy",
        verdict=verdict,
        value=found.energy,
        limit=ENERGY_LIMITS[0],
        text=sentence(
            "The sampler moves freely between likely and unlikely parameters: {energy} of what it could (E-BFMI, limit "
            "{limit}).",
            energy=Number(amount=found.energy, digits=2),
            limit=Number(amount=ENERGY_LIMITS[0], digits=1),
        )
        if verdict == "pass"
        else sentence(
            "The sampler creeps through the tails: {energy} of the moves that it could make (E-BFMI, limit {limit}), "
            "so that extremes are seen too seldom.",
            energy=Number(amount=found.energy, digits=2),
            limit=Number(amount=ENERGY_LIMITS[0], digits=1),
        ),
        action=unless_passed(verdict, _sample_longer()),
    )


def _energy(energy: FloatArray) -> float:
    """Squared steps of energy over its variance, the least of all chains."""
    steps = (np.diff(energy, axis=1) ** 2).mean(axis=1)
    variance = energy.var(axis=1)
    return float(np.divide(steps, variance, out=np.ones_like(steps), where=variance > 0).min())


def _sample_longer() -> Sentence:
    return sentence("Raise tune and draws under [model] and fit again; if it stays, simplify the market.")
