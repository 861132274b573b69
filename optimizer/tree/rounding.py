"""Whole numbers for the integers of the rules at a split of a linear program, where there are some that fit."""

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.linear import FEASIBILITY
from optimizer.program.solve import CompiledSplit
from optimizer.tree.links import Links

_NOTHING = 1e-9
"""Scaled spend below which a channel counts as off."""

_TOLERANCE = 2.0 * FEASIBILITY


class Rounding:
    """Rounds the integers of a compiled split."""

    def __init__(self, split: CompiledSplit, links: Links) -> None:
        program = split.program
        self._columns, self._weights = np.array(program.indices, dtype=np.int64), np.array(program.values)
        self._rows = np.repeat(np.arange(len(program.row_lower)), np.diff(program.starts))
        self._low, self._high = np.array(program.row_lower), np.array(program.row_upper)
        self._integers = np.array(program.integers, dtype=np.int64)
        self._split, self._links = split, links

    def rounded(self, spend: FloatArray, total: float, values: FloatArray) -> FloatArray | None:
        """Integers with which a split obeys every row, in the order of the program; None where they were not found.

        `values` are those of all columns in the linear program.
        """
        whole = np.round(values[self._integers])
        if len(whole) == 0 or np.abs(values[self._integers] - whole).max() <= FEASIBILITY:
            return whole
        trial = values.copy()
        trial[self._integers] = whole
        money = spend / self._split.spend_scale
        for channel, sets in enumerate(self._links.switches):
            for switches in sets:
                for integer in switches:
                    is_on = money[channel] > _NOTHING and self._allows(integer, spend)
                    trial[self._integers[integer]] = float(is_on)
        if not self._obeys(trial):
            return None
        found: FloatArray = trial[self._integers]
        return found

    def _allows(self, integer: int, spend: FloatArray) -> bool:
        """Whether spend lies where a binary of one has it."""
        slack = _TOLERANCE * self._split.spend_scale
        return all(
            each.low - slack <= spend[each.channel] <= each.high + slack
            for each in self._links.of_integer[integer]
            if each.value == 1
        )

    def _obeys(self, values: FloatArray) -> bool:
        reached = np.bincount(self._rows, self._weights * values[self._columns], len(self._low))
        return bool((reached >= self._low - _TOLERANCE).all() and (reached <= self._high + _TOLERANCE).all())
