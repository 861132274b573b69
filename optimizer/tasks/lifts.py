"""Splits lifted to tasks that they miss: by small linear steps, from near by and from further away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.program.allocation import Allocation
from optimizer.program.solve import CompiledSplit
from optimizer.program.step import LinearStep, solve_step
from optimizer.tasks.gains import Held
from optimizer.tasks.probability import MeasuredTask
from optimizer.tasks.watched import Watched

_MOST_STEPS = 40
_SHORTEST = 1e-4
"""Length of a step below which a lift ends, as a share of an even split."""

_LEAST = 1e-5
"""Spend at which channels that are off have slopes, as a share of an even split."""

_WORTHWHILE = 2e-6
"""Share of the target that a step must gain."""

_FIRST_RADIUS = 0.25
"""First length of a step per channel, as a share of an even split; as long as that where nothing nearer is allowed."""

_LONGER, _SHORTER = 1.5, 0.4
"""Factor of the length of a step that gained something, and of the longest move of one that did not."""

_SWAPPED = (0.2, 0.5, 1.0)
"""Shares of a channel's spend that a swap moves to another one."""

_MIXES = 40
"""Random mixes beside swaps."""

_CRUMBS = 0.01
"""Share of an even split below which a swap moves all that a channel has, or nothing."""

_HOPING, _HOPE = 4, 0.2
"""Steps of a lift with limited money, and the share of what is missing that they must gain for it to go on."""

_APART = 0.15
"""Shares of an even split by which lifts must differ."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How many splits elsewhere, and how many draws in place of others, are looked at.

    Attributes
    ----------
    looked_at
        Swaps and mixes whose draws are looked at.
    tried
        Those that two steps bring under the rules; two steps are tried from twice as many at most.
    lifted
        Those that are lifted as far as they go.
    nearby
        Shares of an even split by which a split must differ to be elsewhere.
    exchanged
        Draws that hold a split back, per task, and draws given up, that may change places.
    """

    looked_at: int
    tried: int
    lifted: int
    nearby: float
    exchanged: int


THOROUGH = Effort(100, 24, 5, 0.05, 3)
QUICK = Effort(30, 8, 2, 0.15, 2)
"""Where ranges alone hold the channels and the draws are many."""


def lift(
    split: CompiledSplit,
    tasks: Sequence[Held],
    start: Allocation,
    most: float | None = None,
    steps: int = _MOST_STEPS,
) -> Allocation | None:
    """The split near `start` under the rules on which the task that is worst off reaches the most of its target.

    `start` need not obey the rules, and the total is at most `most`, with which it ends where the last steps gained
    little of what is missing. Ends where all tasks are reached; None when no split near `start` obeys the rules.
    """
    start = _in_whole_steps(split, start)
    even = split_even(start) or split.spend_scale
    radius, least = _FIRST_RADIUS * even, _LEAST * split.spend_scale
    at, best, reached, before = start, None, -np.inf, worst_share(tasks, start.spend)
    past: list[float] = []

    def raised(at: Allocation, radius: float) -> LinearStep | None:
        rows = [Watched.of(task, at.spend, radius, least).rows for task in tasks]
        return solve_step(split, at.spend, at.is_on, None, rows, radius, is_lift=True, most=most)

    for _ in range(steps):
        step = raised(at, radius)
        if step is None and best is None:
            radius = even
            step = raised(at, radius)
        if step is None:
            break
        moved, length = replace(at, spend=step.spend, total=step.total), longest_move(at.spend, step.spend)
        share = worst_share(tasks, step.spend)
        is_worse = share <= (before if best is None else reached + _WORTHWHILE)
        if best is None or not is_worse:
            at, best, reached = moved, moved, share
        radius = _SHORTER * min(radius, length) if is_worse else _LONGER * radius
        if reached >= 1.0 or radius < _SHORTEST * even:
            break
        past.append(reached)
        if most is not None and len(past) > _HOPING and reached - past[-1 - _HOPING] < _HOPE * (1.0 - reached):
            break
    return best


def lifts_elsewhere(
    split: CompiledSplit,
    tasks: Sequence[Held],
    start: Allocation,
    most: float | None = None,
    effort: Effort = THOROUGH,
) -> Iterator[Allocation]:
    """Lifts from splits further away, the most promising ones first: of swaps between channels, and of other mixes."""
    elsewhere = [each for each in _promising(tasks, start, effort) if _is_elsewhere(split, start, each, effort)]
    order = np.argsort(-_worst_shares(tasks, start.spend, [each.spend for each in elsewhere]), kind="stable")
    pool = [elsewhere[place] for place in order[: 2 * effort.tried].tolist()]
    tried = (lift(split, tasks, each, most, steps=2) for each in pool)
    allowed = islice((each for each in tried if each is not None), effort.tried)
    promising = sorted(allowed, key=lambda each: worst_share(tasks, each.spend), reverse=True)
    for each in distinct(promising, _APART * split_even(start))[: effort.lifted]:
        lifted = lift(split, tasks, each, most)
        if lifted is not None:
            yield lifted


def _worst_shares(
    tasks: Sequence[Held], start: Mapping[str, float], others: Sequence[Mapping[str, float]]
) -> FloatArray:
    """Least share of its target that a task reaches, on splits that differ from a first one in few channels.

    Shape (splits,).
    """
    shares = np.full(len(others), np.inf)
    for task in tasks:
        if isinstance(task, MeasuredTask):
            attained = task.attained_beside(start, others)
        else:
            attained = [task.attained(each) for each in others]
        shares = np.minimum(shares, np.array(attained) / task.task.at_least)
    return shares


