"""How far the recommended split of standing scenarios moves from one model to the next, and what the old one loses.

The old split is judged on the challenger's curves by the evaluator that plans use, in its own phasing, beside the best
that the challenger finds under the same rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.parsing import StrictModel
from mmm.periods import periods_between, shift_period
from mmm.sentence import Sentence, Word, phrase, sentence
from optimizer.caution.shortfall import WorthOfDraws, mean_of_worst
from optimizer.errors import ScenarioRefused, SolverError
from optimizer.plan.document import CertificateUnit, Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel, with_budget
from optimizer.question.goal import goal_of
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend
from service.refits.plan_on_models import PlanOnModels, put_to
from service.refits.rescoring import RescoredTask, rescored_tasks

type Side = Literal["champion", "challenger"]


@dataclass(frozen=True, slots=True)
class StandingScenario:
    """A saved scenario that each model is asked; `reference_spend` is of the plan that it names, None if none."""

    id: str
    scenario: Scenario
    reference_spend: Mapping[str, float] | None = None


class ChannelSplit(StrictModel):
    """A channel's spend as each model recommends it; zero for a channel that a model has not."""

    channel: str
    before: float
    after: float


class SplitMove(StrictModel):
    """One scenario as both models answer it.

    Attributes
    ----------
    moved
        Half of Σ |after − before| over the channels, relative to the larger of the two spends in all: the part of the
        money that changes its place. In [0, 1].
    old_value, best_value
        What the champion's split is worth on the challenger's curves, and the most that the challenger finds: in the
        scenario's own objective (`unit`), for `size` and `efficiency` the KPI at the champion's budget.
    lost, lost_share
        best_value − old_value, and the same relative to best_value before money that is spent is taken off it. Within
        the solver's gap it may lie below zero. None where the challenger has no split at the champion's budget.
    tasks
        Tasks of the champion's plan: probability promised, and on the challenger.
    """

    id: str
    scenario: str
    kpi: str
    unit: CertificateUnit
    budget_before: float
    budget_after: float
    channels: tuple[ChannelSplit, ...]
    moved: float
    old_value: float
    best_value: float | None
    lost: float | None
    lost_share: float | None
    tasks: tuple[RescoredTask, ...] = ()


class UnansweredScenario(StrictModel):
    """A scenario that a model has no plan for: `is_refused` if it does not fit it, else its rules allow none."""

    id: str
    scenario: str
    by: Side
    is_refused: bool
    reasons: tuple[Sentence, ...]


class SplitStability(StrictModel):
    """All standing scenarios, those without a plan named apart."""

    moves: tuple[SplitMove, ...] = ()
    unanswered: tuple[UnansweredScenario, ...] = ()


def stability_of_split(
    scenarios: Sequence[StandingScenario],
    champion: Mapping[str, ResponseArtifact],
    challenger: Mapping[str, ResponseArtifact],
) -> SplitStability:
    """How far the recommended split of every standing scenario moved, and what following the old one would lose.

    Both models know the same spend: what the challenger's data have beyond the champion's is told to the champion.

    Parameters
    ----------
    scenarios
        Of the market that both models are of.
    champion, challenger
        Artifacts by KPI.
    """
    known = spend_since(champion, challenger)
    moves: list[SplitMove] = []
    unanswered: list[UnansweredScenario] = []
    for standing in scenarios:
        before = _answer(standing, standing.scenario, champion, "champion", known)
        after = _answer(standing, standing.scenario, challenger, "challenger", None)
        unanswered += [one for one in (before, after) if isinstance(one, UnansweredScenario)]
        if isinstance(before, Plan) and isinstance(after, Plan):
            moves.append(_move(standing, before, after, challenger))
    return SplitStability(moves=tuple(moves), unanswered=tuple(unanswered))


def spend_since(
    champion: Mapping[str, ResponseArtifact], challenger: Mapping[str, ResponseArtifact]
) -> KnownSpend | None:
    """Spend that the challenger's data have after the champion's; None where they have none."""
    kpi = next((kpi for kpi in champion if kpi in challenger), None)
    if kpi is None:
        return None
    before, after = champion[kpi].manifest, challenger[kpi]
    start = shift_period(before.window_start, before.window_periods, before.period)
    first = periods_between(after.manifest.window_start, start, after.manifest.period)
    if before.period != after.manifest.period or not 0 <= first < after.manifest.window_periods:
        return None
    rows = after.draws.spend[first:]
    return KnownSpend(start, {name: tuple(rows[:, place].tolist()) for place, name in enumerate(after.channels)})


