"""What every question about a plan starts from: the rules, what is wanted most of, and the best split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.answer.split import worth_of_draws
from optimizer.caution.shortfall import WorthOfDraws
from optimizer.program.allocation import Allocation, AllocationProblem, KpiCurves
from optimizer.program.formulation import Formulation
from optimizer.question.answered import Answer
from optimizer.question.asked import Question
from optimizer.question.goal import Goal
from optimizer.tree.allocate import allocate


@dataclass(frozen=True, slots=True)
class Ground:
    """A question whose goal is maximised, with its best split. S draws."""

    question: Question
    form: Formulation
    goal: Goal
    best: Allocation

    @property
    def worth(self) -> WorthOfDraws:
        """What a split brings in each draw, in the unit of the goal."""
        return worth_of_draws(self.question, self.goal)

    @property
    def gross(self) -> float:
        """What the best split is expected to bring, before money that it spends is taken off."""
        return self.best.value + self.goal.price * self.best.total

    def solved(
        self, curves: KpiCurves | None = None, *, gap: float, form: Formulation | None = None
    ) -> Allocation | None:
        """The best split by other curves, or under other rows; the best split known is where the search starts."""
        wanted = curves or self.goal.curves
        problem = AllocationProblem(form or self.form, wanted, price=self.goal.price)
        known = self.best if form is None else None
        return allocate(problem, gap=gap, seconds=self.question.scenario.solve.seconds, known=known)

    def channel_draws(self, channel: str, budgets: Sequence[float]) -> FloatArray:
        """What a channel brings per draw at some budgets, in the unit of the goal. Shape (S, budgets)."""
        return np.sum(
            [
                worth * np.stack([kpi.responses[channel].per_draw(budget) for budget in budgets], axis=1)
                for kpi, worth in self.worth.parts
            ],
            axis=0,
        )


def ground_of(question: Question, found: Answer) -> Ground | None:
    """The ground of an answered question whose goal is a maximum without a target; None where nothing is spent."""
    if found.goal.curves is None or found.goal.requirements or found.allocation.total <= 0:
        return None
    return Ground(question, found.form, found.goal, found.allocation)
