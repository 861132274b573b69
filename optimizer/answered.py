"""What a question comes down to: a split, or why there is none."""

from dataclasses import dataclass

from optimizer.allocation import Allocation, Requirement
from optimizer.formulation import Formulation
from optimizer.goal import Goal
from optimizer.plan import AttainableTask, ConflictingRule, RelaxedRule
from optimizer.regret import RegretOfDraws


@dataclass(frozen=True, slots=True)
class Answer:
    """A split under the rows of `form`, its goal, and the expected increments that tasks and target came down to.

    `regret` is what its regrets were counted with, where they were made small.
    """

    form: Formulation
    allocation: Allocation
    requirements: tuple[Requirement, ...]
    goal: Goal
    regret: RegretOfDraws | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No split does what was asked: the rules that clash, the least that would have to give way."""

    conflict: tuple[ConflictingRule, ...]
    relaxation: tuple[RelaxedRule, ...]
    attainable: tuple[AttainableTask, ...] = ()
