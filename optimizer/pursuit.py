"""The best split that reaches tasks with their probabilities.

A task is restated as an increment that the mean of the draws about its quantile must reach (its
level). Which draws those are depends on the split, and so does the distance between their mean
and the quantile: first the draws are found, by averaging over the splits met on the way, then,
with the draws held, the level at which the task is just reached. The best splits found are
polished on all draws (`optimizer.polish`), and the best of them is held against a bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.allocate import Allocation, AllocationProblem, KpiCurves, Requirement, allocate
from optimizer.errors import SolverError
from optimizer.formulation import Formulation
from optimizer.polish import Polished, distinct, exchange, lift, lifts_elsewhere, polish, split_even, worst_share
from optimizer.solve import CompiledSplit, compile_split
from optimizer.tasks import MeasuredTask

_FOCUS_ROUNDS = 3
"""Splits over which the draws about the quantile are averaged."""

_LEVEL_ROUNDS = 2
"""Most splits on the way to the level at which a task is just reached."""

_NUDGES = 6
"""Steps in which a split that nearly reaches the tasks is lifted to them."""

_APPROACH_ROUNDS = 4
"""Splits tried before tasks count as out of reach."""

_SETTLED = 1e-3
"""Excess over a target, relative to the level, that is left to polishing."""

_ROUGH = 1e-3
"""Relative gap of splits that come nearest to tasks, and of the most that can be had."""

_COARSE = 5e-3
"""Relative gap of splits that are lifted and polished in any case."""

_POLISHED = 3
"""Splits that are polished, the best ones that differ."""

_DIFFERENT = 0.05
"""Share of an even split by which they differ in some channel."""

_RIVALS = 2
"""Splits behind a bound that are pursued in turn."""

_MOVES = 6
"""Times that a better split is looked for elsewhere."""

_SAVED = 5e-4
"""Share of the budget that a split elsewhere must save before it is polished."""

_GAIN = 1e-5
"""Share of a target that a split elsewhere must gain."""

_SLOPES = (0.3, 3.0)
"""Range in which the rise of the quantile per unit of its level is believed."""


@dataclass(frozen=True, slots=True)
class TaskProblem:
    """Tasks to reach under rules that some split obeys: with the most of an objective, or for the least money.

    Attributes
    ----------
    tasks
        What must be reached.
    form
        The rules.
    objective
        What is maximised; None for the smallest total.
    gap, seconds
        When a single solve stops.
    first_guess
        Split at which the draws about the quantiles are looked for first.
    """

    tasks: Sequence[MeasuredTask]
    form: Formulation
    objective: KpiCurves | None
    gap: float
    seconds: float
    first_guess: Mapping[str, float]

    def best(
        self, requirements: tuple[Requirement, ...], gap: float, known: Allocation | None = None
    ) -> Allocation | None:
        """The best split that meets some requirements, no worse than a known one; None when there is none."""
        problem = AllocationProblem(self.form, self.objective, requirements)
        return allocate(problem, gap=gap, seconds=self.seconds, known=known)

    def nearest(self, requirements: tuple[Requirement, ...]) -> Allocation:
        """The split that comes nearest to some requirements."""
        problem = AllocationProblem(self.form, None, requirements, is_approach=True)
        return _some(allocate(problem, gap=max(self.gap, _ROUGH), seconds=self.seconds))

    def most(self, curves: KpiCurves) -> Allocation:
        """The split with the most of some curves."""
        problem = AllocationProblem(self.form, curves)
        return _some(allocate(problem, gap=max(self.gap, _ROUGH), seconds=self.seconds))

    def worth(self, allocation: Allocation) -> float:
        """What is maximised, at a split."""
        return -allocation.total if self.objective is None else self.objective.value(allocation.spend)

    def is_reached(self, spend: Mapping[str, float]) -> bool:
        """Whether a split reaches every task with its probability."""
        return all(task.attained(spend) >= task.task.at_least for task in self.tasks)


@dataclass(frozen=True, slots=True)
class Reached:
    """A split that reaches every task, and the requirements that its bound was found under."""

    allocation: Allocation
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """The nearest split to tasks that none was found to reach together."""

    nearest: Allocation


def reach_tasks(problem: TaskProblem, known: Allocation | None = None) -> Reached | OutOfReach:
    """The best split that reaches every task with its probability, recounted on the draws.

    `known` is a split that reaches them: the answer is no worse, and splits far from those met are not tried.
    """
    pursuit = _Pursuit(problem)
    if known is None:
        pursuit.start(problem.first_guess)
    else:
        pursuit.go_on(known)
    if not pursuit.found:
        nearest = pursuit.come_near()
        if nearest is not None:
            return OutOfReach(nearest)
    best = _polished(problem, pursuit.found)
    if problem.objective is None and known is None:
        best = _saved(problem, best)
    answer, rival = _certified(problem, best)
    for _ in range(_RIVALS):
        better = None if rival is None else _overtaken(problem, best, rival)
        if better is None:
            break
        best = better
        answer, rival = _certified(problem, best)
    return answer


def most_attainable(problem: TaskProblem, task: MeasuredTask) -> float:
    """The largest target of a task's KPI that a split was found to reach with the probability asked."""
    best, most, focus = None, 0.0, task.focus(problem.first_guess)
    for splits in range(1, _APPROACH_ROUNDS + 1):
        allocation = problem.most(task.kpi.weighted_curves(task.periods, focus))
        attained = task.attained(allocation.spend)
        if best is None or attained > most:
            best, most = allocation, attained
        focus = _mixed(focus, task.focus(allocation.spend), splits)
    if best is not None and most > 0:
        alone = replace(problem, tasks=(task,))
        most = max(most, task.attained(_lifted(alone, best).spend))
    return most


