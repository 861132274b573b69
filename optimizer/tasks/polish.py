"""Local improvement of a split that reaches its tasks, on the draws themselves.

About a split, each draw of a task's KPI is nearly linear in spend. Those draws that lie below the
target there are given up; all others that come near must stay above it. Small linear steps under
the rules, switches and whole steps held, improve the split until none helps. The multipliers of
the draws at the end say which mean of draws the tasks come down to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from mmm.vocabulary import FloatArray, IntArray
from optimizer.program.allocation import Allocation
from optimizer.program.solve import CompiledSplit
from optimizer.program.step import LinearStep, StepRows, solve_step
from optimizer.tasks.gains import Gain, Held
from optimizer.tasks.probability import MeasuredTask, allowed_below

_MOST_STEPS = 40
_FIRST_RADIUS = 0.25
"""First length of a step per channel, as a share of an even split."""

_LAST_RADIUS = 1e-5
_WORTHWHILE = 2e-6
"""Relative improvement promised by a step below which the split counts as polished."""

_CORRECTIONS = 4
"""Corrections of a step for curvature before a shorter one is tried."""

_SWAPPED = (0.2, 0.5, 1.0)
"""Shares of a channel's spend that a swap moves to another one."""

_SWAPS = 60
"""Most swaps that are looked at."""

_MIXES = 40
"""Random mixes that are looked at beside swaps."""

_HOPING, _HOPE = 4, 0.2
"""Steps of a lift with limited money, and the share of what is missing that they must gain for it to go on."""

_NEARBY = 0.05
"""Shares of an even split by which a split must differ from one that is polished to be elsewhere."""

_EXCHANGED = 3
"""Draws that hold a split back, per task, and draws given up, that may change places."""

_EXCHANGES = 12
"""Most exchanges of draws in one split."""

_EXCHANGE_RADIUS = 0.1
"""Length of a step in which draws change places, as a share of an even split."""

_TRIED = 24
"""Splits elsewhere from which two steps are tried."""

_APART = 0.15
"""Shares of an even split by which lifts must differ."""

_LIFTED = 5
"""Splits elsewhere from which a lift is tried."""

_NEWTON_STEPS = 60

_WATCHED = 60
"""Draws above the target that a step must keep there, per task, the nearest ones."""


@dataclass(frozen=True, slots=True)
class Polished:
    """A split, and what holds it back per task.

    Attributes
    ----------
    allocation
        The split.
    watched, multipliers
        Draws that a step from it would have to keep above the target, and what each of them costs. Per task.
    """

    allocation: Allocation
    watched: tuple["_Watched", ...]
    multipliers: tuple[FloatArray, ...]

    @property
    def focus(self) -> tuple[FloatArray | None, ...]:
        """Per task, weights of the draws that hold the split back, None where it does not. Shape (S,)."""
        return tuple(each.focus(part) for each, part in zip(self.watched, self.multipliers, strict=True))

    @property
    def holding(self) -> tuple[IntArray, ...]:
        """Per task, positions of the draws that hold the split back, the most costly ones first. Shape (any,)."""
        return tuple(
            each.draws[[position for position in np.argsort(-parts) if parts[position] > 0]]
            for each, parts in zip(self.watched, self.multipliers, strict=True)
        )


def polish(
    split: CompiledSplit,
    tasks: Sequence[Held],
    objective: Gain | None,
    start: Allocation,
    worthwhile: float = _WORTHWHILE,
) -> Polished:
    """The split improved by small steps; it reaches every task and obeys every rule, as `start` does.

    Without an objective less money is better. `worthwhile` is the relative improvement that a step must promise.
    """
    best, even = start, split.spend_scale
    least, radius = _LAST_RADIUS * even, _FIRST_RADIUS * even
    held: tuple[_Watched, ...] = ()
    multipliers: tuple[FloatArray, ...] = ()
    for _ in range(_MOST_STEPS):
        watched = [_Watched.of(task, best.spend, radius, least) for task in tasks]
        slopes = None if objective is None else objective.slopes(best.spend, least)
        step = solve_step(split, best.spend, best.is_on, slopes, _rows(watched), radius)
        if step is None:
            break
        held, multipliers = tuple(watched), step.multipliers
        if _promised(slopes, best, step) <= worthwhile * abs(_worth(objective, best)):
            break
        moved = _bent(split, watched, slopes, best, step, radius)
        if moved is not None and _worth(objective, moved) > _worth(objective, best):
            best, radius = moved, 1.5 * radius
        else:
            radius *= 0.4
            if radius < least:
                break
    return Polished(best, held, multipliers)


