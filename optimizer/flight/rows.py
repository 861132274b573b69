"""The rules of a scenario with what they say of single periods, as rows over the spend of every channel and period.

The rules on totals are those of any split; the spend of a channel is the sum of its periods.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.errors import SolverError
from optimizer.flight.choice import FlightChoice
from optimizer.flight.floors import Floor, MoneyPrices
from optimizer.flight.interior import Polytope
from optimizer.flight.period_rules import PeriodBudget, PeriodRules
from optimizer.program.formulation import Formulation
from optimizer.program.linear import Program, solve_program
from optimizer.program.solve import CompiledSplit, compile_split, most_spend

_NOTHING = 1e-9
"""Share of the budget that counts as none."""


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

    def polytope(self, integers: Sequence[int] | None, prices: MoneyPrices) -> Polytope:
        """The rows with integers at given values, or relaxed; the columns of periods come first."""
        program = self._program
        lower, upper = np.array(program.column_lower), np.array(program.column_upper)
        if integers is not None:
            lower[program.integers] = upper[program.integers] = integers
        rows = np.zeros((len(program.row_lower), len(lower)))
        for row in range(len(rows)):
            begin, end = program.starts[row], program.starts[row + 1]
            np.add.at(rows[row], program.indices[begin:end], program.values[begin:end])
        costs = np.zeros(len(lower))
        for column, price in self._priced(prices):
            costs[column] = price
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
        self, cuts: "Cuts", *, relative_gap: float, seconds: float
    ) -> tuple[FlightChoice, float, tuple[float, ...]] | None:
        """Where the rules allow the most under cuts, how much that is at most, and what each floor costs there."""
        program, scale = self._program.copy(), cuts.scale / self.shape[1]
        for column, price in self._priced(cuts.prices):
            program.costs[column] = -price / scale
        heights = []
        for channel, lines in enumerate(cuts.lines):
            height = program.column(-np.inf, np.inf, 1.0)
            heights.append(height)
            for line in lines:
                slopes = line.gradient * (self.unit / scale)
                entries = [
                    (self._column(channel, period), -float(slope)) for period, slope in enumerate(slopes) if slope
                ]
                program.row(-np.inf, line.intercept / scale, [*entries, (height, 1.0)])
        first = len(program.row_lower)
        for floor in cuts.floors:
            column = self._money_column(floor.channel)
            high = heights if floor.channel is None else [heights[floor.channel]]
            money = -floor.per_money * self._split.spend_scale / scale
            program.row(0.0, np.inf, [*((height, 1.0) for height in high), (column, money)])
        solved = solve_program(program, relative_gap=relative_gap, seconds=seconds)
        if solved is None:
            return None
        choice, bound = self._choice(solved.values), solved.bound * scale
        if program.integers and cuts.floors:
            held = _with_integers(program, choice.integers)
            solved = solve_program(held, relative_gap=relative_gap, seconds=seconds) or solved
        rows = zip(solved.prices[first:], program.row_scales[first:], strict=True)
        return choice, bound, tuple(abs(price) / size for price, size in rows)

    def steepest(
        self,
        gradient: FloatArray,
        near: FlightChoice,
        radius: float,
        prices: MoneyPrices,
        lifts: Sequence["Lift"] = (),
    ) -> FlightChoice | None:
        """The best step along a gradient (C, T) no further than `radius` in any period, money; integers are held.

        Prices are in the unit of the gradient, and what lifts miss is taken off.
        """
        program = _with_integers(self._program, near.integers)
        size = float(np.abs(gradient).max()) or prices.total or 1.0
        for column, price in self._priced(prices):
            program.costs[column] = -price / (size * self.unit)
        for channel in range(self.shape[0]):
            for period in range(self.shape[1]):
                column = self._column(channel, period)
                program.costs[column] = float(gradient[channel, period]) / size
                middle = near.spend[channel, period] / self.unit
                program.column_lower[column] = max(0.0, middle - radius / self.unit)
                program.column_upper[column] = min(program.column_upper[column], middle + radius / self.unit)
        for lift in lifts:
            self._add_lift(program, lift, gradient, near, size)
        try:
            solved = solve_program(program, relative_gap=1e-6, seconds=5.0, solver=self._split.solver, is_small=True)
        except SolverError:  # scaled, and made smaller first, it may have an answer
            solved = solve_program(program, relative_gap=1e-6, seconds=5.0)
        return None if solved is None else self._choice(solved.values)

    def _add_lift(self, program: Program, lift: "Lift", gradient: FloatArray, near: FlightChoice, size: float) -> None:
        """What a floor must rise to along the gradient, in the unit of an even channel's gain, and what it misses."""
        unit = size * self.unit * self.shape[1]
        channels = range(self.shape[0]) if lift.floor.channel is None else [lift.floor.channel]
        places = [(channel, period) for channel in channels for period in range(self.shape[1])]
        entries = [
            (self._column(*place), float(gradient[place]) * self.unit / unit) for place in places if gradient[place]
        ]
        entries.append((program.column(0.0, np.inf, -lift.penalty * self.shape[1]), 1.0))
        money = -lift.floor.per_money * self._split.spend_scale / unit
        entries.append((self._money_column(lift.floor.channel), money))
        there = sum(float(gradient[place] * near.spend[place]) for place in places) - lift.outcome
        program.row(there / unit, np.inf, entries)

    def nearest(self, spend: FloatArray, integers: Sequence[int] | None = None) -> FlightChoice | None:
        """What obeys the rules and moves the least money of a phasing (C, T); None where nothing does."""
        program = self._program.copy() if integers is None else _with_integers(self._program, integers)
        for channel in range(self.shape[0]):
            for period in range(self.shape[1]):
                wanted = float(min(spend[channel, period], self.most[channel, period])) / self.unit
                over, under = program.column(0.0, np.inf, -1.0), program.column(0.0, wanted, -1.0)
                column = self._column(channel, period)
                program.row(wanted, wanted, [(column, 1.0), (over, -1.0), (under, 1.0)])
        solved = solve_program(program, relative_gap=1e-3, seconds=5.0)
        if solved is None:  # presolve takes a bound as small as its tolerance for a clash
            solved = solve_program(program, relative_gap=1e-3, seconds=5.0, is_small=True)
        return None if solved is None else self._choice(solved.values)

    def _priced(self, prices: MoneyPrices) -> list[tuple[int, float]]:
        """Columns of money that cost something, with what one of their units does."""
        scale, names = self._split.spend_scale, self.names
        priced = [(self._split.total_column, prices.total * scale)]
        for name, price in zip(names, prices.spend if len(prices.spend) else np.zeros(len(names)), strict=True):
            priced.append((self._split.spend_columns[name], float(price) * scale))
        return [(column, price) for column, price in priced if price]

    def _money_column(self, channel: int | None) -> int:
        return self._split.total_column if channel is None else self._split.spend_columns[self.names[channel]]

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


def _with_integers(program: Program, integers: Sequence[int]) -> Program:
    """A copy with integers at given values."""
    held = program.copy()
    for column, value in zip(held.integers, integers, strict=True):
        held.column_lower[column] = held.column_upper[column] = value
    held.integers = []
    return held


@dataclass(frozen=True, slots=True)
class Cut:
    """A line above what one channel can bring: intercept + gradient · spend. Money; gradient of shape (T,)."""

    intercept: float
    gradient: FloatArray


@dataclass(frozen=True, slots=True)
class Cuts:
    """What bounds a flighting: lines above each channel, floors under what is counted, prices of money.

    `scale` is about what the whole brings.
    """

    lines: Sequence[Sequence[Cut]]
    scale: float
    prices: MoneyPrices
    floors: Sequence[Floor]


@dataclass(frozen=True, slots=True)
class Lift:
    """A floor that a step is to keep: the outcome that counts before it, and what a unit missing after it costs."""

    floor: Floor
    outcome: float
    penalty: float
