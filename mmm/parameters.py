"""The vector of sampled parameters: what stands where, and what it means in natural units."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from mmm.curves import medium_contribution
from mmm.design import Design
from mmm.kernel import LAYOUT_PEAK, LAYOUT_SATURATION, LAYOUT_SLOPE, SATURATION_CODES, KernelData
from mmm.marginal import LinearTerms, decompose
from mmm.priors import EXCESS_SPREAD, Priors
from mmm.vocabulary import AdstockKind, FloatArray, IntArray, SaturationKind


@dataclass(frozen=True, slots=True)
class Structure:
    """The kinds of the media, in model order (geometric carryover first), and so the sampled parameters.

    One vector holds them all, D long: logit retention, log half-saturation and log share of every medium,
    logit peak of the delayed ones, log slope of the Hill ones, log noise.
    """

    adstock: tuple[AdstockKind, ...]
    saturation: tuple[SaturationKind, ...]

    @property
    def media(self) -> int:
        """Number of media M."""
        return len(self.adstock)

    @property
    def delayed(self) -> int:
        """Number of media with delayed carryover."""
        return self.adstock.count("delayed")

    @property
    def size(self) -> int:
        """Number of sampled parameters D."""
        return int(self.blocks["log_noise"].stop)

    @property
    def blocks(self) -> dict[str, slice]:
        """Place of each kind of parameter in the vector."""
        sizes = {
            "logit_retention": self.media,
            "log_half_saturation": self.media,
            "log_share": self.media,
            "logit_peak": self.delayed,
            "log_slope": self.saturation.count("hill"),
            "log_noise": 1,
        }
        stops = np.cumsum(list(sizes.values())).tolist()
        return {name: slice(stop - size, stop) for (name, size), stop in zip(sizes.items(), stops, strict=True)}

    @property
    def layout(self) -> IntArray:
        """Where the kernel finds a medium's own parameters; see `mmm.kernel.KernelData`. Shape (3, M)."""
        peaks, slopes = self.blocks["logit_peak"].start, self.blocks["log_slope"].start
        table = np.full((3, self.media), -1, dtype=np.int64)
        for place, (adstock, saturation) in enumerate(zip(self.adstock, self.saturation, strict=True)):
            if adstock == "delayed":
                table[LAYOUT_PEAK, place], peaks = peaks, peaks + 1
            if saturation == "hill":
                table[LAYOUT_SLOPE, place], slopes = slopes, slopes + 1
            table[LAYOUT_SATURATION, place] = SATURATION_CODES[saturation]
        return table

    def places(self, kind: SaturationKind) -> list[int]:
        """Positions on axis M of the media with this kind of saturation."""
        return [place for place, found in enumerate(self.saturation) if found == kind]


@dataclass(frozen=True, slots=True)
class MediaDraws:
    """Parameters of the media in natural units, per draw, in model order. Each of shape (S, M).

    `half_saturation` is in units of exposure per period, `ceiling` in outcome units per period; `peak_delay` is
    zero for geometric carryover and `slope` one for a saturation that has none. `contribution` is the outcome
    that all media brought together in each period and `paid_contribution` that of the paid ones, both of shape
    (S, T); `noise_scale` is in outcome units, shape (S,).
    """

    retention: FloatArray
    peak_delay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray
    contribution: FloatArray
    paid_contribution: FloatArray
    noise_scale: FloatArray


def structure_of(design: Design) -> Structure:
    """The structure of a design."""
    return Structure(
        tuple(medium.adstock for medium in design.media), tuple(medium.saturation for medium in design.media)
    )


def linear_terms(design: Design, priors: Priors) -> LinearTerms:
    """The baseline's terms, ready to be integrated out."""
    return decompose(design.columns, design.observed, priors.linear_scales, priors.linear_log_weights)


def centered_outcome(design: Design, priors: Priors) -> FloatArray:
    """The outcome less the baseline's prior mean, in mean outcomes, zero where it is not observed. Shape (T,)."""
    centered = design.outcome / design.outcome_scale - design.columns @ priors.linear_location
    return np.asarray(centered * design.observed)


