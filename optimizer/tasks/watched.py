"""Draws of a task that a small step of a split must keep above the target, and the mean that they come down to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray, IntArray
from optimizer.program.step import StepRows
from optimizer.tasks.gains import Held
from optimizer.tasks.probability import allowed_below

_MOST = 40
"""Draws above the target that a step must keep there, per task, the nearest ones."""

_MORE = 20
"""Draws that join where a step carried them below the target."""

_ROOM = 1e-9
"""Share of the target by which draws are to be above it."""

_NEWTON_STEPS = 60


@dataclass(frozen=True, slots=True)
class Watched:
    """Draws of a task that a step must keep above the target: positions and the rise that each needs. Shape (K,).

    A draw among them that is given up needs a rise of minus infinity. `reached` is what all draws come to where the
    step starts, and `is_held` which of them must stay above the target: all but those that are given up. Shape (S,).
    `slopes` is what another unit of the spend of each of `names` adds. Shape (C, S).
    """

    task: Held
    names: tuple[str, ...]
    reached: FloatArray
    slopes: FloatArray
    is_held: BoolArray
    draws: IntArray
    rises: FloatArray

    @classmethod
    def of(cls, task: Held, spend: Mapping[str, float], radius: float, least: float) -> "Watched":
        """At a split: the draws nearest above the target that a step of a length could carry below."""
        reached, slopes, target = task.draws(spend), task.slopes(spend, least), task.task.at_least
        allowed = allowed_below(len(reached), task.task.probability)
        is_held = np.ones(len(reached), dtype=bool)
        is_held[np.argpartition(reached, allowed)[:allowed]] = False
        steep = np.abs(slopes).sum(axis=0)
        near = np.flatnonzero(is_held & (reached - target <= radius * steep))
        near = near[np.argsort(reached[near], kind="stable")][:_MOST]
        return cls(task, tuple(spend), reached, slopes, is_held, near, target - reached[near] + _ROOM * target)

    @property
    def rows(self) -> StepRows:
        """What a step must keep to."""
        return StepRows(self.names, self.slopes[:, self.draws].T, self.rises, self.task.task.at_least)

    def shortfall(self, spend: Mapping[str, float]) -> float:
        """Share of the target that a split misses; below zero where it is exceeded."""
        return 1.0 - self.task.attained(spend) / self.task.task.at_least

    def nearest_below(self, count: int) -> IntArray:
        """Draws that are given up, those nearest to the target first."""
        given_up = np.flatnonzero(~self.is_held)
        return given_up[np.argsort(-self.reached[given_up], kind="stable")][:count]

    def exchanging(self, count: int) -> "Watched":
        """The same with so many of the draws that are given up among those that are watched, which need not rise."""
        draws = np.append(self.draws, self.nearest_below(count))
        return replace(self, draws=draws, rises=self._needed(self.is_held, draws, self._asked - self.reached))

    def exchanged(self, given_up: int, regained: int) -> "Watched":
        """The same with one draw that is watched given up and another one regained."""
        is_held = self.is_held.copy()
        is_held[given_up], is_held[regained] = False, True
        rises = self._needed(is_held, self.draws, self._asked - self.reached)
        return replace(self, is_held=is_held, rises=rises)

    def corrected(self, start: Mapping[str, float], spend: Mapping[str, float], beyond: float) -> "Watched":
        """The draws asked for as much more as the last step fell short of its straight line.

        With those that it carried below the target without their being watched, the lowest ones. `beyond` is the share
        of the target by which they are asked for more than that.
        """
        straight = self.reached + np.array([spend[name] - start[name] for name in self.names]) @ self.slopes
        after = self.task.draws(spend)
        is_new = self.is_held & (after < self.task.task.at_least)
        is_new[self.draws] = False
        new = np.flatnonzero(is_new)
        draws = np.append(self.draws, new[np.argsort(after[new], kind="stable")][:_MORE])
        rises = self._asked + beyond * self.task.task.at_least - self.reached + (straight - after)
        return replace(self, draws=draws, rises=self._needed(self.is_held, draws, rises))

    @staticmethod
    def _needed(is_held: BoolArray, draws: IntArray, rises: FloatArray) -> FloatArray:
        """Rises of the draws that must stay above the target, minus infinity for others. `rises` of shape (S,)."""
        return np.where(is_held[draws], rises[draws], -np.inf)

    def focus(self, multipliers: FloatArray) -> FloatArray | None:
        """Weights of the draws whose mean has the slopes of the draws that hold the split back; None if none does.

        Of all such weights the most even ones, for a mean of many draws is nearly concave. `multipliers` are those of
        the first draws that are watched.
        """
        total = multipliers.sum()
        if total <= 0:
            return None
        slopes = self.slopes / np.maximum(np.abs(self.slopes).max(axis=1, keepdims=True), 1e-300)
        return most_even_weights(slopes, slopes[:, self.draws] @ multipliers / total)

    @property
    def _asked(self) -> float:
        return self.task.task.at_least * (1.0 + _ROOM)


def most_even_weights(values: FloatArray, means: FloatArray) -> FloatArray:
    """Weights of draws, positive and of sum one, of largest entropy among those that give each row its mean.

    They are proportional to exp(tilt @ values); the tilt minimises a convex function (Newton's method).
    `values` of shape (C, S), `means` of shape (C,); returns shape (S,).
    """
    centered = values - means[:, None]
    tilt = np.zeros(len(means))

    def height(at: FloatArray) -> float:
        return float(np.logaddexp.reduce(at @ centered))

    for _ in range(_NEWTON_STEPS):
        exponents = tilt @ centered
        weights = np.exp(exponents - np.logaddexp.reduce(exponents))
        off = centered @ weights
        if np.abs(off).max() <= 1e-9:
            break
        spread = (centered * weights) @ centered.T - np.outer(off, off)
        step = np.linalg.lstsq(spread, off, rcond=1e-12)[0]
        length, now = 1.0, height(tilt)
        while length > 1e-6 and height(tilt - length * step) > now - 1e-4 * length * float(off @ step):
            length *= 0.5
        tilt = tilt - length * step
    exponents = tilt @ centered
    return np.asarray(np.exp(exponents - np.logaddexp.reduce(exponents)))
