"""From a scenario to a plan: the way through the package, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mmm.errors import Fault
from mmm.sentence import Sentence, sentence
from optimizer.admission.geos import geo_faults
from optimizer.admission.market import scenario_faults
from optimizer.answer.cleaning import cleaned, still_reaching
from optimizer.answer.split import answer
from optimizer.checker.check import faults_of_plan
from optimizer.checker.explanation import wrong_explanation, wrong_learning
from optimizer.checker.frontier import wrong_points
from optimizer.checker.geos import faults_by_geo
from optimizer.errors import CheckFailed, ScenarioRefused
from optimizer.flight.answer import IN_TURNS, Flighted, answer_flighting
from optimizer.frontier import frontier_point
from optimizer.geos.desk import GeoDesk, geo_desk
from optimizer.goals.tree import goal_remarks
from optimizer.insight.explanation import explained, maximised
from optimizer.learning.phasing import learning_phasing
from optimizer.new_channels.assumptions import assumed_warning
from optimizer.plan.document import (
    Certificate,
    ModelReference,
    Plan,
)
from optimizer.plan.explanation import Explanation
from optimizer.plan.figures import FrontierPoint
from optimizer.plan_parts.channel_curves import ChannelCurve, channel_curves
from optimizer.plan_parts.explain import model_warnings, unspent_warning
from optimizer.plan_parts.geos import GeoAnswer, folded
from optimizer.plan_parts.ledgers import bottom_up_plan, task_ledger, task_plans
from optimizer.plan_parts.parts import (
    binding_rules,
    certificate_unit,
    channel_plans,
    comparisons,
    failed_its_check,
    fixed_costs,
    flights,
    prices_of_rows,
    profit,
    regret_plan,
    risk_plan,
    served_periods,
    split_plan,
)
from optimizer.program.allocation import METHOD
from optimizer.question.answered import Answer, Refusal
from optimizer.question.asked import Desk, PlanningModel, Question, with_budget
from optimizer.responses.evaluate import score_outcome
from optimizer.scenario.costs import coop_of, fees_of
from optimizer.scenario.document import Scenario, place_of
from optimizer.scenario.known_spend import KnownSpend


class Planner:
    """Answers scenarios on the models of one market (by KPI).

    What scenarios on the same horizon share is kept, so that what-ifs and frontiers cost little
    more than one plan. `known` is spend of periods after the data, which still works in the horizon.
    """

    def __init__(
        self, models: Mapping[str, PlanningModel], *, is_strict: bool = True, known: KnownSpend | None = None
    ) -> None:
        self._models = models
        self._is_strict = is_strict
        self._known = known
        self._desk = Desk(models, known)
        self._artifacts = {kpi: model.artifact for kpi, model in models.items()}
        self._geos: dict[tuple[str, ...] | None, tuple[GeoDesk, Planner]] = {}

    def plan(self, scenario: Scenario, reference_spend: Mapping[str, float] | None = None) -> Plan:
        """The plan for a scenario; one that cannot be met has status ``infeasible`` and says why.

        `reference_spend` is the spend by channel of the plan that `scenario.reference.plan` names.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        CheckFailed
            When the plan does not keep its word as it is counted anew, which is a fault of ours; one that is not strict
            says so in the plan's warnings, and calls it no more than feasible.
        """
        if scenario.geos is not None:
            return self._plan_by_geo(scenario, reference_spend)
        return self._planned(scenario, reference_spend)[0]

    def question(self, scenario: Scenario, reference_spend: Mapping[str, float] | None = None) -> Question:
        """The scenario put to the models, for those who solve more than one plan; one by geo is refused.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        """
        return self._desk.question(scenario, reference_spend)

    def frontier(
        self, scenario: Scenario, budgets: Sequence[float], reference_spend: Mapping[str, float] | None = None
    ) -> tuple[FrontierPoint, ...]:
        """The best that each budget brings under the scenario's rules, tasks left aside.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        CheckFailed
            When a point does not keep its word as its split is counted anew, which is a fault of ours.
        """
        if scenario.geos is not None:
            desk, planner = self._by_geo(scenario)
            return planner.frontier(desk.scenario(scenario, reference_spend), budgets, desk.reference(reference_spend))
        if not budgets:
            return ()
        asked = self._desk.question(with_budget(scenario, budgets[0]), reference_spend)
        asked.kpi.expect_splits(len(budgets))
        points, splits = [], []
        for budget in budgets:
            answered = _answered(replace(asked, scenario=with_budget(asked.scenario, budget)))
            question, found = answered.question, answered.found
            if isinstance(found, Refusal):
                points.append(frontier_point(question, budget, None, None))
                continue
            exact = cleaned(found)
            points.append(frontier_point(question, budget, exact, _price_of_budget(question, found)))
            splits.append((points[-1], exact.allocation.spend))
        self._stand(
            wrong_points(scenario, splits, self._artifacts, self._known, reference_spend, is_thorough=self._is_strict)
        )
        return tuple(points)

    def explain(
        self, scenario: Scenario, reference_spend: Mapping[str, float] | None = None
    ) -> tuple[Plan, Explanation | None]:
        """The plan, and what it leaves open; None where the rules allow no plan.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market, or its plan spends nothing.
        CheckFailed
            When the plan, another split or a phasing does not keep its word as it is counted anew.
        """
        plan = self.plan(scenario, reference_spend)
        if plan.status == "infeasible":
            return plan, None
        if scenario.geos is not None:
            desk, planner = self._by_geo(scenario)
            whole, by_cell = desk.scenario(scenario, reference_spend), desk.reference(reference_spend)
            return plan, planner.explain(whole, by_cell)[1]
        asked, notes = maximised(scenario, plan.budget)
        explanation = explained(self._desk.question(asked, reference_spend), notes) if plan.budget > 0 else None
        if explanation is None:
            expected = sentence("a plan that spends something: there is no split to explain")
            raise ScenarioRefused([Fault(place_of(scenario), "budget", "0", expected)])
        self._stand(wrong_explanation(asked, explanation, self._artifacts, self._known, reference_spend))
        learning, more = learning_phasing(self._desk.question(scenario, reference_spend), plan)
        if learning is not None:
            self._stand(wrong_learning(scenario, plan, learning, self._artifacts, self._known))
        return plan, explanation.model_copy(update={"learning": learning, "notes": (*explanation.notes, *more)})

    def curves(self, kpi: str, scenario: Scenario | None = None) -> tuple[ChannelCurve, ...]:
        """Response curve and figures of every channel, over the scenario's horizon or the last year of history."""
        if scenario is None:
            return channel_curves(self._models[kpi].artifact, None)
        if scenario.geos is not None:
            desk, planner = self._by_geo(scenario)
            return planner.curves(kpi, desk.scenario(scenario, None))
        question = self._desk.question(scenario.model_copy(update={"kpi": kpi}), None)
        return channel_curves(self._models[kpi].artifact, question)

    def _planned(self, scenario: Scenario, reference_spend: Mapping[str, float] | None) -> tuple[Plan, Question]:
        """The plan, and the question that it answers, phased as it is."""
        answered = _answered(self._desk.question(scenario, reference_spend))
        question, found = answered.question, answered.found
        if isinstance(found, Refusal):
            return self._infeasible(question, found), question
        plan = self._plan(answered, still_reaching(question, cleaned(found)))
        faults = faults_of_plan(
            scenario, plan, self._artifacts, self._known, reference_spend, is_thorough=self._is_strict
        )
        return self._checked(plan, faults), question

    def _plan_by_geo(self, scenario: Scenario, reference_spend: Mapping[str, float] | None) -> Plan:
        desk, planner = self._by_geo(scenario)
        whole, by_cell = desk.scenario(scenario, reference_spend), desk.reference(reference_spend)
        answered = GeoAnswer(*planner._planned(whole, by_cell), desk.cells, desk.shares)
        plan = folded(answered)
        return self._checked(plan, faults_by_geo(scenario, plan, self._artifacts, self._known, reference_spend))

    def _by_geo(self, scenario: Scenario) -> "tuple[GeoDesk, Planner]":
        """The desk for what the scenario splits over geos, and a planner on its cells; kept.

        Raises
        ------
        ScenarioRefused
            When the scenario does not fit its market.
        """
        if faults := scenario_faults(scenario, self._artifacts) or geo_faults(scenario, self._artifacts):
            raise ScenarioRefused(faults)
        channels = None if scenario.geos is None else scenario.geos.channels
        if channels not in self._geos:
            desk = geo_desk(self._artifacts, self._known, scenario.kpi, channels)
            models = {kpi: replace(model, artifact=desk.by_cell[kpi]) for kpi, model in self._models.items()}
            self._geos[channels] = desk, Planner(models, is_strict=self._is_strict, known=desk.known_by_cell)
        return self._geos[channels]

    @staticmethod
    def _stand(faults: tuple[str, ...]) -> None:
        """Refuse an answer that has no room to say what is wrong with it."""
        if faults:
            raise CheckFailed(faults)

    def _checked(self, plan: Plan, faults: tuple[str, ...]) -> Plan:
        if faults and self._is_strict:
            raise CheckFailed(faults)
        return failed_its_check(plan, faults) if faults else plan

    def _plan(self, answered: Flighted, found: Answer) -> Plan:
        question = answered.question
        scenario, allocation = question.scenario, found.allocation
        warnings = [*model_warnings(question.artifact), *question.timeline.warnings]
        warnings += goal_remarks(scenario, question.artifact.manifest.period)
        if scenario.objective == "maximize" and allocation.total < question.ceiling * (1.0 - 1e-9):
            warnings.append(unspent_warning(question.ceiling - allocation.total))
        spend, tasks = allocation.spend, task_plans(question, allocation)
        outcomes = tuple(score_outcome(kpi, spend) for kpi in question.responses.values())
        warnings += [said for outcome in outcomes for said in assumed_warning(outcome, scenario)]
        return Plan(
            **_header(question, self._models),
            status="optimal" if allocation.gap <= scenario.solve.gap and answered.method != IN_TURNS else "feasible",
            budget=allocation.total,
            channels=channel_plans(question, found),
            test_reserve=scenario.rules.test_reserve * allocation.total,
            fixed_costs=fixed_costs(scenario, allocation),
            fees=fees_of(scenario, question.artifact.manifest.channels, spend),
            coop=coop_of(scenario, question.artifact.manifest.channels, spend),
            outcomes=outcomes,
            tasks=tasks,
            ledger=task_ledger(scenario, tasks, allocation.total),
            bottom_up=bottom_up_plan(scenario, question, allocation),
            split=split_plan(question, found),
            profit=profit(question, allocation),
            risk=risk_plan(question, found),
            regret=regret_plan(question, found),
            certificate=Certificate(
                value=allocation.value,
                bound=allocation.bound,
                gap=allocation.gap,
                unit=certificate_unit(question, found),
                method=answered.method,
                seconds=allocation.seconds,
            ),
            binding=binding_rules(question, found),
            capacity=served_periods(question, allocation),
            comparisons=comparisons(question, allocation, answered.even),
            flighting=flights(question, spend),
            warnings=tuple(warnings),
        )

    def _infeasible(self, question: Question, refusal: Refusal) -> Plan:
        warnings: tuple[Sentence, ...] = model_warnings(question.artifact)
        return Plan(
            **_header(question, self._models),
            status="infeasible",
            budget=question.scenario.budget or 0.0,
            warnings=warnings,
            conflict=refusal.conflict,
            relaxation=refusal.relaxation,
            attainable=refusal.attainable,
            bottom_up=bottom_up_plan(question.scenario, question, None),
        )


