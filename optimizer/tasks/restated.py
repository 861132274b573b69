"""Splits that reach tasks, found by solving restated tasks: the mean of some draws must reach a level.

First the draws about the quantiles are found, by averaging over the splits met on the way; then, with the draws
held, the levels at which the tasks are just reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.allocation import Allocation, KpiCurves, Requirement
from optimizer.program.solve import CompiledSplit
from optimizer.tasks.improvement import lifted
from optimizer.tasks.lifts import lift
from optimizer.tasks.problem import TaskProblem

_FOCUS_ROUNDS = 3
"""Splits over which the draws about the quantile are averaged."""

_LEVEL_ROUNDS = 2
"""Most splits on the way to the level at which a task is just reached."""

_NUDGES = 6
"""Steps in which a split that nearly reaches the tasks is lifted to them."""

APPROACH_ROUNDS = 4
"""Splits tried before tasks count as out of reach."""

_SETTLED = 1e-3
"""Excess over a target, relative to the level, that is left to polishing."""

_COARSE = 5e-3
"""Relative gap of splits that are lifted and polished in any case."""

_SLOPES = (0.3, 3.0)
"""Range in which the rise of the quantile per unit of its level is believed."""


@dataclass
class RestatedSearch:
    """State of the search: draws in focus per task, the last split, the splits that reach every task."""

    problem: TaskProblem
    split: CompiledSplit = field(init=False)
    found: list[Allocation] = field(default_factory=list)
    spend: Mapping[str, float] = field(init=False)
    focus: list[FloatArray] = field(init=False)
    curves: list[KpiCurves] = field(init=False)

    def __post_init__(self) -> None:
        self.split = self.problem.split

    def start(self, spend: Mapping[str, float]) -> None:
        """Look for splits that reach the tasks from a split on: by the mean of all draws, then by those in focus."""
        tasks = self.problem.tasks
        self.spend = spend
        self._look([np.full(len(task.offset), 1.0 / len(task.offset)) for task in tasks])
        self.find_levels()
        self._look([task.focus(spend) for task in tasks])
        self.find_focus()
        self.find_levels()

    def go_on(self, known: Allocation) -> None:
        """Look for splits that reach the tasks near one that does, which is found already."""
        self.found.append(known)
        self.spend = known.spend
        self._look([task.focus(known.spend) for task in self.problem.tasks])
        self.find_levels()

    def find_focus(self) -> None:
        """Average the draws about the quantiles over splits that would reach the tasks."""
        for splits in range(1, _FOCUS_ROUNDS + 1):
            requirements = self._requirements(self._levels())
            allocation = self.problem.best(requirements, _COARSE) or self.problem.nearest(requirements)
            self._judge(allocation)
            self._shift_focus(allocation, splits)

    def find_levels(self) -> None:
        """With the draws held, find the levels at which the tasks are just reached."""
        controls = [_LevelControl(level) for level in self._levels()]
        for _ in range(_LEVEL_ROUNDS):
            allocation = self.problem.best(self._requirements([control.level for control in controls]), _COARSE)
            if allocation is None:
                if any(control.solvable is None for control in controls):
                    return
                for control in controls:
                    control.retreat()
                continue
            misses = self._judge(allocation)
            tolerances = [_SETTLED * abs(control.level) for control in controls]
            is_tight = any(-miss <= tolerance for miss, tolerance in zip(misses, tolerances, strict=True))
            if max(misses) <= 0 and (is_tight or all(control.level <= 0 for control in controls)):
                return
            for control, miss, tolerance in zip(controls, misses, tolerances, strict=True):
                control.learn(miss, 0.5 * tolerance, is_alone=len(controls) == 1)

    def come_near(self) -> Allocation | None:
        """Approach the tasks, whatever the objective; the nearest split if none is found that reaches them all."""
        nearest, nearness = None, -np.inf
        for splits in range(_FOCUS_ROUNDS, _FOCUS_ROUNDS + APPROACH_ROUNDS):
            allocation = self.problem.nearest(self._requirements(self._levels()))
            self._judge(allocation)
            if self.found:
                return None
            reached = sum(min(1.0, task.attained(allocation.spend) / task.task.at_least) for task in self.problem.tasks)
            if reached > nearness:
                nearest, nearness = allocation, reached
            self._shift_focus(allocation, splits)
        if nearest is None:
            return None
        raised = lifted(self.problem, nearest)
        self._judge(raised)
        return None if self.found else raised

    def _look(self, focus: list[FloatArray]) -> None:
        self.focus = focus
        self.curves = [
            task.kpi.weighted_curves(task.periods, weights)
            for task, weights in zip(self.problem.tasks, focus, strict=True)
        ]

    def _shift_focus(self, allocation: Allocation, splits: int) -> None:
        self.spend = allocation.spend
        self._look(
            [
                mixed(weights, task.focus(self.spend), splits)
                for task, weights in zip(self.problem.tasks, self.focus, strict=True)
            ]
        )

    def _levels(self) -> list[float]:
        """What the curves must come to if they stay as far from the quantiles as at the last split."""
        return [
            task.task.at_least - task.attained(self.spend) + curves.value(self.spend)
            for task, curves in zip(self.problem.tasks, self.curves, strict=True)
        ]

    def _requirements(self, levels: Sequence[float]) -> tuple[Requirement, ...]:
        return tuple(Requirement(curves, level) for curves, level in zip(self.curves, levels, strict=True) if level > 0)

    def _judge(self, allocation: Allocation) -> list[float]:
        """Keep the split if it reaches every task, or one near it that does; by how much it misses each target."""
        tasks = self.problem.tasks
        misses = [task.task.at_least - task.attained(allocation.spend) for task in tasks]
        is_reached = max(misses) <= 0 and self.problem.is_reached(allocation.spend)
        nudged = allocation if is_reached else lift(self.split, self.problem.held, allocation, steps=_NUDGES)
        if nudged is not None and self.problem.is_reached(nudged.spend):
            self.found.append(nudged)
        return misses


@dataclass
class _LevelControl:
    """Finds the level at which one task is just reached: secant steps, between known limits where it is alone."""

    level: float
    missed: float | None = None
    reached: float | None = None
    solvable: float | None = None
    slope: float = 1.0
    last: tuple[float, float] | None = None

    def learn(self, miss: float, allowance: float, *, is_alone: bool) -> None:
        """Choose the next level from how far the last one missed the target (negative: exceeded it)."""
        if self.last is not None and self.last[0] != self.level:
            self.slope = float(np.clip((self.last[1] - miss) / (self.level - self.last[0]), *_SLOPES))
        self.last, self.solvable = (self.level, miss), self.level
        if miss > 0:
            self.missed = self.level if self.missed is None else max(self.missed, self.level)
        else:
            self.reached = self.level if self.reached is None else min(self.reached, self.level)
        self.level += (miss + allowance) / self.slope
        if is_alone and self.missed is not None and self.reached is not None:
            low, high = sorted((self.missed, self.reached))
            if not low < self.level < high:
                self.level = 0.5 * (low + high)

    def retreat(self) -> None:
        """Go half of the way back to the last level that could be solved for, if there is one."""
        if self.solvable is not None:
            self.level = 0.5 * (self.level + self.solvable)


def mixed(focus: FloatArray, latest: FloatArray, splits: int) -> FloatArray:
    """Average of the focus over `splits` splits and one more."""
    return (splits * focus + latest) / (splits + 1)
