"""A scenario put to the models of its market: everything that a solve needs, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.sentence import sentence
from mmm.vocabulary import FloatArray
from optimizer.admission.market import scenario_faults
from optimizer.errors import ScenarioRefused
from optimizer.geos.rules import CellRules
from optimizer.goals.tree import with_goal_tasks
from optimizer.horizon.phasing import closed_periods
from optimizer.horizon.timeline import Timeline, build_timeline, periods_until
from optimizer.new_channels.extension import extended
from optimizer.program.allocation import KpiCurves
from optimizer.program.capacity_lines import NO_CAPACITY, CapacityLines, PeriodCapacity
from optimizer.program.cpa_ceilings import CpaLimits, cpa_limits
from optimizer.program.formulation import Setting
from optimizer.responses.kpi import KpiResponses, build_responses
from optimizer.scenario.document import Risk, Scenario, place_of
from optimizer.scenario.known_spend import KnownSpend
from optimizer.scenario.rules import ChannelRules, Rules
from optimizer.tasks.probability import MeasuredTask, measure_task

SIZE_CEILING = 10.0
"""Without a budget in the scenario, sizing looks no further than this many times the largest spend known."""

_CPA_RANGE = 4.0
"""Ceilings on CPA are looked at up to so many times the most that the plan may spend."""


@dataclass(frozen=True, slots=True)
class PlanningModel:
    """A fitted model as the planner uses it; `version` is None for one that is in no registry."""

    artifact: ResponseArtifact
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A scenario that fits its market, with responses and tasks. Made by `Desk.question`.

    `capacity` are the lines that stand for the scenario's capacities (`optimizer.capacities.within`).
    """

    scenario: Scenario
    timeline: Timeline
    kpi: KpiResponses
    responses: Mapping[str, KpiResponses]
    tasks: tuple[MeasuredTask, ...]
    capacity: CapacityLines = NO_CAPACITY

    @property
    def artifact(self) -> ResponseArtifact:
        """Model of the scenario's own KPI."""
        return self.kpi.artifact

    def values(self) -> dict[str, float]:
        """Money that a unit of each KPI is worth which counts in money: the scenario's, else the market's."""
        if self.scenario.values:
            return dict(self.scenario.values)
        value = self.artifact.manifest.outcome.value_per_unit
        return {} if value is None else {self.scenario.kpi: value}

    def valued(self) -> list[tuple[KpiResponses, float]]:
        """Responses of the KPIs that count in money, with the value of a unit."""
        return [(self.responses[kpi], value) for kpi, value in self.values().items()]

    def money_curves(self) -> KpiCurves:
        """Expected money that every channel brings: the KPIs by their values."""
        (first, value), *others = self.valued()
        return first.summed_curves(first.shares(value), [(kpi, kpi.shares(each)) for kpi, each in others])

    @property
    def ceiling(self) -> float:
        """Most that the plan may spend: the budget, or for sizing without one a multiple of what is known."""
        if self.scenario.budget is not None:
            return self.scenario.budget
        known = max(sum(self.timeline.reference.values()), sum(self.timeline.largest_seen.values()))
        return SIZE_CEILING * known

    def period_capacities(self, scenario: Scenario) -> tuple[PeriodCapacity, ...]:
        """Every period of every capacity of `scenario`, with the exact curves of its KPI."""
        return tuple(
            PeriodCapacity(
                rule=index,
                period=period,
                capacity=rule,
                limit=rule.at_most[period] if isinstance(rule.at_most, tuple) else rule.at_most,
                base=0.0 if rule.counts == "incremental" else self.responses[rule.kpi].expected_base(period),
                curves=self.responses[rule.kpi].curves_during(period),
            )
            for index, rule in enumerate(scenario.capacity)
            for period in range(scenario.horizon.periods)
        )

    def setting(self, scenario: Scenario, *, spends_all: bool, ceiling: float | None = None) -> Setting:
        """What the rules of `scenario` (this one, or this one with rules left out) are about."""
        return Setting(
            scenario=scenario,
            channels=self.artifact.manifest.channels,
            reference=self.timeline.reference,
            ceiling=self.ceiling if ceiling is None else ceiling,
            spends_all=spends_all,
            largest_seen=self.timeline.largest_seen,
            dates=self.timeline.dates,
            cpa_limits=self._cpa_limits(scenario),
            phasing=dict(zip(self.artifact.channels, self.timeline.flighting.T, strict=True)),
            within_reach=self.timeline.within_reach,
            capacity=self.capacity if scenario.capacity else NO_CAPACITY,
        )

    def _cpa_limits(self, scenario: Scenario) -> dict[str, CpaLimits]:
        """Where channels keep their ceilings on CPA; looked for well beyond what the plan may spend."""
        most = _CPA_RANGE * self.ceiling
        curves = self.kpi.curves().curves
        return {
            name: cpa_limits(curves[name], rule.cpa_at_most, rule.marginal_cpa_at_most, most)
            for name, rule in scenario.channels.items()
            if rule.cpa_at_most is not None or rule.marginal_cpa_at_most is not None
        }


