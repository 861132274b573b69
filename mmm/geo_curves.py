"""What an artifact holds of the geos of a panel: the curve of every channel in each of them, draw by draw.

Pure records; `mmm.panel.geo_draws` makes them, and the optimiser plans by geo with them.
"""

from dataclasses import dataclass, fields

from mmm.parsing import StrictModel
from mmm.vocabulary import FloatArray


class GeosInfo(StrictModel):
    """The geos of a panel, axis G of `GeoDraws`.

    Attributes
    ----------
    names
        Of the geos.
    local
        Channels whose exposure per head differs between geos. The others are bought for the whole country, or count
        as if they were: those with reach and frequency.
    """

    names: tuple[str, ...]
    local: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GeoDraws:
    """Curves and history of the geos. S draws, G geos, C channels in the artifact's order, T periods.

    A channel brings size * effect * ceiling * saturation(adstock) in a geo, with a half-saturation of size * price *
    half_saturation; carryover and slope are the country's. One with reach and frequency brings effect * ceiling *
    adstock of its exposure, weighed by the geo's frequency (`mmm.saturation.effect_of_impression`), which is not held.

    Attributes
    ----------
    half_saturation, ceiling
        Of a geo that were the whole country: money per period, outcome units per period. Shape (S, C).
    effect
        Effect of a channel in a geo relative to the country's, >= 0. Shape (S, G, C).
    size
        Part of the country that a geo is, > 0, sums to one. Shape (G,).
    price
        What exposure cost in a geo over the last year, relative to the country; one where spend is what works.
        Shape (G, C), > 0.
    spend
        History, money per period. Shape (T, G, C).
    exposure
        What worked, in money at the geo's own price of the last year. Shape (T, G, C).
    """

    half_saturation: FloatArray
    ceiling: FloatArray
    effect: FloatArray
    size: FloatArray
    price: FloatArray
    spend: FloatArray
    exposure: FloatArray


GEO_PREFIX = "geo_"
"""What names of these arrays begin with in an artifact's table."""


def geo_arrays(draws: GeoDraws | None) -> dict[str, FloatArray]:
    """The arrays by their names in an artifact's table; none where there are no geos."""
    if draws is None:
        return {}
    return {f"{GEO_PREFIX}{field.name}": getattr(draws, field.name) for field in fields(draws)}


def geo_shapes(info: GeosInfo | None, draws: int, periods: int, channels: int) -> dict[str, tuple[int, ...]]:
    """Shape that each of these arrays must have, by its name in an artifact's table."""
    if info is None:
        return {}
    geos = len(info.names)
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("half_saturation", "ceiling"), (draws, channels))
    shapes |= {"effect": (draws, geos, channels), "size": (geos,), "price": (geos, channels)}
    shapes |= dict.fromkeys(("spend", "exposure"), (periods, geos, channels))
    return {f"{GEO_PREFIX}{name}": shape for name, shape in shapes.items()}
