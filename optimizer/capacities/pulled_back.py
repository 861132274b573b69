"""A split near another one that keeps capacities, and is the best one near it: small linear steps under the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.program.allocation import Allocation, KpiCurves, Requirement
from optimizer.program.capacity_lines import PeriodCapacity
from optimizer.program.formulation import Formulation
from optimizer.program.solve import CompiledSplit, compile_split
from optimizer.program.step import LinearStep, StepRows, solve_step

KEPT = 1e-8
"""Share of a capacity by which a period may be above it: rounding."""

_MOST_STEPS = 40
_FIRST_RADIUS = 0.2
"""First length of a step per channel, as a share of an even split."""

_LAST_RADIUS = 1e-6
_WORTHWHILE = 1e-6
"""Relative rise below which a split counts as the best one near it."""

_CORRECTIONS = 3
"""Times that a step is asked for as much less as it overfilled a period."""

_SHORT = 1e-9
"""Share of a requirement that rounding may leave open."""

_MARGIN = 1e-9
"""Share of a capacity that steps stay below it, so that rounding does not overfill it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A split with what it is worth, and by which share it overfills its worst period; negative where there is room."""

    allocation: Allocation
    excess: float


@dataclass(frozen=True)
class Ground:
    """What a split is judged by: rules without capacities, curves to raise less a price of money, and what is kept."""

    form: Formulation
    curves: KpiCurves
    price: float
    requirements: Sequence[Requirement]
    capacities: Sequence[PeriodCapacity]

    def point(self, allocation: Allocation) -> Point:
        """A split, judged on the exact curves."""
        value = self.curves.value(allocation.spend) - self.price * allocation.total
        excess = max(each.outcome(allocation.spend) / each.limit for each in self.capacities) - 1.0
        return Point(replace(allocation, value=value), excess)

    def reaches(self, point: Point) -> bool:
        """Whether a split meets the requirements."""
        spend, total = point.allocation.spend, point.allocation.total
        return all(each.reached(each.curves.value(spend), total) >= 1.0 - _SHORT for each in self.requirements)


def pulled_back(ground: Ground, start: Allocation) -> Allocation | None:
    """The best split near a start, which obeys the rules, that keeps every capacity; None where none was found."""
    split = compile_split(ground.form)
    even = split.spend_scale
    at, radius, best = ground.point(start), _FIRST_RADIUS * even, None
    if at.excess <= KEPT and ground.reaches(at):
        best = at
    for _ in range(_MOST_STEPS):
        moved = _moved(ground, split, at, radius)
        if moved is not None and _is_progress(ground, at, moved, best):
            rise = moved.allocation.value - at.allocation.value
            is_settled = best is not None and rise <= _WORTHWHILE * abs(at.allocation.value)
            at, radius = moved, 1.5 * radius
            if at.excess <= KEPT and ground.reaches(at):
                best = at
            if is_settled:
                break
        elif moved is None and best is None and radius < even:
            radius *= 2.0  # no step as short as this keeps the capacities
        else:
            radius *= 0.3
        if radius < _LAST_RADIUS * even:
            break
    return None if best is None else best.allocation


def _is_progress(ground: Ground, at: Point, moved: Point, best: Point | None) -> bool:
    """Whether a step is worth taking: better where capacities are kept, or nearer to keeping them."""
    if best is not None:
        is_kept = moved.excess <= KEPT and ground.reaches(moved)
        return is_kept and moved.allocation.value > best.allocation.value
    return moved.excess <= KEPT or moved.excess < 0.7 * at.excess


def _moved(ground: Ground, split: CompiledSplit, at: Point, radius: float) -> Point | None:
    """The best step, corrected for curvature where it overfills a period."""
    from_, margins = at.allocation, np.full(len(ground.capacities), _MARGIN)
    limits = np.array([each.limit for each in ground.capacities])
    outcomes = np.array([each.outcome(from_.spend) for each in ground.capacities])
    moved: Point | None = None
    for _ in range(_CORRECTIONS):
        rows = _rows(ground, from_, outcomes - limits * (1.0 - margins))
        step = solve_step(split, from_.spend, from_.is_on, _slopes(ground, from_), rows, radius)
        if step is None:
            return moved
        moved = ground.point(_stepped(from_, step))
        if moved.excess <= KEPT:
            return moved
        after = np.array([each.outcome(step.spend) for each in ground.capacities])
        margins = margins + np.maximum(0.0, after / limits - 1.0) * 1.05
    return moved


def _slopes(ground: Ground, at: Allocation) -> Mapping[str, float]:
    """What another unit of each channel's spend is worth, less what it costs."""
    setting = ground.form.setting
    least = 1e-9 * setting.ceiling
    whole = 1.0 - setting.scenario.rules.test_reserve
    slopes = ground.curves.slopes(at.spend, least)
    return {name: slope - ground.price * setting.unit_costs[name] / whole for name, slope in slopes.items()}


def _rows(ground: Ground, at: Allocation, excesses: np.ndarray) -> list[StepRows]:
    """Rows of capacities, whose outcomes must fall by their excess, and of a return that must be kept."""
    setting = ground.form.setting
    least = 1e-9 * setting.ceiling
    limits = np.array([each.limit for each in ground.capacities])
    slopes = [each.slopes(at.spend, least) for each in ground.capacities]
    falls = -np.array([[each[name] for name in setting.names] for each in slopes]) / limits[:, None]
    return [
        StepRows(setting.names, falls, excesses / limits, 1.0),
        *(_return_row(ground, each, at) for each in ground.requirements),
    ]


def _return_row(ground: Ground, requirement: Requirement, at: Allocation) -> StepRows:
    setting = ground.form.setting
    whole = 1.0 - setting.scenario.rules.test_reserve
    asked = requirement.at_least + requirement.per_money * at.total
    slopes = requirement.curves.slopes(at.spend, 1e-9 * setting.ceiling)
    costs = setting.unit_costs
    rises = [(slopes[name] - requirement.per_money * costs[name] / whole) / asked for name in setting.names]
    missing = 1.0 - requirement.curves.value(at.spend) / asked
    return StepRows(setting.names, np.array([rises]), np.array([missing]), 1.0)


def _stepped(before: Allocation, step: LinearStep) -> Allocation:
    return replace(before, spend=step.spend, total=step.total)
