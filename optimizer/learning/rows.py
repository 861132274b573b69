"""Phasings that are allowed: the plan's total of each channel, within a variation of its phasing, under all rules.

The columns are spend over the planned one of an even period, so that they are about one whatever the currency.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.period_rules import PeriodRules
from optimizer.program.linear import Program, new_solver, solve_program


@dataclass(frozen=True, slots=True)
class Limits:
    """Rules over channels that move. C channels, T periods.

    Attributes
    ----------
    planned
        Spend as planned, money. Shape (C, T).
    least, most
        Of each channel in each period, money. Shape (C, T).
    paid
        What is paid for a unit of each channel's spend, fixed costs included, in rows of cash. Shape (C,).
    cash
        What the moved channels may cost in each period, infinite where nothing limits it. Shape (T,).
    unit_costs
        What is paid for a unit of each channel's spend. Shape (C,).
    budgets
        First period, the one after the last, and the least and most that the moved channels may cost in between.
    """

    planned: FloatArray
    least: FloatArray
    most: FloatArray
    paid: FloatArray
    cash: FloatArray
    unit_costs: FloatArray
    budgets: tuple[tuple[int, int, float, float], ...] = ()


def limits_of(
    planned: FloatArray, is_moved: np.ndarray, rules: PeriodRules, fixed_costs: FloatArray, variation: float
) -> Limits:
    """The rules of a scenario over the channels that move; the others keep their phasing, and cost what they do.

    Parameters
    ----------
    planned
        Spend of all channels, money. Shape (C, T).
    is_moved
        Which of them move. Shape (C,).
    rules
        What the scenario says of single periods.
    fixed_costs
        Of channels that are on, money; they are paid as the channel is phased. Shape (C,).
    variation
        How far a period's spend may move, as a share of what is planned for it.
    """
    totals = planned.sum(axis=1)
    own = planned[is_moved]
    bursts = (np.zeros(len(totals)) if rules.bursts is None else rules.bursts)[is_moved, None]
    least = np.where(own > 0, np.maximum((1.0 - variation) * own, np.minimum(bursts, own)), 0.0)
    most = np.minimum((1.0 + variation) * own, np.maximum(rules.most.T[is_moved], own))
    by_fixed = fixed_costs / np.where(totals > 0, totals, 1.0)
    paid = rules.unit_costs + by_fixed
    held_paid, held_cost = (costs[~is_moved] @ planned[~is_moved] for costs in (paid, rules.unit_costs))
    budgets = []
    for budget in rules.budgets:
        held = float(held_cost[budget.first : budget.end].sum())
        spent = float(rules.unit_costs @ planned[:, budget.first : budget.end].sum(axis=1))
        # The plan keeps its budgets but for rounding.
        budgets.append((budget.first, budget.end, min(budget.low, spent) - held, max(budget.high, spent) - held))
    cash = np.maximum(rules.cash, paid @ planned) - held_paid
    return Limits(own, least, most, paid[is_moved], cash, rules.unit_costs[is_moved], tuple(budgets))


class PhasingRows:
    """The limits as a linear program that is solved again and again."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        channels, periods = limits.planned.shape
        self._periods: int = periods
        self._unit: FloatArray = limits.planned.mean(axis=1)
        self._solver = new_solver()
        program = Program()
        for channel in range(channels):
            for period in range(self._periods):
                low, high = (side[channel, period] / self._unit[channel] for side in (limits.least, limits.most))
                program.column(float(low), float(high))
        for channel in range(channels):
            total = float(self._periods)
            program.row(total, total, [(self._column(channel, period), 1.0) for period in range(self._periods)])
        for period, cash in enumerate(limits.cash.tolist()):
            if np.isfinite(cash):
                program.row(-np.inf, cash, self._paid(limits.paid, period, period + 1))
        for first, end, low, high in limits.budgets:
            program.row(low, high, self._paid(limits.unit_costs, first, end))
        self._program = program

    def steepest(
        self, gradient: FloatArray, near: FloatArray, radius: float, floor: tuple[FloatArray, float] | None = None
    ) -> FloatArray | None:
        """The allowed phasing that goes furthest along a gradient; None where the solver finds none. Shape (C, T).

        Parameters
        ----------
        gradient
            Per unit of money. Shape (C, T).
        near, radius
            No period moves further from `near` (C, T), money, than `radius` even periods.
        floor
            Slopes (C, T) per unit of money and the least change from `near` along them.
        """
        program = self._program.copy()
        scaled = gradient * self._unit[:, None]
        size = float(np.abs(scaled).max()) or 1.0
        here = near / self._unit[:, None]
        program.costs = (scaled / size).ravel().tolist()
        lower, upper = np.array(program.column_lower), np.array(program.column_upper)
        program.column_lower = np.minimum(np.maximum(lower, here.ravel() - radius), upper).tolist()
        program.column_upper = np.maximum(np.minimum(upper, here.ravel() + radius), lower).tolist()
        if floor is not None:
            slopes, least = floor[0] * self._unit[:, None], floor[1]
            reached = least + float((slopes * here).sum())
            entries = [(column, float(slope)) for column, slope in enumerate(slopes.ravel()) if slope]
            program.row(reached, np.inf, entries)
        solved = solve_program(program, relative_gap=1e-6, seconds=5.0, solver=self._solver)
        return None if solved is None else self._money(solved.values)

    def _money(self, values: object) -> FloatArray:
        """Spend within its limits whose totals are the planned ones, money. Shape (C, T)."""
        limits = self._limits
        spend = np.clip(np.array(values).reshape(limits.planned.shape) * self._unit[:, None], limits.least, limits.most)
        totals = spend.sum(axis=1)
        return np.asarray(spend * (limits.planned.sum(axis=1) / np.where(totals > 0, totals, 1.0))[:, None])

    def _paid(self, costs: FloatArray, first: int, end: int) -> list[tuple[int, float]]:
        return [
            (self._column(channel, period), float(cost * self._unit[channel]))
            for channel, cost in enumerate(costs)
            for period in range(first, end)
        ]

    def _column(self, channel: int, period: int) -> int:
        return channel * self._periods + period
