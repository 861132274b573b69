"""Planes above what many draws bring together at any spend of the last periods, raised as little as is known to do.

Draws whose carryover is alike are a group: with the spend v ≥ 0 of the last L periods and the group's mean carryover p
their adstocks are nearly proportional to z = p · v. Written v_l = z q_l / p_l with q ≥ 0 and Σ q = 1, the adstock of a
draw is z times a mean of its ratios w_l / p_l. So on a range of z it lies between the ends of the range times the least
and the largest ratio, and a line above the draw's curve between these [optimizer.flight.lines] counts each lag by its
own weight. The sum of the lines of a group is a plane above the group on that range. It and any other plane are linear
in z at a given q and in q at a given z: how far the other must be raised is known at the ends of the ranges, one lag at
a time.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.flight.lines import lines_above
from optimizer.flight.term_numbers import LEAST, response_to

_FINE, _MEDIUM, _COARSE = 0.04, 0.12, 0.6
"""Ratios of the ends of a range less one: near the levels that matter, about them, and elsewhere."""

_NEAR, _ABOUT = 1.2, 2.2
"""How far from a level is near, and about."""

_LOWEST = 0.05
"""Share of the least level at which the first range ends."""

_HALVINGS = 24

_ROUNDING = 1e-9

_SHARES = (0.0, 0.1, 0.3, 0.6, 1.0)
"""Shares of what a plane must be raised by that are tried as height, the rest as slopes."""

_LITTLE = 3e-5
"""Share of what a group brings by which a plane is raised without looking for the cheapest way."""

_DEAR = 2.0
"""Slopes count as if each period had so many times the mean spend more: a program goes where planes are steep."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of N terms at M points: values there, and slopes a half saturation of adstock. Shapes (N, M)."""

    values: FloatArray
    slopes: FloatArray


@dataclass(frozen=True, slots=True)
class Groups:
    """Terms in groups, one group after the other. N terms, G groups, L lags.

    Attributes
    ----------
    starts
        First term of each group. Shape (G,).
    profiles
        Mean carryover p of each group. Shape (G, L).
    weights
        Carryover weights of each term, half saturations a unit of money. Shape (N, L).
    slope, weight
        Hill slope, and what a response counts. Shapes (N,).
    """

    starts: IntArray
    profiles: FloatArray
    weights: FloatArray
    slope: FloatArray
    weight: FloatArray

    @property
    def group_of(self) -> IntArray:
        """Group of each term. Shape (N,)."""
        ends = np.append(self.starts[1:], len(self.weights))
        return np.repeat(np.arange(len(self.starts)), ends - self.starts)

    @property
    def steady(self) -> FloatArray:
        """Adstock of each term at z = 1 where every period spends the same. Shape (N,)."""
        return np.asarray(self.weights.sum(axis=1) / self.profiles.sum(axis=1)[self.group_of])

    def touching(self, most: float) -> FloatArray:
        """Where the line from zero touches the sum of each group at steady spend, as z; at most `most`. Shape (G,)."""
        steady, slope = self.steady, self.slope

        def is_before(level: FloatArray) -> np.ndarray:
            response = response_to("hill", np.maximum(steady * level, LEAST[8]), slope)
            rise = response * (slope * (1.0 - response) - 1.0)
            return np.add.reduceat(rise * self.weight, self.starts) > 0

        tried = most * 2.0 ** np.arange(-30.0, 1.0)
        before = np.array([is_before(np.full(len(steady), level)) for level in tried])
        last = len(tried) - 1 - before[::-1].argmax(axis=0)
        low, high = tried[last], tried[np.minimum(last + 1, len(tried) - 1)]
        for _ in range(_HALVINGS):
            middle = np.sqrt(low * high)
            is_low = is_before(middle[self.group_of])
            low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
        return np.where(before.any(axis=0), high, 0.0)


