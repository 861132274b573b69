"""The vector of sampled parameters: what stands where, and what it means in natural units."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from mmm.curves import medium_contribution
from mmm.design import SLOPED, Design
from mmm.kernel.data import KernelData, MediaData
from mmm.kernel.media import (
    ADSTOCK_CODES,
    LAYOUT_ADSTOCK,
    LAYOUT_END_ROW,
    LAYOUT_FIRST_ROW,
    LAYOUT_SATURATION,
    LAYOUT_SHAPE,
    LAYOUT_SLOPE,
    SATURATION_CODES,
)
from mmm.manifest import BaselineInfo, baseline_terms
from mmm.marginal import LinearTerms, decompose
from mmm.noise_paths import sampled_whitening
from mmm.outcome_noise import LEAST_DEGREES, LIKELIHOOD_CODES
from mmm.priors import EXCESS_SPREAD, Priors
from mmm.vocabulary import AdstockKind, FloatArray, IntArray, LikelihoodKind, SaturationKind


@dataclass(frozen=True, slots=True)
class Structure:
    """The kinds of the media, in model order (geometric carryover first), and so the sampled parameters.

    One vector holds them all, D long: logit retention, log half-saturation and log share of every medium,
    logit peak of the delayed ones, log exponent of the Weibull ones, log slope of those that have one; then log noise
    and log shape of the noise, as its kind has them, and the linear coefficients where they cannot be integrated out;
    for a panel four more, which `mmm.panel.parameters` explains.
    """

    adstock: tuple[AdstockKind, ...]
    saturation: tuple[SaturationKind, ...]
    likelihood: LikelihoodKind = "normal"
    terms: int = 0
    is_panel: bool = False

    @property
    def media(self) -> int:
        """Number of media M."""
        return len(self.adstock)

    @property
    def size(self) -> int:
        """Number of sampled parameters D."""
        return max(int(block.stop) for block in self.blocks.values())

    @property
    def blocks(self) -> dict[str, slice]:
        """Place of each kind of parameter in the vector."""
        sizes = {
            "logit_retention": self.media,
            "log_half_saturation": self.media,
            "log_share": self.media,
            "logit_peak": self.adstock.count("delayed"),
            "log_exponent": self.adstock.count("weibull"),
            "log_slope": len(self.sloped),
            "log_noise": int(self.likelihood != "negative_binomial"),
            "log_shape": int(self.likelihood != "normal"),
            "coefficient": 0 if self.likelihood == "normal" else self.terms,
            "log_effect_spread": int(self.is_panel),
            "log_pooling": int(self.is_panel),
            "noise_exponent": int(self.is_panel),
            "log_bend_spread": int(self.is_panel),
        }
        stops = np.cumsum(list(sizes.values())).tolist()
        return {name: slice(stop - size, stop) for (name, size), stop in zip(sizes.items(), stops, strict=True)}

    def place(self, name: str) -> int:
        """Place of the first parameter of a block, -1 where there is none."""
        block = self.blocks[name]
        return int(block.start) if block.stop > block.start else -1

    @property
    def sloped(self) -> list[int]:
        """Positions on axis M of the media whose saturation has a slope."""
        return [place for place, found in enumerate(self.saturation) if found in SLOPED]

    def curved(self, kind: SaturationKind) -> list[int]:
        """Positions on axis M of the media with this kind of saturation."""
        return [place for place, found in enumerate(self.saturation) if found == kind]

    def carried(self, kind: AdstockKind) -> list[int]:
        """Positions on axis M of the media with this kind of carryover."""
        return [place for place, found in enumerate(self.adstock) if found == kind]


@dataclass(frozen=True, slots=True)
class MediaDraws:
    """Parameters of the media in natural units, per draw, in model order. Each of shape (S, M).

    `half_saturation` is in units of exposure per period, `ceiling` in outcome units per period (of reach a frequency,
    and outcome units a unit of exposure that is weighed by `mmm.saturation.effect_of_impression`); `peak_delay` is
    zero for geometric carryover and `slope` one for a saturation that has none. `contribution` is the outcome
    that all media brought together in each period and `paid_contribution` that of the paid ones, both of shape
    (S, T); `noise_scale` is in outcome units (of normal noise the sd of a surprise, see `mmm.noise_paths`) and
    `noise_shape` as in `mmm.outcome_noise`, both of shape (S,).
    """

    retention: FloatArray
    peak_delay: FloatArray
    half_saturation: FloatArray
    slope: FloatArray
    ceiling: FloatArray
    contribution: FloatArray
    paid_contribution: FloatArray
    noise_scale: FloatArray
    noise_shape: FloatArray


def structure_of(design: Design) -> Structure:
    """The structure of a design."""
    return Structure(
        tuple(medium.adstock for medium in design.media),
        tuple(medium.saturation for medium in design.media),
        design.likelihood,
        design.columns.shape[1],
    )


def linear_terms(design: Design, priors: Priors) -> LinearTerms:
    """The baseline's terms, ready to be integrated out."""
    return decompose(
        _seen_columns(design), design.observed, priors.linear_scales, priors.linear_log_weights, priors.noise_paths
    )


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
    """The prior of every sampled parameter of a market that is no panel, in the order of the vector."""
    by_block = {
        "logit_retention": priors.logit_retention,
        "log_half_saturation": priors.log_half_saturation,
        "log_share": priors.log_share,
        "logit_peak": priors.logit_peak[:, structure.carried("delayed")],
        "log_exponent": priors.log_exponent[:, structure.carried("weibull")],
        "log_slope": priors.log_slope[:, structure.sloped],
        "log_noise": priors.log_noise[:, None],
        "log_shape": priors.log_shape[:, None],
        # In multiples of their own prior's sd: `coefficients_at` scales them.
        "coefficient": np.stack([np.zeros(structure.terms), np.ones(structure.terms)]),
    }
    present = [name for name in by_block if structure.place(name) >= 0]
    location, spread = np.concatenate([by_block[name] for name in present], axis=1)
    shared = np.zeros(len(location))
    shared[structure.blocks["log_share"]] = priors.shared_share
    return ParameterPrior(location, spread, shared)