def _is_elsewhere(split: CompiledSplit, start: Allocation, other: Allocation, effort: Effort) -> bool:
    """Whether a split is so far from another one, or has other switches on, that small steps would not lead back."""
    differs = max(abs(other.spend[name] - amount) for name, amount in start.spend.items())
    are_others_on = any(other.is_on[name] != start.is_on[name] for name in split.switch_columns)
    return are_others_on or differs > effort.nearby * split_even(start)


def distinct(splits: Sequence[Allocation], apart: float) -> list[Allocation]:
    """The splits without those that differ by no more than `apart` money in any channel from one before them."""
    chosen: list[Allocation] = []
    for split in splits:
        if all(
            max(abs(split.spend[name] - amount) for name, amount in other.spend.items()) > apart for other in chosen
        ):
            chosen.append(split)
    return chosen


def split_even(allocation: Allocation) -> float:
    """Money per channel if all had the same."""
    return sum(allocation.spend.values()) / len(allocation.spend)


def _promising(tasks: Sequence[Held], start: Allocation, effort: Effort) -> list[Allocation]:
    """Splits of the same money in which a channel's spend, or a part of it, is another one's, and other mixes of it.

    Where they are many, those on which the means of the draws about the quantiles promise most.
    """
    names, amounts = list(start.spend), np.array(list(start.spend.values()))
    others = np.concatenate((_swaps(amounts), _mixes(amounts)))
    if len(others) > effort.looked_at:
        measured = [task for task in tasks if isinstance(task, MeasuredTask)]
        promised = np.stack([_promised_shares(task, start, others) for task in measured]).min(axis=0)
        others = others[np.argsort(-promised, kind="stable")[: effort.looked_at]]
    spends = [dict(zip(names, other, strict=True)) for other in others.tolist()]
    return [replace(start, spend=spend, is_on={name: spend[name] > 0 for name in start.is_on}) for spend in spends]


def _swaps(amounts: FloatArray) -> FloatArray:
    """Splits in which a part of a channel's spend, or all of it, is another one's. Shape (C,); returns (splits, C)."""
    channels, shares = np.arange(len(amounts)), np.arange(len(_SWAPPED))
    giver, taker, share = (each.ravel() for each in np.meshgrid(channels, channels, shares, indexing="ij"))
    moved = np.array(_SWAPPED)[share] * amounts[giver]
    is_some = (moved >= _CRUMBS * amounts.mean()) | ((share == len(_SWAPPED) - 1) & (moved > 0))
    counts = (giver != taker) & is_some
    giver, taker, moved = giver[counts], taker[counts], moved[counts]
    splits, rows = np.tile(amounts, (len(giver), 1)), np.arange(len(giver))
    splits[rows, giver] -= moved
    splits[rows, taker] += moved
    return splits


def _promised_shares(task: MeasuredTask, start: Allocation, others: FloatArray) -> FloatArray:
    """Share of its target that a task reaches on each split, if its quantile moves as the mean of the draws near it.

    `others` of shape (splits, C); returns shape (splits,).
    """
    splits = np.vstack((list(start.spend.values()), others))
    asked: list[tuple[str, float]] = []
    places = np.empty(splits.shape, dtype=np.int64)
    for column, name in enumerate(start.spend):
        amounts, place = np.unique(splits[:, column], return_inverse=True)
        places[:, column] = len(asked) + place
        asked += [(name, amount) for amount in amounts.tolist()]
    sums = task.kpi.tabled_draws(task.periods).means(asked, task.focus(start.spend))[places].sum(axis=1)
    return np.asarray((task.attained(start.spend) + sums[1:] - sums[0]) / task.task.at_least)


def _mixes(amounts: FloatArray) -> FloatArray:
    """The same money in random mixes, most of them without some channels. Shape (C,); returns (splits, C)."""
    rng = np.random.default_rng(len(amounts))
    mixes = [np.empty((0, len(amounts)))]
    for _ in range(_MIXES):
        mix = rng.dirichlet(np.ones(len(amounts))) * (rng.random(len(amounts)) < rng.uniform(0.3, 1.2))
        if mix.sum() > 0:
            mixes.append(mix[None] / mix.sum() * amounts.sum())
    return np.concatenate(mixes)


def _in_whole_steps(split: CompiledSplit, start: Allocation) -> Allocation:
    """A split whose channels bought in steps are at the nearest step, where small steps of a split leave them."""
    whole = {name: step * round(start.spend[name] / step) for name, step in split.stepped.items()}
    if not whole:
        return start
    is_on = {name: is_on and whole.get(name, 1.0) > 0 for name, is_on in start.is_on.items()}
    return replace(start, spend={**start.spend, **whole}, is_on=is_on)


def worst_share(tasks: Sequence[Held], spend: Mapping[str, float]) -> float:
    """Least share of its target that a task reaches with the probability asked."""
    return min(task.attained(spend) / task.task.at_least for task in tasks)


def longest_move(start: Mapping[str, float], end: Mapping[str, float]) -> float:
    """Most that a channel's spend differs between two splits, money."""
    return max(abs(end[name] - amount) for name, amount in start.items())