@dataclass
class _Pursuit:
    """State of the search: draws in focus per task, the last split, the splits that reach every task."""

    problem: TaskProblem
    split: CompiledSplit = field(init=False)
    found: list[Allocation] = field(default_factory=list)
    spend: Mapping[str, float] = field(init=False)
    focus: list[FloatArray] = field(init=False)
    curves: list[KpiCurves] = field(init=False)

    def __post_init__(self) -> None:
        self.split = compile_split(self.problem.form)

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
        for splits in range(_FOCUS_ROUNDS, _FOCUS_ROUNDS + _APPROACH_ROUNDS):
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
        lifted = _lifted(self.problem, nearest)
        self._judge(lifted)
        return None if self.found else lifted

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
                _mixed(weights, task.focus(self.spend), splits)
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
        lifted = allocation if max(misses) <= 0 else lift(self.split, tasks, allocation, steps=_NUDGES)
        if lifted is not None and self.problem.is_reached(lifted.spend):
            self.found.append(lifted)
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


def _polished(problem: TaskProblem, found: Sequence[Allocation]) -> Polished:
    split = compile_split(problem.form)
    ranked = sorted(found, key=problem.worth, reverse=True)
    starts = distinct(ranked, _DIFFERENT * split_even(ranked[0]))[:_POLISHED]
    polished = [polish(split, problem.tasks, problem.objective, start) for start in starts]
    best = max(polished, key=lambda each: problem.worth(each.allocation))
    return exchange(split, problem.tasks, problem.objective, best)


def _saved(problem: TaskProblem, polished: Polished) -> Polished:
    """The split with less money where splits further away reach the tasks with less."""
    split, best = compile_split(problem.form), polished
    for _ in range(_MOVES if best.allocation.total > 0 else 0):
        lifts = lifts_elsewhere(split, problem.tasks, best.allocation, (1.0 - _SAVED) * best.allocation.total)
        found = next((each for each in lifts if problem.is_reached(each.spend)), None)
        if found is None:
            break
        best = exchange(split, problem.tasks, None, polish(split, problem.tasks, None, found))
    return best


def _overtaken(problem: TaskProblem, polished: Polished, rival: Allocation) -> Polished | None:
    """A better split that reaches the tasks near the split behind the bound, if there is one."""
    split = compile_split(problem.form)
    most = None if problem.objective is not None else polished.allocation.total
    lifted = lift(split, problem.tasks, rival, most)
    if lifted is None or not problem.is_reached(lifted.spend):
        return None
    better = polish(split, problem.tasks, problem.objective, lifted)
    better = exchange(split, problem.tasks, problem.objective, better)
    return better if problem.worth(better.allocation) > problem.worth(polished.allocation) else None


def _lifted(problem: TaskProblem, start: Allocation) -> Allocation:
    """The split found from `start`, near it and elsewhere, on which the worst off task reaches the most."""
    split = compile_split(problem.form)
    best = lift(split, problem.tasks, start) or start
    for _ in range(_MOVES):
        if problem.is_reached(best.spend):
            break
        better = max(
            lifts_elsewhere(split, problem.tasks, best),
            key=lambda each: worst_share(problem.tasks, each.spend),
            default=best,
        )
        if worst_share(problem.tasks, better.spend) <= worst_share(problem.tasks, best.spend) + _GAIN:
            break
        best = better
    return best


def _certified(problem: TaskProblem, polished: Polished) -> tuple[Reached, Allocation | None]:
    """The split with a bound, and the split that has it where it is further away than the gap asked.

    The tasks are restated as means over the draws, so weighted that the split is the best one
    near it; the bound holds for every split on which those means are no less.
    """
    allocation = polished.allocation
    requirements = []
    for task, weights in zip(problem.tasks, polished.focus, strict=True):
        if weights is not None:
            curves = task.kpi.weighted_curves(task.periods, weights)
            requirements.append(Requirement(curves, (1.0 - 1e-9) * curves.value(allocation.spend)))
    kept = tuple(requirement for requirement in requirements if requirement.at_least > 0)
    best = problem.best(kept, problem.gap, allocation)
    if best is not None and problem.is_reached(best.spend) and problem.worth(best) >= problem.worth(allocation):
        return Reached(best, kept), None
    value = allocation.total if problem.objective is None else problem.worth(allocation)
    bound = (0.0 if problem.objective is None else np.inf) if best is None else best.bound
    gap = abs(bound - value) / max(abs(value), 1e-300) if value else 0.0
    answer = Reached(replace(allocation, value=value, bound=bound, gap=gap), kept)
    return answer, best if gap > problem.gap else None


def _mixed(focus: FloatArray, latest: FloatArray, splits: int) -> FloatArray:
    """Average of the focus over `splits` splits and one more."""
    return (splits * focus + latest) / (splits + 1)


def _some(allocation: Allocation | None) -> Allocation:
    if allocation is None:
        raise SolverError("rules that can be obeyed had no split")
    return allocation
