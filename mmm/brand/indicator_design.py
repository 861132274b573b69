"""An indicator of brand as the model sees it: the outcome of the spend of channels with a part in brand.

Nothing that the indicator itself brings about stands beside it: no controls and no other media. Spend before the window
is unknown and cannot be zero where the stock lasts for months: it is taken for what was spent in the first year.
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.baseline import baseline_design
from mmm.brand.priors import (
    CARRYOVER_PERIODS,
    INDICATED_SHARE_SPREAD,
    RETENTION_SPREAD,
    usual_slow_retention,
)
from mmm.design import Design, build_design, exposure_scales
from mmm.lift import LiftTest
from mmm.market import Market
from mmm.noise_paths import WITHOUT_SHOCKS
from mmm.priors import Priors, build_priors
from mmm.spec import ChannelSpec, IndicatorSpec, OutcomeSpec
from mmm.vocabulary import PERIODS_PER_YEAR, SEASON_LAG, FloatArray

WHOLE = 1e-9
"""Added to a sum of weights that must not be rounded below the number of readings."""


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of one indicator. T periods of the window.

    Attributes
    ----------
    value
        Volume, or share of answers that said yes; zero where there is no reading. Shape (T,).
    weight
        What a reading counts: its noise has the usual sd over this. In proportion to the root of a survey's sample,
        summing to the number of readings; zero where there is none. Shape (T,).
    years
        From the first reading to the end of the last one.
    """

    value: FloatArray
    weight: FloatArray
    years: float

    @property
    def count(self) -> int:
        """Number of readings."""
        return int((self.weight > 0).sum())


@dataclass(frozen=True, slots=True)
class IndicatorDesign:
    """An indicator prepared for its fit.

    Attributes
    ----------
    readings
        Of the window.
    lead
        Periods before the window that the design has and the market has not.
    design, priors
        Of the fit.
    channels
        Names of the channels with a part in brand, in the order of market.toml; `design.paid` are their places.
    """

    readings: Readings
    lead: int
    design: Design
    priors: Priors
    channels: tuple[str, ...]


def readings_of(market: Market, indicator: IndicatorSpec, held_out: int) -> Readings:
    """The readings of a national indicator, without the last `held_out` periods."""
    counted = market.indicators[indicator.name][:, 0]
    seen = np.arange(len(counted)) < len(counted) - held_out
    if indicator.kind == "survey":
        asked = market.samples[indicator.name][:, 0] * seen
        value = np.divide(counted, asked, out=np.zeros_like(counted), where=asked > 0)
        weight = np.sqrt(asked)
    else:
        value, weight = counted * seen, seen.astype(np.float64)
    read = np.flatnonzero(weight)
    if len(read) == 0:
        return Readings(value, weight, 0.0)
    years = (read[-1] + 1 - read[0]) / PERIODS_PER_YEAR[market.spec.market.period]
    return Readings(value, weight * ((len(read) + WHOLE) / weight.sum()), float(years))


def brand_channels(market: Market) -> tuple[int, ...]:
    """Positions in market.toml of the channels with a part in brand that spent anything."""
    spent = market.spend.sum(axis=(0, 2))
    return tuple(place for place, spec in enumerate(market.spec.channels) if spec.weight > 0 and spent[place] > 0)


def build_indicator_design(market: Market, indicator: IndicatorSpec, held_out: int) -> IndicatorDesign:
    """The design of one indicator of a national market that has readings and a channel with a part in brand.

    `held_out` last periods have no readings.
    """
    places = brand_channels(market)
    channels = tuple(market.spec.channels[place] for place in places)
    outcome = OutcomeSpec(name=indicator.name, column=indicator.name, unit=indicator.name)
    readings = readings_of(market, indicator, held_out)
    alone = _market_of(market, indicator, outcome, places, channels, readings)
    design = build_design(alone, outcome, held_out)
    usual = usual_slow_retention(market.spec.market.period)
    media = tuple(replace(medium, usual_retention=usual) for medium in design.media)
    design = replace(
        design,
        media=media,
        observed=readings.weight,
        outcome_scale=float(np.average(readings.value, weights=readings.weight)),
        exposure_scale=exposure_scales(media, design.exposure, design.carryover_periods),
    )
    priors = _with_slow_media(build_priors(alone, outcome, design), design, channels)
    if indicator.kind == "survey":
        # Other people are asked each time; and rows that count differently can be independent alone.
        priors = replace(priors, noise_paths=WITHOUT_SHOCKS)
    lead = design.carryover_periods - 1
    return IndicatorDesign(
        readings=readings,
        lead=lead,
        design=_led(design, lead, SEASON_LAG[market.spec.market.period]),
        priors=priors,
        channels=tuple(channel.name for channel in channels),
    )


def _market_of(
    market: Market,
    indicator: IndicatorSpec,
    outcome: OutcomeSpec,
    places: tuple[int, ...],
    channels: tuple[ChannelSpec, ...],
    readings: Readings,
) -> Market:
    """The market in which the indicator is the outcome and channels with a part in brand are the only cause."""
    spec = market.spec.model_copy(
        update={
            "outcomes": (outcome,),
            "channels": tuple(
                # What reach and frequency do to brand counts by impressions alone.
                channel.model_copy(update={"adstock": "geometric", "roas": None, "reach": None, "frequency": None})
                for channel in channels
            ),
            "controls": (),
            "organic": (),
            "lift_tests": tuple(test for test in market.spec.lift_tests if test.outcome == indicator.name),
            "model": market.spec.model.model_copy(
                update={"carryover_periods": CARRYOVER_PERIODS[market.spec.market.period]}
            ),
        }
    )
    return replace(
        market,
        spec=spec,
        outcomes={outcome.name: readings.value[:, None]},
        values_per_unit={outcome.name: None},
        spend=market.spend[:, list(places)],
        controls={},
        organic={},
    )


def _with_slow_media(priors: Priors, design: Design, channels: tuple[ChannelSpec, ...]) -> Priors:
    """The priors of slow media: what a channel does to an indicator is in proportion to its part in brand."""
    share, retention = priors.log_share.copy(), priors.logit_retention.copy()
    weights = np.array([channels[medium.position].weight for medium in design.media])
    share[0] += np.log(weights)
    share[1] = INDICATED_SHARE_SPREAD
    retention[1] = RETENTION_SPREAD
    location = priors.linear_location.copy()
    location[0] = max(1.0 - float(np.exp(share[0]).sum()), 0.0)
    return replace(priors, log_share=share, logit_retention=retention, linear_location=location)


def _led(design: Design, lead: int, year: int) -> Design:
    """The design with periods before the window: spend of the first year's mean, no readings."""

    def before(series: FloatArray, value: FloatArray) -> FloatArray:
        return np.concatenate([np.broadcast_to(value, (lead, *series.shape[1:])), series])

    positions = np.arange(-lead, design.periods)
    controls = np.zeros((len(positions), 0))
    nothing = np.zeros(1)
    return replace(
        design,
        tests=tuple(_later(test, lead) for test in design.tests),
        outcome=before(design.outcome, nothing),
        observed=before(design.observed, nothing),
        exposure=before(design.exposure, design.exposure[:year].mean(axis=0)),
        frequency=before(design.frequency, np.ones(1)),
        spend=before(design.spend, design.spend[:year].mean(axis=0)),
        columns=baseline_design(design.baseline, positions, controls),
        controls=controls,
    )


def _later(test: LiftTest, lead: int) -> LiftTest:
    return replace(test, start=test.start + lead)
