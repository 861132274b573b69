"""The smallest budget for one task where ranges alone hold the channels, without programs with integers.

The mean of the draws about the quantile is to reach a level; the smallest budget for that comes from the engine for
ranges, on tables. Draws and level follow the split until both stay. The split is polished on all draws, and held
against the smallest budget with which the mean that it comes down to reaches as much.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.program.allocation import Allocation
from optimizer.program.formulation import Formulation
from optimizer.program.solve import CompiledSplit
from optimizer.question.answered import TaskMean
from optimizer.separable.problem import SeparableProblem, TabledCurves
from optimizer.separable.ranges import SpendRange
from optimizer.separable.search import METHOD
from optimizer.separable.sizing import LeastBudget, largest_falling_short, least_budget
from optimizer.tabled.stack import TabledStack
from optimizer.tasks.improvement import saved
from optimizer.tasks.lifts import QUICK, THOROUGH, distinct, lift, split_even
from optimizer.tasks.polish import Polished, exchange, polish
from optimizer.tasks.probability import MeasuredTask
from optimizer.tasks.problem import TaskProblem

_ROUNDS = 3
"""Most splits that the draws about the quantile are averaged over."""

_SETTLED = 2e-4
"""Relative change of the budget, and miss of the target, from which on polishing is enough."""

_POLISHED = 2
"""Splits that are polished, the best ones that differ."""

_ROUGH = 1e-4
"""Relative improvement of the budget by a step below which a split is not followed before the best is chosen."""

_DIFFERENT = 0.05
"""Share of an even split by which they differ in some channel."""

_MANY_DRAWS = 500
"""Draws from which on fewer splits elsewhere are tried: the quantile of many draws has fewer bests of its own."""

_RIVALS = 2
"""Splits behind a bound that are pursued in turn."""

_LIFTS = 12
"""Steps in which a split that nearly reaches the task is lifted to it."""


@dataclass(frozen=True, slots=True)
class RangedTask:
    """One task for a search, and the ranges of the channels.

    Attributes
    ----------
    task
        What must be reached, on tables.
    form
        The rules, which are these ranges.
    ranges
        By channel, money.
    money
        The most that channels may cost together.
    gap, seconds
        When a single search stops.
    first_guess
        Split at which the draws about the quantile are looked for first.
    """

    task: MeasuredTask
    form: Formulation
    ranges: Mapping[str, SpendRange]
    money: float
    gap: float
    seconds: float
    first_guess: Mapping[str, float]


def size_in_ranges(asked: RangedTask) -> tuple[Allocation, TaskMean] | None:
    """The split of the smallest budget that was found to reach the task, with a bound, and the mean that it reaches.

    The bound holds for splits on which that mean is no less. None where no split was found.
    """
    started = time.perf_counter()
    search = _Search(asked)
    if asked.task.periods is None:
        asked.task.kpi.expect_tables()
    met = sorted(search.near_the_target(), key=lambda each: each.needs)
    if not met:
        return None
    tasks = (asked.task,)
    problem = TaskProblem(tasks, asked.form, None, asked.gap, asked.seconds, asked.first_guess)
    split = problem.split
    starts = distinct([each.allocation for each in met], _DIFFERENT * split_even(met[0].allocation))[:_POLISHED]
    reaching = [each for start in starts if (each := search.lifted(split, start)) is not None]
    if not reaching:
        return None
    rough = (polish(split, tasks, None, each, worthwhile=_ROUGH) for each in reaching)
    best = min(rough, key=lambda each: each.allocation.total)
    best = polish(split, tasks, None, best.allocation, radius=best.radius)
    effort = QUICK if len(asked.task.offset) >= _MANY_DRAWS else THOROUGH
    best = saved(problem, exchange(split, tasks, None, best, effort.exchanged), effort)
    answer, rival = search.certified(best)
    for _ in range(_RIVALS):
        near = None if rival is None else search.lifted(split, rival, best.allocation.total)
        if near is None:
            break
        better = exchange(split, tasks, None, polish(split, tasks, None, near), effort.exchanged)
        if better.allocation.total >= best.allocation.total:
            break
        best = better
        answer, rival = search.certified(best)
    return None if answer is None else (replace(answer[0], seconds=time.perf_counter() - started), answer[1])


@dataclass(frozen=True, slots=True)
class _Met:
    """A split met on the way, and what it needs to reach the task if the price of its last money holds."""

    allocation: Allocation
    needs: float


@dataclass
class _Search:
    asked: RangedTask
    pays: float = field(init=False)
    costs: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        setting = self.asked.form.setting
        self.pays, self.costs = 1.0 / (1.0 - setting.scenario.rules.test_reserve), setting.unit_costs

    def near_the_target(self) -> "list[_Met]":
        """Splits of the smallest budgets on which means of the draws about the quantile reach what the target takes."""
        task, spend, target = self.asked.task, self.asked.first_guess, self.asked.task.task.at_least
        focus, budget = task.kpi.shares(), min(sum(spend.values()) or self.asked.money, self.asked.money)
        met: list[_Met] = []
        level = target - float(focus @ task.offset)
        for splits in range(_ROUNDS):
            sized = self._smallest(focus if splits else None, level, budget) if level > 0.0 else None
            if sized is None or sized.price <= 0.0:
                break
            found = self._allocation(sized.spend)
            spend, before, budget = found.spend, budget, min(found.total / self.pays, self.asked.money)
            attained = task.attained(spend)
            met.append(_Met(found, found.total + self.pays * (target - attained) / sized.price))
            is_settled = abs(attained - target) <= _SETTLED * target and abs(budget - before) <= _SETTLED * budget
            if splits and is_settled:
                break
            latest = task.focus(spend)
            focus = latest if splits == 0 else (splits * focus + latest) / (splits + 1)
            level = target - attained + float(focus @ (task.draws(spend) - task.offset))
        return met

    def lifted(self, split: CompiledSplit, start: Allocation, most: float | None = None) -> Allocation | None:
        """A split near another one that reaches the task, for at most some money; None where there is none."""
        task, at = self.asked.task, start
        if task.attained(start.spend) < task.task.at_least:
            found = lift(split, (task,), start, most, steps=_LIFTS)
            if found is None:
                return None
            at = found
        return at if task.attained(at.spend) >= task.task.at_least else None

    def certified(self, polished: Polished) -> tuple[tuple[Allocation, TaskMean] | None, Allocation | None]:
        """A split with its bound, and the split behind the bound where it is further away than the gap asked."""
        allocation, (weights,) = polished.allocation, polished.focus
        if weights is None:
            return None, None
        task, budget = self.asked.task, allocation.total / self.pays
        level = (1.0 - 1e-9) * float(weights @ (task.draws(allocation.spend) - task.offset))
        problem = self._problems(weights)
        gap, seconds = self.asked.gap, self.asked.seconds
        least, rivals = largest_falling_short(problem, level, budget, gap=gap, seconds=seconds)
        bound = min(least * self.pays, allocation.total)
        certified = replace(
            allocation,
            value=allocation.total,
            bound=bound,
            gap=(allocation.total - bound) / (allocation.total or 1.0),
            method=METHOD,
        )
        return (certified, TaskMean(task, weights)), self._allocation(rivals[-1].split.spend) if rivals else None

    def _smallest(self, weights: FloatArray | None, level: float, first: float) -> LeastBudget | None:
        """The least budget on which the mean reaches a level, looked for from `first` on; None where none does.

        Without weights all draws count alike.
        """
        problem, most = self._problems(weights), self.asked.money
        budget = min(2.0 ** np.ceil(np.log2(first)), most)
        found = least_budget(problem(budget), level)
        while budget < most and (found is None or found.bound > budget):
            budget = min(2.0 * budget, most)
            found = least_budget(problem(budget), level)
        return found

    def _problems(self, weights: FloatArray | None) -> "_Problems":
        return _Problems(self.asked, self.costs, weights)

    def _allocation(self, by_channel: FloatArray) -> Allocation:
        names = self.asked.task.kpi.responses
        spend = dict(zip(names, by_channel.tolist(), strict=True))
        total = self.pays * sum(self.costs[name] * amount for name, amount in spend.items())
        is_on = {name: amount > 0 for name, amount in spend.items()}
        return Allocation(spend, is_on, total, total, 0.0, 1.0, 1, 0.0, METHOD)


@dataclass
class _Problems:
    """The problem of each budget, on the weighted mean of the draws, or the plain one without weights."""

    asked: RangedTask
    costs: Mapping[str, float]
    weights: FloatArray | None
    _curves: dict[int, TabledCurves] = field(init=False, default_factory=dict)

    def __call__(self, budget: float) -> SeparableProblem:
        octave = int(np.ceil(np.log2(budget)))
        if octave not in self._curves:
            self._curves[octave] = TabledCurves(self._stack(2.0**octave), has_hulls=False)
        return SeparableProblem.of(self._curves[octave], self.asked.ranges, self.costs, budget, spends_all=False)

    def _stack(self, most: float) -> TabledStack:
        """The curves up to a budget, money; those of the plain mean over the whole effect are kept with the KPI."""
        kpi, periods = self.asked.task.kpi, self.asked.task.periods
        tables = kpi.tables(periods)
        powers: IntArray = np.ceil(np.log2([most / self.costs[name] for name in tables])).astype(np.int64)
        if self.weights is None and periods is None:
            return kpi.expected_stack(powers)
        return TabledStack(tables, kpi.shares() if self.weights is None else self.weights, powers)
