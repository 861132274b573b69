"""What truly lies ahead of a simulated market: the best plan for a budget, and what last year's split would bring."""

import math
from dataclasses import dataclass, replace
from datetime import date
from statistics import NormalDist

import numpy as np

from mmm.baseline import forecast_baseline
from mmm.curves import ChannelResponse, channel_response
from mmm.periods import shift_period
from mmm.simulation.best_split import best_split
from mmm.simulation.setting import world_of
from mmm.simulation.truth import SimulatedMarket, truth_artifact
from mmm.vocabulary import SEASON_LAG, BoolArray, FloatArray

BAND_TOLERANCE = 0.05
"""Half the width of the split preset's band."""
MONEY_STEPS = 2000
"""Steps of the budget in the search for the best split: each is 0.05 % of it."""


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
    base
        Outcome expected within it without new spend: baseline, organic media and what earlier
        spend still brings. Controls and organic media repeat the last year.
    scatter
        Standard deviation of the horizon's total outcome around its expectation.
    responses
        True response per channel and geo to that geo's part of the channel's budget.
    geo_share
        Part of a channel's budget that each geo gets. Shape (C, G).
    reference_spend
        Spend of the same periods a year earlier. Shape (C,).
    is_brand, band
        Which channels count as brand, shape (C,), and the band of the preset.
    """

    start: date
    periods: int
    base: float
    scatter: float
    responses: tuple[tuple[ChannelResponse, ...], ...]
    geo_share: FloatArray
    reference_spend: FloatArray
    is_brand: BoolArray
    band: tuple[float, float]

    def curve(self, channel: int, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome that a channel adds at each budget, over all periods or the first few. Shapes (N,), (N,)."""
        added = np.zeros(len(budgets))
        for response, share in zip(self.responses[channel], self.geo_share[channel], strict=True):
            counted = response if periods is None else response.until(periods)
            # A response of one draw stretched over the budgets: the axis of draws carries them.
            stretched = replace(counted, gain=counted.gain * (share * budgets)[:, None])
            added += stretched.per_draw(1.0)
        return added

    def marginal(self, channel: int, budget: float) -> float:
        """Outcome that one more unit of money in a channel adds at a budget."""
        return sum(
            float(share * response.marginal_per_draw(share * budget)[0])
            for response, share in zip(self.responses[channel], self.geo_share[channel], strict=True)
        )

    def judge(self, spend: FloatArray) -> TrueSplit:
        """What a plan truly brings. `spend` is money per channel over the horizon, shape (C,)."""
        one = [spend[[channel]] for channel in range(len(spend))]
        return TrueSplit(
            spend,
            float(sum(self.curve(channel, budget)[0] for channel, budget in enumerate(one))),
            float(sum(self.curve(channel, budget, self.periods)[0] for channel, budget in enumerate(one))),
        )

    def best(self, budget: float, band: tuple[float, float] | None) -> TrueSplit:
        """The split of `budget` that truly brings the most, exact to one of `MONEY_STEPS` steps."""
        grid: FloatArray = budget / MONEY_STEPS * np.arange(MONEY_STEPS + 1, dtype=np.float64)
        values = np.stack([self.curve(channel, grid) for channel in range(len(self.responses))])
        return self.judge(grid[best_split(values, self.is_brand, band).steps])

    def reached(self, split: TrueSplit, probability: float) -> float:
        """The total outcome within the horizon that a split reaches with a probability, its scatter taken as normal."""
        return NormalDist(self.base + split.within_horizon, self.scatter).inv_cdf(1.0 - probability)


def look_ahead(simulated: SimulatedMarket, periods: int = 13) -> Outlook:
    """The true outlook of a market over the `periods` that follow its data."""
    market, process = simulated.market, simulated.truth.process
    period = market.spec.market.period
    start = shift_period(market.dates[-1], 1, period)
    artifacts = [truth_artifact(simulated, geo) for geo in market.geos]
    even = np.full(periods, 1.0 / periods)
    responses = tuple(
        tuple(
            channel_response(artifact, channel.name, even, market.spend[:, index, geo])
            for geo, artifact in enumerate(artifacts)
        )
        for index, channel in enumerate(market.spec.channels)
    )
    baseline = sum(float(forecast_baseline(artifact, start, periods).sum()) for artifact in artifacts)
    carried = sum(float(response.until(periods).carried_in().sum()) for of_geos in responses for response in of_geos)
    year_ago = len(market.dates) - SEASON_LAG[period]
    preset = world_of(simulated.truth.business).preset_brand_share
    return Outlook(
        start=start,
        periods=periods,
        base=baseline + carried,
        scatter=_scatter(simulated, periods),
        responses=responses,
        geo_share=process.geo_share,
        reference_spend=market.spend[year_ago : year_ago + periods].sum(axis=(0, 2)),
        is_brand=np.array([channel.main_role == "brand" for channel in market.spec.channels]),
        band=(preset - BAND_TOLERANCE, preset + BAND_TOLERANCE),
    )


def _scatter(simulated: SimulatedMarket, periods: int) -> float:
    """Standard deviation of a total over `periods` under shocks (autocorrelated) and noise, all geos together."""
    process = simulated.truth.process
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    shocks = (process.shock_scale**2).sum() * (process.shock_persistence**apart).sum()
    return math.sqrt(shocks + periods * (process.noise_scale**2).sum())
