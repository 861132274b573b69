"""What the model sees of a panel: every geo per head, in the units of the whole country.

A geo of size p (population over the mean population) and outcome y counts as y / p in multiples of the country's mean
per geo; its exposure as x / p in multiples of the country's exposure per geo. A channel that is bought for the whole
country and shared out by population is then the same in every geo, and so is treated as one effect. Frequency is of
a person already: each geo's counts in multiples of the country's usual one.
"""

from dataclasses import dataclass

import numpy as np

from mmm.baseline import control_places
from mmm.design import Design, build_design, exposure_of, frequency_of
from mmm.errors import FitError
from mmm.lift import bought_per_money, spend_without
from mmm.market import Market, national_aggregate, without_lift_tests
from mmm.periods import periods_between
from mmm.priors import SMALLEST_VARIATION
from mmm.spec import LiftTestSpec, OutcomeSpec
from mmm.vocabulary import FloatArray

SAME_EVERYWHERE = 1e-3
"""Exposure per head that differs by less than this share of its scale is that of a national medium."""


@dataclass(frozen=True, slots=True)
class GeoTest:
    """A lift test in some geos; see `mmm.lift.LiftTest`.

    `exposure_without` is per head and relative like the panel's exposure, shape (geos of the test, periods of the
    change); estimate and standard error are in national outcome units.
    """

    medium: int
    geos: tuple[int, ...]
    start: int
    measured: int
    exposure_without: FloatArray
    estimate: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class PanelDesign:
    """A panel prepared for one outcome. G geos, T periods, M media in model order, K linear terms.

    Attributes
    ----------
    national
        The design of the country: the meaning of everything that geos share. It has no lift tests.
    geos
        Names. Length G.
    size
        Population over the mean population; without population, mean outcome over its mean. Shape (G,), sums to G.
    outcome
        Per head, in national means. Shape (G, T).
    variation
        Usual standard deviation of a geo's outcome per head, in national means.
    exposure
        Per head, in multiples of each medium's national scale. Shape (G, T, M).
    frequency
        Contacts of a person reached, in multiples of the country's usual number; one for media without reach and
        frequency. Shape (G, T, M), > 0.
    columns
        The baseline's design with each geo's own controls. Shape (G, T, K).
    varies
        Whether a medium's exposure per head or its frequency differs between geos, so that its effect may. Shape (M,).
    tests
        The lift tests of this outcome.
    """

    national: Design
    geos: tuple[str, ...]
    size: FloatArray
    outcome: FloatArray
    variation: float
    exposure: FloatArray
    frequency: FloatArray
    columns: FloatArray
    varies: FloatArray
    tests: tuple[GeoTest, ...]


def build_panel_design(market: Market, outcome: OutcomeSpec, held_out: int) -> PanelDesign:
    """The design of one outcome of a panel.

    Parameters
    ----------
    market
        A market of several geos.
    outcome
        One of its outcomes, with normal noise.
    held_out
        Number of last periods whose outcome the fit may not see.

    Raises
    ------
    FitError
        When the outcome's noise is not normal, or a lift test does not fit the data.
    """
    if outcome.likelihood != "normal":
        raise FitError(
            f"Outcome '{outcome.name}': a panel is fitted with likelihood 'normal' alone, not "
            f"'{outcome.likelihood}'; use 'normal', or geos = \"national\" under [model] ({market.name}, market.toml)."
        )
    national = build_design(without_lift_tests(national_aggregate(market)), outcome, held_out)
    series = market.outcomes[outcome.name].T
    visible = series[:, national.observed > 0]
    weights = visible.mean(axis=1) if market.population is None else market.population
    size = weights / weights.mean()
    geos = len(market.geos)
    per_head = geos / (size[:, None] * national.exposure_scale)
    worked = [exposure_of(market, medium) for medium in national.media]
    exposure = np.stack([series.T for series in worked], axis=2) * per_head[:, None, :]
    contacts = [frequency_of(market, medium, each).T for medium, each in zip(national.media, worked, strict=True)]
    frequency = np.stack(contacts, axis=2) / national.usual_frequency
    per_person = series / (size[:, None] * national.outcome_scale / geos)
    return PanelDesign(
        national=national,
        geos=market.geos,
        size=size,
        outcome=per_person,
        variation=max(float(np.median(per_person[:, national.observed > 0].std(axis=1))), SMALLEST_VARIATION),
        exposure=exposure,
        frequency=frequency,
        columns=_columns(market, national),
        varies=_varies(exposure, frequency),
        tests=tuple(
            _geo_test(market, national, spec, number, size)
            for number, spec in enumerate(market.spec.lift_tests, start=1)
            if (spec.outcome or market.spec.outcomes[0].name) == outcome.name
        ),
    )


def _varies(exposure: FloatArray, frequency: FloatArray) -> FloatArray:
    """One where impressions or people per head differ between geos, else zero. Shape (M,)."""
    most = np.maximum(np.ptp(exposure, axis=0), np.ptp(exposure / frequency, axis=0)).max(axis=0)
    return np.asarray(most > SAME_EVERYWHERE, dtype=np.float64)


def _columns(market: Market, national: Design) -> FloatArray:
    info = national.baseline
    columns = np.repeat(national.columns[None], len(market.geos), axis=0)
    controls = zip(info.controls, info.control_means, info.control_scales, strict=True)
    for place, (name, mean, scale) in zip(control_places(info), controls, strict=True):
        columns[:, :, place] = (market.controls[name].T - mean) / scale
    return columns


def _geo_test(market: Market, national: Design, spec: LiftTestSpec, number: int, size: FloatArray) -> GeoTest:
    where = f"lift_tests[{number}] of '{spec.channel}'"
    position = [channel.name for channel in market.spec.channels].index(spec.channel)
    medium = national.paid[position]
    start = periods_between(market.dates[0], spec.start, market.spec.market.period)
    measured = spec.measured_periods or spec.periods
    if start < 0 or start + measured > len(market.dates):
        raise FitError(
            f"{where}: the test lies outside of the data, which run from {market.dates[0]} to {market.dates[-1]}; "
            f"bring data that cover it, or leave the test out ({market.name}, market.toml)."
        )
    geos = tuple(market.geos.index(name) for name in spec.geos) or tuple(range(len(market.geos)))
    spend = market.spend[start : start + spec.periods, position, list(geos)].T
    without = spend_without(spend, spec.spend_change, size[list(geos), None])
    if without is None:
        raise FitError(
            f"{where}: spend_change is {spec.spend_change:,.0f}, but only {spend.sum():,.0f} was spent in these "
            f"periods and geos; spend_change is what was spent less what would have been spent without the test "
            f"({market.name}, market.toml)."
        )
    worked = exposure_of(market, national.media[medium])[start : start + spec.periods, list(geos)].T
    without = without * bought_per_money(worked, spend)  # money that was moved bought at the price of the day
    per_head = len(market.geos) / (size[list(geos), None] * national.exposure_scale[medium])
    return GeoTest(medium, geos, start, measured, without * per_head, spec.estimate, spec.standard_error)
