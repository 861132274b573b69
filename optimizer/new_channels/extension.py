"""Models with the channels that a scenario adds to them, whose draws are made from what the planner assumes. S draws.

With z and w standard normal, one value of each a draw, and E the mean over the draws:

    like      half = half of the similar channel * cost_ratio * exp(uncertainty / 2 * w)
              ceiling = ceiling of the similar channel * effect * exp(uncertainty * z) / E exp(uncertainty * z)
    priors    half = half_saturation * exp(0.5 * w)
              ceiling = exp(middle + spread * z) * (spend + half)

Everything else of a channel that is like another (carryover, shape) is the similar channel's, draw by draw, so that
what is open about that one is open about the new one too. `middle` and `spread` are those of the logarithm of units of
the KPI for a unit of money, whose 5 and 95 % quantiles the planner states. z and w are quantiles in the middle of S
equal parts, in an order that the channel's name decides: the same scenario has the same draws, for every KPI.
"""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np

from mmm.artifact import ResponseArtifact, ResponseDraws
from mmm.manifest import ChannelInfo
from mmm.noise_paths import normal_quantiles
from mmm.usual_carryover import Buyers, usual_retention
from mmm.vocabulary import DEFAULT_BRAND_WEIGHT, FloatArray, Role
from optimizer.scenario.document import Scenario
from optimizer.scenario.new_channel import ChannelPrior, NewChannel

BEND_SPREAD = 0.5
"""Standard deviation of the logarithm of a stated half-saturation: it is a guess, good to a factor of two or so."""

_TAIL = NormalDist().inv_cdf(0.95)


def extended(artifact: ResponseArtifact, scenario: Scenario) -> ResponseArtifact:
    """The model with the scenario's new channels behind its own; the digest stays that of the model itself.

    A new channel has no history: nothing was spent on it. The scenario is one that `new_channel_faults` accepts.
    """
    if not scenario.new_channels:
        return artifact
    draws, size = artifact.draws, artifact.manifest.draws
    columns = [_drawn(name, channel, artifact, scenario.kpi, size) for name, channel in scenario.new_channels.items()]
    nothing = np.zeros((len(draws.spend), len(columns)))
    changes: dict[str, Any] = {
        field: np.column_stack([getattr(draws, field), *(column[field] for column in columns)])
        for field in ("retention", "peak_delay", "half_saturation", "slope", "ceiling")
    }
    changes["spend"] = np.hstack([draws.spend, nothing])
    if draws.exposure is not None:
        changes["exposure"] = np.hstack([draws.exposure, nothing])
    if draws.frequency is not None:
        changes["frequency"] = np.hstack([draws.frequency, np.ones_like(nothing)])
    return replace(announced(artifact, scenario), draws=replace(draws, **changes))


def announced(artifact: ResponseArtifact, scenario: Scenario) -> ResponseArtifact:
    """The model with what the scenario says about its new channels, without draws of them: for checks of names.

    Channels that the model knows stay out.
    """
    infos = {info.name: info for info in artifact.manifest.channels}
    added = tuple(
        new_info(name, channel, artifact) for name, channel in scenario.new_channels.items() if name not in infos
    )
    manifest = artifact.manifest.model_copy(update={"channels": (*artifact.manifest.channels, *added)})
    return replace(artifact, manifest=manifest)


def new_info(name: str, channel: NewChannel, artifact: ResponseArtifact) -> ChannelInfo:
    """A new channel as the optimiser needs it; what is not stated is as of the similar channel."""
    similar = next((info for info in artifact.manifest.channels if info.name == channel.like), None)
    if similar is None:
        role = _role_of(channel) or "performance"
        stated = ChannelInfo(name=name, role=role, brand_weight=0.0, adstock="geometric", saturation="michaelis_menten")
    else:
        stated = similar.model_copy(update={"name": name, "owner": None})
    changes: dict[str, object] = {
        field: value
        for field in ("stage", "scene", "department", "owner", "fee")
        if (value := getattr(channel, field)) is not None
    }
    if (role_stated := _role_of(channel)) is not None:
        changes["role"] = role_stated
        changes["brand_weight"] = (
            DEFAULT_BRAND_WEIGHT[role_stated] if channel.brand_weight is None else channel.brand_weight
        )
    return stated.model_copy(update=changes)


def _role_of(channel: NewChannel) -> Role | None:
    """The role as written, else the heavier side of the brand weight; None where neither is stated."""
    if channel.role is not None or channel.brand_weight is None:
        return channel.role
    return "brand" if channel.brand_weight >= 0.5 else "performance"


def _drawn(name: str, channel: NewChannel, artifact: ResponseArtifact, own: str, size: int) -> Mapping[str, FloatArray]:
    """Draws of a new channel, by field of `ResponseDraws`. Shape (S,) each."""
    effect, bend = _normals(name, size)
    if channel.like is not None:
        return _like(channel, artifact.draws, artifact.channels.index(channel.like), effect, bend)
    prior = channel.prior_of(artifact.manifest.outcome.name, own)
    if prior is None:
        raise ValueError(f"new channel '{name}' has no prior for {artifact.manifest.outcome.name}")
    info = new_info(name, channel, artifact)
    retention = channel.retention
    if retention is None:
        buyers: Buyers = "b2b" if artifact.manifest.business == "b2b" else "b2c"
        retention = usual_retention("geometric", buyers, info.role, artifact.manifest.period)
    half = prior.half_saturation * np.exp(BEND_SPREAD * bend)
    middle, spread = _logarithm(prior, artifact.manifest.outcome.value_per_unit)
    return {
        "retention": np.full(size, retention),
        "peak_delay": np.zeros(size),
        "half_saturation": half,
        "slope": np.ones(size),
        "ceiling": np.exp(middle + spread * effect) * (prior.spend + half),
    }


def _like(
    channel: NewChannel, draws: ResponseDraws, place: int, effect: FloatArray, bend: FloatArray
) -> Mapping[str, FloatArray]:
    factor = np.exp(channel.uncertainty * effect)
    return {
        "retention": draws.retention[:, place],
        "peak_delay": draws.peak_delay[:, place],
        "half_saturation": draws.half_saturation[:, place]
        * channel.cost_ratio
        * np.exp(0.5 * channel.uncertainty * bend),
        "slope": draws.slope[:, place],
        "ceiling": draws.ceiling[:, place] * channel.effect * factor / factor.mean(),
    }


def _normals(name: str, size: int) -> tuple[FloatArray, FloatArray]:
    """Two sets of standard normal quantiles, in orders that the name decides. Shape (S,) each."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    quantiles = normal_quantiles(size)
    return rng.permutation(quantiles), rng.permutation(quantiles)


def _logarithm(prior: ChannelPrior, value: float | None) -> tuple[float, float]:
    """Middle and spread of the logarithm of units of the KPI for a unit of money."""
    if prior.roas is not None:
        if value is None:
            raise ValueError("a prior by roas needs a value per unit")
        low, high = prior.roas[0] / value, prior.roas[1] / value
    else:
        cheap, dear = prior.cpa or (1.0, 1.0)
        low, high = 1.0 / dear, 1.0 / cheap
    return 0.5 * float(np.log(low) + np.log(high)), float(np.log(high) - np.log(low)) / (2.0 * _TAIL)
