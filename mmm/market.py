"""A market as the model sees it: checked, aligned, immutable."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from mmm.sentence import Sentence
from mmm.spec import MarketSpec
from mmm.vocabulary import FloatArray

NATIONAL = "national"
"""Name of the only geo of a market that is not a panel."""


@dataclass(frozen=True, slots=True)
class Market:
    """History of one market on a complete calendar; whoever holds one need not check it again.

    Axes: T periods, C channels in the order of `spec.channels`, G geos in the order of `geos`.
    Arrays are read-only.

    Attributes
    ----------
    spec
        What market.toml said.
    dates
        Start of each period, consecutive. Length T.
    geos
        Names; a market that is no panel has the one geo `NATIONAL`. Length G.
    population
        People per geo, or None. Shape (G,).
    outcomes
        Per outcome name, units per period. Shape (T, G), >= 0.
    values_per_unit
        Per outcome name, money per unit, or None where the market gives none. Shape (T, G).
    spend
        Money per period. Shape (T, C, G), >= 0.
    exposure
        Per channel name that has an exposure column (or reach and frequency, whose product it is),
        units per period. Shape (T, G), >= 0.
    frequency
        Per channel name that has reach and frequency, contacts of a person reached; zero where nobody is. Shape (T, G).
    controls, organic
        Per name, as in the file. Shape (T, G).
    indicators
        Per name of an indicator of brand, its volume or the answers of a survey that said yes. Shape (T, G), >= 0.
    samples
        Per name of a survey, all of its answers; zero where there was none. Shape (T, G), >= 0.
    data_digest
        sha256 (hex) of the values above: equal data, equal digest, whatever the file's format (see `with_data_digest`).
    notes
        What a reader should know and need not act on.
    """

    spec: MarketSpec
    dates: tuple[date, ...]
    geos: tuple[str, ...]
    population: FloatArray | None
    outcomes: Mapping[str, FloatArray]
    values_per_unit: Mapping[str, FloatArray | None]
    spend: FloatArray
    exposure: Mapping[str, FloatArray]
    controls: Mapping[str, FloatArray]
    organic: Mapping[str, FloatArray]
    indicators: Mapping[str, FloatArray] = field(default_factory=dict)
    samples: Mapping[str, FloatArray] = field(default_factory=dict)
    frequency: Mapping[str, FloatArray] = field(default_factory=dict)
    data_digest: str = ""
    notes: tuple[Sentence, ...] = ()

    @property
    def name(self) -> str:
        """Name of the market."""
        return self.spec.market.name

    @property
    def is_panel(self) -> bool:
        """Whether there is more than one geo."""
        return len(self.geos) > 1

    @property
    def is_pooled(self) -> bool:
        """Whether there are several geos, to be fitted side by side."""
        return self.is_panel and self.spec.model.geos == "pooled"


def without_lift_tests(market: Market) -> Market:
    """The market as if nothing had been tested in it."""
    return replace(market, spec=market.spec.model_copy(update={"lift_tests": ()}))


def with_data_digest(market: Market) -> Market:
    """The market with the digest of its dates, geos and values, and with its arrays made read-only.

    Names enter with their values, so that two columns which swap places change the digest, and
    two channels which swap places in market.toml do not. Numbers enter as little-endian float64.
    """
    digest = hashlib.sha256()
    for name, values in sorted(_named_arrays(market), key=lambda named: named[0]):
        _frozen(values)
        numbers = np.ascontiguousarray(values + 0.0, dtype="<f8")  # + 0.0 turns -0.0 into 0.0
        digest.update(f"{name}\0{numbers.shape}\0".encode())
        digest.update(numbers.tobytes())
    labels = "\0".join(["dates", *(day.isoformat() for day in market.dates), "geos", *market.geos])
    digest.update(labels.encode())
    return replace(market, data_digest=digest.hexdigest())


def national_aggregate(market: Market) -> Market:
    """The market with its geos added up; a market of one geo is returned as it is.

    Spend, outcomes, exposure, organic media and indicators are summed; frequency is all impressions over all people
    reached. Controls are averaged, weighted by population where it is known. Value per unit is averaged, weighted by
    the outcome.
    """
    if not market.is_panel:
        return market
    weights = np.full(len(market.geos), 1.0) if market.population is None else market.population

    def total(values: FloatArray) -> FloatArray:
        return _frozen(values.sum(axis=-1, keepdims=True))

    def mean(values: FloatArray) -> FloatArray:
        return _frozen((values @ weights / weights.sum())[:, None])

    def frequency(name: str) -> FloatArray:
        impressions, contacts = market.exposure[name], market.frequency[name]
        reached = np.divide(impressions, contacts, out=np.zeros_like(impressions), where=contacts > 0)
        people = reached.sum(axis=-1, keepdims=True)
        seen = impressions.sum(axis=-1, keepdims=True)
        return _frozen(np.divide(seen, people, out=np.zeros_like(people), where=people > 0))

    def value(name: str) -> FloatArray | None:
        per_unit = market.values_per_unit[name]
        if per_unit is None:
            return None
        units = market.outcomes[name]
        revenue = (per_unit * units).sum(axis=1, keepdims=True)
        sold = units.sum(axis=1, keepdims=True)
        return _frozen(
            np.where(sold > 0, revenue / np.where(sold > 0, sold, 1.0), per_unit.mean(axis=1, keepdims=True))
        )

    return replace(
        market,
        geos=(NATIONAL,),
        population=None if market.population is None else _frozen(market.population.sum(keepdims=True)),
        outcomes={name: total(values) for name, values in market.outcomes.items()},
        values_per_unit={name: value(name) for name in market.outcomes},
        spend=total(market.spend),
        exposure={name: total(values) for name, values in market.exposure.items()},
        frequency={name: frequency(name) for name in market.frequency},
        controls={name: mean(values) for name, values in market.controls.items()},
        organic={name: total(values) for name, values in market.organic.items()},
        indicators={name: total(values) for name, values in market.indicators.items()},
        samples={name: total(values) for name, values in market.samples.items()},
    )


def _named_arrays(market: Market) -> Iterator[tuple[str, FloatArray]]:
    """Every array of the market under a name of its own, except None."""
    _frozen(market.spend)
    for index, channel in enumerate(market.spec.channels):
        yield f"spend/{channel.name}", market.spend[:, index, :]
    if market.population is not None:
        yield "population", market.population
    for name, values in market.values_per_unit.items():
        if values is not None:
            yield f"value/{name}", values
    tables = {
        "outcome": market.outcomes,
        "exposure": market.exposure,
        "frequency": market.frequency,
        "control": market.controls,
        "organic": market.organic,
        "indicator": market.indicators,
        "sample": market.samples,
    }
    for table, arrays in tables.items():
        for name, values in arrays.items():
            yield f"{table}/{name}", values


def _frozen(values: FloatArray) -> FloatArray:
    values.setflags(write=False)
    return values
