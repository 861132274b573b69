"""Between the sampler's coordinates and the parameters, inside compiled code."""

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.vocabulary import FloatArray

ACCEPTED, REJECTED, WRONG_SIZE = 0, 4, -1
"""What a compiled function tells the sampler: fine, not finite, unrecoverable."""


@compile_inline
def parameters_at(position: FloatArray, center: FloatArray, stretch: FloatArray) -> FloatArray:
    """The sampled parameters at a position of the sampler: center + stretch @ position. Shape (D,)."""
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