def bends_of(info: BaselineInfo) -> FloatArray:
    """One for the bends of the trend among the linear terms, else zero. Shape (K,)."""
    bends = np.zeros(baseline_terms(info))
    first = 1 + info.has_slope
    bends[first : first + len(info.knots)] = 1.0
    return bends


def sampled_scales(priors: Priors) -> FloatArray:
    """Prior sd of the linear terms where they are sampled: the one scale that `settle_trend` leaves. Shape (K,)."""
    return np.asarray(np.exp(np.log(priors.linear_scales).mean(axis=0)))


def coefficients_at(design: Design, priors: Priors, parameters: Any) -> Any:
    """Linear coefficients, less their prior mean, from sampled parameters (..., D); NumPy and PyTensor. (..., K)."""
    return parameters[..., structure_of(design).blocks["coefficient"]] * sampled_scales(priors)


def kernel_data(design: Design, priors: Priors, terms: LinearTerms, start: FloatArray | None = None) -> KernelData:
    """The arrays that the compiled density reads; the search for the mode sets out at `start` (D,) or the prior."""
    structure = structure_of(design)
    prior = prior_of_parameters(structure, priors)
    filters, scales = sampled_whitening(terms.paths, design.observed), len(priors.linear_scales)
    # Every prior scale stretches the same columns, so what they span is computed once a path and turned for each.
    basis = np.stack([_basis(of_path @ _seen_columns(design)) for of_path in terms.whitening])
    is_count = design.likelihood == "negative_binomial"
    return KernelData(
        media=media_data(design),
        likelihood=LIKELIHOOD_CODES[design.likelihood],
        noise_place=structure.place("log_noise"),
        shape_place=structure.place("log_shape"),
        coefficient_place=structure.place("coefficient"),
        excess_spread=EXCESS_SPREAD,
        outcome_scale=design.outcome_scale,
        prior=np.stack([prior.location, prior.spread, prior.shared]),
        start=prior.location if start is None else start,
        target=design.outcome * design.observed if is_count else centered_outcome(design, priors),
        observed=design.observed,
        decay=filters.decay,
        feed=filters.feed,
        precision=filters.precision,
        basis=basis,
        rotation=(np.repeat(basis, scales, axis=0) @ terms.left).transpose(0, 2, 1),
        variance=terms.variance,
        log_weights=terms.log_weights,
        columns=np.vstack([design.columns.T, design.columns @ priors.linear_location]),
        scales=sampled_scales(priors),
    )


def _seen_columns(design: Design) -> FloatArray:
    """The baseline's columns, zero where the outcome is not seen, each row times what it counts. Shape (T, K)."""
    return design.columns * design.observed[:, None]


def _basis(columns: FloatArray) -> FloatArray:
    """Orthonormal rows that span the columns. Shape (rank, T)."""
    _, size, basis = np.linalg.svd(columns.T, full_matrices=False)
    return np.asarray(basis[size > size[0] * np.finfo(float).eps * max(columns.shape)])


