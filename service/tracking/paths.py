"""An outcome as a sum of parts, in joint paths: every channel's media, the base, and noise. N paths, T periods.

Parts K are the channels in the model's order, then the base, then noise. Column T of the last axis is what media bring
after the horizon, so that an effect can be counted whole.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.noise_paths import NoiseDraws, draw_noise
from mmm.vocabulary import FloatArray
from optimizer.geos.outlook import GeoShares, plan_outlook
from optimizer.plan.document import Interval
from optimizer.responses.evaluate import interval
from optimizer.scenario.known_spend import KnownSpend

LEAST_PATHS = 4000
"""Draws are repeated with noise of their own until there are as many paths: quantiles of few are rough."""


@dataclass(frozen=True, slots=True)
class JointPaths:
    """Parts of an outcome given what is spent.

    Attributes
    ----------
    artifact
        The model.
    dates
        Start of each period. Length T.
    draws
        Parts without noise, as a plan counts them: media is what the horizon's spend adds, what earlier spend still
        brings is in the base. Shape (S, C + 1, T + 1).
    noise
        Noise of the paths, S times `repeats` of them. Shape (N, T).
    """

    artifact: ResponseArtifact
    dates: tuple[date, ...]
    draws: FloatArray
    noise: FloatArray

    @property
    def repeats(self) -> int:
        """Paths per draw."""
        return len(self.noise) // len(self.draws)

    @property
    def totals(self) -> FloatArray:
        """Outcome by period with noise. Shape (N, T)."""
        expected = self.draws[:, :, :-1].sum(axis=1)
        return np.asarray(np.repeat(expected, self.repeats, axis=0) + self.noise)

    @property
    def mean(self) -> FloatArray:
        """Mean of every part without noise. Shape (C + 1, T + 1)."""
        return np.asarray(self.draws.mean(axis=0))


def joint_paths(
    artifact: ResponseArtifact,
    start: date,
    spend: FloatArray,
    *,
    known: KnownSpend | None = None,
    past: ResponseArtifact | None = None,
    shares: GeoShares | None = None,
) -> JointPaths:
    """The paths of a model, given what is spent in each period; the noise is one and the same for each spend.

    `spend` of shape (T, C), shared out over geos where `shares` are given; see `optimizer.horizon.outlook.outlook` for
    `known` and `past`.
    """
    seed = int(artifact.digest[:8], 16)
    found = plan_outlook(artifact, start, spend, seed=seed, known=known, past=past, shares=shares)
    media = np.concatenate([found.media, found.after[:, :, None]], axis=2)
    base = np.concatenate([found.base, np.zeros((len(found.baseline), 1))], axis=1)
    repeats = -(-LEAST_PATHS // len(base))
    own = artifact.draws.noise
    many = NoiseDraws(*(np.repeat(values, repeats) for values in (own.scale, own.persistence, own.share)))
    noise = draw_noise(many, len(spend), np.random.default_rng(seed))
    return JointPaths(artifact, found.dates, np.concatenate([media, base[:, None]], axis=1), noise)


def noise_covariance(noise: NoiseDraws, periods: int) -> FloatArray:
    """Covariance of noise between periods, its mean over the draws, outcome units squared. Shape (T, T).

    scale^2 (share persistence^|t - u| + (1 - share) [t = u]), see `mmm.noise_paths`.
    """
    variance = noise.scale**2
    at_lag = (variance * noise.share) @ noise.persistence[:, None] ** np.arange(periods) / len(variance)
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    return np.asarray(at_lag[apart] + float((variance * (1.0 - noise.share)).mean()) * np.eye(periods))


def intervals(paths: FloatArray, mean: FloatArray) -> tuple[Interval, ...]:
    """Quantiles of paths in each period, with means that have no chance in them. `paths` (N, T), `mean` (T,)."""
    low, middle, high = np.quantile(paths, (0.05, 0.5, 0.95), axis=0)
    return tuple(
        Interval(mean=float(m), p05=float(a), p50=float(b), p95=float(c))
        for m, a, b, c in zip(mean, low, middle, high, strict=True)
    )


def interval_of(paths: FloatArray, mean: float) -> Interval:
    """The same of one quantity. `paths` of shape (N,)."""
    return interval(paths).model_copy(update={"mean": mean})
