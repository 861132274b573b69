"""How well the best split is known: the best split of every draw, and what knowing the draw would bring.

    EVPI = mean over s of (max_x F_s(x) - F_s(x*)),

the expected value of perfect information (Raiffa and Schlaifer 1961), every maximum under all rules of the plan.
Optimised on one half of the draws and reported on the other, a plan also shows how much of what it promises is luck of
the draws that it was chosen by (Smith and Winkler 2006, "The Optimizer's Curse").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.insight.ground import Ground

DRAWS = 40
"""Draws whose best split is found, evenly spaced."""

_GAP = 2e-3


@dataclass(frozen=True, slots=True)
class SpendRange:
    """Spend of a channel in the best splits of the draws, money: 5, 50 and 95 % quantiles."""

    channel: str
    p05: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class OpenSplit:
    """Ranges by channel, and the value of knowing everything: in the unit of the goal, with its standard error.

    `largest` is the 95 % quantile over the draws: what the plan may lose against the best split if that draw is true.
    """

    ranges: tuple[SpendRange, ...]
    value: float
    standard_error: float
    largest: float


@dataclass(frozen=True, slots=True)
class Halves:
    """Expected value on the draws that a split was chosen by and on the others, means of both halves."""

    chosen_by: float
    others: float


def open_split(ground: Ground) -> OpenSplit:
    """The best splits of some draws under all rules, against the plan in the same draws."""
    planned = ground.worth.draws(ground.best.spend) - ground.goal.price * ground.best.total
    splits: list[Mapping[str, float]] = []
    gains = []
    size = len(planned)
    for position in np.unique(np.linspace(0, size - 1, min(DRAWS, size)).round().astype(int)):
        weights = np.zeros(size)
        weights[position] = 1.0
        found = ground.solved(ground.worth.curves(weights), gap=_GAP)
        if found is not None:
            splits.append(found.spend)
            gains.append(max(0.0, found.value - planned[position]))
    ranges = [
        SpendRange(
            channel, *(float(each) for each in np.quantile([split[channel] for split in splits], (0.05, 0.5, 0.95)))
        )
        for channel in ground.best.spend
    ]
    error = float(np.std(gains) / np.sqrt(len(gains)))
    return OpenSplit(tuple(ranges), float(np.mean(gains)), error, float(np.quantile(gains, 0.95)))


def halves(ground: Ground) -> Halves | None:
    """Splits chosen by every second draw, valued by the draws that chose them and by the others."""
    size = len(ground.worth.draws(ground.best.spend))
    first = np.arange(size) % 2 == 0
    own, others = [], []
    for is_chosen in (first, ~first):
        weights = is_chosen / is_chosen.sum()
        found = ground.solved(ground.worth.curves(weights), gap=max(1e-4, ground.question.scenario.solve.gap))
        if found is None:
            return None
        draws = ground.worth.draws(found.spend) - ground.goal.price * found.total
        own.append(_mean(draws, is_chosen))
        others.append(_mean(draws, ~is_chosen))
    return Halves(float(np.mean(own)), float(np.mean(others)))


def _mean(draws: FloatArray, is_counted: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    return float(draws[is_counted].mean())
