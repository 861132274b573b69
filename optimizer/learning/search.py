"""The phasing that tells most within a loss: linear steps from patterns that switch high and low.

An even phasing is a saddle of the information: its slopes there say nothing. So the search starts at corners of what
is allowed, in random blocks high and low by channel, drawn back towards the plan as far as the loss asks. From there it
follows the slopes of the information under a line for the expected outcome, each step taken back as far as the outcome
itself asks for, and its radius made smaller where it gains too little (a trust region: Conn, Gould and Toint 2000).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.learning.information import Questions
from optimizer.learning.paths import Expectation, Paths
from optimizer.learning.rows import PhasingRows

STARTS = 16
"""Patterns from which the search starts, beside the planned phasing."""

_FIRST_STEPS, _STEPS = 5, 25
"""Steps from each start, and then from the best of what these led to."""

_FIRST_RADIUS, _SMALLEST_RADIUS = 0.5, 0.01
"""How far a period may move in a step, in parts of an even period's spend; below the smallest the search ends."""

_LONGEST_BLOCK = 4
"""Most periods in a row that a pattern has high or low together."""

_HALVINGS = 6
"""Halvings by which the way to a phasing that loses too much is cut."""

_ENOUGH = 1e-3
"""Gain of information below which no further step is worth taking."""


@dataclass(frozen=True, slots=True)
class Design:
    """What is sought: information of the KPI's outcomes, with an expected worth of at least `least`.

    `planned` is spend of the channels that may move, money of shape (C, T).
    """

    paths: Paths
    questions: Questions
    expectation: Expectation
    rows: PhasingRows
    planned: FloatArray
    least: float

    def of(self, draws: Sequence[int] | np.ndarray) -> "Design":
        """The same by some of the draws, with as much to lose."""
        some = self.expectation.of(draws)
        may_lose = self.expectation.value(self.planned) - self.least
        questions = Questions(self.questions.asked[draws], self.questions.noise)
        return Design(
            self.paths.of(draws), questions, some, self.rows, self.planned, some.value(self.planned) - may_lose
        )

    def information(self, spend: FloatArray) -> tuple[float, FloatArray]:
        """Information that a phasing (C, T) brings, and its slopes (C, T)."""
        value, by_outcome = self.questions.information(self.paths.outcome(spend))
        return value, self.paths.gradient(spend, by_outcome)


def most_telling(whole: Design, draws: Sequence[int] | np.ndarray, seed: int) -> FloatArray:
    """The phasing found that tells most by some of the draws, money of shape (C, T); it is worth enough over all.

    The planned one where none tells more.
    """
    design = whole.of(draws)
    rng = np.random.default_rng(seed)
    starts = [_pattern(design, rng) for _ in range(STARTS)]
    climbed = [_climb(design, start, _FIRST_STEPS) for start in (design.planned, *starts)]
    best, _ = max(climbed, key=lambda found: found[1])
    found, value = _climb(design, best, _STEPS)
    if value <= design.information(design.planned)[0] + _ENOUGH:
        return design.planned
    return _drawn_back(whole, whole.planned, found)


def _pattern(design: Design, rng: np.random.Generator) -> FloatArray:
    """A corner of what is allowed, high and low in blocks, as far from the plan as the loss lets it be."""
    channels, periods = design.planned.shape
    length = int(rng.integers(1, _LONGEST_BLOCK + 1))
    blocks = rng.choice((-1.0, 1.0), size=(channels, -(-periods // length)))
    signs = np.repeat(blocks, length, axis=1)[:, :periods] * rng.uniform(0.8, 1.2, size=(channels, periods))
    unit = design.planned.mean(axis=1, keepdims=True)
    corner = design.rows.steepest(signs / np.where(unit > 0, unit, 1.0), design.planned, np.inf)
    return design.planned if corner is None else _drawn_back(design, design.planned, corner)


def _climb(design: Design, start: FloatArray, steps: int) -> tuple[FloatArray, float]:
    """The phasing that some steps from a start lead to, money of shape (C, T), and its information."""
    best, radius = start, _FIRST_RADIUS
    value, slopes = design.information(best)
    for _ in range(steps):
        room = design.least - design.expectation.value(best)
        floor = (design.expectation.gradient(best), min(room, 0.0))
        proposal = design.rows.steepest(slopes, best, radius, floor)
        if proposal is None:
            break
        promised = float((slopes * (proposal - best)).sum())
        if promised <= _ENOUGH:
            break
        reached = _drawn_back(design, best, proposal)
        gained, ahead = design.information(reached)
        if gained > value:
            radius *= 2.0 if gained - value > 0.7 * promised else 0.4 if gained - value < 0.2 * promised else 1.0
            best, value, slopes = reached, gained, ahead
        else:
            radius *= 0.3
        if radius < _SMALLEST_RADIUS:
            break
    return best, value


def _drawn_back(design: Design, near: FloatArray, far: FloatArray) -> FloatArray:
    """The point furthest towards `far` on the way from `near`, which is worth enough, that is worth enough."""
    return furthest(
        lambda part: near + part * (far - near), lambda spend: design.expectation.value(spend) >= design.least
    )


def furthest(point: Callable[[float], FloatArray], is_enough: Callable[[FloatArray], bool]) -> FloatArray:
    """The point of the largest part in [0, 1] that halving finds enough; that of part zero counts as enough."""
    if is_enough(point(1.0)):
        return point(1.0)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if is_enough(point(middle)) else (low, middle)
    return point(low)
