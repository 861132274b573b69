"""What truly lies ahead of a simulated market: the best plan for a budget, and what last year's split would bring."""

import math
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np

from mmm.baseline import forecast_baseline, repeat_last_season
from mmm.curves import channel_response
from mmm.periods import shift_period
from mmm.simulation.agent_outlook import look_at_people
from mmm.simulation.horizon_response import FamilyCurve, HorizonResponse, OtherCurve, SeparateResponses, TrueCurve
from mmm.simulation.setting import world_of
from mmm.simulation.truth import SimulatedMarket, nearest_artifact
from mmm.vocabulary import SEASON_LAG, BoolArray, FloatArray

BAND_TOLERANCE = 0.05
"""Half the width of the split preset's band."""


@dataclass(frozen=True, slots=True)
class TrueSplit:
    """A budget split over channels, judged on the true curves.

    Attributes
    ----------
    spend
        Money per channel over the horizon. Shape (C,).
    incremental
        Outcome that it brings, carryover after the horizon included.
    within_horizon
        The part of it that arrives within the horizon.
    """

    spend: FloatArray
    incremental: float
    within_horizon: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The truth about a horizon right after the data, spend phased evenly.

    Attributes
    ----------
    start, periods
        The horizon.
    channels
        Names, in the order of every axis C.
    base
        Outcome expected within it without new spend: baseline, organic media and what earlier
        spend still brings. Controls, a hidden driver and organic media repeat the last year.
    scatter
        Standard deviation of the horizon's total outcome around its expectation.
    response
        What money over the horizon adds.
    reference_spend
        Spend of the same periods a year earlier. Shape (C,).
    is_brand, band
        Which channels count as brand, shape (C,), and the band of the preset.
    """

    start: date
    periods: int
    channels: tuple[str, ...]
    base: float
    scatter: float
    response: HorizonResponse
    reference_spend: FloatArray
    is_brand: BoolArray
    band: tuple[float, float]

    def curve(self, channel: int, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome that a channel adds at each budget, over all periods or the first few. Shapes (N,), (N,).

        Where channels interact, the others stay at `reference_spend`.
        """
        return self.response.curve(channel, budgets, periods)

    def marginal(self, channel: int, budget: float) -> float:
        """Outcome that one more unit of money in a channel adds at a budget, the others as in `curve`."""
        return self.response.marginal(channel, budget)

    def judge(self, spend: FloatArray) -> TrueSplit:
        """What a plan truly brings. `spend` is money per channel over the horizon, shape (C,)."""
        return TrueSplit(spend, *self.response.totals(spend, self.periods))

    def best(self, budget: float, band: tuple[float, float] | None) -> TrueSplit:
        """The split of `budget` that truly brings the most."""
        return self.judge(self.response.best(budget, self.is_brand, band))

    def reached(self, split: TrueSplit, probability: float) -> float:
        """The total outcome within the horizon that a split reaches with a probability, its scatter taken as normal."""
        return NormalDist(self.base + split.within_horizon, self.scatter).inv_cdf(1.0 - probability)


def look_ahead(simulated: SimulatedMarket, periods: int = 13) -> Outlook:
    """The true outlook of a market over the `periods` that follow its data."""
    market, truth = simulated.market, simulated.truth
    period = market.spec.market.period
    year_ago = len(market.dates) - SEASON_LAG[period]
    reference_spend = market.spend[year_ago : year_ago + periods].sum(axis=(0, 2))
    response: HorizonResponse
    if truth.crowd is None:
        base, response = _formulas_ahead(simulated, periods)
    else:
        base, response = look_at_people(simulated, truth.crowd, periods, reference_spend)
    preset = world_of(truth.business).preset_brand_share
    return Outlook(
        start=shift_period(market.dates[-1], 1, period),
        periods=periods,
        channels=tuple(channel.name for channel in market.spec.channels),
        base=base,
        scatter=_scatter(simulated, periods),
        response=response,
        reference_spend=reference_spend,
        is_brand=np.array([channel.main_role == "brand" for channel in market.spec.channels]),
        band=(preset - BAND_TOLERANCE, preset + BAND_TOLERANCE),
    )


def _formulas_ahead(simulated: SimulatedMarket, periods: int) -> tuple[float, SeparateResponses]:
    """Outcome without new spend, and what money adds, where media work by formulas."""
    market, truth = simulated.market, simulated.truth
    start = shift_period(market.dates[-1], 1, market.spec.market.period)
    artifacts = [nearest_artifact(simulated, geo) for geo in market.geos]
    even = np.full(periods, 1.0 / periods)
    curves: list[list[TrueCurve]] = []
    for index, channel in enumerate(market.spec.channels):
        kind = truth.process.paid.saturation[index]
        responses = [
            channel_response(artifact, channel.name, even, market.spend[:, index, geo])
            for geo, artifact in enumerate(artifacts)
        ]
        if kind == "logarithm" or kind == "power" or kind == "reach" or kind == "threshold":
            curves.append([OtherCurve(response, kind) for response in responses])
        else:
            curves.append([FamilyCurve(response) for response in responses])
    baseline = sum(float(forecast_baseline(artifact, start, periods).sum()) for artifact in artifacts)
    carried = sum(curve.carried_in(periods) for of_geos in curves for curve in of_geos)
    base = baseline + carried
    if truth.hidden is not None:
        ahead = len(market.dates) + np.arange(periods)
        base += float(repeat_last_season(truth.hidden, ahead, SEASON_LAG[market.spec.market.period]).sum())
    return base, SeparateResponses(curves, truth.process.geo_share)


def _scatter(simulated: SimulatedMarket, periods: int) -> float:
    """Standard deviation of a total over `periods` under shocks (autocorrelated) and noise, all geos together."""
    process = simulated.truth.process
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    shocks = (process.shock_scale**2).sum() * (process.shock_persistence**apart).sum()
    return math.sqrt(shocks + periods * (process.noise_scale**2).sum())
