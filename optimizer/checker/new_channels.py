"""Channels that a scenario adds to a model, made anew from what the planner assumes, without the code that plans."""

import math
import zlib
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.manifest import ChannelInfo
from mmm.usual_carryover import usual_retention
from mmm.vocabulary import FloatArray, Role
from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.new_channel import NewChannel

_NORMAL = NormalDist()


def with_new_channels(scenario: Scenario, artifact: ResponseArtifact) -> ResponseArtifact:
    """The model with the draws of the scenario's new channels behind its own, and no history of them."""
    infos, draws = list(artifact.manifest.channels), artifact.draws
    for name, channel in scenario.new_channels.items():
        info, made = _made(name, channel, artifact, scenario.kpi)
        infos.append(info)
        columns = {field: np.c_[getattr(draws, field), values] for field, values in made.items()}
        rows = len(draws.spend)
        columns["spend"] = np.c_[draws.spend, np.zeros(rows)]
        if draws.exposure is not None:
            columns["exposure"] = np.c_[draws.exposure, np.zeros(rows)]
        if draws.frequency is not None:
            columns["frequency"] = np.c_[draws.frequency, np.ones(rows)]
        draws = replace(draws, **columns)
    manifest = artifact.manifest.model_copy(update={"channels": tuple(infos)})
    return ResponseArtifact(manifest, draws, artifact.digest)


def wrong_marks(scenario: Scenario, plan: Plan) -> list[str]:
    """Channels whose mark does not say whether they were measured, and outcomes that lack their parts."""
    faults = [
        f"{channel.channel} is marked {channel.evidence}"
        for channel in plan.channels
        if (channel.evidence == "assumed") != (channel.channel in scenario.new_channels)
    ]
    return faults + [
        f"{outcome.kpi} has an assumed part or not"
        for outcome in plan.outcomes
        if any((part is None) == bool(scenario.new_channels) for part in (outcome.assumed, outcome.measured))
    ]


def _made(
    name: str, channel: NewChannel, artifact: ResponseArtifact, own: str
) -> tuple[ChannelInfo, dict[str, FloatArray]]:
    size, manifest = artifact.manifest.draws, artifact.manifest
    shuffler = np.random.default_rng(zlib.crc32(name.encode()))
    scores = np.array([_NORMAL.inv_cdf((place + 0.5) / size) for place in range(size)])
    first, second = shuffler.permutation(scores), shuffler.permutation(scores)
    role: Role | None = channel.role
    if role is None and channel.brand_weight is not None:
        role = "brand" if channel.brand_weight >= 0.5 else "performance"
    weight = channel.brand_weight if channel.brand_weight is not None else {"brand": 1.0}.get(role or "", 0.0)
    if channel.like is not None:
        place = [info.name for info in manifest.channels].index(channel.like)
        info, past = manifest.channels[place], artifact.draws
        lognormal = np.array([math.exp(channel.uncertainty * score) for score in first])
        made = {
            "retention": past.retention[:, place],
            "peak_delay": past.peak_delay[:, place],
            "slope": past.slope[:, place],
            "half_saturation": past.half_saturation[:, place]
            * np.array([channel.cost_ratio * math.exp(channel.uncertainty * score / 2.0) for score in second]),
            "ceiling": past.ceiling[:, place] * lognormal * (channel.effect * size / lognormal.sum()),
        }
        role, weight = (info.role, info.brand_weight) if role is None else (role, weight)
        info = info.model_copy(update={"name": name, "role": role, "brand_weight": weight})
    else:
        role = role or "performance"
        info = ChannelInfo(
            name=name, role=role, brand_weight=weight, adstock="geometric", saturation="michaelis_menten"
        )
        made = _from_prior(channel, artifact, own, role, first, second)
    stated = {field: getattr(channel, field) for field in ("stage", "scene", "department", "fee")}
    return info.model_copy(update={field: each for field, each in stated.items() if each is not None}), made


def _from_prior(
    channel: NewChannel, artifact: ResponseArtifact, own: str, role: Role, first: FloatArray, second: FloatArray
) -> dict[str, FloatArray]:
    manifest = artifact.manifest
    kpi, value = manifest.outcome.name, manifest.outcome.value_per_unit
    prior = next(each for each in channel.priors if (each.kpi or own) == kpi)
    if prior.roas is not None:
        ends = [math.log(each / (value or math.nan)) for each in prior.roas]
    else:
        ends = [-math.log(each) for each in reversed(prior.cpa or ())]
    low, high = ends
    width = (high - low) / (2.0 * _NORMAL.inv_cdf(0.95))
    usual = usual_retention("geometric", "b2b" if manifest.business == "b2b" else "b2c", role, manifest.period)
    half = prior.half_saturation * np.exp(second / 2.0)
    size = len(first)
    return {
        "retention": np.full(size, usual if channel.retention is None else channel.retention),
        "peak_delay": np.zeros(size),
        "slope": np.ones(size),
        "half_saturation": half,
        # A unit of money returns exp(...) units with `spend` in every period: ceiling / (spend + half) of them.
        "ceiling": np.exp((low + high) / 2.0 + width * first) * (prior.spend + half),
    }
