"""Many tables as one vector, which is all that the sampler hands to compiled code.

The vector begins with its own length and the number of tables; then, for each, where it starts, its rows and columns.
"""

from collections.abc import Sequence

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.vocabulary import FloatArray

_HEAD, _ENTRY = 2, 3


def pack_tables(tables: Sequence[FloatArray]) -> FloatArray:
    """The tables, each of two axes, as one vector."""
    start = _HEAD + _ENTRY * len(tables)
    entries: list[float] = []
    for table in tables:
        entries += [start, *table.shape]
        start += table.size
    return np.concatenate([[start, len(tables)], entries, *(np.ravel(table) for table in tables)])


@compile_inline
def table_of(vector: FloatArray, place: int) -> FloatArray:
    """A table of a packed vector, not copied."""
    entry = _HEAD + _ENTRY * place
    start, rows, columns = int(vector[entry]), int(vector[entry + 1]), int(vector[entry + 2])
    return vector[start : start + rows * columns].reshape(rows, columns)
