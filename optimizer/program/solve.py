"""A formulation compiled for the solver, and single programs over its rows.

Compiles the Pyomo model once and scales it: spend by budget / number of channels (`optimizer.program.linear`). It knows
no business rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from pyomo.repn import generate_standard_repn

from mmm.vocabulary import BoolArray, FloatArray, IntArray
from optimizer.curves.expected import Piece
from optimizer.errors import SolverError
from optimizer.program.formulation import Formulation, Window
from optimizer.program.linear import Program, RepeatedProgram, new_solver, solve_program


@dataclass(frozen=True)
class CompiledSplit:
    """A formulation as scaled columns and rows, to which those of curves are added.

    `spend_scale` is the money of one solver unit. `rule_rows` gives the program's row of each
    entry of `Formulation.rows`; `stepped` are the channels bought in whole steps, with the money of a step, and
    `window_columns` gives the switch of each window. Where capacities cut the range of a channel in pieces,
    `piece_columns` has the spend in each of them and whether it is there.
    """

    program: Program
    spend_columns: Mapping[str, int]
    total_column: int
    switch_columns: Mapping[str, int]
    rule_rows: tuple[int, ...]
    spend_scale: float
    stepped: Mapping[str, float]
    window_columns: tuple[tuple[Window, int], ...] = ()
    piece_columns: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    solver: Any = field(default_factory=new_solver)

    @cached_property
    def step_programs(self) -> "tuple[StepProgram, StepProgram]":
        """Programs of small steps, without and with a column for the share that a lift raises."""
        return StepProgram.of(self, is_lift=False), StepProgram.of(self, is_lift=True)


@dataclass(frozen=True, slots=True)
class StepProgram:
    """The rows and columns of a split as small steps need them: switches, windows and whole steps are held.

    Attributes
    ----------
    program
        The program, whose last rows are over spend, and `share` where it has one.
    costs, lower, upper
        Of its columns, before a step says more. Shape (n,) each.
    spend
        Columns of each channel, in order. Shape (C,).
    is_free
        Whether steps may move a channel, as those may not that are bought in whole steps. Shape (C,).
    share
        Column of the share that a lift raises, None without one.
    """

    program: RepeatedProgram
    costs: FloatArray
    lower: FloatArray
    upper: FloatArray
    spend: IntArray
    is_free: BoolArray
    share: int | None

    @classmethod
    def of(cls, split: CompiledSplit, *, is_lift: bool) -> "StepProgram":
        """The program of a split's steps."""
        program = split.program.copy()
        share = program.column(-np.inf, np.inf, 1.0) if is_lift else None
        spend = list(split.spend_columns.values())
        rising = spend if share is None else [*spend, share]
        return cls(
            RepeatedProgram(program, np.array(rising, dtype=np.int32)),
            np.array(program.costs),
            np.array(program.column_lower),
            np.array(program.column_upper),
            np.array(spend, dtype=np.int32),
            np.array([name not in split.stepped for name in split.spend_columns]),
            share,
        )


@dataclass(frozen=True, slots=True)
class Relaxed:
    """Solution of a program: spend per channel, the total, and a bound on its objective (natural units)."""

    spend: Mapping[str, float]
    is_on: Mapping[str, bool]
    total: float
    bound: float


