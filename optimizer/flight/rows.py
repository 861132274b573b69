"""The rules of a scenario with what they say of single periods, as rows over the spend of every channel and period.

The rules on totals are those of any split; the spend of a channel is the sum of its periods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.flight.interior import Polytope
from optimizer.formulation import Formulation
from optimizer.program import Program, solve_program
from optimizer.solve import CompiledSplit, compile_split, most_spend

_NOTHING = 1e-9
"""Share of the budget that counts as none."""


@dataclass(frozen=True, slots=True)
class PeriodBudget:
    """What is paid for all channels together from period `first` to the one before `end`: `low` to `high`, money."""

    first: int
    end: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PeriodRules:
    """What may be spent when, money, infinite where there is no limit. T periods, C channels in the setting's order.

    Attributes
    ----------
    most
        Most of each channel in each period, zero where it may not be on air. Shape (T, C).
    cash
        Most that is paid for all channels together in each period. Shape (T,).
    unit_costs
        What is paid for a unit of each channel's spend. Shape (C,).
    budgets
        Budgets of parts of the horizon.
    bursts
        Least of each channel in every period in which it is on air, zero where it may be anything. Shape (C,).
    """

    most: FloatArray
    cash: FloatArray
    unit_costs: FloatArray
    budgets: tuple[PeriodBudget, ...] = ()
    bursts: FloatArray | None = None

    @property
    def has_bursts(self) -> bool:
        """Whether some channel may not have just anything in a period."""
        return self.bursts is not None and bool((self.bursts > 0).any())

    @classmethod
    def none(cls, periods: int, channels: int) -> "PeriodRules":
        """No rule on any period."""
        return cls(np.full((periods, channels), np.inf), np.full(periods, np.inf), np.ones(channels))


@dataclass(frozen=True, slots=True)
class FlightChoice:
    """Spend by period that obeys the rules. Money.

    Attributes
    ----------
    spend
        Shape (C, T).
    is_on
        By channel with a switch.
    total
        Money in all, reserve and fixed costs included.
    integers
        Values of the integer columns, in their order.
    """

    spend: FloatArray
    is_on: Mapping[str, bool]
    total: float
    integers: tuple[int, ...]


class FlightRows:
    """The rows of a scenario over spend by channel and period, in a unit in which an even spend is about one.

    Bursts are left aside unless they are asked for: each has a switch in every period.
    """

    def __init__(self, form: Formulation, rules: PeriodRules, *, with_bursts: bool = False) -> None:
        self._split: CompiledSplit = compile_split(form)
        self.names = form.setting.names
        periods, channels = rules.most.shape
        self.shape: tuple[int, int] = (channels, periods)
        self.unit = self._split.spend_scale / periods
        self.totals: FloatArray = np.array([most_spend(self._split, name) for name in self.names])
        self.totals[self.totals <= _NOTHING * form.setting.ceiling] = 0.0
        self.most: FloatArray = np.minimum(rules.most.T, self.totals[:, None])
        program = self._split.program.copy()
        first = len(program.costs)
        for most in self.most.ravel():
            program.column(0.0, most / self.unit)
        for channel, name in enumerate(self.names):
            entries = [(first + channel * periods + period, 1.0 / periods) for period in range(periods)]
            program.row(0.0, 0.0, [*entries, (self._split.spend_columns[name], -1.0)])
        for period in np.flatnonzero(np.isfinite(rules.cash)):
            entries = [
                (first + channel * periods + int(period), float(cost)) for channel, cost in enumerate(rules.unit_costs)
            ]
            program.row(-np.inf, float(rules.cash[period]) / self.unit, entries)
        self._program: Program = program
        self._first: int = first
        for budget in rules.budgets:
            self._add_budget(budget, rules.unit_costs)
        self.bursts: FloatArray = np.zeros(channels)
        if with_bursts and rules.bursts is not None:
            self.bursts = rules.bursts
            self._add_bursts(rules.bursts)

    def _add_budget(self, budget: PeriodBudget, costs: FloatArray) -> None:
        entries = [
            (self._column(channel, period), float(cost))
            for channel, cost in enumerate(costs)
            for period in range(budget.first, budget.end)
        ]
        low, high = budget.low / self.unit, budget.high / self.unit
        for lower, upper in ((low, low),) if low == high else ((low, np.inf), (-np.inf, high)):
            self._program.row(lower, upper, entries)

    def _add_bursts(self, bursts: FloatArray) -> None:
        periods = self.shape[1]
        for channel in np.flatnonzero(bursts > 0):
            least = float(bursts[channel]) / self.unit
            for period in range(periods):
                column, most = self._column(int(channel), period), float(self.most[channel, period]) / self.unit
                if most < least:
                    self._program.column_upper[column] = 0.0
                    continue
                is_on_air = self._program.column(0.0, 1.0, is_integer=True)
                self._program.row(-np.inf, 0.0, [(column, 1.0), (is_on_air, -most)])
                self._program.row(0.0, np.inf, [(column, 1.0), (is_on_air, -least)])

    @property
    def split(self) -> CompiledSplit:
        """The rules on totals alone."""
        return self._split

    @property
    def has_integers(self) -> bool:
        """Whether any rule switches or counts."""
        return bool(self._program.integers)

    def polytope(self, integers: Sequence[int] | None, price: float = 0.0) -> Polytope:
        """The rows with integers at given values, or relaxed; the columns of periods come first.

        `price` is what a unit of money of the total takes off what is maximised.
        """
        program = self._program
        lower, upper = np.array(program.column_lower), np.array(program.column_upper)
        if integers is not None:
            lower[program.integers] = upper[program.integers] = integers
        rows = np.zeros((len(program.row_lower), len(lower)))
        for row in range(len(rows)):
            begin, end = program.starts[row], program.starts[row + 1]
            np.add.at(rows[row], program.indices[begin:end], program.values[begin:end])
        costs = np.zeros(len(lower))
        costs[self._split.total_column] = price * self._split.spend_scale
        is_bounded = np.isfinite(program.row_lower) | np.isfinite(program.row_upper)
        order = np.roll(np.arange(len(lower)), len(lower) - self._first)
        return Polytope(
            rows[is_bounded][:, order],
            np.array(program.row_lower)[is_bounded],
            np.array(program.row_upper)[is_bounded],
            lower[order],
            upper[order],
            costs[order],
        )

    def spend_of(self, point: FloatArray) -> FloatArray:
        """Spend in money, of shape (C, T), of a point of the polytope."""
        count = self.shape[0] * self.shape[1]
        return np.asarray(np.clip(point[:count].reshape(self.shape) * self.unit, 0.0, self.most))

    def is_feasible(self) -> bool:
        """Whether anything obeys the rows."""
        return self.nearest(np.zeros(self.shape)) is not None

    def nearest_budgets(self, budgets: Sequence[PeriodBudget], costs: FloatArray) -> list[float] | None:
        """What is paid in parts of the horizon where budgets give way by the least money; None where rows clash."""
        program = self._program.copy()
        entries = []
        for budget in budgets:
            entries.append(
                [
                    (self._column(channel, period), float(cost))
                    for channel, cost in enumerate(costs)
                    for period in range(budget.first, budget.end)
                ]
            )
            less, more = program.column(0.0, np.inf, -1.0), program.column(0.0, np.inf, -1.0)
            program.row(budget.low / self.unit, np.inf, [*entries[-1], (less, 1.0)])
            program.row(-np.inf, budget.high / self.unit, [*entries[-1], (more, -1.0)])
        solved = solve_program(program, relative_gap=1e-6, seconds=5.0)
        if solved is None:
            return None
        return [self.unit * sum(cost * solved.values[column] for column, cost in each) for each in entries]

    def highest(
        self, cuts: Sequence[Sequence["Cut"]], scale: float, *, relative_gap: float, seconds: float, price: float = 0.0
    ) -> tuple[FlightChoice, float] | None:
        """Where the rules allow the most under cuts, one list a channel, and how much that is at most.

        A unit of money of the total takes `price` off it.
        """
        program, scale = self._program.copy(), scale / self.shape[1]
        program.costs[self._split.total_column] = -price * self._split.spend_scale / scale
        for channel, lines in enumerate(cuts):
            height = program.column(-np.inf, np.inf, 1.0)
            for line in lines:
                slopes = line.gradient * (self.unit / scale)
                entries = [
                    (self._column(channel, period), -float(slope)) for period, slope in enumerate(slopes) if slope
                ]
                program.row(-np.inf, line.intercept / scale, [*entries, (height, 1.0)])
        solved = solve_program(program, relative_gap=relative_gap, seconds=seconds)
        if solved is None:
            return None
        return self._choice(solved.values), solved.bound * scale

    def steepest(
        self, gradient: FloatArray, integers: Sequence[int], near: FloatArray, radius: float, price: float = 0.0
    ) -> FlightChoice | None:
        """The best step along a gradient (C, T) no further from `near` (C, T) than `radius` in any period, money.

        A unit of the total costs `price`, in the unit of the gradient.
        """
        program = self._held(integers)
        size = float(np.abs(gradient).max()) or price or 1.0
        program.costs[self._split.total_column] = -price / size * self._split.spend_scale / self.unit
        for channel in range(self.shape[0]):
            for period in range(self.shape[1]):
                column = self._column(channel, period)
                program.costs[column] = float(gradient[channel, period]) / size
                middle = near[channel, period] / self.unit
                program.column_lower[column] = max(0.0, middle - radius / self.unit)
                program.column_upper[column] = min(program.column_upper[column], middle + radius / self.unit)
        solved = solve_program(program, relative_gap=1e-6, seconds=5.0)
        return None if solved is None else self._choice(solved.values)

    def nearest(self, spend: FloatArray, integers: Sequence[int] | None = None) -> FlightChoice | None:
        """What obeys the rules and moves the least money of a phasing (C, T); None where nothing does."""
        program = self._program.copy() if integers is None else self._held(integers)
        for channel in range(self.shape[0]):
            for period in range(self.shape[1]):
                wanted = float(min(spend[channel, period], self.most[channel, period])) / self.unit
                over, under = program.column(0.0, np.inf, -1.0), program.column(0.0, wanted, -1.0)
                column = self._column(channel, period)
                program.row(wanted, wanted, [(column, 1.0), (over, -1.0), (under, 1.0)])
        solved = solve_program(program, relative_gap=1e-3, seconds=5.0)
        return None if solved is None else self._choice(solved.values)

    def _held(self, integers: Sequence[int]) -> Program:
        program = self._program.copy()
        for column, value in zip(program.integers, integers, strict=True):
            program.column_lower[column] = program.column_upper[column] = value
        program.integers = []
        return program

    def _column(self, channel: int, period: int) -> int:
        return self._first + channel * self.shape[1] + period

    def _choice(self, values: Sequence[float]) -> FlightChoice:
        channels, periods = self.shape
        spend = np.array(values[self._first : self._first + channels * periods]).reshape(self.shape) * self.unit
        return FlightChoice(
            spend=np.clip(spend, 0.0, self.most),
            is_on={name: values[column] > 0.5 for name, column in self._split.switch_columns.items()},
            total=values[self._split.total_column] * self._split.spend_scale,
            integers=tuple(round(values[column]) for column in self._program.integers),
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """A line above what one channel can bring: intercept + gradient · spend. Money; gradient of shape (T,)."""

    intercept: float
    gradient: FloatArray
