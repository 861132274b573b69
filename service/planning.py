"""From a scenario to a plan: the model in use, its curves, the optimiser, and what is kept of it.

CLI and HTTP both come through here, so that they answer the same question with the same numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.sentence import phrase, sentence
from mmm.vocabulary import Language, PeriodName
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend
from service.datasets import Datasets
from service.errors import NotKnown
from service.newer_spend import known_before, newer_spend, newest_dataset
from service.records import ModelVersion, SavedPlan, SavedScenario
from service.registry import Registry
from service.scenarios import Scenarios
from service.turns import Turns

if TYPE_CHECKING:  # the optimiser takes a second to import; reading and writing scenarios does without
    from optimizer.goals.tree import GoalTree
    from optimizer.plan.explanation import Explanation
    from optimizer.plan.figures import FrontierPoint
    from optimizer.plan_parts.channel_curves import ChannelCurve
    from optimizer.planning import Planner

DOCUMENT_NAME = sentence("scenario")
"""How a fault names the scenario where it came without a file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan, and what was kept; an infeasible plan is an answer that is not kept."""

    plan: Plan
    scenario: SavedScenario | None
    saved: SavedPlan | None


@dataclass(frozen=True, slots=True)
class PlannedMarket:
    """A market's model in use, ready to plan with.

    Attributes
    ----------
    version, artifacts
        The model, and its artifacts by KPI.
    dataset
        Id of the market's newest dataset; None where none was kept.
    known
        What was spent after the data of the model, by that dataset.
    """

    version: ModelVersion
    artifacts: Mapping[str, ResponseArtifact]
    dataset: str | None = None
    known: KnownSpend | None = None

    def planner(self) -> "Planner":
        """A planner that has seen nothing yet.

        One that is kept refines its curves from plan to plan, so that the same scenario asked again may come
        out a little different within its gap; a planner for each question answers the same every time.
        """
        from optimizer.planning import Planner
        from optimizer.question.asked import PlanningModel

        models = {kpi: PlanningModel(artifact, self.version.version) for kpi, artifact in self.artifacts.items()}
        return Planner(models, is_strict=False, known=self.known)

    @property
    def language(self) -> Language:
        """The market's own language."""
        return next(iter(self.artifacts.values())).manifest.language

    @property
    def period(self) -> PeriodName:
        """The market's period."""
        return next(iter(self.artifacts.values())).manifest.period

    @property
    def currency(self) -> str:
        """The market's currency."""
        return next(iter(self.artifacts.values())).manifest.currency


class PlanningDesk:
    """Answers scenarios with the champions of a registry.

    Models stay in memory, and the same question gets the same answer, whatever was asked before. Questions
    take turns, one at a time unless told, because the solver's modelling layer holds the interpreter anyway;
    more processes answer more at once. Whatever solves raises `service.errors.Busy` when no turn comes.
    """

    def __init__(self, registry: Registry, datasets: Datasets, scenarios: Scenarios, turns: Turns) -> None:
        self._registry = registry
        self._datasets = datasets
        self._scenarios = scenarios
        self._planned: dict[str, PlannedMarket] = {}
        self._turns = turns

    def market(self, name: str) -> PlannedMarket:
        """The market of that name with its champion.

        Raises
        ------
        NotKnown
            When the market has no model.
        NoChampion
            When no model of it may be planned with.
        ArtifactError
            When the champion's artifact or the market's newest dataset is missing or damaged.
        """
        version, dataset = self._registry.champion(name), newest_dataset(self._datasets, name)
        kept = self._planned.get(name)
        if kept is None or kept.version.digests != version.digests or kept.version.version != version.version:
            kept = None
        if kept is None or kept.dataset != dataset:
            artifacts = self._registry.load(version) if kept is None else kept.artifacts
            kept = PlannedMarket(version, artifacts, dataset, newer_spend(self._datasets, artifacts, dataset))
            self._planned[name] = kept
        return kept

    def market_of(self, scenario: Scenario) -> PlannedMarket:
        """The market that a scenario names.

        Raises
        ------
        ScenarioRefused
            When there is no such market; the fault points at the scenario's field.
        """
        try:
            return self.market(scenario.market)
        except NotKnown as error:
            expected = sentence("a market that has been fitted. {hint}", hint=phrase(error.said))
            fault = Fault(DOCUMENT_NAME, "market", f"'{scenario.market}'", expected)
            raise ScenarioRefused([fault]) from error

    def plan(self, scenario: Scenario) -> Plan:
        """The plan of a scenario; nothing is kept.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        """
        return self._plan(self.market_of(scenario), scenario)

    def _plan(self, market: PlannedMarket, scenario: Scenario) -> Plan:
        reference = self.reference_spend(scenario)
        with self._turns.turn():
            return market.planner().plan(scenario, reference)

    def answer(self, scenario: Scenario, now: datetime, *, identity: str | None = None) -> Answer:
        """The plan of a scenario, kept with it unless it is infeasible; under the id `identity` if that is given.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        """
        market = self.market_of(scenario)
        plan = self._plan(market, scenario)
        if plan.status == "infeasible":
            return Answer(plan, None, None)
        known = known_before(market.known, scenario.horizon.start, market.period)
        saved_scenario, saved_plan = self._scenarios.save(scenario, plan, now, identity=identity, known=known)
        return Answer(saved_plan.plan, saved_scenario, saved_plan)

    def frontier(self, scenario: Scenario, budgets: Sequence[float]) -> "tuple[FrontierPoint, ...]":
        """What the scenario's KPI would be over budgets, each split at its best under the same rules.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        """
        market = self.market_of(scenario)
        reference = self.reference_spend(scenario)
        with self._turns.turn():
            return market.planner().frontier(scenario, budgets, reference)

    def explain(self, scenario: Scenario) -> "tuple[Plan, Explanation | None]":
        """The plan of a scenario and what it leaves open, None for a plan that cannot be; nothing is kept.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market, or its plan spends nothing.
        """
        market = self.market_of(scenario)
        reference = self.reference_spend(scenario)
        with self._turns.turn():
            return market.planner().explain(scenario, reference)

    def goals(self, scenario: Scenario) -> "GoalTree":
        """The scenario's annual goal taken apart, with the tasks that follow from it for its horizon.

        Raises
        ------
        ScenarioRefused
            When the scenario has no goal, or one that does not fit its market.
        """
        from optimizer.goals.tree import goal_tree

        return goal_tree(scenario, self.market_of(scenario).artifacts)

    def curves(self, market: PlannedMarket, kpi: str, scenario: Scenario | None) -> "tuple[ChannelCurve, ...]":
        """The response curves of a KPI over a scenario's horizon, or over the last year."""
        with self._turns.turn():
            return market.planner().curves(kpi, scenario)

    @contextmanager
    def solving(self) -> Iterator[None]:
        """The turn to solve, for whoever solves more than one scenario."""
        with self._turns.turn():
            yield

    def reference_spend(self, scenario: Scenario) -> dict[str, float] | None:
        """Spend by channel of the plan that a scenario is compared with; None where it names none.

        Raises
        ------
        ScenarioRefused
            When there is no such plan.
        """
        if scenario.reference.plan is None:
            return None
        try:
            saved = self._scenarios.plan(scenario.reference.plan)
        except NotKnown as error:
            expected = sentence("the id of a saved plan or scenario. {hint}", hint=phrase(error.said))
            fault = Fault(DOCUMENT_NAME, "reference.plan", f"'{scenario.reference.plan}'", expected)
            raise ScenarioRefused([fault]) from error
        return {channel.channel: channel.spend for channel in saved.plan.channels}
