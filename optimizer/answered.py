"""What a question comes down to: a split, or why there is none."""

from dataclasses import dataclass

from optimizer.allocate import Allocation, Requirement
from optimizer.formulation import Formulation
from optimizer.goal import Goal
from optimizer.plan import AttainableTask, ConflictingRule, RelaxedRule


@dataclass(frozen=True, slots=True)
class Answer:
    """A split under the rows of `form`, its goal, and the expected increments that tasks and target came down to."""

    form: Formulation
    allocation: Allocation
    requirements: tuple[Requirement, ...]
    goal: Goal


@dataclass(frozen=True, slots=True)
class Refusal:
    """No split does what was asked: the rules that clash, the least that would have to give way."""

    conflict: tuple[ConflictingRule, ...]
    relaxation: tuple[RelaxedRule, ...]
    attainable: tuple[AttainableTask, ...] = ()
