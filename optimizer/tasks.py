"""Objective-and-task: from a task with a probability to an expected increment that a split must reach.

A task asks P(KPI >= target) >= p over the joint draws. The (1 - p) quantile of the KPI lies some
margin below its mean, and that margin changes slowly with the split. So the task is restated as
an expected increment (target plus margin), the split is found, the margin is measured at that
split, and so on until they agree; the plan is then recounted on the draws.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.allocate import Allocation, Requirement
from optimizer.responses import KpiResponses
from optimizer.scenario import Task

_MOST_ROUNDS = 25
_SETTLED = 1e-5
"""Relative change of the expected increments at which they count as settled."""


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
    """

    task: Task
    kpi: KpiResponses
    periods: int | None
    offset: FloatArray

    def draws(self, spend: Mapping[str, float]) -> FloatArray:
        """What the KPI of the task comes to, per draw. Shape (S,)."""
        return self.offset + self.kpi.media_draws(spend, self.periods)

    def reached_probability(self, spend: Mapping[str, float]) -> float:
        """Share of the draws in which the task is reached."""
        return float((self.draws(spend) >= self.task.at_least).mean())

    def attained(self, spend: Mapping[str, float]) -> float:
        """Largest target that the split reaches with the probability asked."""
        return secured(self.draws(spend), self.task.probability)

    def required_increment(self, spend: Mapping[str, float]) -> float:
        """Expected increment that would reach the task, if its margin were the one of this split."""
        media = self.kpi.media_draws(spend, self.periods)
        return self.task.at_least - (secured(self.offset + media, self.task.probability) - float(media.mean()))


def measure_task(task: Task, kpi: KpiResponses, periods_until: int) -> MeasuredTask:
    """A task with its draws; `periods_until` counts the periods up to its time node."""
    if task.counts == "total":
        offset = kpi.base_draws(periods_until) + kpi.noise_draws(periods_until)
        return MeasuredTask(task, kpi, periods_until, offset)
    periods = None if task.by is None else periods_until
    return MeasuredTask(task, kpi, periods, np.zeros(kpi.artifact.manifest.draws))


def secured(draws: FloatArray, probability: float) -> float:
    """Largest value that at least `probability` of the draws reach. `draws` of shape (S,)."""
    allowed_below = int(np.floor((1.0 - probability) * len(draws) + 1e-9))
    return float(np.sort(draws)[allowed_below])


def reach_tasks(
    tasks: Sequence[MeasuredTask],
    solve: Callable[[tuple[Requirement, ...]], Allocation | None],
    first_guess: Mapping[str, float],
) -> tuple[Allocation, tuple[Requirement, ...]] | None:
    """The best split that reaches every task with its probability, recounted on the draws.

    Parameters
    ----------
    tasks
        What must be reached.
    solve
        The best split under some expected increments; None when there is none.
    first_guess
        Split at which the margins are measured first.

    Returns
    -------
    tuple or None
        The split and the expected increments that it was found under; None when they cannot be reached.
    """
    spend = first_guess
    shortfall = np.zeros(len(tasks))
    targets = np.array([task.required_increment(spend) for task in tasks])
    for _ in range(_MOST_ROUNDS):
        requirements = tuple(
            Requirement(task.kpi.curves(task.periods), float(target))
            for task, target in zip(tasks, targets, strict=True)
            if target > 0
        )
        allocation = solve(requirements)
        if allocation is None:
            return None
        spend = allocation.spend
        misses = np.array([max(0.0, task.task.at_least - task.attained(spend)) for task in tasks])
        wanted = np.array([task.required_increment(spend) for task in tasks])
        is_settled = bool((np.abs(wanted - targets) <= _SETTLED * np.maximum(np.abs(targets), 1e-300)).all())
        if not misses.any() and (is_settled or shortfall.any()):
            return allocation, requirements
        if is_settled:
            shortfall = shortfall + np.maximum(misses, np.where(misses > 0, _SETTLED * np.abs(targets), 0.0))
        targets = wanted + shortfall
    return None
