"""Linear and mixed-integer programs under construction, and HiGHS, which solves them.

The only module that knows the solver, its options and its statuses. It knows nothing of splits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.errors import SolverError

FEASIBILITY = 1e-9
"""Primal and integer feasibility asked of the solver, in scaled units."""

_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "primal_feasibility_tolerance": FEASIBILITY,
    "dual_feasibility_tolerance": FEASIBILITY,
    "mip_feasibility_tolerance": FEASIBILITY,
    "mip_abs_gap": 0.0,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_heuristic_run_feasibility_jump": False,
}

_SOLVED = {highspy.HighsModelStatus.kOptimal}
_INFEASIBLE = {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}
_STOPPED = {highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kSolutionLimit}


@dataclass
class Program:
    """Columns and rows of a linear or mixed-integer program under construction.

    `dense` are rows over the same columns, behind all others: what they are at least, the columns, and values.
    """

    costs: list[float] = field(default_factory=list)
    column_lower: list[float] = field(default_factory=list)
    column_upper: list[float] = field(default_factory=list)
    integers: list[int] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    row_scales: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    indices: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    dense: list[tuple[FloatArray, IntArray, FloatArray]] = field(default_factory=list)

    def column(self, lower: float, upper: float, cost: float = 0.0, *, is_integer: bool = False) -> int:
        """Add a column with its bounds and cost; its position."""
        if is_integer:
            self.integers.append(len(self.costs))
        self.costs.append(cost)
        self.column_lower.append(lower)
        self.column_upper.append(upper)
        return len(self.costs) - 1

    def row(self, lower: float, upper: float, entries: Sequence[tuple[int, float]]) -> int:
        """Add a row, scaled to entries of at most one; its position."""
        largest = max((abs(value) for _, value in entries), default=1.0) or 1.0
        self.row_scales.append(largest)
        self.row_lower.append(lower / largest)
        self.row_upper.append(upper / largest)
        self.indices += [index for index, _ in entries]
        self.values += [value / largest for _, value in entries]
        self.starts.append(len(self.indices))
        return len(self.row_lower) - 1

    def upper_rows(self, columns: tuple[int, ...], rows: Sequence[tuple[float, ...]], upper: Sequence[float]) -> None:
        """Add rows over the same few columns with upper limits alone, scaled like those of `row`."""
        largest = [max(map(abs, row)) or 1.0 for row in rows]
        end, width = self.starts[-1], len(columns)
        self.row_scales += largest
        self.row_lower += [-np.inf] * len(rows)
        self.row_upper += [limit / by for limit, by in zip(upper, largest, strict=True)]
        self.indices += columns * len(rows)
        self.values += [value / by for row, by in zip(rows, largest, strict=True) for value in row]
        self.starts += range(end + width, end + width * len(rows) + 1, width)

    def dense_rows(self, lower: FloatArray, columns: Sequence[int], values: FloatArray) -> FloatArray:
        """Add rows over the same columns behind all others, scaled like those of `row`; their scales, shape (R,).

        `lower` of shape (R,), `values` (R, columns).
        """
        largest = np.abs(values).max(axis=1, initial=0.0)
        largest = np.where(largest > 0, largest, 1.0)
        self.dense.append((lower / largest, np.array(columns, dtype=np.int32), values / largest[:, None]))
        return largest

    def copy(self) -> "Program":
        """A program that can grow on its own."""
        return Program(*(list(getattr(self, name)) for name in self.__dataclass_fields__))

    def pass_to(self, solver: Any) -> None:
        """Give the program to HiGHS, to be maximised.

        Raises
        ------
        SolverError
            When HiGHS refuses it.
        """
        counts = [len(values) for _, _, values in self.dense]
        widths = [np.full(len(values), len(columns)) for _, columns, values in self.dense]
        ends = np.concatenate([[self.starts[-1]], *widths]).cumsum()[1:]
        indices = (np.tile(columns, len(values)) for _, columns, values in self.dense)
        values = np.concatenate([self.values, *(values.ravel() for _, _, values in self.dense)])
        kinds = np.zeros(len(self.costs), dtype=np.int32)
        kinds[self.integers] = int(highspy.HighsVarType.kInteger)
        # Arrays are taken as they are, while the fields of a `HighsLp` are filled number by number.
        status = solver.passModel(
            len(self.costs),
            len(self.row_lower) + sum(counts),
            len(values),
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMaximize),
            0.0,
            np.array(self.costs),
            np.array(self.column_lower),
            np.array(self.column_upper),
            np.concatenate([self.row_lower, *(lower for lower, _, _ in self.dense)]),
            np.concatenate([self.row_upper, np.full(sum(counts), np.inf)]),
            np.concatenate((self.starts, ends)).astype(np.int32),
            np.concatenate([np.array(self.indices, dtype=np.int32), *indices]),
            values,
            kinds,
        )
        if status == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refused the model: a number in it is out of range; check the units of the rules")


@dataclass(frozen=True, slots=True)
class Solution:
    """Values of the columns, prices of the rows (linear programs alone), and a bound on the maximum."""

    values: Sequence[float]
    prices: Sequence[float]
    bound: float


def new_solver() -> Any:
    """HiGHS with the options of this package. It may solve one program after another: starting it takes time."""
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call] # highspy ships no annotation here
    for option, value in _OPTIONS.items():
        solver.setOptionValue(option, value)
    return solver


def solve_program(
    program: Program, *, relative_gap: float, seconds: float, solver: Any | None = None, is_small: bool = False
) -> Solution | None:
    """The best solution found of a program, maximised; None when it is infeasible. `solver` is one of `new_solver`.

    One that is small is solved without being made smaller or scaled first, which takes longer than solving it.

    Raises
    ------
    SolverError
        When the solver refuses the program, or stops without a solution or in a state that is no answer.
    """
    solver = new_solver() if solver is None else solver
    solver.setOptionValue("presolve", "off" if is_small else "choose")
    solver.setOptionValue("simplex_scale_strategy", 0 if is_small else 2)
    _run(solver, program, relative_gap=relative_gap, seconds=seconds)
    status = solver.getModelStatus()
    if status in _INFEASIBLE:
        return None
    info = solver.getInfo()
    has_solution = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status not in _SOLVED | _STOPPED or not has_solution:
        raise SolverError(f"HiGHS ended without an answer: {solver.modelStatusToString(status)}")
    if program.integers:
        bound = info.mip_dual_bound
    elif status in _SOLVED:
        bound = info.objective_function_value
    else:
        bound = np.inf
    solution = solver.getSolution()
    return Solution(list(solution.col_value), list(solution.row_dual), float(bound))


def _run(solver: Any, program: Program, *, relative_gap: float, seconds: float) -> None:
    """Have HiGHS solve a program, from nothing that it solved before."""
    solver.clearSolver()
    solver.setOptionValue("mip_rel_gap", relative_gap)
    # The limit counts from the solver's first run on.
    solver.setOptionValue("time_limit", solver.getRunTime() + max(seconds, 0.01))
    program.pass_to(solver)
    solver.run()
