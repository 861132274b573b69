"""What an outcome that was seen says about its parts: Gaussian conditioning of the joint draws.

With m the expected outcome of the periods that were seen, x any part in any period, R the covariance of noise and
y what was seen, the gain and the conditional mean are

    G = (Cov(x, m) + Q_x) (Cov(m, m) + Q_m + R)^-1,      E[x | y] = E[x] + G (y - E[m]),

covariances over the draws. Q is what the draws cannot know: that the world changes after the data end. What a channel
brings, and the base, are multiplied by random walks, whose standard deviation after a quarter is EFFECT_CHANGE and
BASE_CHANGE:

    Q[t, u] = change^2 x_t x_u min(t, u) / quarter,   t, u counted from the end of the data, at most MOST_QUARTERS.

The parts' conditional means add up to what was seen exactly, because the gains of all parts and of noise add up to one.

Each path is moved by the same gain, x + G (y - m - e) with its own m and noise e (Matheron's rule; Doucet 2010, "A Note
on Efficient Conditional Simulation of Gaussian Distributions"): where nothing changed, the moved paths spread as the
error of the conditional mean does, whatever the gain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.periods import periods_between
from mmm.vocabulary import PERIODS_PER_YEAR, FloatArray
from service.tracking.document import Deviation
from service.tracking.paths import JointPaths, noise_covariance

EFFECT_CHANGE = 0.3
"""By how much the effect of a channel may change in a quarter: creatives wear out, auctions and rivals move."""

BASE_CHANGE = 0.02
"""By how much the base may change in a quarter, beyond what its forecast's own spread says."""

MOST_QUARTERS = 4.0
"""Quarters after which a change grows no further."""

NINETY = 1.6448536269514722
"""Standard deviations from the middle of a normal to the ends of its 90 % interval."""


@dataclass(frozen=True, slots=True)
class Conditioned:
    """Parts given what was seen. K = C + 2 parts: channels, base, noise; column T is after the horizon.

    Attributes
    ----------
    before
        The paths before anything was seen.
    mean
        Conditional means. Shape (K, T + 1).
    shift
        By how much what was seen moved the means. Shape (K, T + 1).
    gain
        By how much a surprise in each period seen moves each part. Shape (K, T + 1, m).
    surprise
        What was seen less each path's own outcome. Shape (N, m).
    covariance
        Of every part with the outcome of the periods seen. Shape (K, T + 1, m).
    variance
        Of each part's sum over the periods seen, before they were. Shape (K,).
    media_variance
        The same of all channels together.
    """

    before: JointPaths
    mean: FloatArray
    shift: FloatArray
    gain: FloatArray
    surprise: FloatArray
    covariance: FloatArray
    variance: FloatArray
    media_variance: float

    @property
    def seen(self) -> int:
        """Number of periods seen."""
        return int(self.surprise.shape[1])

    @property
    def totals(self) -> FloatArray:
        """Outcome by period, with noise. Shape (N, T)."""
        return np.asarray(self.before.totals + self.surprise @ self.gain[:, :-1].sum(axis=0).T)

    def media(self, columns: slice) -> FloatArray:
        """What all channels bring in some columns together. Shape (N,)."""
        before = self.before.draws[:, :-1, columns].sum(axis=(1, 2))
        moved = self.surprise @ self.gain[:-2, columns].sum(axis=(0, 1))
        return np.asarray(np.repeat(before, self.before.repeats) + moved)

    def deviation(self, part: int) -> Deviation:
        """What a part brought beyond its mean, over the periods seen; -2 is the base, -1 noise."""
        return self._deviation([part], float(self.variance[part]))

    def media_deviation(self) -> Deviation:
        """What all channels brought beyond their means, over the periods seen."""
        return self._deviation(range(len(self.mean) - 2), self.media_variance)

    def _deviation(self, parts: Sequence[int], variance: float) -> Deviation:
        middle = float(self.shift[list(parts), : self.seen].sum())
        with_seen = self.covariance[list(parts), : self.seen].sum(axis=(0, 1))
        explained = self.gain[list(parts), : self.seen].sum(axis=(0, 1)) @ with_seen
        spread = NINETY * math.sqrt(max(variance - float(explained), 0.0))
        return Deviation(mean=middle, p05=middle - spread, p95=middle + spread)


def conditioned(paths: JointPaths, actual: FloatArray) -> Conditioned:
    """The parts given the outcome of their first periods, `actual` of shape (m,); as they are where m is zero."""
    seen, columns = len(actual), paths.draws.shape[2]
    covariance, variance, media_variance = _covariances(paths, seen)
    mean = np.concatenate([paths.mean, np.zeros((1, columns))])
    whole = covariance[:, :seen].sum(axis=0)
    gain = covariance @ np.linalg.inv(whole) if seen else covariance
    shift = gain @ (actual - mean[:, :seen].sum(axis=0))
    surprise = actual - paths.totals[:, :seen]
    return Conditioned(paths, mean + shift, shift, gain, surprise, covariance, variance, media_variance)


def _covariances(paths: JointPaths, seen: int) -> tuple[FloatArray, FloatArray, float]:
    """Covariance of the parts with what is seen, variances of their sums over it, and that of all channels' sum."""
    draws, parts, columns = paths.draws.shape
    apart, mean = paths.draws - paths.mean, paths.mean
    covariance = np.zeros((parts + 1, columns, seen))
    of_outcome = apart.reshape(draws, -1).T @ apart[:, :, :seen].sum(axis=1) / (draws - 1)
    covariance[:-1] = of_outcome.reshape(parts, columns, seen)
    changed = _changes(paths, mean)[:, :, :seen]
    covariance[:-1] += changed
    of_noise = noise_covariance(paths.artifact.draws.noise, columns - 1)
    covariance[-1, :-1] = of_noise[:, :seen]
    sums = apart[:, :, :seen].sum(axis=2)
    of_changes = changed[:, :seen].sum(axis=(1, 2))
    variance = np.append(sums.var(axis=0, ddof=1) + of_changes, of_noise[:seen, :seen].sum())
    media_variance = float(sums[:, :-1].sum(axis=1).var(ddof=1) + of_changes[:-1].sum())
    return covariance, variance, media_variance


def _changes(paths: JointPaths, mean: FloatArray) -> FloatArray:
    """Covariance of each part with itself over time through changes after the data. Shape (C + 1, T + 1, T + 1)."""
    manifest, (parts, columns) = paths.artifact.manifest, mean.shape
    first = periods_between(manifest.window_start, paths.dates[0], manifest.period)
    gone = np.maximum(first - manifest.window_periods, 0) + 1 + np.minimum(np.arange(columns), columns - 2)
    quarters = np.minimum(4.0 * gone / PERIODS_PER_YEAR[manifest.period], MOST_QUARTERS)
    change = np.append(np.full(parts - 1, EFFECT_CHANGE), BASE_CHANGE) ** 2
    walk = change[:, None, None] * np.minimum.outer(quarters, quarters)
    return np.asarray(walk * mean[:, :, None] * mean[:, None, :])
