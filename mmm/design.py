"""What the model sees of a market: the outcome, the media and the columns of the baseline, aligned.

Media are the paid channels and the organic media together; the model treats them alike. They are
kept in *model order*, which puts equal kinds of carryover beside each other so that the graph is
a few operations on arrays and not one block a medium. `Medium.position` leads back to the order of
market.toml. Axis M counts media in model order.
"""

from dataclasses import dataclass

import numpy as np

from mmm.adstock import CARRYOVER_PERIODS, delayed_weights, geometric_weights, lagged_exposure
from mmm.baseline import baseline_design
from mmm.errors import FitError
from mmm.holiday_calendar import holiday_terms
from mmm.lift import LiftTest, lift_tests
from mmm.manifest import BaselineInfo, EventInfo
from mmm.market import Market
from mmm.periods import periods_between
from mmm.spec import ChannelSpec, OrganicSpec, OutcomeSpec
from mmm.usual_carryover import Buyers, usual_peak_delay, usual_retention
from mmm.vocabulary import (
    DAYS_PER_WEEK,
    PERIODS_PER_YEAR,
    SEASON_LAG,
    AdstockKind,
    BoolArray,
    FloatArray,
    LikelihoodKind,
    PeriodName,
    Role,
    SaturationKind,
)

HOLDOUT_PERIODS: dict[PeriodName, int] = {"day": 56, "week": 13, "month": 6, "quarter": 4, "year": 5}
"""Default number of last periods kept out for the gate: about a planning horizon."""

LARGEST_HOLDOUT = 0.15
"""Largest share of the window that the default holdout may take."""

FEWEST_PERIODS_FOR_HOLDOUT = 20
"""Shorter windows are not held out: what is left would be a different model."""

FOURIER_PAIRS: dict[PeriodName, int] = {"day": 3, "week": 3, "month": 2, "quarter": 1, "year": 0}
"""Default number of Fourier pairs of the yearly season."""

WEEK_PAIRS = 3
"""Fourier pairs of the week in daily data: three say all that seven days can."""

FEWEST_WEEKS = 4
"""Weeks of daily data from which on the days of the week are told apart."""

KNOT_SPACING_YEARS = 0.5
"""Distance between knots of the trend: shorter would compete with campaigns for the outcome."""

SMALLEST_KNOT_SPACING = 6
"""Periods between knots, at the least."""

MOST_KNOTS = 12

MODEL_ORDER: tuple[AdstockKind, ...] = ("geometric", "delayed", "weibull")
"""Order of the kinds of carryover among the media of a model."""

SLOPED: tuple[SaturationKind, ...] = ("hill", "reach")
"""Kinds of saturation with a slope."""

SMALLEST_TREND_UNIT = 10.0
"""Periods that count as one unit of the slope, at the least (a decade for annual data)."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A paid channel or an organic medium.

    `position` is its place in its own table of market.toml; `usual_retention` (per period, in (0, 1)) and
    `usual_peak_delay` (periods) are what is expected of its carryover before any data.
    """

    name: str
    adstock: AdstockKind
    saturation: SaturationKind
    is_paid: bool
    position: int
    usual_retention: float
    usual_peak_delay: float


