"""Scenarios, what varies them, and portfolios."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.client.answers import Explanation, Frontier, GoalTree, Plan, PlannedScenario, PortfolioPlan, SavedScenario
from service.client.answers import WhatIf as WhatIfAnswer
from service.client.calls import Calls, path_of

type Document = Mapping[str, Any]
"""A JSON document with the fields of the file of the same name (scenario.toml, portfolio.toml)."""


@dataclass(frozen=True, slots=True)
class Scenarios:
    """Calls about scenarios; each raises as `Calls.send` does."""

    calls: Calls

    def post(self, scenario: Document) -> PlannedScenario:
        """Plan a scenario and keep both; one that no plan fulfils is a `Problem` with `conflict` and `relaxation`."""
        return self.calls.post(PlannedScenario, "/v1/scenarios", scenario)

    def saved(self, market: str | None = None) -> Iterator[SavedScenario]:
        """Every scenario that was kept, the newest first."""
        return self.calls.pages(SavedScenario, "/v1/scenarios", "scenarios", {"market": market})

    def get(self, scenario_id: str) -> SavedScenario:
        """A scenario that was kept."""
        return self.calls.get(SavedScenario, path_of("/v1/scenarios/{id}", id=scenario_id))

    def plan(self, scenario_id: str) -> Plan:
        """The newest plan of a scenario that was kept."""
        return self.calls.get(Plan, path_of("/v1/scenarios/{id}/plan", id=scenario_id))

    def what_if(self, scenario_id: str, changes: Sequence[Document]) -> WhatIfAnswer:
        """A scenario as it is and under changes, each with any of `name`, `budget`, `business` and `set`."""
        path = path_of("/v1/scenarios/{id}/what-if", id=scenario_id)
        return self.calls.post(WhatIfAnswer, path, {"changes": list(changes)})

    def explanation(self, scenario_id: str) -> Explanation:
        """What the plan of a scenario leaves open."""
        return self.calls.get(Explanation, path_of("/v1/scenarios/{id}/explanation", id=scenario_id))

    def frontier(self, scenario: Document | str, lowest: float, highest: float, points: int = 50) -> Frontier:
        """What a scenario, written out or by its id, brings at budgets from `lowest` to `highest`."""
        subject = {"scenario_id": scenario} if isinstance(scenario, str) else {"scenario": scenario}
        return self.calls.post(Frontier, "/v1/frontiers", {**subject, "from": lowest, "to": highest, "points": points})

    def goals(self, scenario: Document) -> GoalTree:
        """A scenario's annual goal taken apart."""
        return self.calls.post(GoalTree, "/v1/goals", scenario)

    def portfolio(self, portfolio: Document) -> PortfolioPlan:
        """One budget split over several markets."""
        return self.calls.post(PortfolioPlan, "/v1/portfolios", portfolio)