def exchange(split: CompiledSplit, tasks: Sequence[Held], objective: Gain | None, polished: Polished) -> Polished:
    """A polished split improved further, as long as draws that hold it back are worth giving up for others."""
    for _ in range(_EXCHANGES):
        moved = _exchanged(split, tasks, objective, polished)
        if moved is None:
            break
        polished = polish(split, tasks, objective, moved)
    return polished


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
    radius = split_even(start) or split.spend_scale
    shortest, least = 10.0 * _LAST_RADIUS * radius, _LAST_RADIUS * split.spend_scale
    at, best, reached = start, None, -np.inf
    past: list[float] = []
    for _ in range(steps):
        watched = [_Watched.of(task, at.spend, radius, least) for task in tasks]
        step = solve_step(split, at.spend, at.is_on, None, _rows(watched), radius, is_lift=True, most=most)
        if step is None:
            break
        moved = replace(at, spend=step.spend, total=step.total)
        share = worst_share(tasks, step.spend)
        if share > reached + _WORTHWHILE:
            at, best, reached, radius = moved, moved, share, 1.2 * radius
        else:
            radius *= 0.4
        if reached >= 1.0 or radius < shortest:
            break
        past.append(reached)
        if most is not None and len(past) > _HOPING and reached - past[-1 - _HOPING] < _HOPE * (1.0 - reached):
            break
    return best


def lifts_elsewhere(
    split: CompiledSplit, tasks: Sequence[Held], start: Allocation, most: float | None = None
) -> Iterator[Allocation]:
    """Lifts from splits further away, the most promising ones first: of swaps between channels, and of other mixes."""
    elsewhere = [
        each for each in (*_promising_swaps(tasks, start), *_mixes(start)) if _is_elsewhere(split, start, each)
    ]
    pool = sorted(elsewhere, key=lambda each: worst_share(tasks, each.spend), reverse=True)
    tried = (lift(split, tasks, each, most, steps=2) for each in pool)
    allowed = islice((each for each in tried if each is not None), _TRIED)
    promising = sorted(allowed, key=lambda each: worst_share(tasks, each.spend), reverse=True)
    for each in distinct(promising, _APART * split_even(start))[:_LIFTED]:
        lifted = lift(split, tasks, each, most)
        if lifted is not None:
            yield lifted


def _is_elsewhere(split: CompiledSplit, start: Allocation, other: Allocation) -> bool:
    """Whether a split is so far from another one, or has other switches on, that small steps would not lead back."""
    differs = max(abs(other.spend[name] - amount) for name, amount in start.spend.items())
    are_others_on = any(other.is_on[name] != start.is_on[name] for name in split.switch_columns)
    return are_others_on or differs > _NEARBY * split_even(start)


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


def _promising_swaps(tasks: Sequence[Held], start: Allocation) -> list[Allocation]:
    """Splits in which a channel's spend, or a part of it, is another one's.

    Where they are many, those on which the means of the draws about the quantiles promise most.
    """
    swaps = [
        (giver, taker, share * start.spend[giver])
        for giver in start.spend
        for taker in start.spend
        for share in _SWAPPED
        if giver != taker and start.spend[giver] > 0
    ]
    if len(swaps) > _SWAPS:
        measured = [task for task in tasks if isinstance(task, MeasuredTask)]
        promised = np.stack([_promised_shares(task, start, swaps) for task in measured]).min(axis=0)
        swaps = [swaps[place] for place in np.argsort(-promised, kind="stable")[:_SWAPS]]
    return [
        _respent(start, {**start.spend, giver: start.spend[giver] - amount, taker: start.spend[taker] + amount})
        for giver, taker, amount in swaps
    ]


