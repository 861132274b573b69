"""Small linear steps from a split under its rules: what rows must rise by is linear in spend, and integers stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.errors import SolverError
from optimizer.program.solve import CompiledSplit

_LIFTED = 1e-3
"""Share above its target up to which a lift raises a row."""

_THRIFT = 1e-3
"""Weight of the money of a lift beside the share that it raises: of lifts that raise the same the cheapest one."""

_SECONDS = 10.0
"""After which a step is given up; it takes less than a thousandth of one."""

_BESIDE = 1e-7
"""Share of an even split by which spend may lie beside a window and still counts as in it."""


@dataclass(frozen=True, slots=True)
class StepRows:
    """Things that must rise in a step. R rows.

    Attributes
    ----------
    names
        Channels, in the order of the slopes.
    slopes
        Rise per unit of each channel's spend. Shape (R, C).
    rises
        By how much each must rise at least, minus infinity where it need not. Shape (R,).
    target
        What they rise to.
    """

    names: tuple[str, ...]
    slopes: FloatArray
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
    steps = split.step_programs[is_lift]
    costs, lower, upper = steps.costs.copy(), steps.lower.copy(), steps.upper.copy()
    for name, column in split.switch_columns.items():
        lower[column] = upper[column] = float(is_on[name])
    for window, column in split.window_columns:
        lower[column] = upper[column] = float(window.holds(spend, _BESIDE * split.spend_scale))
    now = np.array([spend[name] for name in split.spend_columns]) / split.spend_scale
    reach = steps.is_free * (radius / split.spend_scale)
    lower[steps.spend] = np.maximum(0.0, now - reach)
    upper[steps.spend] = np.minimum(upper[steps.spend], now + reach)
    if slopes is not None:
        costs[steps.spend] = [slopes[name] for name in split.spend_columns]
        costs[steps.spend] /= np.abs(costs[steps.spend]).max(initial=0.0) or 1.0
    else:
        costs[split.total_column] = -_THRIFT if is_lift else -1.0
    if most is not None:
        upper[split.total_column] = min(upper[split.total_column], most / split.spend_scale)
    if steps.share is not None:
        upper[steps.share] = _LIFTED
    asked = [_over_spend(split, each, now, is_lift=is_lift) for each in rows]
    least, entries = asked[0] if len(asked) == 1 else tuple(map(np.concatenate, zip(*asked, strict=True)))
    try:
        solved = steps.program.solve((costs, lower, upper), least, entries, seconds=_SECONDS)
    except SolverError:  # a step that cannot be told is none: a shorter one is tried
        return None
    if solved is None:
        return None
    money, multipliers = solved[0] * split.spend_scale, np.abs(solved[1])
    return LinearStep(
        spend=dict(zip(split.spend_columns, np.maximum(money[steps.spend], 0.0).tolist(), strict=True)),
        total=float(money[split.total_column]),
        multipliers=_apart(multipliers, [len(each.rises) for each in rows]),
    )


def _apart(values: FloatArray, counts: Sequence[int]) -> tuple[FloatArray, ...]:
    """Values of so many things each, one after the other."""
    ends = list(accumulate(counts))
    return tuple(values[end - count : end] for count, end in zip(counts, ends, strict=True))


def _over_spend(
    split: CompiledSplit, rows: StepRows, now: FloatArray, *, is_lift: bool
) -> tuple[FloatArray, FloatArray]:
    """What rows are at least, and their entries by channel, in the solver's unit of money, and by share in a lift.

    `now` is where the step starts, in that unit. Shapes (R,) and (R, columns).
    """
    slopes, names = rows.slopes, tuple(split.spend_columns)
    if rows.names != names:
        slopes = slopes[:, [rows.names.index(name) for name in names]]
    values = slopes * split.spend_scale
    lower = rows.rises + values @ now
    return lower, np.column_stack((values, np.full(len(values), -rows.target))) if is_lift else values
