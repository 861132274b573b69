"""Media of a simulated market: what was spent, how it worked, what it brought."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmm.adstock import CARRYOVER_PERIODS, lagged_exposure
from mmm.curves import carryover_weights, medium_contribution
from mmm.simulation.forms import Forms
from mmm.simulation.occasions import promotions
from mmm.simulation.other_saturation import saturate_otherwise
from mmm.simulation.setting import Setting, draw
from mmm.simulation.spend_habits import autocorrelated, joint_campaigns, spend_shape
from mmm.simulation.truth import TrueMedia
from mmm.simulation.worlds import ORGANIC_ADSTOCK, ORGANIC_SATURATION, Range
from mmm.vocabulary import AdstockKind, FloatArray, Role

LAGS = CARRYOVER_PERIODS["week"]
_HABIT_SPREAD = 0.25
"""Spread (sd of the log) of one planner's channel weights around the usual ones."""
_GEO_EFFECT = 0.15
"""Spread (sd of the log) of a channel's strength between geos."""
_ORGANIC_RETENTION, _ORGANIC_FULLNESS = Range(0.1, 0.4), Range(0.8, 2.0)
"""Carryover and half-saturation of media without cost, as for paid channels."""
_ORGANIC_SHARE = Range(0.02, 0.05)
"""Part of the outcome that media without cost bring."""


def draw_spend(rng: np.random.Generator, setting: Setting) -> FloatArray:
    """Spend per week, channel and geo, in whole units of money (tens of CNY). Shape (T, C, G)."""
    world, periods = setting.world, len(setting.weeks)
    calendar = promotions(world.kind, setting.language, setting.weeks)
    campaigns = joint_campaigns(rng, periods)
    national = np.empty((periods, len(world.channels)))
    for index, (channel, share) in enumerate(zip(world.channels, _inherited_shares(rng, setting), strict=True)):
        national[:, index] = setting.money * share * spend_shape(rng, channel.habit, setting.weeks, calendar, campaigns)
    return whole_money(national[:, :, None] * _geo_parts(rng, setting), setting)


def whole_money(spend: FloatArray, setting: Setting) -> FloatArray:
    """Spend in whole units of money (tens of CNY), as a media agency bills it. Any shape."""
    step = 10.0 if setting.language == "zh" else 1.0
    return np.asarray(step * np.rint(spend / step))


def draw_paid_media(rng: np.random.Generator, setting: Setting, spend: FloatArray, forms: Forms) -> TrueMedia:
    """How the paid channels truly work: together they bring `setting.brought` a week on this spend."""
    channels = setting.world.channels
    retention = np.array([draw(rng, channel.retention) for channel in channels])
    peak_delay = np.array([draw(rng, channel.peak_delay) for channel in channels])
    slope = np.array([draw(rng, channel.slope) for channel in channels])
    worth = np.array([draw(rng, channel.worth) for channel in channels])
    fullness = np.array([draw(rng, channel.fullness) for channel in channels])
    adstock = tuple(channel.adstock for channel in channels)
    fullness = np.where(np.isnan(forms.fullness), fullness, forms.fullness)
    half = fullness * _working_level(adstock, spend.sum(axis=2), retention, peak_delay)
    unit = TrueMedia(
        adstock,
        forms.saturation,
        retention,
        peak_delay,
        np.where(np.isnan(forms.shape), slope, forms.shape),
        np.outer(half, setting.part),
        _geo_strength(rng, setting, len(channels)),
        forms.effectiveness,
    )
    weight = worth * spend.sum(axis=(0, 2))
    target = setting.brought * len(setting.weeks) * weight / weight.sum()
    return _scaled(unit, target / media_outcome(spend, unit).sum(axis=(0, 2)))


def draw_organic_reach(rng: np.random.Generator, setting: Setting) -> FloatArray:
    """Readers per week of the medium without cost, whole people. Shape (T, O, G); O is 0 where the world has none."""
    periods, media = len(setting.weeks), int(setting.world.organic is not None)
    quiet = np.zeros(periods)
    shape = spend_shape(rng, "series", setting.weeks, quiet, quiet)
    readers = 6.0 * setting.level * shape[:, None, None] * setting.part
    return np.asarray(np.rint(readers[:, :media]))


def draw_organic_media(rng: np.random.Generator, setting: Setting, reach: FloatArray) -> TrueMedia:
    """How the medium without cost truly works."""
    media = reach.shape[1]
    adstock = (ORGANIC_ADSTOCK,) * media
    retention = np.array([draw(rng, _ORGANIC_RETENTION) for _ in range(media)])
    fullness = np.array([draw(rng, _ORGANIC_FULLNESS) for _ in range(media)])
    half = fullness * _working_level(adstock, reach.sum(axis=2), retention, np.zeros(media))
    unit = TrueMedia(
        adstock,
        (ORGANIC_SATURATION,) * media,
        retention,
        np.zeros(media),
        np.ones(media),
        np.outer(half, setting.part),
        _geo_strength(rng, setting, media),
    )
    target = draw(rng, _ORGANIC_SHARE) * setting.level * len(setting.weeks)
    return _scaled(unit, target / media_outcome(reach, unit).sum(axis=(0, 2)))