def _promised_shares(task: MeasuredTask, start: Allocation, swaps: Sequence[tuple[str, str, float]]) -> FloatArray:
    """Share of its target that a task reaches after each swap, if its quantile moves as the mean of the draws near it.

    Shape (swaps,).
    """
    spend = start.spend
    given = [(giver, spend[giver] - amount) for giver, _, amount in swaps]
    taken = [(taker, spend[taker] + amount) for _, taker, amount in swaps]
    asked = list(dict.fromkeys([*spend.items(), *given, *taken]))
    draws, weights = task.kpi.tabled_draws(task.periods), task.focus(spend)
    means = dict(zip(asked, draws.means(asked, weights).tolist(), strict=True))
    gained = [
        means[less] + means[more] - means[less[0], spend[less[0]]] - means[more[0], spend[more[0]]]
        for less, more in zip(given, taken, strict=True)
    ]
    return (task.attained(spend) + np.array(gained)) / task.task.at_least


def _mixes(start: Allocation) -> list[Allocation]:
    """The same money in random mixes, most of them without some channels."""
    names, total, mixes = list(start.spend), sum(start.spend.values()), []
    rng = np.random.default_rng(len(names))
    for _ in range(_MIXES):
        mix = rng.dirichlet(np.ones(len(names))) * (rng.random(len(names)) < rng.uniform(0.3, 1.2))
        if mix.sum() > 0:
            mixes.append(_respent(start, dict(zip(names, (mix / mix.sum() * total).tolist(), strict=True))))
    return mixes


def _in_whole_steps(split: CompiledSplit, start: Allocation) -> Allocation:
    """A split whose channels bought in steps are at the nearest step, where small steps of a split leave them."""
    whole = {name: step * round(start.spend[name] / step) for name, step in split.stepped.items()}
    if not whole:
        return start
    is_on = {name: is_on and whole.get(name, 1.0) > 0 for name, is_on in start.is_on.items()}
    return replace(start, spend={**start.spend, **whole}, is_on=is_on)


def _respent(start: Allocation, spend: Mapping[str, float]) -> Allocation:
    return replace(start, spend=spend, is_on={name: spend[name] > 0 for name in start.is_on})


def worst_share(tasks: Sequence[Held], spend: Mapping[str, float]) -> float:
    """Least share of its target that a task reaches with the probability asked."""
    return min(task.attained(spend) / task.task.at_least for task in tasks)


def _bent(
    split: CompiledSplit,
    watched: Sequence["_Watched"],
    slopes: Mapping[str, float] | None,
    start: Allocation,
    step: LinearStep | None,
    radius: float,
) -> Allocation | None:
    """The step corrected for the curvature that it met, until every task is reached; None when that fails."""
    for _ in range(_CORRECTIONS):
        if step is None:
            return None
        if all(each.task.attained(step.spend) >= each.task.task.at_least for each in watched):
            return replace(start, spend=step.spend, total=step.total)
        watched = [each.corrected(start.spend, step.spend) for each in watched]
        step = solve_step(split, start.spend, start.is_on, slopes, _rows(watched), radius)
    return None


def _exchanged(
    split: CompiledSplit,
    tasks: Sequence[Held],
    objective: Gain | None,
    polished: Polished,
) -> Allocation | None:
    """A better split where a draw that holds one back is given up for one given up so far; None if none is."""
    start, even = polished.allocation, split.spend_scale
    least, radius = _LAST_RADIUS * even, _EXCHANGE_RADIUS * even
    slopes = None if objective is None else objective.slopes(start.spend, least)
    watched = [_Watched.of(task, start.spend, radius, least) for task in tasks]
    worth = _worth(objective, start)
    options: list[tuple[float, list[_Watched], LinearStep]] = []
    for index, (each, draws) in enumerate(zip(watched, polished.holding, strict=False)):
        for given_up in draws[:_EXCHANGED]:
            for regained in each.nearest_below(_EXCHANGED):
                changed = [*watched[:index], each.exchanged(int(given_up), int(regained)), *watched[index + 1 :]]
                step = solve_step(split, start.spend, start.is_on, slopes, _rows(changed), radius)
                if step is not None and _promised(slopes, start, step) > _WORTHWHILE * abs(worth):
                    options.append((_promised(slopes, start, step), changed, step))
    for _, changed, step in sorted(options, key=lambda option: option[0], reverse=True)[:_EXCHANGED]:
        moved = _bent(split, changed, slopes, start, step, radius)
        if moved is not None and _worth(objective, moved) > worth + _WORTHWHILE * abs(worth):
            return moved
    return None


def _promised(slopes: Mapping[str, float] | None, start: Allocation, step: LinearStep) -> float:
    """What a step improves if all is linear."""
    return start.total - step.total if slopes is None else _rise(slopes, start.spend, step)