@dataclass
class Desk:
    """Responses that scenarios on the same horizon and flighting share, by KPI; `known` is spend after the data."""

    models: Mapping[str, PlanningModel]
    known: KnownSpend | None = None
    _responses: dict[str, KpiResponses] = field(default_factory=dict)

    def question(self, scenario: Scenario, reference_spend: Mapping[str, float] | None) -> Question:
        """The scenario put to its models.

        Raises
        ------
        ScenarioRefused
            When it does not fit its market, with every fault.
        """
        if scenario.geos is not None and not isinstance(scenario.geos, CellRules):
            expected = sentence("nothing: this question is answered for the whole country alone")
            raise ScenarioRefused([Fault(place_of(scenario), "geos", sentence("a plan by geo"), expected)])
        artifacts: Mapping[str, ResponseArtifact] = {kpi: model.artifact for kpi, model in self.models.items()}
        if faults := scenario_faults(scenario, artifacts):
            raise ScenarioRefused(faults)
        scenario = with_goal_tasks(scenario, artifacts)
        kpis = counted_kpis(scenario)
        artifacts = {kpi: extended(artifacts[kpi], scenario) for kpi in kpis}
        timeline = build_timeline(scenario, artifacts[scenario.kpi], reference_spend, self.known)
        responses = {kpi: self._responses_of(artifacts[kpi], scenario, timeline) for kpi in kpis}
        return _put(scenario, timeline, responses)

    def _responses_of(self, artifact: ResponseArtifact, scenario: Scenario, timeline: Timeline) -> KpiResponses:
        closed = closed_periods(scenario, artifact).tobytes().hex()
        assumed = [f"{name}{channel.model_dump_json()}" for name, channel in scenario.new_channels.items()]
        shared = (scenario.horizon.model_dump_json(), scenario.flighting.model_dump_json(), closed, *assumed)
        key = "|".join((artifact.manifest.outcome.name, *shared))
        if key not in self._responses:
            self._responses[key] = build_responses(artifact, timeline, scenario)
        return self._responses[key]


def rephased(question: Question, shares: FloatArray) -> Question:
    """The same question with its budgets phased otherwise. `shares` of shape (T, C), columns summing to one."""
    scenario, timeline = question.scenario, replace(question.timeline, flighting=shares)
    responses = {
        kpi: build_responses(before.artifact, timeline, scenario) for kpi, before in question.responses.items()
    }
    return _put(scenario, timeline, responses)


def counted_kpis(scenario: Scenario) -> tuple[str, ...]:
    """KPIs that a scenario is about, its own first."""
    counted = [*(task.kpi for task in scenario.tasks), *(rule.kpi for rule in scenario.capacity)]
    return tuple(dict.fromkeys([scenario.kpi, *scenario.values, *counted]))


def _put(scenario: Scenario, timeline: Timeline, responses: Mapping[str, KpiResponses]) -> Question:
    tasks = tuple(
        measure_task(
            task, responses[task.kpi].measured(), periods_until(scenario.horizon, task.by, responses[task.kpi].artifact)
        )
        for task in scenario.tasks
    )
    return Question(scenario, timeline, responses[scenario.kpi], responses, tasks)


def without_split(scenario: Scenario) -> Scenario:
    """The scenario with no rule about brand and performance."""
    return scenario.model_copy(update={"split": None, "business": "none"})


def without_rules(scenario: Scenario, budget: float) -> Scenario:
    """The scenario's KPI at a budget, with no rule at all; fees, co-op money and closed periods stay."""
    return without_split(scenario).model_copy(
        update={
            "objective": "maximize",
            "budget": budget,
            "tasks": (),
            "target": None,
            "channels": {
                name: _without_limits(rule, is_new=name in scenario.new_channels)
                for name, rule in scenario.channels.items()
            },
            "groups": (),
            "either_or": (),
            "requires": (),
            "precedence": (),
            "capacity": (),
            "geos": None,
            "rules": Rules(),
            "risk": Risk() if scenario.risk.attitude == "regret" else scenario.risk,
        }
    )


def _without_limits(rule: ChannelRules, *, is_new: bool) -> ChannelRules:
    """What of a channel's rules is no limit: what its spend costs, and when it can be spent.

    A channel without history stays as small as it is to be: its curve says nothing beyond that.
    """
    most = (rule.max if rule.locked is None else rule.locked) if is_new else None
    return ChannelRules(fee=rule.fee, coop=rule.coop, blackout=rule.blackout, lead_time=rule.lead_time, max=most)


def with_budget(scenario: Scenario, budget: float) -> Scenario:
    """The most of the scenario's KPI at a budget, under its rules and without tasks."""
    return scenario.model_copy(update={"objective": "maximize", "budget": budget, "tasks": (), "target": None})
