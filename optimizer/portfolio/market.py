"""One market of a portfolio: the most of money that it brings at a price of money, or with a budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from optimizer.answer.split import answer
from optimizer.planning import Planner
from optimizer.program.allocation import AllocationProblem, KpiCurves
from optimizer.program.formulation import Formulation
from optimizer.question.answered import Refusal
from optimizer.question.asked import Question, with_budget
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario
from optimizer.tree.allocate import allocate

_GAP = 1e-4
"""Relative gap of a market at a price."""

_PLAN_GAP = 2e-5
"""Relative gap of its plan, which is small beside that of the portfolio."""

_NOTHING = 1e-7
"""Share of the most that a market may get that stands for nothing."""


@dataclass
class Market:
    """One market: its question, its rules, its curves, and limits on what it gets in the portfolio's currency."""

    planner: Planner
    scenario: Scenario
    reference_spend: Mapping[str, float] | None
    rate: float
    low: float
    high: float
    question: Question = field(init=False)
    _forms: dict[tuple[float, float], Formulation] = field(init=False, default_factory=dict)
    _best: dict[float, tuple[float, float]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        scenario = with_budget(self.scenario, self.high / self.rate)
        self.question = self.planner.question(scenario, self.reference_spend)

    @cached_property
    def curves(self) -> KpiCurves:
        """Expected money that every channel brings, in the market's own currency."""
        return self.question.money_curves()

    def form(self, low: float, high: float) -> Formulation:
        """The rules of the market where it gets at least `low` and at most `high`.

        Channels without history get their part of what it spends, not of the most that it may.
        """
        if (low, high) not in self._forms:
            scenario = with_budget(self.scenario, high / self.rate)
            setting = self.question.setting(scenario, spends_all=False, ceiling=scenario.budget)
            form = formulate(setting).spending(low / self.rate)
            for name, channel in self.scenario.new_channels.items():
                if setting.most_of_new(name) is not None:
                    form = form.within_share(name, channel.at_most_share)
            self._forms[low, high] = form
        return self._forms[low, high]

    def at_price(self, price: float, limits: tuple[float, float]) -> tuple[float, float]:
        """Bound on money brought less `price` times money spent within limits, and money spent there."""
        problem = AllocationProblem(self.form(*limits), self.curves, price=price)
        found = allocate(problem, gap=_GAP, seconds=self.scenario.solve.seconds)
        return (-np.inf, np.inf) if found is None else (self.rate * found.bound, self.rate * found.total)

    def best(self, budget: float) -> tuple[float, float]:
        """Expected money at best with a budget, and money spent; in the portfolio's currency."""
        budget = self.least(budget)
        if budget not in self._best:
            found = answer(self.question, exact(with_budget(self.scenario, budget / self.rate)))
            if isinstance(found, Refusal):
                return -np.inf, 0.0
            spend, total = found.allocation.spend, found.allocation.total
            self._best[budget] = (self.rate * self.curves.value(spend), self.rate * total)
        return self._best[budget]

    def least(self, budget: float) -> float:
        """The budget, or next to nothing where it is nothing: curves need a scale."""
        return max(budget, _NOTHING * self.high)

    @property
    def reference(self) -> float:
        """What the market had in its reference plan, as it is paid."""
        return self.rate * self.form(self.low, self.high).setting.reference_total


def exact(scenario: Scenario) -> Scenario:
    """The scenario with a gap that is small beside that of the portfolio."""
    limits = scenario.solve.model_copy(update={"gap": min(scenario.solve.gap, _PLAN_GAP)})
    return scenario.model_copy(update={"solve": limits})
