"""The curves of a panel's geos as an artifact holds them, from the draws of its fit."""

import numpy as np

from mmm.design import exposure_of
from mmm.geo_curves import GeoDraws, GeosInfo
from mmm.market import Market
from mmm.panel.posterior import PanelPosterior
from mmm.vocabulary import SEASON_LAG, FloatArray


def geo_draws(market: Market, found: PanelPosterior) -> tuple[GeosInfo, GeoDraws]:
    """The geos of a fitted panel and the curve of every channel in each of them.

    An effect that a draw has below zero counts as none there, and the draw's other effects are lowered in proportion,
    so that the country's history keeps what the channel brought.

    Parameters
    ----------
    market
        The panel that was fitted.
    found
        Its posterior.
    """
    design = found.curves.design
    national, geos = design.national, len(design.geos)
    paid = list(national.paid)
    media = [national.media[place] for place in paid]
    exposure = np.stack([exposure_of(market, medium) for medium in media], axis=2)
    spend = market.spend.transpose(0, 2, 1)
    price = _price(spend, exposure, SEASON_LAG[market.spec.market.period])
    is_reach = np.array([medium.saturation == "reach" for medium in media])
    # Of reach and frequency ceilings are a unit of exposure that frequency has weighed, as in the country's draws.
    unit = np.where(is_reach, national.usual_frequency[paid] / national.exposure_scale[paid], 1.0)
    info = GeosInfo(
        names=design.geos,
        local=tuple(
            medium.name
            for medium, place in zip(media, paid, strict=True)
            if design.varies[place] > 0 and medium.saturation != "reach"
        ),
    )
    return info, GeoDraws(
        half_saturation=found.curves.half_saturation[:, paid] * national.half_saturation_scale[paid],
        ceiling=found.heights[:, paid] * national.outcome_scale * unit,
        effect=_at_least_none(found.effects[:, :, paid], found.brought[:, :, paid]),
        size=design.size / geos,
        price=price,
        spend=np.ascontiguousarray(spend),
        exposure=exposure * price,
    )


def _at_least_none(effects: FloatArray, brought: FloatArray) -> FloatArray:
    """Effects of at least zero with the same sum, weighted by what was `brought`. Both of shape (S, G, M)."""
    positive = np.maximum(effects, 0.0)
    before, after = (np.maximum((each * brought).sum(axis=1), 0.0) for each in (effects, positive))
    ratio = np.divide(before, after, out=np.ones_like(after), where=after > 0)
    return positive * ratio[:, None]


def _price(spend: FloatArray, exposure: FloatArray, season: int) -> FloatArray:
    """Money for what cost one in the country, over the last year; of all history where a geo rested. Shape (G, C).

    `spend` and `exposure`, in the country's money, are of shape (T, G, C).
    """
    price = np.ones(spend.shape[1:])
    for window in (slice(None), slice(-season, None)):
        paid, worked = spend[window].sum(axis=0), exposure[window].sum(axis=0)
        price = np.where((paid > 0) & (worked > 0), paid / np.where(worked > 0, worked, 1.0), price)
    return price
