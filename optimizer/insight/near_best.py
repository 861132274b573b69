"""Plans that bring nearly as much: how far each channel can move, and splits that differ most from the best one.

For every channel the least and the most spend under the rules of all splits that bring at least 1 - `NEAR` of the
best: a requirement on the exact curves, so every split found is one that a planner can take.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.insight.ground import Ground
from optimizer.program.allocation import Allocation, AllocationProblem, Requirement
from optimizer.tree.allocate import allocate

NEAR = 0.01
"""Share of what the best plan brings that another plan may bring less to count as nearly as good."""

ALTERNATIVES = 3
_ROUGH = 0.02
_DISTINCT = 0.02
"""Share of the budget that must lie elsewhere for a plan to count as another one."""


@dataclass(frozen=True, slots=True)
class Room:
    """Spend of a channel in plans nearly as good, money: least and most that were found."""

    channel: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another split, and what it brings less than the best, relative to all that the best brings."""

    spend: Mapping[str, float]
    loss: float


def near_best(ground: Ground) -> tuple[tuple[Room, ...], tuple[Alternative, ...]]:
    """Room of every channel, and the splits nearly as good that differ most from the best and from each other."""
    best = ground.best.spend
    splits: list[Allocation] = []
    rooms = []
    for channel, amount in best.items():
        ends = [amount]
        for direction in (-1.0, 1.0):
            found = _furthest(ground, channel, direction)
            if found is not None:
                ends.append(found.spend[channel])
                splits.append(found)
        rooms.append(Room(channel, min(ends), max(ends)))
    return tuple(rooms), tuple(_apart(ground, splits))


def _furthest(ground: Ground, channel: str, direction: float) -> Allocation | None:
    goal, limits = ground.goal, ground.question.scenario.solve
    if goal.curves is None:
        return None
    enough = Requirement(goal.curves, ground.best.value - NEAR * ground.gross, goal.price)
    worth = {name: direction * (name == channel) for name in ground.best.spend}
    problem = AllocationProblem(ground.form, None, (enough, *goal.requirements), spend_worth=worth)
    return allocate(problem, gap=max(_ROUGH, limits.gap), seconds=limits.seconds, known=ground.best)


def _apart(ground: Ground, splits: list[Allocation]) -> list[Alternative]:
    """Greedily the split that is furthest from all chosen so far, the best plan first."""
    chosen = [ground.best.spend]
    alternatives: list[Alternative] = []
    while splits and len(alternatives) < ALTERNATIVES:
        furthest = max(splits, key=lambda each: min(_moved(each.spend, other) for other in chosen))
        if min(_moved(furthest.spend, other) for other in chosen) < _DISTINCT * ground.best.total:
            break
        chosen.append(furthest.spend)
        brings = float(ground.worth.draws(furthest.spend).mean()) - ground.goal.price * furthest.total
        loss = max(0.0, (ground.best.value - brings) / ground.gross)
        alternatives.append(Alternative(furthest.spend, loss))
    return alternatives


def _moved(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Money that lies elsewhere in one split than in another."""
    return 0.5 * sum(abs(one[name] - other[name]) for name in one)
