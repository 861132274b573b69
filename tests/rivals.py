"""Splits that compete with a plan: what of its tasks any split of a smaller budget reaches.

A search of its own over splits of a money grid: pairs of channels swap ever smaller amounts from
many starts, judged on the draws. It shares the response formula with the optimiser and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from mmm.artifact import ResponseArtifact
from mmm.baseline import forecast_baseline
from mmm.curves import channel_response
from optimizer.scenario.document import Scenario, Task

UNITS = 320
"""Amounts into which the smaller budget is cut."""


@dataclass(frozen=True)
class Judged:
    """A task with the outcome per draw of each channel at each amount of the grid. Shape (C, UNITS + 1, S)."""

    task: Task
    media: np.ndarray
    offset: np.ndarray

    def attained(self, units: np.ndarray) -> float:
        """Largest target that at least the probability asked of the draws reaches."""
        draws = np.sort(self.offset + self.media[np.arange(len(units)), units].sum(axis=0))
        return float(draws[int(np.floor((1 - self.task.probability) * len(draws) + 1e-9))])


def shares_reached(artifact: ResponseArtifact, scenario: Scenario, spend: Sequence[float]) -> list[float]:
    """Share of its target that each task reaches at a split with the probability asked, recounted."""
    amounts = np.array(spend)[:, None]
    judged = [judge(artifact, scenario, task, amounts) for task in scenario.tasks]
    return [task.attained(np.zeros(len(spend), dtype=int)) / task.task.at_least for task in judged]


def judge(artifact: ResponseArtifact, scenario: Scenario, task: Task, amounts: np.ndarray) -> Judged:
    """The task's draws at amounts of money per channel (C, any), even phasing, horizon right after the data."""
    periods = scenario.horizon.periods
    counted = periods if task.by is None else (task.by - scenario.horizon.start).days // 7 + 1
    within = counted if task.counts == "total" or task.by is not None else None
    responses = [
        channel_response(artifact, name, np.full(periods, 1 / periods), artifact.draws.spend[:, index])
        for index, name in enumerate(artifact.channels)
    ]
    media = np.array(
        [
            [response.per_period(amount)[:, :within].sum(axis=1) for amount in row]
            for response, row in zip(responses, amounts, strict=True)
        ]
    )
    offset = np.zeros(artifact.manifest.draws)
    if task.counts == "total":
        offset = forecast_baseline(artifact, scenario.horizon.start, periods)[:, :counted].sum(axis=1)
        offset = offset + sum(response.carried_in()[:, :counted].sum(axis=1) for response in responses)
        rng = np.random.default_rng([int(artifact.digest[:8], 16), counted])
        quantiles = norm.ppf((np.arange(len(offset)) + 0.5) / len(offset))
        offset += artifact.draws.noise_scale * np.sqrt(counted) * rng.permutation(quantiles)
    return Judged(task, media, offset)


def best_rival(
    artifact: ResponseArtifact,
    scenario: Scenario,
    budget: float,
    is_allowed: Callable[[np.ndarray], bool],
    like: Sequence[float],
    starts: int = 12,
) -> float:
    """Share of its target that the worst off task reaches, at the best split of `budget` that was found.

    `is_allowed` judges shares of the budget by channel; the search starts near `like` and at random.
    """
    grid = np.tile(np.linspace(0.0, budget, UNITS + 1), (len(artifact.channels), 1))
    judged = [judge(artifact, scenario, task, grid) for task in scenario.tasks]
    rng = np.random.default_rng(4)
    best = -np.inf
    for start in range(starts):
        weights = np.array(like) if start == 0 else rng.dirichlet(np.full(len(like), 0.5))
        units = np.floor(UNITS * weights / weights.sum()).astype(int)
        units[int(np.argmax(units))] += UNITS - units.sum()
        best = max(best, _climbed(judged, units, is_allowed))
    return best


def _climbed(judged: Sequence[Judged], units: np.ndarray, is_allowed: Callable[[np.ndarray], bool]) -> float:
    def score(candidate: np.ndarray) -> float:
        reached = min(task.attained(candidate) / task.task.at_least for task in judged)
        return reached if is_allowed(candidate / UNITS) else reached - 1e9

    best, step = score(units), UNITS // 5
    while step:
        moves = []
        for giver in range(len(units)):
            for taker in range(len(units)):
                if giver != taker and units[giver] > 0:
                    moved = units.copy()
                    amount = min(step, int(units[giver]))
                    moved[giver] -= amount
                    moved[taker] += amount
                    moves.append((score(moved), moved))
        value, moved = max(moves, key=lambda move: move[0])
        if value > best:
            best, units = value, moved
        else:
            step //= 2
    return best
