"""What lies ahead of a market of people, by living through it again and again under other budgets.

All budgets meet the same people on the same days: who uses what, who remembers how long and the
chance behind every contact are in common, so that a difference is the money's. Everything that is
reported is simulated; the surface only says where to look for the best split, and lets a reader
of truth.json score a split without simulating.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np

from mmm.baseline import baseline_design, repeat_last_season
from mmm.simulation.exchange import climb, into_band
from mmm.simulation.people import Crowd, People, contact_rates, contacts_at, purchases, recalled, traces_left
from mmm.simulation.surface import Surface, draw_levels, fit_surface
from mmm.simulation.truth import SimulatedMarket, columns
from mmm.vocabulary import SEASON_LAG, BoolArray, FloatArray, IntArray

TAIL = 26
"""Weeks after the horizon that count: memories of industry fade for months, and needs met early are missed later."""
TRIED = 480
"""Splits that the surface is fitted to and tested on."""
LEVELS = 9
"""Different amounts of a channel among them, the largest twice its largest spend over such a horizon."""
SURFACE_STEPS, STEPS = (0.05, 0.02, 0.01), (0.01, 0.005, 0.002)
"""Parts of the budget that are exchanged: on the surface, then by simulation."""
REMEMBERED = 128
"""Budgets of single channels whose persuasion a search keeps at hand, about a megabyte each."""
MARGIN = 0.1
"""Half the difference of money over which a marginal return is measured, as a part of last year's mean channel."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The weeks to come, the same for every budget.

    Attributes
    ----------
    demand
        Factor of everybody's eagerness, horizon and tail. Shape (T,).
    traces
        What is left of contacts that earlier spend made, per paid channel. Length C, each of shape (T, N).
    unpaid
        Persuasion by media without cost. Shape (T, N).
    chance
        Behind the contacts of each paid channel in each week of the horizon. Shape (C, horizon, N).
    reference_spend
        Spend of the same weeks a year earlier. Shape (C,).
    """

    demand: FloatArray
    traces: tuple[FloatArray, ...]
    unpaid: FloatArray
    chance: FloatArray
    reference_spend: FloatArray


@dataclass(frozen=True, slots=True)
class LivedResponse:
    """What money adds to a market of people; where one channel is looked at, the others stay at last year's spend.

    Attributes
    ----------
    usual
        Persuasion by each channel at last year's spend, earlier spend included. Length C, each of shape (T, N).
    without
        Outcome without new spend. Shape (T,).
    surface
        Through what many splits add.
    """

    crowd: Crowd
    ahead: Ahead
    usual: tuple[FloatArray, ...]
    without: FloatArray
    surface: Surface

    def totals(self, spend: FloatArray, periods: int) -> tuple[float, float]:
        """Outcome that a split adds, over all periods and over the first few, simulated. `spend` of shape (C,)."""
        convictions = [self._by(channel, float(amount)) for channel, amount in enumerate(spend)]
        added = lived(self.crowd, self.ahead, convictions) - self.without
        return float(added.sum()), float(added[:periods].sum())

    def curve(self, channel: int, budgets: FloatArray, periods: int | None = None) -> FloatArray:
        """Outcome that a channel adds at each budget, simulated. Shapes (N,), (N,)."""
        others = reduce(np.add, (by for other, by in enumerate(self.usual) if other != channel))
        nothing = self._added([others, self._by(channel, 0.0)], periods)
        added = [self._added([others, self._by(channel, float(amount))], periods) for amount in budgets]
        return np.array(added) - nothing

    def marginal(self, channel: int, budget: float) -> float:
        """Outcome that one more unit of money in a channel adds: the slope between a little less and a little more."""
        margin = MARGIN * float(self.ahead.reference_spend.mean())
        ends = np.array([max(0.0, budget - margin), budget + margin])
        low, high = self.curve(channel, ends)
        return float((high - low) / (ends[1] - ends[0]))

    def best(self, budget: float, is_brand: BoolArray, band: tuple[float, float] | None) -> FloatArray:
        """The split that no exchange of 0.2 % of the budget improves, by simulation. Shape (C,)."""
        reference = self.ahead.reference_spend
        start = into_band(budget * reference / reference.sum(), is_brand, band)
        likely = climb(lambda split: float(self.surface.at(split[None])[0]), start, SURFACE_STEPS, is_brand, band)
        # A search comes back to the same amounts again and again: one channel moves, the others stay.
        known = lru_cache(maxsize=REMEMBERED)(self._by)
        return climb(
            lambda split: self._added([known(channel, float(amount)) for channel, amount in enumerate(split)]),
            likely,
            STEPS,
            is_brand,
            band,
        )

    def _added(self, convictions: Sequence[FloatArray], periods: int | None = None) -> float:
        return float((lived(self.crowd, self.ahead, convictions) - self.without)[:periods].sum())

    def _by(self, channel: int, amount: float) -> FloatArray:
        return conviction(self.crowd.people, self.ahead, channel, amount)


def conviction(people: People, ahead: Ahead, channel: int, amount: float) -> FloatArray:
    """Persuasion by a channel, earlier spend and a budget spread evenly over the horizon together. Shape (T, N)."""
    horizon = ahead.chance.shape[1]
    counts = np.zeros_like(ahead.unpaid)
    rates = contact_rates(people, channel, np.full(horizon, amount / horizon))
    counts[:horizon] = contacts_at(rates, ahead.chance[channel])
    fresh = traces_left(people.retention[channel], counts, np.zeros(len(people.size)))
    return np.asarray(people.persuasion[channel] * recalled(people, channel, ahead.traces[channel] + fresh))


def lived(crowd: Crowd, ahead: Ahead, convictions: Sequence[FloatArray]) -> FloatArray:
    """Outcome of the weeks to come under what people are convinced of by paid channels. Shape (T,)."""
    total = reduce(np.add, convictions, ahead.unpaid)
    return purchases(crowd.people, ahead.demand, total, crowd.minds.need)[0]


def look_at_people(
    simulated: SimulatedMarket, crowd: Crowd, periods: int, reference_spend: FloatArray
) -> tuple[float, LivedResponse]:
    """Outcome of the horizon without new spend, and what money adds to it."""
    rng = np.random.default_rng([simulated.truth.seed, periods])
    ahead = _ahead(rng, simulated, crowd, periods, reference_spend)
    without = lived(
        crowd, ahead, [conviction(crowd.people, ahead, channel, 0.0) for channel in range(len(reference_spend))]
    )
    largest = np.array(
        [np.convolve(spend, np.ones(periods), mode="valid").max() for spend in simulated.market.spend[:, :, 0].T]
    )
    usual = tuple(
        conviction(crowd.people, ahead, channel, float(amount)) for channel, amount in enumerate(reference_spend)
    )
    surface = _surface(rng, crowd, ahead, without, 2.0 * largest)
    return float(without[:periods].sum()), LivedResponse(crowd, ahead, usual, without, surface)


def _ahead(
    rng: np.random.Generator, simulated: SimulatedMarket, crowd: Crowd, periods: int, reference_spend: FloatArray
) -> Ahead:
    market, people = simulated.market, crowd.people
    past, season = len(market.dates), SEASON_LAG[market.spec.market.period]
    positions = past + np.arange(periods + TAIL)
    demand = _demand(simulated, positions) / _demand(simulated, np.arange(past)).mean()
    reach = repeat_last_season(columns(market.organic, 0, past), positions, season)
    channels, count = len(reference_spend), len(people.size)
    none = np.zeros((len(positions), count))
    traces = tuple(
        traces_left(people.retention[channel], none, crowd.minds.traces[channel]) for channel in range(channels)
    )
    unpaid = none.copy()
    for medium in range(channels, len(crowd.minds.traces)):
        counts = rng.poisson(contact_rates(people, medium, reach[:, medium - channels])).astype(np.float64)
        left = traces_left(people.retention[medium], counts, crowd.minds.traces[medium])
        unpaid += people.persuasion[medium] * recalled(people, medium, left)
    return Ahead(demand, traces, unpaid, rng.random((channels, periods, count)), reference_spend)


def _demand(simulated: SimulatedMarket, positions: IntArray) -> FloatArray:
    """Demand without media, as the baseline says it; controls ahead repeat the last year. Shape (T,)."""
    market, process = simulated.market, simulated.truth.process
    history = columns(market.controls, 0, len(market.dates))
    controls = repeat_last_season(history, positions, SEASON_LAG[market.spec.market.period])
    return np.asarray(baseline_design(process.baseline, positions, controls) @ process.coefficients[:, 0])


def _surface(rng: np.random.Generator, crowd: Crowd, ahead: Ahead, without: FloatArray, most: FloatArray) -> Surface:
    """The surface through splits drawn from a grid of amounts up to `most`, denser where there is little money."""
    amounts = np.outer(most, (np.arange(LEVELS) / (LEVELS - 1)) ** 2)
    convictions = [
        [conviction(crowd.people, ahead, channel, float(amount)) for amount in row]
        for channel, row in enumerate(amounts)
    ]
    usual = np.abs(amounts - ahead.reference_spend[:, None]).argmin(axis=1)
    levels = draw_levels(rng, TRIED, len(most), LEVELS, usual)

    def added(chosen: IntArray) -> float:
        by = [of_channel[int(level)] for of_channel, level in zip(convictions, chosen, strict=True)]
        return float((lived(crowd, ahead, by) - without).sum())

    values = np.array([added(row) for row in levels])
    splits = np.take_along_axis(amounts, levels.T, axis=1).T
    return fit_surface(splits, values, most / 8.0, added(usual))
