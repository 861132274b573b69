"""Linear and mixed-integer programs under construction, and HiGHS, which solves them.

The only module that knows the solver, its options and its statuses. It knows nothing of splits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray

from mmm.vocabulary import FloatArray
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

type _Positions = NDArray[np.int32]

_SOLVED = {highspy.HighsModelStatus.kOptimal}
_INFEASIBLE = {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}
_STOPPED = {highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kSolutionLimit}


@dataclass
class Program:
    """Columns and rows of a linear or mixed-integer program under construction."""

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
        _pass(
            solver,
            (np.array(self.costs), np.array(self.column_lower), np.array(self.column_upper)),
            (np.array(self.row_lower), np.array(self.row_upper)),
            (np.array(self.starts, dtype=np.int32), np.array(self.indices, dtype=np.int32), np.array(self.values)),
            self.integers,
        )


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
    _set_small(solver, is_small=is_small)
    solver.clearSolver()  # from nothing that it solved before
    solver.setOptionValue("mip_rel_gap", relative_gap)
    _limit(solver, seconds)
    program.pass_to(solver)
    solver.run()
    return _solution(solver, is_integer=bool(program.integers))


@dataclass
class RepeatedProgram:
    """A small linear program that is solved many times: with other costs and limits of columns, and other last rows.

    The first rows are those of `program`, without its integers; the last ones, over `columns` alone, come with each
    solve, scaled to entries of at most one. Where nothing but limits of rows differs from the solve before, and rows
    that join behind the others, the simplex goes on from there.
    """

    program: Program
    columns: _Positions
    solver: Any = field(default_factory=lambda: _set_small(new_solver(), is_small=True))
    _before: "_Asked | None" = field(init=False, default=None)
    _shapes: dict[int, tuple[FloatArray, _Positions, _Positions]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        self._row_limits = np.array(program.row_lower), np.array(program.row_upper)
        self._starts = np.array(program.starts, dtype=np.int32)
        self._indices, self._values = np.array(program.indices, dtype=np.int32), np.array(program.values)

    def solve(
        self, columns: tuple[FloatArray, FloatArray, FloatArray], lower: FloatArray, values: FloatArray, seconds: float
    ) -> tuple[FloatArray, FloatArray] | None:
        """Values of the columns, and prices of the last rows, at the maximum; None when the program is infeasible.

        Parameters
        ----------
        columns
            Costs, lower and upper limits of all columns. Shape (n,) each.
        lower, values
            What each of the last rows is at least, and its entries. Shapes (R,) and (R, columns).
        seconds
            When the solver stops.

        Raises
        ------
        SolverError
            When the solver refuses the program, or stops before it is solved or in a state that is no answer.
        """
        largest = np.abs(values).max(axis=1, initial=0.0)
        largest[largest == 0.0] = 1.0
        asked = _Asked(columns, lower / largest, values / largest[:, None])
        before, self._before = self._before, None
        goes_on = before is not None and asked.follows(before)
        if before is not None and goes_on:
            asked = asked.with_rows_of(before)
            self._go_on(before, asked)
        else:
            self._begin(asked)
        status = self._run(seconds)
        if goes_on and status not in _SOLVED | _INFEASIBLE:
            self._begin(asked)
            status = self._run(seconds)
        if status in _INFEASIBLE:
            return None
        if status not in _SOLVED:
            raise _no_answer(self.solver, status)
        self._before, solution, first = asked, self.solver.getSolution(), len(self._row_limits[0])
        return np.array(solution.col_value), np.array(solution.row_dual)[first : first + len(largest)] / largest

    def _run(self, seconds: float) -> Any:
        """The state in which the solver ends."""
        _limit(self.solver, seconds)
        self.solver.run()
        return self.solver.getModelStatus()

    def _begin(self, asked: "_Asked") -> None:
        upper, starts, indices = self._shape(len(asked.lower))
        lower, values = np.concatenate((self._row_limits[0], asked.lower)), (self._values, asked.values.ravel())
        _pass(self.solver, asked.columns, (lower, upper), (starts, indices, np.concatenate(values)), ())

    def _shape(self, count: int) -> tuple[FloatArray, _Positions, _Positions]:
        """Upper limits, starts and indices of all rows where the last ones are so many; kept."""
        if count not in self._shapes:
            width = len(self.columns)
            self._shapes[count] = (
                np.concatenate((self._row_limits[1], np.full(count, np.inf))),
                np.concatenate((self._starts, self._starts[-1] + width * np.arange(1, count + 1, dtype=np.int32))),
                np.concatenate((self._indices, np.tile(self.columns, count))),
            )
        return self._shapes[count]

    def _go_on(self, before: "_Asked", asked: "_Asked") -> None:
        """Make what is asked of the program before, whose rows are the first of it."""
        first, width = len(self._row_limits[0]), len(self.columns)
        known, more = len(before.lower), len(asked.lower) - len(before.lower)
        rows = np.arange(first, first + known, dtype=np.int32)
        _accepted(self.solver.changeRowsBounds(known, rows, asked.lower[:known], np.full(known, np.inf)))
        if more:
            starts, indices = width * np.arange(more, dtype=np.int32), np.tile(self.columns, more)
            lower, upper, values = asked.lower[known:], np.full(more, np.inf), asked.values[known:].ravel()
            _accepted(self.solver.addRows(more, lower, upper, len(values), starts, indices, values))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a repeated program was solved for: its columns, and limits and entries of its last rows, scaled."""

    columns: tuple[FloatArray, FloatArray, FloatArray]
    lower: FloatArray
    values: FloatArray

    def follows(self, before: "_Asked") -> bool:
        """Whether nothing but limits of rows differs, and rows that join or are left out at the end."""
        count = min(len(before.lower), len(self.lower))
        are_same = np.array_equal(before.values[:count], self.values[:count])
        return are_same and all(map(np.array_equal, before.columns, self.columns))

    def with_rows_of(self, before: "_Asked") -> "_Asked":
        """The same with the rows that are left out, as rows that need not be kept."""
        left_out = before.values[len(self.lower) :]
        lower = np.concatenate((self.lower, np.full(len(left_out), -np.inf)))
        return _Asked(self.columns, lower, np.concatenate((self.values, left_out)))


