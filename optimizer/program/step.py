"""Small linear steps from a split under its rules: what rows must rise by is linear in spend, and integers stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.errors import SolverError
from optimizer.program.linear import solve_program
from optimizer.program.solve import CompiledSplit

_LIFTED = 1e-3
"""Share above its target up to which a lift raises a row."""

_THRIFT = 1e-3
"""Weight of the money of a lift beside the share that it raises: of lifts that raise the same the cheapest one."""

_BESIDE = 1e-7
"""Share of an even split by which spend may lie beside a window and still counts as in it."""


@dataclass(frozen=True, slots=True)
class StepRows:
    """Things that must rise in a step. R rows.

    Attributes
    ----------
    slopes
        Rise per unit of each channel's spend. Shape (R,) each.
    rises
        By how much each must rise at least. Shape (R,).
    target
        What they rise to.
    """

    slopes: Mapping[str, FloatArray]
    rises: FloatArray
    target: float


@dataclass(frozen=True, slots=True)
class LinearStep:
    """A split near another one, and the multiplier of each row (at least zero), by the rows' origin. Shape (R,)."""

    spend: Mapping[str, float]
    total: float
    multipliers: tuple[FloatArray, ...]


def solve_step(
    split: CompiledSplit,
    spend: Mapping[str, float],
    is_on: Mapping[str, bool],
    slopes: Mapping[str, float] | None,
    rows: Sequence[StepRows],
    radius: float,
    *,
    is_lift: bool = False,
    most: float | None = None,
) -> LinearStep | None:
    """The best small step from a split under the rules; None when there is none.

    Parameters
    ----------
    split
        The compiled formulation; switches stay as `is_on` says, windows and channels bought in steps as they are.
    spend
        Where the step starts, money.
    slopes
        What one more unit of each channel's spend brings; None for the smallest total.
    rows
        What must rise, and by how much.
    radius
        Most that one channel's spend may change, money.
    is_lift
        Whether rows may fall short, and what is maximised is the least share of their targets.
    most
        Most that may be spent in all, money.
    """
    program = split.program.copy()
    program.integers = []
    for name, column in split.switch_columns.items():
        program.column_lower[column] = program.column_upper[column] = float(is_on[name])
    for window, column in split.window_columns:
        is_held = window.holds(spend, _BESIDE * split.spend_scale)
        program.column_lower[column] = program.column_upper[column] = float(is_held)
    for name, column in split.spend_columns.items():
        now, reach = spend[name] / split.spend_scale, radius / split.spend_scale
        reach = 0.0 if name in split.stepped else reach
        program.column_lower[column] = max(0.0, now - reach)
        program.column_upper[column] = min(program.column_upper[column], now + reach)
        if slopes is not None:
            program.costs[column] = slopes[name] / (max(map(abs, slopes.values())) or 1.0)
    if most is not None:
        upper = program.column_upper[split.total_column]
        program.column_upper[split.total_column] = min(upper, most / split.spend_scale)
    if slopes is None:
        program.costs[split.total_column] = -_THRIFT if is_lift else -1.0
    share = program.column(-np.inf, _LIFTED, 1.0) if is_lift else None
    first, scales = len(program.row_lower), [np.zeros(0)]
    for each in rows:
        columns = [split.spend_columns[name] for name in each.slopes]
        values = np.array([slope * split.spend_scale for slope in each.slopes.values()]).T
        starts = values @ np.array([spend[name] / split.spend_scale for name in each.slopes])
        if share is not None:
            columns.append(share)
            values = np.column_stack([values, np.full(len(values), -each.target)])
        scales.append(program.dense_rows(each.rises + starts, columns, values))
    try:
        solved = solve_program(program, relative_gap=0.0, seconds=10.0, solver=split.solver, is_small=True)
    except SolverError:  # a step that cannot be told is none: a shorter one is tried
        return None
    if solved is None:
        return None
    money = np.array(solved.values) * split.spend_scale
    multipliers = np.abs(np.array(solved.prices[first:])) / np.concatenate(scales)
    return LinearStep(
        spend={name: max(0.0, float(money[column])) for name, column in split.spend_columns.items()},
        total=float(money[split.total_column]),
        multipliers=tuple(np.split(multipliers, np.cumsum([len(each.rises) for each in rows])[:-1])),
    )