def media_data(design: Design) -> MediaData:
    """Exposure of the media in segments (the window, then each lift test without the test), and the tests."""
    structure, lags, periods = structure_of(design), design.carryover_periods, design.periods
    frequency = (design.frequency / design.usual_frequency).T
    # Of media with reach and frequency the people reached; frequency is one for all others.
    relative = (design.exposure / design.exposure_scale).T / frequency
    led = np.concatenate([np.zeros((structure.media, lags - 1)), relative], axis=1)
    led_frequency = np.concatenate([np.ones((structure.media, lags - 1)), frequency], axis=1)
    segments: list[tuple[int, int, int, int]] = []
    pieces: list[tuple[int, int, int, int, int]] = []
    exposures: list[FloatArray] = []
    frequencies: list[FloatArray] = []
    rows, start = np.zeros((structure.media, 2), dtype=np.int64), 0
    for place in range(structure.media):
        rows[place, 0] = row = 0 if place == 0 else rows[place - 1, 1]
        windows = [led[place]]
        frequencies.append(led_frequency[place])
        for number, test in enumerate(design.tests):
            if test.medium == place:
                without = test.exposure_without / design.exposure_scale[place]
                without = without / frequency[place, test.start : test.start + len(without)]
                measured = slice(test.start, test.start + lags - 1 + test.measured)
                changed = led[place, measured].copy()
                changed[lags - 1 : lags - 1 + len(without)] = without
                first = periods + sum(len(window) - lags + 1 for window in windows[1:])
                pieces.append((number, place, test.start, first, test.measured))
                windows.append(changed)
                frequencies.append(led_frequency[place, measured])
        for window in windows:
            segments.append((place, start, row, len(window) - lags + 1))
            exposures.append(window)
            start, row = start + len(window), row + len(window) - lags + 1
        rows[place, 1] = row
    scale = design.outcome_scale
    return MediaData(
        lags=lags,
        layout=layout_of(structure, rows),
        segments=np.array(segments, dtype=np.int64),
        exposure=np.concatenate(exposures),
        log_frequency=np.log(np.concatenate(frequencies)),
        weight=np.ones(periods),
        pieces=np.array(pieces, dtype=np.int64).reshape(-1, 5),
        piece_size=np.ones(len(pieces)),
        tests=np.array([(test.estimate / scale, test.standard_error / scale) for test in design.tests]).reshape(-1, 2),
    )


def layout_of(structure: Structure, rows: IntArray) -> IntArray:
    """Where the kernel finds a medium's own parameters and rows; see `mmm.kernel.media`. Shape (6, M)."""
    table = np.full((6, structure.media), -1, dtype=np.int64)
    for block, row, places in (
        ("logit_peak", LAYOUT_SHAPE, structure.carried("delayed")),
        ("log_exponent", LAYOUT_SHAPE, structure.carried("weibull")),
        ("log_slope", LAYOUT_SLOPE, structure.sloped),
    ):
        table[row, places] = structure.blocks[block].start + np.arange(len(places))
    table[LAYOUT_SATURATION] = [SATURATION_CODES[kind] for kind in structure.saturation]
    table[LAYOUT_ADSTOCK] = [ADSTOCK_CODES[kind] for kind in structure.adstock]
    table[LAYOUT_FIRST_ROW], table[LAYOUT_END_ROW] = rows.T
    return table


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
    sloped, weibull = structure.sloped, structure.carried("weibull")
    retention = expit(by_block["logit_retention"])
    peak_delay, slope, ceiling = np.zeros(shape), np.ones(shape), np.zeros(shape)
    peak_delay[:, structure.carried("delayed")] = expit(by_block["logit_peak"]) * (design.carryover_periods - 1)
    peak_delay[:, weibull] = np.exp(by_block["log_exponent"])
    slope[:, sloped] = np.exp(by_block["log_slope"])
    half_saturation = np.exp(by_block["log_half_saturation"]) * design.half_saturation_scale
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
            design.frequency[:, place],
        )
        total = reached.sum(axis=1)
        # Without any exposure in the window a medium brought nothing, whatever its share would have been.
        np.divide(brought[:, place], total, out=ceiling[:, place], where=total > 0)
        contribution += ceiling[:, place, None] * reached
        if medium.is_paid:
            paid += ceiling[:, place, None] * reached
    noise = np.ones(len(parameters))
    noise_shape = np.full(len(parameters), np.inf)
    if structure.place("log_noise") >= 0:
        noise = np.exp(by_block["log_noise"][:, 0]) * design.outcome_scale
    if structure.place("log_shape") >= 0:
        least = LEAST_DEGREES if design.likelihood == "student_t" else 0.0
        noise_shape = least + np.exp(by_block["log_shape"][:, 0])
    return MediaDraws(retention, peak_delay, half_saturation, slope, ceiling, contribution, paid, noise, noise_shape)