class Cover:
    """Planes above each group on ranges of z, by what they come to at the ends of the ranges, one lag at a time.

    Parameters
    ----------
    groups
        The terms.
    levels
        Values of z near which ranges are short.
    most
        The most that z can be.
    width
        How wide ranges are, as a multiple of the usual.
    """

    def __init__(self, groups: Groups, levels: FloatArray, most: float, width: float = 1.0) -> None:
        self.groups = groups
        self._ends: FloatArray = _ends(levels, most, width)
        profile = groups.profiles[groups.group_of]
        ratios, steady = groups.weights / profile, groups.steady
        low, high = self._ends[:-1, None], self._ends[1:, None]
        least = low * (ratios.min(axis=1) * (1.0 - _ROUNDING))
        largest = high * (ratios.max(axis=1) * (1.0 + _ROUNDING))
        at = np.where(low > 0, np.sqrt(low * high), 0.6 * high) * steady
        heights, slopes = lines_above(least, np.clip(at, least, largest), largest, groups.slope)
        height = np.add.reduceat(heights * groups.weight, groups.starts, axis=1)
        slopes *= groups.weight
        stops = np.append(groups.starts[1:], len(ratios))
        steep = np.stack(
            [slopes[:, begin:end] @ ratios[begin:end] for begin, end in zip(groups.starts, stops, strict=True)], axis=1
        )
        self._ratios = ratios
        tops = np.full((len(self._ends), *steep.shape[1:]), -np.inf)
        tops[:-1] = height[:, :, None] + low[:, :, None] * steep
        tops[1:] = np.maximum(tops[1:], height[:, :, None] + high[:, :, None] * steep)
        self._tops: FloatArray = np.ascontiguousarray(tops.transpose(1, 0, 2))
        """What the group brings at most at each end where all of z is one lag's. Shape (G, E, L)."""

    def raised(self, lines: Lines, windows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What lines of terms must be raised by to be planes above the groups, all groups together.

        A plane is raised by its height or by its slopes, whichever costs less at the spend of the last periods.

        Parameters
        ----------
        lines
            A line of each term at M points.
        windows
            Spend of the last L periods at these points. Shape (M, L).

        Returns
        -------
        The first of shape (M,): what that comes to there; the second of shape (M, L): how much steeper planes are.
        """
        groups, count = self.groups, len(windows)
        steep = lines.slopes * groups.weight[:, None]
        values = np.add.reduceat(groups.weight[:, None] * lines.values, groups.starts, axis=0)
        heights = values - np.add.reduceat(steep * (groups.weights @ windows.T), groups.starts, axis=0)
        found, steeper = np.zeros(count), np.zeros(windows.shape)
        stops = np.append(groups.starts[1:], len(steep)) if count else ()
        for group, (begin, end) in enumerate(zip(groups.starts, stops, strict=bool(count))):
            tops, height = self._tops[group], heights[group]
            slope = steep[begin:end].T @ self._ratios[begin:end]
            lowest = np.maximum(tops[0].max() - height, 0.0)
            above = tops[1:] - self._ends[1:, None] * slope[:, None, :]
            highest = np.maximum(above.reshape(count, -1).max(axis=1) - height, lowest)
            is_high = highest - lowest > _LITTLE * values[group]
            found += np.where(is_high, 0.0, highest)
            if is_high.any():
                above = above[is_high] - (height + lowest)[is_high, None, None]
                kept = (above > 0).any(axis=(0, 2))
                lift, rise = _cheapest(
                    above[:, kept] / self._ends[1:][kept, None],
                    1.0 / self._ends[1:][kept],
                    (highest - lowest)[is_high],
                    windows[is_high] * groups.profiles[group],
                )
                found[is_high] += (
                    lowest[is_high] + lift + (rise * windows[is_high] * groups.profiles[group]).sum(axis=1)
                )
                steeper[is_high] += rise * groups.profiles[group]
        return found, steeper


def _cheapest(
    above: FloatArray, less: FloatArray, highest: FloatArray, counts: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The height and slopes by lag, of those tried, that raise planes at the least cost. Shapes (M,) and (M, L).

    `above` is what slopes miss where planes are not raised, (M, E, L), and `less` how much less that is a unit of
    height; `highest` is the height that is enough, and a slope costs as much as the spend that counts.
    """
    dear = counts + _DEAR * counts.mean(axis=1, keepdims=True)
    costs, lifts, rises = [], [], []
    for share in _SHARES:
        lift = share * highest
        rise = np.maximum((above - lift[:, None, None] * less[:, None]).max(axis=1), 0.0)
        costs.append(lift + (rise * dear).sum(axis=1))
        lifts.append(lift)
        rises.append(rise)
    best, points = np.argmin(costs, axis=0), np.arange(len(highest))
    return np.array(lifts)[best, points], np.array(rises)[best, points]


def _ends(levels: FloatArray, most: float, multiple: float) -> FloatArray:
    """Ends of ranges of z from zero to the most that it can be, close to each other about some levels."""
    least, largest = float(levels.min()), float(levels.max())
    ends = [0.0, _LOWEST * least]
    while ends[-1] < most:
        end = ends[-1]
        if ((end * _NEAR > levels) & (end < levels * _NEAR)).any():
            width = _FINE
        else:
            width = _MEDIUM if least / _ABOUT < end < largest * _ABOUT else _COARSE
        ends.append(end * (1.0 + multiple * width))
    ends[-1] = most
    return np.array(ends)
