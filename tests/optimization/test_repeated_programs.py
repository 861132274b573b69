"""A small program that is solved again and again with other limits and rows is solved as if it were new."""

import numpy as np
import pytest

from mmm.vocabulary import FloatArray
from optimizer.errors import SolverError
from optimizer.program.linear import Program, RepeatedProgram, solve_program

COLUMNS = 6


@pytest.mark.parametrize("seed", range(20))
def test_a_program_solved_again_is_solved_as_a_new_one(seed: int) -> None:
    """Rows get other limits, join at the end, are left out and come back; now and then columns change, or nothing is
    feasible."""
    rng = np.random.default_rng(seed)
    program = Program()
    for _ in range(COLUMNS):
        program.column(0.0, 1.0)
    program.row(-np.inf, 0.6 * COLUMNS, [(column, float(rng.uniform(0.5, 1.5))) for column in range(COLUMNS)])
    repeated = RepeatedProgram(program, np.arange(COLUMNS, dtype=np.int32))
    costs, lower, upper = rng.normal(size=COLUMNS), np.zeros(COLUMNS), np.ones(COLUMNS)
    values = 10.0 ** rng.integers(-2, 3, (12, 1)) * rng.normal(size=(12, COLUMNS))
    solved = 0
    for turn in range(30):
        if turn % 7 == 6:
            costs, upper = rng.normal(size=COLUMNS), rng.uniform(0.2, 1.0, COLUMNS)
        count = int(rng.integers(1, 12))
        least = values[:count].sum(axis=1) * 0.3 - np.abs(values[:count]).sum(axis=1) * rng.uniform(-0.2, 0.4, count)
        least[rng.random(count) < 0.2] = -np.inf
        found = repeated.solve((costs, lower, upper), least, values[:count], seconds=5.0)
        expected = solved_anew(program, (costs, lower, upper), least, values[:count])
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            solved += 1
            assert found[0] == pytest.approx(expected[0], abs=1e-8)
            assert found[1] == pytest.approx(expected[1], abs=1e-8 * np.abs(costs).max())
    assert solved >= 5


def solved_anew(
    first: Program, columns: tuple[FloatArray, FloatArray, FloatArray], least: FloatArray, values: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Columns and prices of the last rows, in their own units."""
    program = first.copy()
    program.costs, program.column_lower, program.column_upper = (each.tolist() for each in columns)
    for limit, row in zip(least, values, strict=True):
        program.row(float(limit), np.inf, list(enumerate(row.tolist())))
    solution = solve_program(program, relative_gap=0.0, seconds=5.0)
    if solution is None:
        return None
    scales = np.array(program.row_scales[1:])
    return np.array(solution.values), np.array(solution.prices[1:]) / scales


def test_limits_that_are_no_numbers_are_refused_and_the_next_program_is_solved() -> None:
    program = Program()
    program.column(0.0, 1.0)
    repeated = RepeatedProgram(program, np.zeros(1, dtype=np.int32))
    columns, values = (np.array([-1.0]), np.zeros(1), np.ones(1)), np.ones((1, 1))
    for _ in range(2):  # from nothing, and from a program that was solved before
        with pytest.raises(SolverError):
            repeated.solve(columns, np.array([np.nan]), values, seconds=5.0)
        found = repeated.solve(columns, np.array([0.25]), values, seconds=5.0)
        assert found is not None
        assert found[0] == pytest.approx([0.25])
        assert np.abs(found[1]) == pytest.approx([1.0])