@dataclass(frozen=True, slots=True)
class Design:
    """A market prepared for one outcome. T periods, M media in model order, K linear terms.

    Attributes
    ----------
    media
        The media, geometric carryover first. Length M.
    likelihood
        Kind of the outcome's noise.
    tests
        The lift tests of this outcome.
    outcome
        Outcome units per period. Shape (T,).
    outcome_scale
        Mean of the observed outcome; the model works in multiples of it.
    observed
        One where the fit may see the outcome, zero where it is held out; readings that count differently hold what they
        do (`mmm.brand.indicator_design`). Shape (T,).
    exposure
        Spend of paid channels or their exposure at today's cost (money), value of organic media (own unit), per period.
        Shape (T, M).
    frequency
        Contacts of a person reached, the usual number where nobody was; one for media without reach and frequency.
        Shape (T, M), > 0.
    spend
        Money of paid channels per period, in the order of market.toml. Shape (T, C).
    exposure_scale
        Level at which a typical unit of exposure is spent, after carryover. Shape (M,), > 0.
    carryover_periods
        Number of lags L.
    baseline
        Meaning of the columns.
    columns
        The baseline's design. Shape (T, K).
    controls
        As in the file. Shape (T, number of controls).
    """

    media: tuple[Medium, ...]
    likelihood: LikelihoodKind
    tests: tuple[LiftTest, ...]
    outcome: FloatArray
    outcome_scale: float
    observed: FloatArray
    exposure: FloatArray
    frequency: FloatArray
    spend: FloatArray
    exposure_scale: FloatArray
    carryover_periods: int
    baseline: BaselineInfo
    columns: FloatArray
    controls: FloatArray

    @property
    def lagged(self) -> FloatArray:
        """Exposure of the present and each earlier period, in multiples of its scale. Shape (T, M, L)."""
        return lagged_exposure(self.exposure / self.exposure_scale, self.carryover_periods)

    @property
    def lagged_frequency(self) -> FloatArray:
        """Frequency of the present and each earlier period, in multiples of the usual one. Shape (T, M, L), > 0."""
        return lagged_exposure(self.frequency / self.usual_frequency - 1.0, self.carryover_periods) + 1.0

    @property
    def usual_frequency(self) -> FloatArray:
        """Impressions a person reached over the window; one for media without reach and frequency. Shape (M,)."""
        return usual_frequency(self.exposure, self.frequency)

    @property
    def half_saturation_scale(self) -> FloatArray:
        """Unit of half-saturation: the exposure's scale, or the usual frequency. Shape (M,)."""
        is_reach = np.array([medium.saturation == "reach" for medium in self.media])
        return np.where(is_reach, self.usual_frequency, self.exposure_scale)

    @property
    def periods(self) -> int:
        """Number of periods T."""
        return len(self.outcome)

    @property
    def held_out(self) -> BoolArray:
        """Whether a period comes after the last one whose outcome is seen. Shape (T,)."""
        return np.asarray(np.arange(self.periods) > np.flatnonzero(self.observed)[-1])

    @property
    def paid(self) -> tuple[int, ...]:
        """Positions on axis M of the paid channels, in the order of market.toml."""
        return _in_file_order(self.media, is_paid=True)

    @property
    def organic(self) -> tuple[int, ...]:
        """Positions on axis M of the organic media, in the order of market.toml."""
        return _in_file_order(self.media, is_paid=False)