def compile_split(form: Formulation) -> CompiledSplit:
    """The Pyomo model of a formulation as scaled rows and columns; unused variables are left out."""
    scale = form.setting.ceiling / len(form.setting.names)
    program = Program()
    columns: dict[int, int] = {}
    money = {id(form.model.spend[name]) for name in form.setting.names} | {id(form.model.total)}
    money |= {id(part) for part in form.model.part.values()}

    def column_of(variable: Any) -> int:
        if id(variable) not in columns:
            unit = scale if id(variable) in money else 1.0
            upper = np.inf if variable.ub is None else variable.ub / unit
            columns[id(variable)] = program.column(variable.lb / unit, upper, is_integer=not variable.is_continuous())
        return columns[id(variable)]

    spend_columns = {name: column_of(form.model.spend[name]) for name in form.setting.names}
    total_column = column_of(form.model.total)

    def add(constraint: Any) -> int:
        linear = generate_standard_repn(constraint.body)
        entries = [
            (column_of(variable), coefficient * (scale if id(variable) in money else 1.0))
            for variable, coefficient in zip(linear.linear_vars, linear.linear_coefs, strict=True)
        ]
        lower = -np.inf if constraint.lower is None else constraint.lower - linear.constant
        upper = np.inf if constraint.upper is None else constraint.upper - linear.constant
        return program.row(lower, upper, entries)

    for link in (*form.model.links.values(), *form.model.pieces.values()):
        add(link)
    rule_rows = tuple(add(row.constraint) for row in form.rows)
    switches = {
        name: columns[id(form.model.is_on[name])]
        for name in form.setting.names
        if id(form.model.is_on[name]) in columns
    }
    rules = form.setting.scenario.channels
    stepped = {
        name: step
        for name in form.setting.names
        if id(form.model.steps[name]) in columns and (step := rules[name].increment) is not None
    }
    windows = tuple((window, columns[id(window.switch)]) for window in form.windows if id(window.switch) in columns)
    pieces = {
        name: tuple((columns[id(part)], columns[id(lies)]) for part, lies in parts)
        for name, parts in form.pieces.items()
    }
    return CompiledSplit(program, spend_columns, total_column, switches, rule_rows, scale, stepped, windows, pieces)


def best_on_pieces(
    split: CompiledSplit, pieces: Mapping[str, Sequence[Piece]], scale: float, *, relative_gap: float, seconds: float
) -> Relaxed | None:
    """The most under the lines of pieces, of which exactly one a channel holds; None when nothing is feasible.

    `scale` is what one unit of the solver's objective is.

    Raises
    ------
    SolverError
        When the solver stops without a solution or in a state that is no answer.
    """
    program = split.program.copy()
    for name, each in pieces.items():
        _add_pieces(program, split, name, each, scale)
    solved = solve_program(program, relative_gap=relative_gap, seconds=seconds, solver=split.solver)
    return None if solved is None else _relaxed(split, solved.values, solved.bound * scale)


def _relaxed(split: CompiledSplit, values: Sequence[float], bound: float) -> Relaxed:
    return Relaxed(
        spend={name: max(0.0, values[column]) * split.spend_scale for name, column in split.spend_columns.items()},
        is_on={name: values[column] > 0.5 for name, column in split.switch_columns.items()},
        total=values[split.total_column] * split.spend_scale,
        bound=bound,
    )


def feasible_with_slack(
    split: CompiledSplit, slack_costs: Mapping[int, float], left_out: frozenset[int]
) -> tuple[Relaxed, frozenset[int]] | None:
    """Cheapest way to obey all rows when some may give way.

    Parameters
    ----------
    split
        The compiled formulation.
    slack_costs
        Per rule row (position in `Formulation.rows`) the cost of one unit of its violation, money or count.
    left_out
        Rule rows that do not count at all.

    Returns
    -------
    tuple or None
        The split (its bound is the negative cost) and the rule rows that give way; None when even
        that is infeasible.
    """
    program = split.program.copy()
    slack_columns: dict[int, list[tuple[int, float]]] = {}
    extended: dict[int, list[tuple[int, float]]] = {}
    for position, row in enumerate(split.rule_rows):
        if position in left_out:
            program.row_lower[row], program.row_upper[row] = -np.inf, np.inf
        elif position in slack_costs:
            cost = -slack_costs[position] * program.row_scales[row]
            up, down = program.column(0.0, np.inf, cost), program.column(0.0, np.inf, cost)
            slack_columns[position] = [(up, 1.0), (down, -1.0)]
            extended[row] = slack_columns[position]
    solved = solve_program(_with_entries(program, extended), relative_gap=1e-6, seconds=10.0)
    if solved is None:
        return None
    values, bound = solved.values, solved.bound
    yielding = {
        position for position, columns in slack_columns.items() if any(values[column] > 1e-7 for column, _ in columns)
    }
    return _relaxed(split, values, bound), frozenset(yielding)


def most_spend(split: CompiledSplit, channel: str) -> float:
    """The most that the rules let one channel spend, money; zero when nothing is feasible."""
    program = split.program.copy()
    program.costs[split.spend_columns[channel]] = 1.0
    solved = solve_program(program, relative_gap=1e-3, seconds=10.0, solver=split.solver)
    return 0.0 if solved is None else solved.bound * split.spend_scale


