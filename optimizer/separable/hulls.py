"""Concave hulls of the corners of all channels, merged by slope: the best split of any budget over them in one look."""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.separable.price import Choice, Priced, mixed


@dataclass(frozen=True, slots=True)
class MergedHulls:
    """Hulls of C channels with at most H corners each, and their sides in the order of their slopes, steepest first.

    Attributes
    ----------
    spend, height
        Of the corners from left to right, the last one repeated. Shape (C, H).
    slopes
        Per unit paid, of the side to the right of a corner; minus infinity behind the last. Shape (C, H).
    sorted_slopes, paid
        Of all sides: slopes, steepest first, and what is paid up to the end of each. Shape (sides,).
    """

    spend: FloatArray
    height: FloatArray
    costs: FloatArray
    slopes: FloatArray
    sorted_slopes: FloatArray
    paid: FloatArray

    @classmethod
    def of(cls, spend: FloatArray, height: FloatArray, costs: FloatArray) -> "MergedHulls | None":
        """Hulls of corners in any order, heights of minus infinity being none; None where a channel has no corner."""
        hulls = [_hull(xs, ys) for xs, ys in zip(spend, height, strict=True)]
        most = max(len(xs) for xs, _ in hulls)
        if not all(len(xs) for xs, _ in hulls):
            return None
        padded = [
            np.array([each + [each[-1]] * (most - len(each)) for each in side]) for side in zip(*hulls, strict=True)
        ]
        slopes = np.full((len(hulls), most), -np.inf)
        width = np.diff(padded[0], axis=1) * costs[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes[:, :-1] = np.where(width > 0, np.diff(padded[1], axis=1) / width, -np.inf)
        order = np.argsort(-slopes, axis=None, kind="stable")
        order = order[slopes.ravel()[order] > -np.inf]
        widths = np.concatenate((width, np.zeros((len(hulls), 1))), axis=1).ravel()[order]
        paid = float(costs @ padded[0][:, 0]) + np.cumsum(widths)
        return cls(padded[0], padded[1], costs, slopes, slopes.ravel()[order], paid)

    def at(self, budget: float) -> Priced | None:
        """The best split of a budget on the hulls; None where more or less money than that has to be spent."""
        side = int(np.searchsorted(self.paid, budget))
        if side == len(self.paid) or not self.sorted_slopes[side] > 0.0:
            return None
        price = float(self.sorted_slopes[side])
        below, above = self._choice(self.slopes > price), self._choice(self.slopes >= price)
        if below.paid > budget:
            return None
        return mixed(above, below, self.costs, budget, price, below.value + price * (budget - below.paid))

    def _choice(self, taken: np.ndarray) -> Choice:
        rows, at = np.arange(len(taken)), taken.sum(axis=1)
        spend, height = self.spend[rows, at], self.height[rows, at]
        return Choice(spend, height, float(self.costs @ spend), float(height.sum()))


def _hull(spend: FloatArray, height: FloatArray) -> tuple[list[float], list[float]]:
    """Corners of the upper concave hull of points in any order."""
    kept = np.flatnonzero(height > -np.inf)
    order = kept[np.lexsort((height[kept], spend[kept]))]
    xs, ys = spend[order], height[order]
    is_highest = np.diff(xs, append=np.inf) > 0
    xs, ys = xs[is_highest], ys[is_highest]
    while len(xs) > 2:
        slopes = np.diff(ys) / np.diff(xs)
        # A point under the line between its neighbours is no corner, whether they are corners or not.
        is_corner = np.concatenate(([True], slopes[:-1] > slopes[1:], [True]))
        if is_corner.all():
            break
        xs, ys = xs[is_corner], ys[is_corner]
    return xs.tolist(), ys.tolist()
