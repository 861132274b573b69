"""Tasks with a probability, measured on the draws.

A task asks P(KPI >= target) >= p over the joint draws: the (1 - p) quantile of the KPI must reach
the target. That quantile moves with the split as the draws about it do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.responses.kpi import KpiResponses
from optimizer.scenario.document import Task

_NEAR = 1e-9
"""Relative room in a target for what tables are off; what they are proved to be off by is more, see `benchmarks`."""


@dataclass(frozen=True, slots=True)
class MeasuredTask:
    """A task with the draws that judge it.

    Attributes
    ----------
    task
        As asked.
    kpi
        Responses of its KPI.
    periods
        Periods that count, None for the whole effect.
    offset
        What is there without this plan, with its noise: zero for incremental tasks. Shape (S,).
    is_near
        Whether draws are looked up in tables, which is near enough for a search.
    """

    task: Task
    kpi: KpiResponses
    periods: int | None
    offset: FloatArray
    is_near: bool = False

    def nearly(self) -> "MeasuredTask":
        """The task for a search: a target as much higher as tables may be off, by which draws are looked up."""
        asked = self.task.model_copy(update={"at_least": self.task.at_least * (1.0 + _NEAR)})
        return replace(self, task=asked, is_near=True)

    def draws(self, spend: Mapping[str, float]) -> FloatArray:
        """What the KPI of the task comes to, per draw. Shape (S,)."""
        if self.is_near:
            return self.offset + self.kpi.tabled_draws(self.periods).added(spend)
        return self.offset + self.kpi.media_draws(spend, self.periods)

    def reached_probability(self, spend: Mapping[str, float]) -> float:
        """Share of the draws in which the task is reached."""
        return float((self.draws(spend) >= self.task.at_least).mean())

    def attained(self, spend: Mapping[str, float]) -> float:
        """Largest target that the split reaches with the probability asked."""
        return secured(self.draws(spend), self.task.probability)

    def attained_beside(self, start: Mapping[str, float], others: Sequence[Mapping[str, float]]) -> list[float]:
        """The same of splits that differ from a first one in few channels, which is quicker where draws are tabled."""
        if not self.is_near:
            return [self.attained(each) for each in others]
        added = self.kpi.tabled_draws(self.periods).beside(start, others)
        return [secured(self.offset + each, self.task.probability) for each in added]

    def slopes(self, spend: Mapping[str, float], least: float) -> FloatArray:
        """What another unit of each channel's spend adds in each draw, at `least` where it has less. Shape (C, S)."""
        return self.kpi.tabled_draws(self.periods).slopes(spend, least)

    def focus(self, spend: Mapping[str, float]) -> FloatArray:
        """Weights of the draws about the quantile that the task asks for, at a split. Shape (S,)."""
        return about_quantile(self.draws(spend), self.task.probability)


def measure_task(task: Task, kpi: KpiResponses, periods_until: int) -> MeasuredTask:
    """A task with its draws; `periods_until` counts the periods up to its time node."""
    if task.counts == "total":
        offset = kpi.base_draws(periods_until) + kpi.noise_draws(periods_until)
        return MeasuredTask(task, kpi, periods_until, offset)
    periods = None if task.by is None else periods_until
    return MeasuredTask(task, kpi, periods, np.zeros(kpi.artifact.manifest.draws))


def secured(draws: FloatArray, probability: float) -> float:
    """Largest value that at least `probability` of the draws reach. `draws` of shape (S,)."""
    place = allowed_below(len(draws), probability)
    return float(np.partition(draws, place)[place])


def about_quantile(draws: FloatArray, probability: float) -> FloatArray:
    """Weights, falling with the distance in rank, of the draws about the value of `secured`. Shape (S,), sum one."""
    count = len(draws)
    middle = allowed_below(count, probability)
    half = min(max(middle, count / 40), count / 8) + 1.0
    ranks = np.empty(count)
    ranks[np.argsort(draws, kind="stable")] = np.arange(count)
    weights = np.maximum(0.0, 1.0 - np.abs(ranks - middle) / half)
    return np.asarray(weights / weights.sum())


def allowed_below(count: int, probability: float) -> int:
    """Number of `count` draws that may miss a target which is to be reached with `probability`."""
    return int(np.floor((1.0 - probability) * count + 1e-9))
