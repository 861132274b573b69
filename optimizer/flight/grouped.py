"""Hulls of groups of draws in place of the hull of each draw: closer, since one spend serves all draws.

What some draws have below their touching point others make up for above it. So draws whose carryover is alike share one
line from zero, which touches the sum of their curves at steady spend, and follow their curves beyond. At other spend of
the last periods that may be too low: a plane along these slopes is raised by what is proved [optimizer.flight.cover].
Spend before the horizon, read from the carry, counts as spend, so that all periods have the same curves. With geometric
carryover the last period of the horizon and those after it all follow one adstock z, and are one block of terms at
c_k z (what [optimizer.flight.tail] says of the periods after the horizon, from lag zero on).
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import BoolArray, FloatArray, IntArray
from optimizer.flight.cover import Cover, Groups, Lines
from optimizer.flight.hull import Hull
from optimizer.flight.tail import Tail
from optimizer.flight.term_numbers import LEAST, TermNumbers, response_to

_DRAWS = 32
"""Most draws of a group."""

_LATER = 12
"""Periods after the horizon that are one block with its last one."""

_WIDE = 1.5
"""How much wider ranges of z are for that block, which is a small part of the whole."""

_FAR = 2e-4
"""Share of carryover below which every draw of a group has as much of a lag as the one that has most."""

_FEW = 64
"""Draws from which spend before the horizon is read."""

_NOTHING = 1e-300
"""Least share of a lag, so that ratios are finite."""

_UNLIKE = 1e-9
"""Carry that spend before the horizon does not explain, in half saturations, that is still a rounding error."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Terms with hulls of groups, which alone may be too low, and what they must be raised by.

    Attributes
    ----------
    numbers
        The terms: weights of lags that hardly count are raised, hulls are of groups where that is closer.
    order
        The draws, one group after the other. Shape (S,).
    periods
        Periods of the horizon with hulls of groups.
    cover, block
        Planes above the groups in one of these periods, and in those that `numbers.tail` counts as one.
    earlier
        Spend before the horizon, earliest first. Money, of shape (L - 1,).
    unknown
        The most that carry which that does not explain can bring in each period. Shape (T,).
    """

    numbers: TermNumbers
    order: IntArray
    periods: IntArray
    cover: Cover | None
    block: Cover | None
    earlier: FloatArray
    unknown: FloatArray

    def raised(self, spend: FloatArray, lines: Lines) -> tuple[FloatArray, FloatArray]:
        """What planes along the hulls at a phasing must be raised by to lie above the terms at every other.

        Parameters
        ----------
        spend
            The phasing. Money, of shape (T,).
        lines
            Responses on the hulls and their slopes there. Shapes (S, P).

        Returns
        -------
        The first of shape (P,): what that comes to there by period; the second of shape (T,): how much steeper it is.
        """
        order, places = self.order, self.periods
        found, steeper = np.zeros(lines.values.shape[1]), np.zeros(len(spend))
        windows = _windows(np.concatenate([self.earlier, spend]), self.numbers.weights.shape[1])
        if self.cover is not None:
            found[places], rises = self.cover.raised(_part(lines, np.ix_(order, places)), windows[places])
            found[places] += self.unknown[places]
            for place, rise in zip(places, rises, strict=True):
                _add_rise(steeper[: place + 1], rise)
        tail = self.numbers.tail
        if self.block is not None and tail is not None:
            part = _part(lines, (order, tail.periods))
            flat = Lines(part.values.reshape(-1, 1), part.slopes.reshape(-1, 1))
            found[tail.first : tail.first + 1], rises = self.block.raised(flat, windows[-1:])
            _add_rise(steeper, rises[0])
        return found, steeper


def _part(lines: Lines, which: tuple[np.ndarray, ...] | tuple[IntArray, slice]) -> Lines:
    return Lines(lines.values[which], lines.slopes[which])


def _add_rise(steeper: FloatArray, rise: FloatArray) -> None:
    """Add slopes by lag, this period first, to the periods up to one, the last of `steeper`."""
    last = min(len(steeper), len(rise))
    steeper[len(steeper) - last :] += rise[:last][::-1]


class GroupedHulls:
    """Groups of the draws of one Hill channel and KPI, and the planes that are known to lie above each.

    Parameters
    ----------
    single, tailed
        Terms with the hulls of single draws; the same, that may count the periods after the horizon as one.
    horizon
        Number of periods T.
    most, total
        Most of each period, shape (T,), and of the channel. Money.
    level
        Spend of a period about which planes are to be close, above zero. Money.
    within, after
        Whether groups are for the periods of the horizon, and for those after it.
    """

    def __init__(
        self,
        single: TermNumbers,
        tailed: TermNumbers,
        horizon: int,
        most: FloatArray,
        total: float,
        level: float,
        *,
        within: bool,
        after: bool,
    ) -> None:
        draws, lags = single.weights.shape
        self._single, self._tailed, self._horizon = single, tailed, horizon
        shares = single.weights / single.weights.sum(axis=1, keepdims=True)
        parts = _alike(shares, np.arange(draws))
        self._order: IntArray = np.concatenate(parts)
        self._groups = _groups(single, parts)
        raised = np.empty_like(single.weights)
        raised[self._order] = self._groups.weights
        self._raised = raised
        past = _past_of(single, horizon)
        self._unknown: FloatArray = np.zeros(horizon)
        self._first = min(lags - 1, horizon) if past is None else 0
        self._earlier: FloatArray = np.zeros(lags - 1) if past is None else past
        if past is not None:
            before = _windows(np.concatenate([past, np.zeros(horizon)]), lags)
            unlike = np.maximum(single.carry[:, :horizon] - raised @ before.T, 0.0)
            self._unknown = single.weight[:, 0] @ _rise(unlike, single.slope)
        windows = _windows(np.concatenate([self._earlier, np.minimum(most, total)]), lags)
        profiles = self._groups.profiles
        self._most = float(min((profiles @ windows.T).max(), profiles.max() * (total + self._earlier.sum())))
        self._level = level * float(profiles.sum(axis=1).mean())
        self._within: tuple[Hull, Cover] | None = self._covered(self._groups) if within else None
        self._block: tuple[Tail, Cover] | None = self._of_tail() if after else None

    def _covered(self, groups: Groups, width: float = 1.0) -> tuple[Hull, Cover]:
        """Lines from zero of all terms, of shape (N, 1), and the cover."""
        touching = groups.touching(self._most)
        levels = np.array([self._level, float(touching.mean())])
        at = groups.steady * touching[groups.group_of]
        line = np.where(
            at > 0, response_to("hill", np.maximum(at, LEAST[8]), groups.slope) / np.maximum(at, LEAST[8]), 0.0
        )
        is_all_line = (touching >= self._most * (1.0 - 1e-9))[groups.group_of]
        hull = Hull(np.where(is_all_line, np.inf, at)[:, None], line[:, None], np.zeros((len(at), 1)))
        return hull, Cover(groups, levels[levels > 0], self._most, width)

    def everywhere(self) -> Grouped:
        """Hulls of groups wherever they can be."""
        return self._in(np.arange(self._horizon) >= self._first, has_block=self._block is not None)

    def where_closer(self, apart: FloatArray, together: FloatArray) -> Grouped:
        """Hulls of groups in the periods in which they are lower, as these tell that. Shapes (P,)."""
        start = self._horizon - 1
        has_block = self._block is not None and bool(together[start:].sum() < apart[start:].sum())
        is_closer = (together < apart)[: self._horizon] & (np.arange(self._horizon) >= self._first)
        if self._block is not None:
            is_closer[start] = is_closer[start - 1]
        return self._in(is_closer, has_block=has_block)

    def _in(self, is_grouped: BoolArray, *, has_block: bool) -> Grouped:
        block = self._block if has_block else None
        numbers = self._tailed if block is None else self._single
        if numbers.hull is None:
            raise ValueError("concave terms have no hulls to make closer")
        touching, slope, height = (
            each.copy() for each in (numbers.hull.touching, numbers.hull.slope, numbers.hull.height)
        )
        places = np.flatnonzero(is_grouped & (self._within is not None))
        back = np.argsort(self._order)
        if self._within is not None:
            hull = self._within[0]
            touching[:, places], slope[:, places] = hull.touching[back], hull.slope[back]
            height[:, places] = -numbers.before[:, places]
        tail = numbers.tail
        if block is not None:
            tail, after = block[0], block[0].periods
            touching[:, after], slope[:, after], height[:, after] = tail.touching, tail.slope, -numbers.before[:, after]
            places = places[places < tail.first]
        rows, columns = np.triu_indices(numbers.weights.shape[1])
        own = replace(
            numbers,
            weights=self._raised,
            pairs=np.ascontiguousarray(self._raised[:, rows] * self._raised[:, columns]),
            hull=Hull(touching, slope, height),
            tail=tail,
        )
        return Grouped(
            own,
            self._order,
            places,
            None if self._within is None else self._within[1],
            None if block is None else block[1],
            self._earlier,
            self._unknown,
        )

    def _of_tail(self) -> tuple[Tail, Cover] | None:
        """The last period and those after it, where carryover is geometric and nothing is carried in."""
        numbers, start, order = self._single, self._horizon - 1, self._order
        weights, lags = numbers.weights[order], numbers.weights.shape[1]
        count = min(_LATER + 1, numbers.carry.shape[1] - start, lags)
        if count < 2 or numbers.carry[:, start:].any() or not _is_geometric(weights):
            return None
        # The largest, so that no rounding of a share makes a term too low.
        ratios = np.stack([(weights[:, lag:] / weights[:, : lags - lag]).max(axis=1) for lag in range(count)], axis=1)
        groups = self._groups
        repeated = Groups(
            groups.starts * count,
            groups.profiles,
            (ratios[:, :, None] * groups.weights[:, None, :]).reshape(-1, lags),
            np.repeat(groups.slope, count),
            np.repeat(groups.weight, count),
        )
        hull, cover = self._covered(repeated, _WIDE)
        back = np.argsort(order)
        touching, slope = hull.touching.reshape(-1, count)[back], hull.slope.reshape(-1, count)[back]
        return Tail(start, np.arange(len(order)), ratios[back], self._raised, touching, slope), cover


def _alike(shares: FloatArray, draws: IntArray) -> list[IntArray]:
    """Draws in groups whose shares of lags are alike: halved along what they differ in most, again and again."""
    if len(draws) <= _DRAWS:
        return [draws]
    apart = shares[draws] - shares[draws].mean(axis=0)
    way = apart @ np.linalg.eigh(apart.T @ apart)[1][:, -1]
    sorted_draws = draws[np.argsort(way, kind="stable")]
    half = len(draws) // 2
    return [*_alike(shares, sorted_draws[:half]), *_alike(shares, sorted_draws[half:])]


def _groups(numbers: TermNumbers, parts: list[IntArray]) -> Groups:
    """The terms of a period in groups. Where a lag hardly counts all draws of a group have its largest share."""
    order, size = np.concatenate(parts), numbers.weights.sum(axis=1, keepdims=True)
    shares = numbers.weights / size
    profiles, raised = [], np.empty_like(shares)
    for part in parts:
        most, mean = shares[part].max(axis=0), shares[part].mean(axis=0)
        is_far = most < _FAR
        profiles.append(np.maximum(np.where(is_far, most, mean), _NOTHING))
        raised[part] = np.maximum(np.where(is_far, profiles[-1], shares[part]), 0.0)
    starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
    return Groups(starts, np.array(profiles), (raised * size)[order], numbers.slope[order, 0], numbers.weight[order, 0])


def _windows(spend: FloatArray, lags: int) -> FloatArray:
    """Spend of the last periods before each of the horizon, this one first. `spend` has lags - 1 periods before it."""
    return np.lib.stride_tricks.sliding_window_view(spend, lags)[:, ::-1]


def _past_of(numbers: TermNumbers, horizon: int) -> FloatArray | None:
    """Spend before the horizon that explains the carry of all draws, earliest first; None where none does."""
    lags = numbers.weights.shape[1]
    carried = min(lags - 1, horizon)
    past = np.zeros(lags - 1)
    if numbers.carry[:, carried:].any():
        return None
    if not numbers.carry.any():
        return past
    few = np.linspace(0, len(numbers.weights) - 1, min(_FEW, len(numbers.weights))).astype(np.int64)
    from scipy.optimize import nnls  # not before it is needed: a service that starts has no use for it

    rows, right = [], []
    for period in range(carried):
        row = np.zeros((len(few), lags - 1))
        # Spend j periods before the horizon arrives in this period with lag period + j.
        for before in range(1, lags - period):
            row[:, lags - 1 - before] = numbers.weights[few, period + before]
        rows.append(row)
        right.append(numbers.carry[few, period])
    try:
        past = nnls(np.concatenate(rows), np.concatenate(right), maxiter=50 * lags)[0]
    except RuntimeError:
        return None  # no answer within its steps: planes are only for what is explained
    extended = _windows(np.concatenate([past, np.zeros(horizon)]), lags)
    unlike = numbers.carry[:, :horizon] - numbers.weights @ extended.T
    return past if np.abs(unlike).max() <= _UNLIKE else None


def _is_geometric(weights: FloatArray) -> bool:
    """Whether what is carried over falls by the same share in every period, draw by draw, and never to nothing."""
    if weights.shape[1] < 2 or not (weights > 0).all():
        return False
    left = weights[:, 1:] / weights[:, :-1]
    return bool(np.allclose(left, left[:, :1], rtol=1e-6))


def _rise(more: FloatArray, slope: FloatArray) -> FloatArray:
    """The most that so much more adstock brings: from zero where curves are concave, else where they are steepest."""
    is_steep = slope > 1.0
    steepest = np.where(is_steep, _steepest(np.maximum(slope, 1.0 + 1e-9)), 0.0)
    return np.where(is_steep, steepest * more, more**slope)


def _steepest(slope: FloatArray) -> FloatArray:
    """The largest slope that each Hill curve has, per half saturation; of slopes above one."""
    response = (slope - 1.0) / (2.0 * slope)
    return slope * response ** (1.0 - 1.0 / slope) * (1.0 - response) ** (1.0 + 1.0 / slope)