def least_absolute_multipliers(
    gradient: FloatArray,
    rows: Sequence[FloatArray],
    ranges: Sequence[tuple[float, float]],
    may_fall_short: Sequence[bool],
) -> list[float]:
    """Multipliers of `rows` whose combination leaves the least of `gradient` unexplained.

    Parameters
    ----------
    gradient
        Slopes to explain. Shape (n,).
    rows
        Coefficients of each binding row. Shape (n,) each.
    ranges
        Lowest and highest multiplier of each row.
    may_fall_short
        Per slope, whether it may lie below the combination (a variable at its lower bound).

    Returns
    -------
    list of float
        One multiplier a row, in the unit of `gradient`.
    """
    scale = float(np.abs(gradient).max()) or 1.0
    program = Program()
    multipliers: list[list[tuple[int, float]]] = []
    for low, high in ranges:
        parts = [(program.column(0.0, np.inf, -1e-6), 1.0)] if high > 0 else []
        parts += [(program.column(0.0, np.inf, -1e-6), -1.0)] if low < 0 else []
        multipliers.append(parts)
    for index, slope in enumerate(gradient / scale):
        entries = [
            (column, sign * row[index])
            for row, parts in zip(rows, multipliers, strict=True)
            for column, sign in parts
            if row[index]
        ]
        entries += [(program.column(0.0, np.inf, -1.0), 1.0), (program.column(0.0, np.inf, -1.0), -1.0)]
        if may_fall_short[index]:
            entries.append((program.column(0.0, np.inf), -1.0))
        program.row(slope, slope, entries)
    solved = solve_program(program, relative_gap=1e-9, seconds=10.0)
    if solved is None:
        raise SolverError("the multipliers of a split could not be found")
    values = solved.values
    return [scale * sum(sign * values[column] for column, sign in parts) for parts in multipliers]


def _with_entries(program: Program, extra: Mapping[int, list[tuple[int, float]]]) -> Program:
    """The program with entries added to some of its rows."""
    starts, indices, values = [0], [], []
    for row in range(len(program.row_lower)):
        begin, end = program.starts[row], program.starts[row + 1]
        indices += program.indices[begin:end] + [column for column, _ in extra.get(row, [])]
        values += program.values[begin:end] + [value for _, value in extra.get(row, [])]
        starts.append(len(indices))
    program.starts, program.indices, program.values = starts, indices, values
    return program


def _add_pieces(program: Program, split: CompiledSplit, name: str, pieces: Sequence[Piece], scale: float) -> None:
    """Columns and rows of one channel: lines of each piece, of which one holds."""
    spend = split.spend_columns[name]
    if len(pieces) == 1:
        _add_piece(program, pieces[0], spend, None, split.spend_scale, scale)
        return
    choices: list[tuple[int, float]] = []
    parts: list[tuple[int, float]] = [(spend, -1.0)]
    for piece in pieces:
        chosen = program.column(0.0, 1.0, is_integer=True)
        part = program.column(0.0, piece.high / split.spend_scale)
        program.row(-np.inf, 0.0, [(part, 1.0), (chosen, -piece.high / split.spend_scale)])
        program.row(0.0, np.inf, [(part, 1.0), (chosen, -piece.low / split.spend_scale)])
        _add_piece(program, piece, part, chosen, split.spend_scale, scale)
        choices.append((chosen, 1.0))
        parts.append((part, 1.0))
    program.row(1.0, 1.0, choices)
    program.row(0.0, 0.0, parts)


def _add_piece(
    program: Program, piece: Piece, spend: int, chosen: int | None, spend_scale: float, kpi_scale: float
) -> None:
    """What a piece brings, under all of its lines; without `chosen` the piece always holds."""
    height = program.column(-np.inf, np.inf, 1.0)
    lines = [(line.slope * spend_scale / kpi_scale, line.intercept / kpi_scale) for line in piece.lines]
    if chosen is None:
        program.upper_rows((height, spend), [(1.0, -slope) for slope, _ in lines], [level for _, level in lines])
    else:
        entries = [(1.0, -slope, -level) for slope, level in lines]
        program.upper_rows((height, spend, chosen), entries, [0.0] * len(lines))
