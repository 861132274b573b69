"""Between the sampler's coordinates and the parameters, inside compiled code."""

from functools import cache
from typing import Any

import numba
import numpy as np

from mmm.kernel.compiling import compile_inline, keep_on_disk
from mmm.vocabulary import FloatArray

ACCEPTED, REJECTED, WRONG_SIZE = 0, 4, -1
"""What a compiled function tells the sampler: fine, not finite, unrecoverable."""


@cache
def compiled_copy() -> Any:
    """The C function by which nutpie keeps positions as they are: draws become parameters all at once, later."""
    pointer = numba.types.CPointer(numba.types.double)
    integer, size = numba.types.int64, numba.types.uint64
    return keep_on_disk(_c_copy, integer(size, size, pointer, pointer, numba.types.voidptr))


@compile_inline
def parameters_at(position: FloatArray, center: FloatArray, stretch: FloatArray) -> FloatArray:
    """The walked parameters at a position of the sampler: center + stretch @ position. Shape (D,)."""
    parameters = np.empty(position.shape[0])
    for i in range(position.shape[0]):
        row, total = stretch[i], center[i]
        for j in range(position.shape[0]):
            total += row[j] * position[j]
        parameters[i] = total
    return parameters


@compile_inline
def slope_at_position(slope: FloatArray, stretch: FloatArray, found: FloatArray) -> bool:
    """Write the gradient by position, from that by parameter, to `found`; whether all of it is finite."""
    is_finite = True
    for j in range(found.shape[0]):
        found[j] = 0.0
    for i in range(found.shape[0]):
        row, by_parameter = stretch[i], slope[i]
        is_finite = is_finite and np.isfinite(by_parameter)
        for j in range(found.shape[0]):
            found[j] += row[j] * by_parameter
    return is_finite


def _c_copy(size: Any, expanded: Any, position: Any, values: Any, _: Any) -> int:
    if size != expanded:
        return WRONG_SIZE
    given, found = numba.carray(position, (size,)), numba.carray(values, (size,))
    for i in range(size):
        found[i] = given[i]
    return ACCEPTED