def _answered(question: Question) -> Flighted:
    """The answer to a question, with the phasing that is best where the scenario asks for that."""
    if question.scenario.flighting.pattern == "optimized":
        return answer_flighting(question)
    found = answer(question)
    return Flighted(question, found, found.allocation.method if isinstance(found, Answer) else METHOD, None)


def _price_of_budget(question: Question, found: Answer) -> float | None:
    """KPI that one more unit of the budget would bring, None where the budget does not hold the split back."""
    if found.price is not None:
        return found.price
    prices = prices_of_rows(question, found)
    return next((price for i, price in prices.items() if found.form.rows[i].rule == "budget"), None)


def _header(question: Question, models: Mapping[str, PlanningModel]) -> dict[str, object]:
    scenario, manifest = question.scenario, question.artifact.manifest
    return {
        "scenario": scenario.name,
        "market": scenario.market,
        "kpi": scenario.kpi,
        "objective": scenario.objective,
        "target": scenario.target,
        "models": tuple(
            ModelReference(
                kpi=kpi,
                name=manifest.market,
                version=models[kpi].version,
                digest=models[kpi].artifact.digest,
                evidence=models[kpi].artifact.manifest.evidence,
            )
            for kpi in question.responses
        ),
        "currency": manifest.currency,
        "horizon": scenario.horizon,
    }
