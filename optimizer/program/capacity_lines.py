"""What of a KPI can be served in a period, on the exact expected curves, and straight lines under and over them.

With the phasing fixed, a channel adds g(x) to the expected KPI of a period, an S-shaped function of its spend over the
horizon, and a capacity asks that base + Σ g_c(x_c) is at most so much. Lines under g that are cut in pieces give a rule
that every allowed split keeps, for bounds; lines over g give one that every split which keeps it is allowed, for plans
(`optimizer.capacities.within`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from optimizer.curves.expected import Envelope, ExpectedCurve, Line
from optimizer.scenario.rules import Capacity

_LADDER = (1 / 256, 1 / 64, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)
"""Shares of the most spend at which a line over a curve is laid on it, beside the split that it is drawn at."""

_TOUCHES = 1e-9
"""Share of a capacity by which a line may lie above the curve at a split and still counts as on it."""


@dataclass(frozen=True)
class PeriodCapacity:
    """The capacity of one period.

    Attributes
    ----------
    rule, period
        Positions of the rule in the scenario and of the period in the horizon, from zero.
    capacity
        The rule.
    limit
        What can be served in the period.
    base
        Expected KPI of the period without this plan that counts: none where increments count.
    curves
        Expected KPI that each channel adds to the period, by its spend over the horizon.
    """

    rule: int
    period: int
    capacity: Capacity
    limit: float
    base: float
    curves: Mapping[str, ExpectedCurve]

    def outcome(self, spend: Mapping[str, float]) -> float:
        """Expected KPI of the period that counts, at a split."""
        return self.base + sum(curve.value(spend[name]) for name, curve in self.curves.items())

    def slopes(self, spend: Mapping[str, float], least: float) -> dict[str, float]:
        """What another unit of each channel's spend adds, at `least` where it has less."""
        return {name: curve.point(max(spend[name], least)).slope for name, curve in self.curves.items()}


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """A capacity with straight lines in place of its curves.

    `lines` has for each channel one list of lines a piece of its range, as `CapacityLines.cuts` cut it; what the
    channel adds is at least the highest of them.
    """

    capacity: PeriodCapacity
    lines: Mapping[str, tuple[tuple[Line, ...], ...]]


@dataclass(frozen=True, slots=True)
class CapacityLines:
    """All capacities that a formulation knows of, and where the range of each channel is cut in pieces, ends included.

    `worst` has every period of every rule: what a rule measures at a split is that of its worst one.
    """

    rows: tuple[CapacityRow, ...]
    cuts: Mapping[str, tuple[float, ...]]
    worst: tuple[PeriodCapacity, ...] = ()

    def measured(self, rule: int, spend: Mapping[str, float]) -> float:
        """The largest outcome of any period under a rule."""
        return max(each.outcome(spend) for each in self.worst if each.rule == rule)


NO_CAPACITY = CapacityLines((), {})


def lines_under(
    capacities: Sequence[PeriodCapacity], cuts: Mapping[str, Sequence[float]], all_of: Sequence[PeriodCapacity]
) -> CapacityLines:
    """Pieces under the curves, which every split keeps that keeps the capacities; the more cuts the nearer.

    Beyond the last cut a curve is at least what it is there.
    """
    rows = tuple(
        CapacityRow(each, {name: _floors(curve, cuts[name]) for name, curve in each.curves.items()})
        for each in capacities
    )
    return CapacityLines(rows, {name: (*ends, math.inf) for name, ends in cuts.items()}, tuple(all_of))


def lines_over(
    capacities: Sequence[PeriodCapacity],
    spend: Mapping[str, float],
    most: Mapping[str, float],
    all_of: Sequence[PeriodCapacity],
) -> CapacityLines:
    """One line a curve: one that lies above it everywhere and touches it at a split, where there is one.

    In the foot of an S there is none; there it is the line along the curve, and what keeps it must be counted.
    """
    rows = tuple(
        CapacityRow(each, {name: ((_roof(each, name, spend[name], most[name]),),) for name in each.curves})
        for each in capacities
    )
    return CapacityLines(rows, dict.fromkeys(most, (0.0, math.inf)), tuple(all_of))


def _floors(curve: ExpectedCurve, cuts: Sequence[float]) -> tuple[tuple[Line, ...], ...]:
    floors = [tuple(dict.fromkeys(curve.floors(curve.point(low), curve.point(high)))) for low, high in pairwise(cuts)]
    return (*floors, (Line(0.0, curve.value(cuts[-1])),))


def _roof(capacity: PeriodCapacity, name: str, at: float, most: float) -> Line:
    envelope = Envelope(capacity.curves[name])
    for amount in {at, 0.0, *(share * most for share in _LADDER)}:
        envelope.touch(min(amount, most))
    height = envelope.curve.value(at)
    line = min(envelope.piece(0.0, most).lines, key=lambda each: each.intercept + each.slope * at)
    if line.intercept + line.slope * at - height <= _TOUCHES * capacity.limit:
        return line
    slope = envelope.curve.point(at).slope
    return Line(slope, height - slope * at) if np.isfinite(slope) else line