@dataclass(frozen=True, slots=True)
class _Watched:
    """Draws of a task that a step must keep above the target: positions and the rise that each needs. Shape (K,)."""

    task: Held
    reached: FloatArray
    slopes: Mapping[str, FloatArray]
    draws: IntArray
    rises: FloatArray

    @classmethod
    def of(cls, task: Held, spend: Mapping[str, float], radius: float, least: float) -> "_Watched":
        reached, slopes, target = task.draws(spend), task.slopes(spend, least), task.task.at_least
        order = np.argsort(reached, kind="stable")[allowed_below(len(reached), task.task.probability) :]
        within = radius * np.abs(list(slopes.values())).sum(axis=0)[order]
        near = order[reached[order] - target <= within][:_WATCHED]
        return cls(task, reached, slopes, near, target - reached[near] + 1e-9 * target)

    def nearest_below(self, count: int) -> IntArray:
        """Draws that are given up, those nearest to the target first."""
        allowed = allowed_below(len(self.reached), self.task.task.probability)
        return np.argsort(self.reached, kind="stable")[max(0, allowed - count) : allowed][::-1]

    def exchanged(self, given_up: int, regained: int) -> "_Watched":
        """The same with one draw given up and another one regained."""
        draws = np.append(self.draws[self.draws != given_up], regained)
        return replace(self, draws=draws, rises=self.task.task.at_least * (1.0 + 1e-9) - self.reached[draws])

    def corrected(self, start: Mapping[str, float], spend: Mapping[str, float]) -> "_Watched":
        """The same draws, asked for as much more as the last step fell short of its straight line."""
        straight = self.reached + sum(slope * (spend[name] - start[name]) for name, slope in self.slopes.items())
        lost = (straight - self.task.draws(spend))[self.draws]
        return replace(self, rises=self.task.task.at_least * (1.0 + 1e-9) - self.reached[self.draws] + lost)

    def focus(self, multipliers: FloatArray) -> FloatArray | None:
        """Weights of the draws whose mean has the slopes of the draws that hold the split back; None if none does.

        Of all such weights the most even ones, for a mean of many draws is nearly concave.
        """
        total = multipliers.sum()
        if total <= 0:
            return None
        slopes = np.array(list(self.slopes.values()))
        slopes = slopes / np.maximum(np.abs(slopes).max(axis=1, keepdims=True), 1e-300)
        return most_even_weights(slopes, slopes[:, self.draws] @ multipliers / total)


def most_even_weights(values: FloatArray, means: FloatArray) -> FloatArray:
    """Weights of draws, positive and of sum one, of largest entropy among those that give each row its mean.

    They are proportional to exp(tilt @ values); the tilt minimises a convex function (Newton's method).
    `values` of shape (C, S), `means` of shape (C,); returns shape (S,).
    """
    centered = values - means[:, None]
    tilt = np.zeros(len(means))

    def height(at: FloatArray) -> float:
        return float(np.logaddexp.reduce(at @ centered))

    for _ in range(_NEWTON_STEPS):
        exponents = tilt @ centered
        weights = np.exp(exponents - np.logaddexp.reduce(exponents))
        off = centered @ weights
        if np.abs(off).max() <= 1e-9:
            break
        spread = (centered * weights) @ centered.T - np.outer(off, off)
        step = np.linalg.lstsq(spread, off, rcond=1e-12)[0]
        length, now = 1.0, height(tilt)
        while length > 1e-6 and height(tilt - length * step) > now - 1e-4 * length * float(off @ step):
            length *= 0.5
        tilt = tilt - length * step
    exponents = tilt @ centered
    return np.asarray(np.exp(exponents - np.logaddexp.reduce(exponents)))


def _rows(watched: Sequence[_Watched]) -> list[StepRows]:
    return [
        StepRows({name: slope[each.draws] for name, slope in each.slopes.items()}, each.rises, each.task.task.at_least)
        for each in watched
    ]


def _worth(objective: Gain | None, allocation: Allocation) -> float:
    return -allocation.total if objective is None else objective.value(allocation.spend)


def _rise(slopes: Mapping[str, float], spend: Mapping[str, float], step: LinearStep) -> float:
    return sum(slope * (step.spend[name] - spend[name]) for name, slope in slopes.items())
