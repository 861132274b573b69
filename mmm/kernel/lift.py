"""Lift tests as part of the density: the increment that was measured, by the curves.

A test consists of pieces, one a geo: rows of the window and the rows in which spend is what it would have been. The
increment is the difference of the contributions, each geo's counted by its size.
"""

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.kernel.media import LAYOUT_FIRST_ROW, RESPONSE
from mmm.vocabulary import FloatArray, IntArray

PIECE_TEST, PIECE_MEDIUM, PIECE_ROW, PIECE_WITHOUT, PIECE_LENGTH = range(5)
"""Columns of the table of pieces: test, medium, first row of the window, first row without the test, rows."""

TEST_ESTIMATE, TEST_ERROR = range(2)
"""Columns of the table of tests, in mean outcomes."""


@compile_inline
def lift_density(
    pieces: IntArray,
    size: FloatArray,
    tests: FloatArray,
    layout: IntArray,
    ceiling: FloatArray,
    series: FloatArray,
    pulls: FloatArray,
) -> float:
    """Normal log density of the estimates, up to a constant; adds the derivative by each row's contribution to `pulls`.

    Shapes: pieces (P, 5), size (P,), tests (tests, 2), layout (6, M), ceiling (M,), series (6, rows), pulls (rows,).
    """
    increment = np.zeros(tests.shape[0])
    for p in range(pieces.shape[0]):
        m = pieces[p, PIECE_MEDIUM]
        first = layout[LAYOUT_FIRST_ROW, m]
        row, without = first + pieces[p, PIECE_ROW], first + pieces[p, PIECE_WITHOUT]
        total = 0.0
        for n in range(pieces[p, PIECE_LENGTH]):
            total += series[RESPONSE, row + n] - series[RESPONSE, without + n]
        increment[pieces[p, PIECE_TEST]] += size[p] * ceiling[m] * total
    density = 0.0
    for i in range(tests.shape[0]):
        standard = (tests[i, TEST_ESTIMATE] - increment[i]) / tests[i, TEST_ERROR]
        density -= 0.5 * standard * standard
        # From here on: the derivative by the increment.
        increment[i] = standard / tests[i, TEST_ERROR]
    for p in range(pieces.shape[0]):
        first = layout[LAYOUT_FIRST_ROW, pieces[p, PIECE_MEDIUM]]
        row, without = first + pieces[p, PIECE_ROW], first + pieces[p, PIECE_WITHOUT]
        for n in range(pieces[p, PIECE_LENGTH]):
            pulls[row + n] += increment[pieces[p, PIECE_TEST]] * size[p]
            pulls[without + n] -= increment[pieces[p, PIECE_TEST]] * size[p]
    return density