@dataclass(frozen=True, slots=True)
class ParameterPrior:
    """Prior of the vector of sampled parameters: normal, each with its own spread and, between shares, a shared one.

    Attributes
    ----------
    location, spread
        Location, and sd of what is a parameter's own. Shape (D,).
    shared
        Sd of what parameters have in common, zero for those that share nothing. Shape (D,).
    """

    location: FloatArray
    spread: FloatArray
    shared: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """Shape (D, D)."""
        return np.asarray(np.diag(self.spread**2) + np.outer(self.shared, self.shared))

    @property
    def total_spread(self) -> FloatArray:
        """Sd of each parameter, all of it. Shape (D,)."""
        return np.hypot(self.spread, self.shared)


def prior_of_parameters(structure: Structure, priors: Priors) -> ParameterPrior:
    """The prior of every sampled parameter, in the order of the vector."""
    delayed = np.array(structure.adstock) == "delayed"
    hill = np.array(structure.saturation) == "hill"
    by_block = {
        "logit_retention": priors.logit_retention,
        "log_half_saturation": priors.log_half_saturation,
        "log_share": priors.log_share,
        "logit_peak": priors.logit_peak[:, delayed],
        "log_slope": priors.log_slope[:, hill],
        "log_noise": priors.log_noise[:, None],
    }
    location, spread = np.concatenate([by_block[name] for name in structure.blocks], axis=1)
    shared = np.zeros(structure.size)
    shared[structure.blocks["log_share"]] = priors.shared_share
    return ParameterPrior(location, spread, shared)


def kernel_data(design: Design, priors: Priors, terms: LinearTerms) -> KernelData:
    """The arrays that the compiled density reads."""
    structure = structure_of(design)
    prior = prior_of_parameters(structure, priors)
    relative = (design.exposure / design.exposure_scale).T
    # Every prior scale stretches the same columns, so what they span is computed once and turned for each.
    _, size, basis = np.linalg.svd((design.columns * design.observed[:, None]).T, full_matrices=False)
    basis = basis[size > size[0] * np.finfo(float).eps * max(design.columns.shape)]
    return KernelData(
        excess_spread=EXCESS_SPREAD,
        prior=np.stack([prior.location, prior.spread, prior.shared]),
        layout=structure.layout,
        exposure=np.concatenate([np.zeros((structure.media, design.carryover_periods - 1)), relative], axis=1),
        target=centered_outcome(design, priors),
        observed=design.observed,
        basis=basis,
        rotation=(basis @ terms.left).transpose(0, 2, 1),
        variance=terms.variance,
        log_weights=terms.log_weights,
    )


def natural_media(design: Design, parameters: FloatArray) -> MediaDraws:
    """The media's parameters in natural units, and what they brought.

    Parameters
    ----------
    design
        The design of the fit.
    parameters
        Sampled parameters. Shape (S, D).
    """
    structure = structure_of(design)
    by_block = {name: parameters[:, place] for name, place in structure.blocks.items()}
    shape = (len(parameters), structure.media)
    hill = structure.places("hill")
    retention = expit(by_block["logit_retention"])
    peak_delay, slope, ceiling = np.zeros(shape), np.ones(shape), np.zeros(shape)
    peak_delay[:, structure.media - structure.delayed :] = expit(by_block["logit_peak"]) * (
        design.carryover_periods - 1
    )
    slope[:, hill] = np.exp(by_block["log_slope"])
    half_saturation = np.exp(by_block["log_half_saturation"]) * design.exposure_scale
    brought = np.exp(by_block["log_share"]) * design.periods * design.outcome_scale
    contribution = np.zeros((len(parameters), design.periods))
    paid = np.zeros_like(contribution)
    for place, medium in enumerate(design.media):
        reached = medium_contribution(
            medium.adstock,
            medium.saturation,
            design.carryover_periods,
            design.exposure[:, place],
            retention[:, place],
            peak_delay[:, place],
            half_saturation[:, place],
            slope[:, place],
            np.ones(len(parameters)),
        )
        total = reached.sum(axis=1)
        # Without any exposure in the window a medium brought nothing, whatever its share would have been.
        np.divide(brought[:, place], total, out=ceiling[:, place], where=total > 0)
        contribution += ceiling[:, place, None] * reached
        if medium.is_paid:
            paid += ceiling[:, place, None] * reached
    noise = np.exp(by_block["log_noise"][:, 0]) * design.outcome_scale
    return MediaDraws(retention, peak_delay, half_saturation, slope, ceiling, contribution, paid, noise)
