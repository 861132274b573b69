"""Prior of every parameter, on the scale on which it is sampled, each with its reason.

The model works in multiples of the outcome's mean and of each medium's exposure scale, so one
table of numbers serves every market and currency. Log-normal and logit-normal priors are given
as location and standard deviation of the logarithm or logit.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmm.design import Design
from mmm.errors import Fault, FitError
from mmm.market import Market
from mmm.noise_paths import WITHOUT_SHOCKS, NoisePaths, usual_paths
from mmm.return_spread import own_spread
from mmm.sentence import Word, sentence
from mmm.spec import ElasticityPrior, OutcomeSpec
from mmm.vocabulary import FloatArray

PAID_SHARE = 0.25
"""Median share of the outcome that paid media bring together: most published models find 10 to 40 %."""

SHARED_SPREAD = 0.6
"""Sd of the logarithm of the return that all channels have in common: how well media work in a market differs from
market to market, and is learned from all of them. What is a channel's own is in `mmm.return_spread`; with that of a
channel planned on its own it makes 0.8, a planner's prior on a return unless it says otherwise
(`mmm.spec.RoasPrior`)."""

ORGANIC_SHARE = 0.03
"""Median share of the outcome of one organic medium: it costs nothing, so nothing but size speaks for it."""

ORGANIC_SPREAD = 1.0
"""Sd of its logarithm: 90 % within 0.6 and 16 % of the outcome."""

EXCESS_SPREAD = 0.05
"""Sd of the share of the outcome by which all media together may exceed the whole of it: a little, because the
linear terms have noise, and no more, because nobody sells a negative amount without media."""

RETENTION_SPREAD = 1.0
"""Sd of the logit of retention: 90 % within 0.08 and 0.69 around a median of 0.3 (`mmm.usual_carryover`)."""

PEAK_SPREAD = 0.7
"""Sd of the logit of the peak's place in the carryover window: around ten days 90 % within 3 and 25 days; a peak
after a season's quarter would be told from the season by nobody."""

HALF_SATURATION = 1.3
"""Median half-saturation in multiples of the level at which money is spent: mostly on the bend of the curve,
because a channel far below it would have been scaled and one far above it cut."""

HALF_SATURATION_SPREAD = 0.7
"""Sd of its logarithm: 90 % within 0.4 and 4.1 of that level; beyond, history could not show it."""

SLOPE = 1.3
"""Median Hill slope: between diminishing returns from the first unit (1) and an evident threshold (2)."""

SLOPE_SPREAD = 0.35
"""Sd of its logarithm: 90 % within 0.73 and 2.3."""

INTERCEPT_SPREAD = 0.5
"""Sd of the level at the window's start, in mean outcomes: markets halve and double within a window."""

SLOPE_OF_TREND_SPREAD = 0.3
"""Sd of the trend's slope, mean outcomes a trend unit (a year, a decade for annual data)."""

KNOT_SPREADS = (0.02, 0.07, 0.25, 0.8)
"""Prior scales of a change of slope at a knot, mean outcomes a trend unit, equally likely beforehand: from a
line that is straight to the eye to a trend that turns within a year. The data choose (`mmm.marginal`)."""

BEND_SPREAD, BEND_SPREAD_SPREAD = 0.1, 1.2
"""Median sd of a bend of the trend, mean outcomes a trend unit, and sd of its logarithm, where it is sampled: from
straight to the eye (0.01) to turning within a year (0.7), as KNOT_SPREADS are where it is summed over."""

EXPONENT_SPREAD = 0.4
"""Sd of the logarithm of a Weibull carryover's exponent around one: 90 % within 0.5 (a long tail) and 1.9 (a peak)."""

EVENT_SPREAD = 3.0
"""Sd of an event's level in standard deviations of the outcome: events are named because they stand out."""

HOLIDAY_SPREAD = 1.0
"""Sd of what a holiday does to its fullest period, in standard deviations of the outcome: some holidays move a market
and most do not, and nobody has named them one by one."""

NOISE_SHARE = 0.4
"""Median noise in standard deviations of the outcome: a model is expected to explain most, not all, of it."""

NOISE_SPREAD = 0.8
"""Sd of its logarithm: 90 % within 0.11 and 1.5."""

EXCESS_DEGREES, EXCESS_DEGREES_SPREAD = 8.0, 0.8
"""Median and sd of the logarithm of the degrees of freedom of Student's t above two: 90 % within 4 and 32, from tails
that hold outliers to next to normal ones."""

