"""A simulated market in which people answer to how often one of its channels reaches them.

The channel keeps its spend, its carryover and what it brings over the window in all. Money buys impressions at a price
that varies from week to week; how many of them a person gets has a habit in each geo and wanders. A person responds to
frequency by Hill, and people add up, times how receptive their geo is (Zhang et al. 2023, as in `mmm.saturation`).
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.curves import medium_contribution
from mmm.market import Market, with_data_digest
from mmm.simulation.media import LAGS
from mmm.simulation.setting import draw
from mmm.simulation.spend_habits import autocorrelated
from mmm.simulation.truth import SimulatedMarket
from mmm.simulation.worlds import Range
from mmm.vocabulary import FloatArray

MOST_CONTACTS = 12.0
"""Frequency in a week is capped there, as buyers cap it; the least is one."""

_PRICE = Range(0.004, 0.02)
"""Money an impression."""
_PRICE_SPREAD = 0.1
"""Sd of its logarithm between weeks and geos."""
_USUAL = Range(2.2, 4.0)
"""Usual frequency."""
_GEO_SPREAD, _WEEK_SPREAD = 0.15, 0.35
"""Sds of the logarithm of frequency between geos, and of a geo's between weeks."""
_PERSISTENCE = 0.5
"""Of a geo's frequency from week to week."""
_FULLNESS = Range(0.7, 1.5)
"""Half-saturation over usual frequency."""
_SLOPE = Range(1.4, 2.6)


@dataclass(frozen=True, slots=True)
class ContactMarket:
    """A market with reach and frequency, and what is true of it.

    Attributes
    ----------
    market
        The data. What the channel has in each period and geo is under `exposure` and `frequency`.
    channel
        Name of the channel with reach and frequency.
    contributions
        What each paid channel truly brought. Shape (T, C, G).
    half_saturation
        Contacts a week at which half of the people respond who will.
    slope
        Hill exponent.
    """

    market: Market
    channel: str
    contributions: FloatArray
    half_saturation: float
    slope: float


def with_contacts(simulated: SimulatedMarket, channel: str) -> ContactMarket:
    """The market with reach and frequency of a channel that works by formulas; its seed is the market's.

    Raises
    ------
    ValueError
        When the market has no such channel, or its carryover emerges.
    """
    market, truth, paid = simulated.market, simulated.truth, simulated.truth.process.paid
    names = [one.name for one in market.spec.channels]
    if channel not in names:
        raise ValueError(f"channel: expected one of {', '.join(names)}, got {channel!r}")
    place = names.index(channel)
    adstock = paid.adstock[place]
    if adstock == "emergent":
        raise ValueError(f"channel {channel!r}: its carryover emerges, and frequency has no formula to enter")
    rng = np.random.default_rng([truth.seed, place])
    spend = market.spend[:, place]
    frequency = _frequency(rng, *spend.shape)
    impressions = spend / draw(rng, _PRICE) * np.exp(_PRICE_SPREAD * rng.standard_normal(spend.shape))
    half, slope = draw(rng, _FULLNESS) * float(np.median(frequency)), draw(rng, _SLOPE)
    receptive = paid.ceiling[place] / paid.half_saturation[place]
    answered = np.stack(
        [
            medium_contribution(
                adstock,
                "reach",
                LAGS,
                impressions[:, geo],
                paid.retention[[place]],
                paid.peak_delay[[place]],
                np.array([half]),
                np.array([slope]),
                receptive[[geo]],
                frequency[:, geo],
            )[0]
            for geo in range(spend.shape[1])
        ],
        axis=1,
    )
    before = truth.contributions[:, place]
    contributions = truth.contributions.copy()
    contributions[:, place] = answered * before.sum() / answered.sum()
    outcome = market.spec.outcomes[0].name
    changed = np.maximum(np.rint(market.outcomes[outcome] + contributions[:, place] - before), 0.0)
    spec = market.spec.channels[place].model_copy(
        update={"reach": f"{channel}_reach", "frequency": f"{channel}_frequency", "saturation": "hill"}
    )
    channels = (*market.spec.channels[:place], spec, *market.spec.channels[place + 1 :])
    reached = replace(
        market,
        spec=market.spec.model_copy(update={"channels": channels}),
        outcomes={**market.outcomes, outcome: changed},
        exposure={**market.exposure, channel: impressions},
        frequency={**market.frequency, channel: np.where(impressions > 0, frequency, 0.0)},
    )
    return ContactMarket(with_data_digest(reached), channel, contributions, half, slope)


def _frequency(rng: np.random.Generator, periods: int, geos: int) -> FloatArray:
    """Contacts of a person reached in each week and geo. Shape (T, G)."""
    lasting = _GEO_SPREAD * rng.standard_normal(geos)
    passing = np.stack([autocorrelated(rng, periods, _PERSISTENCE) for _ in range(geos)], axis=1)
    frequency = draw(rng, _USUAL) * np.exp(lasting + _WEEK_SPREAD * passing)
    return np.asarray(np.clip(frequency, 1.0, MOST_CONTACTS))