def _answer(
    standing: StandingScenario,
    scenario: Scenario,
    artifacts: Mapping[str, ResponseArtifact],
    by: Side,
    known: KnownSpend | None,
) -> Plan | UnansweredScenario:
    reasons: tuple[Sentence, ...]
    try:
        plan = _planner(artifacts, known).plan(scenario, standing.reference_spend)
    except ScenarioRefused as error:
        is_refused, reasons = True, tuple(_said(fault) for fault in error.faults)
    except SolverError:
        is_refused, reasons = False, (sentence("The solver found no answer."),)
    else:
        if plan.status != "infeasible":
            return plan
        is_refused, reasons = False, tuple(rule.text for rule in plan.conflict)
    return UnansweredScenario(
        id=standing.id, scenario=standing.scenario.name, by=by, is_refused=is_refused, reasons=reasons
    )


def _planner(artifacts: Mapping[str, ResponseArtifact], known: KnownSpend | None) -> Planner:
    return Planner({kpi: PlanningModel(artifact) for kpi, artifact in artifacts.items()}, is_strict=False, known=known)


def _said(fault: Fault) -> Sentence:
    return sentence("{field}: {problem}", field=Word(text=fault.field), problem=phrase(fault.said))


def _move(
    standing: StandingScenario, before: Plan, after: Plan, challenger: Mapping[str, ResponseArtifact]
) -> SplitMove:
    asked = standing.scenario
    old = put_to(before, challenger, new_channels=asked.new_channels)
    best: Plan | None = after
    if asked.objective in ("size", "efficiency"):
        asked = with_budget(asked, before.budget)
        answered = _answer(standing, asked, challenger, "challenger", None) if before.budget > 0 else None
        best = answered if isinstance(answered, Plan) else None
    worth = _Worth.of(asked, standing.reference_spend, challenger)
    old_value = worth.net(old, before.budget)
    best_value = gross = None
    if best is not None:
        found = put_to(best, challenger, new_channels=asked.new_channels)
        best_value, gross = worth.net(found, best.budget), worth.gross(found)
    lost = None if best_value is None else best_value - old_value
    first, second = ({one.channel: one.spend for one in plan.channels} for plan in (before, after))
    names = tuple(dict.fromkeys([*first, *second]))
    changed = sum(abs(second.get(name, 0.0) - first.get(name, 0.0)) for name in names)
    larger = max(sum(first.values()), sum(second.values()))
    return SplitMove(
        id=standing.id,
        scenario=standing.scenario.name,
        kpi=standing.scenario.kpi,
        unit="money" if worth.is_money else "kpi",
        budget_before=before.budget,
        budget_after=after.budget,
        channels=tuple(
            ChannelSplit(channel=name, before=first.get(name, 0.0), after=second.get(name, 0.0)) for name in names
        ),
        moved=changed / 2.0 / larger if larger > 0 else 0.0,
        old_value=old_value,
        best_value=best_value,
        lost=lost,
        lost_share=None if lost is None or not gross else lost / abs(gross),
        tasks=rescored_tasks(before, old),
    )


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a scenario counts of a split: money or its KPI, on average or in the worst draws, less a price."""

    values: Mapping[str, float]
    is_money: bool
    price: float
    level: float

    @classmethod
    def of(
        cls, asked: Scenario, reference: Mapping[str, float] | None, artifacts: Mapping[str, ResponseArtifact]
    ) -> "_Worth":
        asked = asked.model_copy(update={"geos": None})  # what counts is the same by geo
        question = _planner(artifacts, None).question(asked, reference)
        goal = goal_of(question, asked)
        values = question.values() if goal.is_money else {asked.kpi: 1.0}
        return cls(values, goal.is_money, goal.price, asked.risk.level if asked.risk.attitude == "cautious" else 1.0)

    def gross(self, found: PlanOnModels) -> float:
        """Before money that is spent is taken off."""
        parts = [(found.responses[kpi], value) for kpi, value in self.values.items()]
        return mean_of_worst(WorthOfDraws(parts).draws(found.spend), self.level)

    def net(self, found: PlanOnModels, budget: float) -> float:
        """Less the price of the budget."""
        return self.gross(found) - self.price * budget