def default_holdout(market: Market) -> int:
    """Number of last periods that the gate keeps out: as market.toml says, else by the kind of period."""
    periods = len(market.dates)
    if market.spec.model.holdout is not None:
        return min(market.spec.model.holdout, periods // 2)
    if periods < FEWEST_PERIODS_FOR_HOLDOUT:
        return 0
    return min(HOLDOUT_PERIODS[market.spec.market.period], int(LARGEST_HOLDOUT * periods))


def build_design(market: Market, outcome: OutcomeSpec, held_out: int) -> Design:
    """The design of one outcome of a market that is not a panel.

    Parameters
    ----------
    market
        A market of one geo.
    outcome
        One of its outcomes.
    held_out
        Number of last periods whose outcome the fit may not see.

    Raises
    ------
    FitError
        When the market is a panel.
    """
    if market.is_panel:
        raise FitError(f"Market '{market.name}' is a panel of {len(market.geos)} geos: fit its national aggregate.")
    media = _media(market)
    series = market.outcomes[outcome.name][:, 0]
    observed = np.ones(len(series))
    observed[len(series) - held_out :] = 0.0
    observed[: _carry_in(market)] = 0.0
    visible = series[observed > 0]
    exposure = np.stack([exposure_of(market, medium)[:, 0] for medium in media], axis=1)
    places = {medium.position: place for place, medium in enumerate(media) if medium.is_paid}
    lags = carryover_periods(market)
    controls = _controls(market)
    baseline = _baseline(market, controls, len(series) - held_out)
    return Design(
        media=media,
        likelihood=outcome.likelihood,
        tests=lift_tests(market, outcome, places, exposure),
        outcome=series,
        outcome_scale=float(visible.mean()),
        observed=observed,
        exposure=exposure,
        frequency=np.stack(
            [frequency_of(market, medium, exposure[:, [place]])[:, 0] for place, medium in enumerate(media)], axis=1
        ),
        spend=market.spend[:, :, 0],
        exposure_scale=exposure_scales(media, exposure, lags),
        carryover_periods=lags,
        baseline=baseline,
        columns=baseline_design(baseline, np.arange(len(series)), controls),
        controls=controls,
    )


def _carry_in(market: Market) -> int:
    periods, asked = len(market.dates), market.spec.model.carry_in
    if asked > periods // 2:
        raise FitError(
            f"carry_in under [model] is {asked}, more than half of the {periods} periods that there are; ask for less, "
            f"or bring a longer history ({market.name}, market.toml)."
        )
    return asked


def carryover_periods(market: Market) -> int:
    """Number of lags over which an exposure may act, its own period included."""
    return market.spec.model.carryover_periods or CARRYOVER_PERIODS[market.spec.market.period]


def _media(market: Market) -> tuple[Medium, ...]:
    header, lags = market.spec.market, carryover_periods(market)
    buyers: Buyers = "b2b" if header.business == "b2b" else "b2c"
    late = usual_peak_delay(buyers, header.period, lags)

    def medium(spec: ChannelSpec | OrganicSpec, role: Role, position: int) -> Medium:
        return Medium(
            name=spec.name,
            adstock=spec.adstock,
            saturation="reach" if isinstance(spec, ChannelSpec) and spec.reach is not None else spec.saturation,
            is_paid=isinstance(spec, ChannelSpec),
            position=position,
            usual_retention=usual_retention(spec.adstock, buyers, role, header.period),
            usual_peak_delay=late if spec.adstock == "delayed" else 0.0,
        )

    media = [medium(channel, channel.main_role, position) for position, channel in enumerate(market.spec.channels)]
    # Organic media are read by people who already look, as performance media are seen by them.
    media += [medium(spec, "performance", position) for position, spec in enumerate(market.spec.organic)]
    # The key is total, so that equal markets have equal order; sorting is stable within a kind.
    return tuple(sorted(media, key=lambda one: (MODEL_ORDER.index(one.adstock), one.saturation not in SLOPED)))


def _in_file_order(media: tuple[Medium, ...], *, is_paid: bool) -> tuple[int, ...]:
    places = [(medium.position, place) for place, medium in enumerate(media) if medium.is_paid == is_paid]
    return tuple(place for _, place in sorted(places))


def exposure_of(market: Market, medium: Medium) -> FloatArray:
    """What works in each period and geo: spend, exposure at the last year's cost, or an organic medium. Shape (T, G).

    Exposure that a market gives (impressions, gross rating points, clicks) is counted in money, at what a unit of it
    cost over the last year: what money bought in the past changes with prices, and plans are made at today's.
    """
    if not medium.is_paid:
        return market.organic[medium.name]
    spend = market.spend[:, medium.position]
    if medium.name not in market.exposure:
        return spend
    units = market.exposure[medium.name]
    year = max(round(PERIODS_PER_YEAR[market.spec.market.period]), 1)
    # A channel that rested all year is counted at what it cost when it was last on air.
    for window in (slice(-year, None), slice(None)):
        if units[window].sum() > 0 and spend[window].sum() > 0:
            return np.asarray(units * (spend[window].sum() / units[window].sum()))
    return spend


def frequency_of(market: Market, medium: Medium, exposure: FloatArray) -> FloatArray:
    """Contacts of a person reached in each period and geo, the geo's usual number where nobody was.

    Of a geo in which nobody ever was, the number of all geos together; one for media without reach and frequency.
    `exposure` and what is returned are of shape (T, G).
    """
    if medium.saturation != "reach":
        return np.ones_like(exposure)
    contacts = market.frequency[medium.name]
    is_seen = (contacts > 0) & (exposure > 0)
    found = np.empty_like(exposure)
    for geo in range(exposure.shape[1]):
        seen = is_seen & (np.arange(exposure.shape[1]) == geo) if is_seen[:, geo].any() else is_seen
        usual = usual_frequency(exposure[seen][:, None], contacts[seen][:, None])[0] if seen.any() else 1.0
        found[:, geo] = np.where(is_seen[:, geo], contacts[:, geo], usual)
    return found


def usual_frequency(exposure: FloatArray, frequency: FloatArray) -> FloatArray:
    """Impressions a person reached: the mean of frequency that counts people. Both of shape (T, M); returns (M,)."""
    impressions, people = exposure.sum(axis=0), (exposure / frequency).sum(axis=0)
    return np.divide(impressions, people, out=np.ones_like(people), where=people > 0)


def exposure_scales(media: tuple[Medium, ...], exposure: FloatArray, lags: int) -> FloatArray:
    """Contraharmonic mean of the usual adstock: the level at which the average unit of exposure is spent. Shape (M,).

    Unlike the mean it is not pulled down by the periods in which a channel rests.
    """
    scales = np.ones(len(media))
    lag = np.arange(lags, dtype=np.float64)
    for place, medium in enumerate(media):
        retention, peak = np.array([medium.usual_retention]), np.array([medium.usual_peak_delay])
        weights = (
            delayed_weights(retention, peak, lag) if medium.adstock == "delayed" else geometric_weights(retention, lag)
        )
        stock = lagged_exposure(exposure[:, place], lags) @ weights
        if stock.sum() > 0:
            scales[place] = (stock**2).sum() / stock.sum()
    return scales


def _controls(market: Market) -> FloatArray:
    columns = [market.controls[control.name][:, 0] for control in market.spec.controls]
    return np.stack(columns, axis=1) if columns else np.zeros((len(market.dates), 0))


def _baseline(market: Market, controls: FloatArray, visible: int) -> BaselineInfo:
    """Terms of the baseline; `visible` is the number of periods whose outcome the fit may see."""
    spec, period = market.spec, market.spec.market.period
    season_length = PERIODS_PER_YEAR[period]
    scales = controls.std(axis=0)
    starts = [(event, periods_between(market.dates[0], event.start, period)) for event in spec.events]
    return BaselineInfo(
        trend_unit=max(season_length, SMALLEST_TREND_UNIT),
        has_slope=spec.model.trend != "none",
        knots=_knots(visible, default_holdout(market), period) if spec.model.trend == "knots" else (),
        fourier_pairs=_fourier_pairs(market, visible),
        season_length=season_length,
        controls=tuple(control.name for control in spec.controls),
        control_means=tuple(float(mean) for mean in controls.mean(axis=0)),
        # A control that does not vary becomes a column of zeros, which the prior leaves at no effect.
        control_scales=tuple(float(scale) if scale > 0 else 1.0 for scale in scales),
        events=tuple(EventInfo(name=event.name, start=start, periods=event.periods) for event, start in starts),
        week_pairs=WEEK_PAIRS if period == "day" and visible >= FEWEST_WEEKS * DAYS_PER_WEEK else 0,
        holidays=holiday_terms(spec.model.holidays, market.dates[:visible], period, spec.market.language),
    )


def _knots(visible: int, quiet: int, period: PeriodName) -> tuple[float, ...]:
    """Positions at which the slope may change, evenly spaced, none in the last `quiet` periods.

    The quiet end makes a forecast continue a slope that a whole holdout's worth of periods confirms.
    """
    spacing = max(KNOT_SPACING_YEARS * PERIODS_PER_YEAR[period], SMALLEST_KNOT_SPACING)
    last = visible - max(quiet, SMALLEST_KNOT_SPACING)
    count = min(int(last / spacing), MOST_KNOTS)
    return tuple(float(round(last * (step + 1) / (count + 1))) for step in range(count))


def _fourier_pairs(market: Market, visible: int) -> int:
    period = market.spec.market.period
    pairs = market.spec.model.seasonality
    if pairs is None:
        years = visible / PERIODS_PER_YEAR[period]
        # One pair with less than two years, none with less than one: a season seen once is a trend.
        most = 0 if years < 1.0 else 1 if years < 2.0 else FOURIER_PAIRS[period]
        pairs = min(FOURIER_PAIRS[period], most)
    if 2 * pairs > SEASON_LAG[period] - 1:
        pairs = max((SEASON_LAG[period] - 1) // 2, 0)
    return pairs
