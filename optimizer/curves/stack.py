"""The curves of all channels in one pass: values, slopes and lines above them, arrays over channels and bins."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, IntArray, SaturationKind
from optimizer.curves.expected import CurveParts, ExpectedCurve
from optimizer.curves.terms import saturated_with_slope

_LARGE = 4000
"""Terms of all curves together above which points are taken one by one from a curve, which keeps them."""


@dataclass(frozen=True, slots=True)
class StackedPoints:
    """Budgets of all channels: values and slopes, shape (..., C), and both by bin, bins of all channels in a row."""

    values: FloatArray
    slopes: FloatArray
    bin_values: FloatArray
    bin_slopes: FloatArray


class CurveStack:
    """Curves of C channels side by side, ordered by kind; a curve without terms has one that adds nothing.

    `channel_of_bin` says whose each bin is, and `scale` is the budget at which a channel's mean term reaches its half
    saturation, shape (C,). `size` counts their terms, and `is_quick` says
    whether a point of all channels takes no time worth speaking of.
    """

    error = 0.0

    def __init__(self, curves: Mapping[str, ExpectedCurve]) -> None:
        parts = {name: _with_a_term(curve.parts) for name, curve in curves.items()}
        self.names = tuple(sorted(parts, key=lambda name: parts[name].kind))
        self.curves = [curves[name] for name in self.names]
        ordered = [parts[name] for name in self.names]
        self._carry = np.concatenate([each.carry for each in ordered])
        self._gain = np.concatenate([each.gain for each in ordered])
        self._slope = np.concatenate([each.slope for each in ordered])
        self._weight = np.concatenate([each.weight for each in ordered])
        self._before = np.concatenate([each.before for each in ordered])
        self._rise = self._weight * self._gain
        self._terms = np.array([len(each.carry) for each in ordered])
        self.size = len(self._carry)
        self.is_quick = self.size <= _LARGE
        self._is_single = bool((self._terms == 1).all())
        first_terms = np.concatenate(([0], np.cumsum(self._terms)[:-1]))
        bins = np.array([len(each.starts) for each in ordered])
        self._starts = np.concatenate([each.starts + first for each, first in zip(ordered, first_terms, strict=True)])
        self._first_bins = np.concatenate(([0], np.cumsum(bins)[:-1]))
        self.channel_of_bin: IntArray = np.repeat(np.arange(len(ordered)), bins)
        self._low = np.concatenate([each.low for each in ordered])
        self._high = np.concatenate([each.high for each in ordered])
        self._steepest = np.concatenate([each.steepest for each in ordered])
        self._kinds = _runs([each.kind for each in ordered], self._terms)
        self.scale = np.array([_scale(each) for each in ordered])

    def measured(self, budgets: FloatArray, wanted: np.ndarray) -> StackedPoints:
        """The curves at budgets of all channels, shape (..., C); what is not `wanted`, shape (C,), may be anything."""
        if not self.is_quick:
            return self._kept(budgets, wanted)
        of_terms = budgets if self._is_single else np.repeat(budgets, self._terms, axis=-1)
        reached = self._carry + self._gain * of_terms
        values, slopes = np.empty_like(reached), np.empty_like(reached)
        for kind, run in self._kinds:
            found = saturated_with_slope(kind, reached[..., run], self._slope[run])
            values[..., run], slopes[..., run] = found
        values = self._weight * (values - self._before)
        with np.errstate(invalid="ignore"):
            slopes = np.where(self._rise > 0, self._rise * slopes, 0.0)
        if not self._is_single:
            values, slopes = (np.add.reduceat(each, self._starts, axis=-1) for each in (values, slopes))
        return StackedPoints(self.summed(values), self.summed(slopes), values, slopes)

    def value(self, channel: int, budget: float) -> float:
        """One curve at a budget."""
        return self.curves[channel].value(budget)

    def _kept(self, budgets: FloatArray, wanted: np.ndarray) -> StackedPoints:
        values, slopes = np.zeros(budgets.shape), np.zeros(budgets.shape)
        bins = (*budgets.shape[:-1], len(self.channel_of_bin))
        bin_values, bin_slopes = np.zeros(bins), np.zeros(bins)
        for place in np.ndindex(budgets.shape):
            if not wanted[place[-1]]:
                continue
            point, first = self.curves[place[-1]].point(float(budgets[place])), self._first_bins[place[-1]]
            values[place], slopes[place] = point.value, point.slope
            bin_values[(*place[:-1], slice(first, first + len(point.bin_values)))] = point.bin_values
            bin_slopes[(*place[:-1], slice(first, first + len(point.bin_slopes)))] = point.bin_slopes
        return StackedPoints(values, slopes, bin_values, bin_slopes)

    def summed(self, by_bin: FloatArray) -> FloatArray:
        """Sums over the bins of each channel, which are along the last axis."""
        if len(self._first_bins) == by_bin.shape[-1]:
            return by_bin
        return np.add.reduceat(by_bin, self._first_bins, axis=-1)

    def lines(
        self,
        budgets: tuple[FloatArray, FloatArray],
        values: tuple[FloatArray, FloatArray],
        slopes: tuple[FloatArray, FloatArray],
    ) -> tuple[FloatArray, FloatArray]:
        """Slopes of the lines of `ExpectedCurve.lines` between two budgets a channel: from the left, to the right.

        Pairs of left and right; `budgets` of shape (..., C), `values` and `slopes` by bin (..., bins).
        """
        left, right = (each[..., self.channel_of_bin] for each in budgets)
        chord = (values[1] - values[0]) / (right - left)
        is_concave, is_convex = self._high <= left, self._low >= right
        least = np.maximum(0.0, slopes[0] + slopes[1] - self._steepest)
        rise = np.where(is_concave, slopes[0], np.where(is_convex, chord, self._steepest))
        arrive = np.where(is_concave, slopes[1], np.where(is_convex, chord, least))
        return self.summed(rise), self.summed(arrive)


def _with_a_term(parts: CurveParts) -> CurveParts:
    if len(parts.carry):
        return parts
    zero, one = np.zeros(1), np.ones(1)
    return CurveParts(parts.kind, one, zero, one, zero, zero, np.zeros(1, dtype=np.int64), zero, zero, zero)


def _runs(kinds: list[SaturationKind], terms: IntArray) -> list[tuple[SaturationKind, slice]]:
    """Where the terms of each kind lie."""
    ends = np.cumsum(terms)
    runs = []
    for kind in dict.fromkeys(kinds):
        of_kind = [index for index, each in enumerate(kinds) if each == kind]
        runs.append((kind, slice(int(ends[of_kind[0]] - terms[of_kind[0]]), int(ends[of_kind[-1]]))))
    return runs


def _scale(parts: CurveParts) -> float:
    mean = float(parts.gain.mean())
    return 1.0 / mean if mean > 0 else 1.0