def media_outcome(exposure: FloatArray, media: TrueMedia) -> FloatArray:
    """What each medium truly brought. `exposure` and the result of shape (T, C, G).

    Raises
    ------
    ValueError
        When carryover or saturation emerge: such media have no formula.
    """
    brought = np.empty_like(exposure)
    for index in range(exposure.shape[1]):
        for geo in range(exposure.shape[2]):
            brought[:, index, geo] = _brought(exposure[:, index, geo], media, index, geo)
        if media.effectiveness is not None:
            brought[:, index] *= media.effectiveness[:, [index]]
    return brought


def _brought(exposure: FloatArray, media: TrueMedia, index: int, geo: int) -> FloatArray:
    """What one medium brought in one geo at the effectiveness of the window's end. Shapes (T,), (T,)."""
    adstock, saturation = media.adstock[index], media.saturation[index]
    if adstock == "emergent" or saturation == "emergent":
        raise ValueError("media whose carryover or saturation emerge have no formula: simulate them")
    if saturation == "hill" or saturation == "logistic" or saturation == "michaelis_menten":
        (brought,) = medium_contribution(
            adstock,
            saturation,
            LAGS,
            exposure,
            media.retention[[index]],
            media.peak_delay[[index]],
            media.half_saturation[[index], geo],
            media.slope[[index]],
            media.ceiling[[index], geo],
        )
        return np.asarray(brought)
    weights = carryover_weights(adstock, LAGS, media.retention[[index]], media.peak_delay[[index]])[0]
    stock = lagged_exposure(exposure, LAGS) @ weights
    scale, shape = float(media.half_saturation[index, geo]), float(media.slope[index])
    return np.asarray(media.ceiling[index, geo] * saturate_otherwise(saturation, stock, scale, shape))


def _inherited_shares(rng: np.random.Generator, setting: Setting) -> FloatArray:
    """Part of the spend per channel that earlier planners settled on, sums to one. Shape (C,)."""
    channels = setting.world.channels
    brand = draw(rng, setting.world.brand_share)
    of_role: dict[Role, float] = {"brand": brand, "performance": 1.0 - brand}
    weights = np.array([channel.weight for channel in channels]) * np.exp(
        _HABIT_SPREAD * rng.standard_normal(len(channels))
    )
    totals = {role: sum(weights[i] for i, c in enumerate(channels) if c.role == role) for role in of_role}
    return np.array([weights[i] / totals[c.role] * of_role[c.role] for i, c in enumerate(channels)])


def _geo_parts(rng: np.random.Generator, setting: Setting) -> FloatArray:
    """Part of each week's channel spend that each geo gets. Shape (T, C, G), sums to one over geos."""
    periods, channels, geos = len(setting.weeks), len(setting.world.channels), len(setting.geos)
    if geos == 1:
        return np.ones((periods, channels, 1))
    lasting = 0.15 * rng.standard_normal((channels, geos))
    passing = np.stack([[autocorrelated(rng, periods, 0.7) for _ in range(geos)] for _ in range(channels)])  # (C, G, T)
    parts = setting.part * np.exp(lasting + 0.25 * np.moveaxis(passing, 2, 0))
    return np.asarray(parts / parts.sum(axis=2, keepdims=True))


def _geo_strength(rng: np.random.Generator, setting: Setting, media: int) -> FloatArray:
    """Ceiling per medium and geo relative to the nation's; a geo's size times its own receptiveness. Shape (C, G)."""
    if len(setting.geos) == 1:
        return np.ones((media, 1))
    return np.asarray(setting.part * np.exp(_GEO_EFFECT * rng.standard_normal((media, len(setting.geos)))))


def _working_level(
    kinds: Sequence[AdstockKind], exposure: FloatArray, retention: FloatArray, peak_delay: FloatArray
) -> FloatArray:
    """Mean adstock of each medium over the periods in which it is at work at all. `exposure` (T, C), result (C,)."""
    level = np.empty(len(kinds))
    for index, adstock in enumerate(kinds):
        weights = carryover_weights(adstock, LAGS, retention[[index]], peak_delay[[index]])[0]
        stock = lagged_exposure(exposure[:, index], LAGS) @ weights
        level[index] = stock[stock > 0.05 * stock.max()].mean()
    return level


def _scaled(media: TrueMedia, factor: FloatArray) -> TrueMedia:
    return replace(media, ceiling=media.ceiling * factor[:, None])