COUNT_SIZE, COUNT_SIZE_SPREAD = 20.0, 1.2
"""Median and sd of the logarithm of a negative binomial's size: beyond chance, counts vary by 8 to 60 %."""

SMALLEST_VARIATION = 1e-3
"""Smallest coefficient of variation of the outcome that scales are built on."""


@dataclass(frozen=True, slots=True)
class Priors:
    """Locations and scales. M media in model order, K linear terms, J prior scales of the linear terms.

    Attributes
    ----------
    logit_retention, logit_peak, log_half_saturation, log_slope, log_share
        Location and sd per medium, each of shape (2, M). `logit_peak` is of the peak's place in the carryover
        window; it counts for delayed media alone, `log_slope` for Hill alone. `log_share` is the share of the
        outcome over the window.
    shared_share
        Sd of what a medium's log share has in common with the others'; zero for organic media and for channels with
        a prior of their own. Shape (M,).
    log_exponent
        Location and sd per medium; it counts for Weibull alone. Shape (2, M).
    log_noise
        Location and sd of the noise in mean outcomes. Shape (2,).
    log_shape
        Location and sd of the noise's shape (`mmm.outcome_noise`); for Student's t and counts. Shape (2,).
    linear_location
        Mean outcomes. Shape (K,).
    linear_scales
        Prior sd under each prior scale, mean outcomes. Shape (J, K).
    linear_log_weights
        Shape (J,).
    noise_paths
        Paths that normal noise may take, all as likely beforehand (`mmm.noise_paths`).
    """

    logit_retention: FloatArray
    logit_peak: FloatArray
    log_half_saturation: FloatArray
    log_slope: FloatArray
    log_share: FloatArray
    shared_share: FloatArray
    log_exponent: FloatArray
    log_noise: FloatArray
    log_shape: FloatArray
    linear_location: FloatArray
    linear_scales: FloatArray
    linear_log_weights: FloatArray
    noise_paths: NoisePaths


def check_priors(market: Market, outcome: OutcomeSpec) -> tuple[Fault, ...]:
    """What is wrong with the priors that market.toml asks for, before anything is fitted."""
    if market.values_per_unit[outcome.name] is not None:
        return ()
    return tuple(
        Fault(
            file="market.toml",
            field=f"channels[{position + 1}].roas",
            found=sentence("a prior on the return of '{channel}'", channel=Word(text=channel.name)),
            expected=sentence(
                "value_per_unit of outcome '{outcome}', because a return is money per money",
                outcome=Word(text=outcome.name),
            ),
        )
        for position, channel in enumerate(market.spec.channels)
        if channel.roas is not None
    )


def build_priors(market: Market, outcome: OutcomeSpec, design: Design) -> Priors:
    """The priors of one outcome.

    Raises
    ------
    FitError
        When a channel has a prior on its return and the outcome has no value per unit.
    """
    if faults := check_priors(market, outcome):
        raise FitError("\n".join(str(fault) for fault in faults))
    count, lags = len(design.media), design.carryover_periods
    variation = _variation(design)
    log_share = _log_share(market, outcome, design)
    retention = np.array([medium.usual_retention for medium in design.media])
    peak = np.array([medium.usual_peak_delay for medium in design.media]) / max(lags - 1, 1)
    elasticity = market.spec.model.brand_elasticity
    scales = _linear_scales(design, variation, elasticity)
    location = np.zeros(design.columns.shape[1])
    location[0] = max(1.0 - float(np.exp(log_share[0]).sum()), 0.0)
    if design.baseline.brand:
        location[-1] = elasticity.mean
    return Priors(
        logit_retention=_pairs(_logit(retention), RETENTION_SPREAD),
        logit_peak=_pairs(_logit(np.clip(peak, 0.05, 0.5)), PEAK_SPREAD),
        log_half_saturation=_pairs(np.full(count, np.log(HALF_SATURATION)), HALF_SATURATION_SPREAD),
        log_slope=_pairs(np.full(count, np.log(SLOPE)), SLOPE_SPREAD),
        log_share=log_share,
        shared_share=_shared_share(market, design),
        log_exponent=_pairs(np.zeros(count), EXPONENT_SPREAD),
        log_shape=_log_shape(outcome),
        log_noise=np.array([np.log(NOISE_SHARE * variation), NOISE_SPREAD]),
        linear_location=location,
        linear_scales=scales,
        linear_log_weights=np.full(len(scales), -np.log(len(scales))),
        noise_paths=usual_paths(market.spec.market.period) if design.likelihood == "normal" else WITHOUT_SHOCKS,
    )


