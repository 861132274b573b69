"""Variants of small artifacts, as a refit would bring them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmm.artifact import ResponseArtifact, seal
from mmm.manifest import Gate
from mmm.sentence import sentence
from mmm.vocabulary import Verdict


def with_effect(artifact: ResponseArtifact, channel: str, factor: float) -> ResponseArtifact:
    """The model in which one channel brings so many times as much."""
    ceiling = artifact.draws.ceiling.copy()
    ceiling[:, artifact.channels.index(channel)] *= factor
    return seal(artifact.manifest, replace(artifact.draws, ceiling=ceiling))


def with_manifest(artifact: ResponseArtifact, **fields: object) -> ResponseArtifact:
    """The model with other words about it."""
    return seal(artifact.manifest.model_copy(update=fields), artifact.draws)


def with_gates(artifact: ResponseArtifact, verdicts: Sequence[tuple[str, Verdict]]) -> ResponseArtifact:
    """The model with gates of these names and verdicts."""
    return with_manifest(artifact, gates=tuple(gate(name, verdict) for name, verdict in verdicts))


def gate(name: str, verdict: Verdict) -> Gate:
    """A gate that says little."""
    return Gate(name=name, verdict=verdict, value=None, limit=None, text=sentence("It was measured."))


def without_channel(artifact: ResponseArtifact, channel: str) -> ResponseArtifact:
    """The model that has never heard of one channel."""
    place = artifact.channels.index(channel)
    kept = [index for index in range(len(artifact.channels)) if index != place]
    manifest = artifact.manifest
    fewer = manifest.model_copy(update={"channels": tuple(manifest.channels[index] for index in kept)})
    draws = artifact.draws
    names = ("retention", "peak_delay", "half_saturation", "slope", "ceiling", "spend")
    return seal(fewer, replace(draws, **{name: getattr(draws, name)[:, kept] for name in names}))


def with_weeks(artifact: ResponseArtifact, weeks: int) -> ResponseArtifact:
    """The model of the first weeks of its window, all else as it is."""
    draws, manifest = artifact.draws, artifact.manifest.model_copy(update={"window_periods": weeks})
    series = {name: getattr(draws, name)[:weeks] for name in ("spend", "organic", "controls", "outcome")}
    if draws.exposure is not None:
        series["exposure"] = draws.exposure[:weeks]
    return seal(manifest, replace(draws, **series))


def with_exposure(artifact: ResponseArtifact, channel: str, cost: float) -> ResponseArtifact:
    """The model in which one channel works by exposure, counted at `cost` times what it was; its curve is the same."""
    place, draws = artifact.channels.index(channel), artifact.draws
    bumps = np.random.default_rng(8).uniform(0.7, 1.3, len(draws.spend))
    exposure, half = draws.spend.copy(), draws.half_saturation.copy()
    exposure[:, place] *= cost * bumps
    half[:, place] *= cost
    return seal(artifact.manifest, replace(draws, exposure=exposure, half_saturation=half))