def _set_small(solver: Any, *, is_small: bool) -> Any:
    """The solver, so that it solves small programs as they are."""
    solver.setOptionValue("presolve", "off" if is_small else "choose")
    solver.setOptionValue("simplex_scale_strategy", 0 if is_small else 2)
    return solver


def _limit(solver: Any, seconds: float) -> None:
    # The limit counts from the solver's first run on.
    solver.setOptionValue("time_limit", solver.getRunTime() + max(seconds, 0.01))


def _pass(
    solver: Any,
    columns: tuple[FloatArray, FloatArray, FloatArray],
    row_limits: tuple[FloatArray, FloatArray],
    rows: tuple[_Positions, _Positions, FloatArray],
    integers: Sequence[int],
) -> None:
    """Give HiGHS a program, to be maximised.

    Costs, lower and upper limits of columns, limits of rows; starts, indices and values of the rows; columns that are
    integers. Arrays are taken as they are, while the fields of a `HighsLp` are filled number by number.
    """
    kinds = np.zeros(len(columns[0]), dtype=np.int32)
    kinds[list(integers)] = int(highspy.HighsVarType.kInteger)
    status = solver.passModel(
        len(columns[0]),
        len(row_limits[0]),
        len(rows[2]),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize),
        0.0,
        *columns,
        *row_limits,
        *rows,
        kinds,
    )
    _accepted(status)


def _accepted(status: Any) -> None:
    """Nothing, where HiGHS took what it was given.

    Raises
    ------
    SolverError
        When it did not.
    """
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the model: a number in it is out of range; check the units of the rules")


def _no_answer(solver: Any, status: Any) -> SolverError:
    return SolverError(f"HiGHS ended without an answer: {solver.modelStatusToString(status)}")


def _solution(solver: Any, *, is_integer: bool) -> Solution | None:
    """What the solver ended with; None where the program is infeasible."""
    status = solver.getModelStatus()
    if status in _INFEASIBLE:
        return None
    info = solver.getInfo()
    has_solution = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if status not in _SOLVED | _STOPPED or not has_solution:
        raise _no_answer(solver, status)
    if is_integer:
        bound = info.mip_dual_bound
    elif status in _SOLVED:
        bound = info.objective_function_value
    else:
        bound = np.inf
    solution = solver.getSolution()
    return Solution(list(solution.col_value), list(solution.row_dual), float(bound))