def widened(priors: Priors, factor: float) -> Priors:
    """The same priors with every spread about media times `factor`; the baseline and the noise keep theirs."""

    def wider(pairs: FloatArray) -> FloatArray:
        return np.stack([pairs[0], factor * pairs[1]])

    return replace(
        priors,
        logit_retention=wider(priors.logit_retention),
        logit_peak=wider(priors.logit_peak),
        log_half_saturation=wider(priors.log_half_saturation),
        log_slope=wider(priors.log_slope),
        log_share=wider(priors.log_share),
        shared_share=factor * priors.shared_share,
        log_exponent=wider(priors.log_exponent),
    )


def excess_share_density(total_share: Any) -> Any:
    """Log density, up to a constant, that keeps the share of all media together below one; NumPy and PyTensor."""
    excess = (total_share - 1.0) / EXCESS_SPREAD
    return -0.5 * (excess * (excess > 0)) ** 2


def _log_share(market: Market, outcome: OutcomeSpec, design: Design) -> FloatArray:
    """Prior of each medium's share of the outcome, from a prior on its return where there is one."""
    spend = np.zeros(len(design.media))
    spend[list(design.paid)] = design.spend.sum(axis=0)
    # A channel without spend in the window has no contribution to speak of; its share must still be a number.
    paid = np.array([medium.is_paid for medium in design.media])
    total = spend[paid].sum()
    pairs = np.empty((2, len(design.media)))
    own = dict(zip(design.paid, own_spread(design.exposure[:, list(design.paid)], design.columns), strict=True))
    for place, medium in enumerate(design.media):
        prior = market.spec.channels[medium.position].roas if medium.is_paid else None
        if not medium.is_paid:
            pairs[:, place] = np.log(ORGANIC_SHARE), ORGANIC_SPREAD
        elif prior is not None:
            value = design.outcome_scale * _value_per_unit(market, outcome).sum()
            pairs[:, place] = np.log(prior.median * spend[place] / value), prior.spread
        else:
            pairs[:, place] = np.log(PAID_SHARE * spend[place] / total), own[place]
    return pairs


def _log_shape(outcome: OutcomeSpec) -> FloatArray:
    if outcome.likelihood == "negative_binomial":
        return np.array([np.log(COUNT_SIZE), COUNT_SIZE_SPREAD])
    return np.array([np.log(EXCESS_DEGREES), EXCESS_DEGREES_SPREAD])


def _shared_share(market: Market, design: Design) -> FloatArray:
    has_own = [not medium.is_paid or market.spec.channels[medium.position].roas is not None for medium in design.media]
    return np.where(has_own, 0.0, SHARED_SPREAD)


def _value_per_unit(market: Market, outcome: OutcomeSpec) -> FloatArray:
    """Money per unit in each period, which `check_priors` has made sure of. Shape (T,)."""
    per_unit = market.values_per_unit[outcome.name]
    return np.ones(len(market.dates)) if per_unit is None else per_unit[:, 0]


def _linear_scales(design: Design, variation: float, elasticity: ElasticityPrior) -> FloatArray:
    """Prior sd of each column of the baseline's design under each prior scale. Shape (J, K)."""
    info = design.baseline
    fixed = [INTERCEPT_SPREAD]
    fixed += [SLOPE_OF_TREND_SPREAD] if info.has_slope else []
    # Higher harmonics are smaller in every season that anyone has measured.
    seasonal = [variation / pair for pair in range(1, info.fourier_pairs + 1) for _ in range(2)]
    controls = [variation] * len(info.controls)
    events = [EVENT_SPREAD * variation] * len(info.events)
    # A day that differs from all others, as a closed Sunday, is made of equal pairs.
    weekly = [variation] * (2 * info.week_pairs)
    holidays = [HOLIDAY_SPREAD * variation / max(holiday.days) for holiday in info.holidays]
    brand = [elasticity.spread] if info.brand else []
    causes = [*seasonal, *controls, *events, *weekly, *holidays, *brand]
    spreads = KNOT_SPREADS if info.knots else KNOT_SPREADS[:1]
    return np.array([[*fixed, *([spread] * len(info.knots)), *causes] for spread in spreads])


def _variation(design: Design) -> float:
    visible = design.outcome[design.observed > 0]
    return max(float(visible.std()) / design.outcome_scale, SMALLEST_VARIATION)


def _pairs(location: FloatArray, spread: float) -> FloatArray:
    return np.stack([location, np.full_like(location, spread)])


def _logit(share: FloatArray) -> FloatArray:
    return np.asarray(np.log(share) - np.log1p(-share))
