"""What a question comes down to: a split, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from mmm.vocabulary import FloatArray
from optimizer.caution.regret import RegretOfDraws
from optimizer.plan.document import AttainableTask, ConflictingRule, RelaxedRule
from optimizer.program.allocation import Allocation
from optimizer.program.formulation import Formulation, Setting
from optimizer.question.goal import Goal
from optimizer.rulebook.rules import formulate
from optimizer.tasks.probability import MeasuredTask


class Required(Protocol):
    """A mean that a plan must reach: at least some amount, and `per_money` for each unit of the total."""

    @property
    def per_money(self) -> float:
        """For each unit of the total."""
        ...

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, float]:
        """What another unit of each channel's spend adds to it, at `least` where it has less."""
        ...


@dataclass(frozen=True, slots=True)
class TaskMean:
    """The weighted mean of the draws that a task came down to. `weights` of shape (S,)."""

    task: MeasuredTask
    weights: FloatArray
    per_money: float = 0.0

    def slopes(self, spend: Mapping[str, float], least: float = 0.0) -> dict[str, float]:
        """What another unit of each channel's spend adds to it, at `least` where it has less."""
        return dict(zip(spend, (self.task.slopes(spend, least) @ self.weights).tolist(), strict=True))


@dataclass(frozen=True)
class Answer:
    """A split under some rules, its goal, and the expected increments that tasks and target came down to.

    `rules` are rows, or a setting of which rows are made when somebody looks at them. `regret` is what its regrets were
    counted with, where they were made small, and `price` what one more unit of the total brings of the KPI, where that
    is known without rows.
    """

    rules: Formulation | Setting
    allocation: Allocation
    requirements: tuple[Required, ...]
    goal: Goal
    regret: RegretOfDraws | None = None
    price: float | None = None

    @cached_property
    def form(self) -> Formulation:
        """The rows of the rules."""
        return self.rules if isinstance(self.rules, Formulation) else formulate(self.rules)

    @property
    def setting(self) -> Setting:
        """What the rules are about."""
        return self.rules.setting if isinstance(self.rules, Formulation) else self.rules


@dataclass(frozen=True, slots=True)
class Refusal:
    """No split does what was asked: the rules that clash, the least that would have to give way."""

    conflict: tuple[ConflictingRule, ...]
    relaxation: tuple[RelaxedRule, ...]
    attainable: tuple[AttainableTask, ...] = ()
