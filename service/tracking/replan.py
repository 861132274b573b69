"""The rest of a plan's horizon as a scenario of its own: what was spent is spent, what was reached is reached."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmm.artifact import ResponseArtifact
from mmm.periods import period_range
from mmm.sentence import Sentence, Word, sentence
from optimizer.plan.document import Plan
from optimizer.scenario.document import Flighting, Horizon, Reference, Scenario
from optimizer.scenario.known_spend import KnownSpend
from optimizer.scenario.rules import Capacity, FlightBudget, Rules
from service.errors import NotAllowed
from service.tracking.actuals import Actuals
from service.tracking.elapsed import Elapsed, elapsed, said_of
from service.tracking.rest_channels import rest_of_channels
from service.tracking.rest_geos import GeosSoFar, geos_so_far, rest_of_geos
from service.tracking.rest_shares import rest_of_rules
from service.tracking.rest_tasks import about_curves, rest_of_tasks

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Rest:
    """What to plan now.

    Attributes
    ----------
    scenario
        The rest of the horizon. Its reference is what the plan has for it.
    known
        What was spent, for the planner: `Planner(models, known=rest.known).plan(rest.scenario)`.
    notes
        What could not be restated, and what was assumed.
    """

    scenario: Scenario
    known: KnownSpend
    notes: tuple[Sentence, ...]


def replan(
    scenario: Scenario,
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    actuals: Actuals,
    *,
    remaining_budget: float | None = None,
    known: KnownSpend | None = None,
    reference_spend: Mapping[str, float] | None = None,
) -> Rest:
    """The scenario for the periods of a plan that are left.

    Parameters
    ----------
    scenario, plan
        What was asked and answered.
    artifacts
        The models to plan the rest with, by KPI.
    actuals
        What happened; its periods are locked.
    remaining_budget
        What the rest may cost; else what is left of the scenario's budget.
    known
        Spend between the models' data and the horizon.
    reference_spend
        Spend by channel of the plan that `scenario.reference.plan` names.

    Raises
    ------
    NotAllowed
        When no period, no money or, of a plan that sizes, no task is left.
    """
    own = artifacts[scenario.kpi]
    passed = elapsed(scenario, plan, own, actuals, budget=remaining_budget, reference_spend=reference_spend)
    together = rest_of_rules(passed)
    channels, notes = rest_of_channels(passed, together.closed, together.floors)
    tasks, about_tasks = rest_of_tasks(plan, artifacts, passed, actuals, known)
    rules, about_rules = _rest_of_whole(passed)
    flighting, about_flighting = _rest_of_flighting(passed, actuals)
    geos = geos_so_far(plan, passed, actuals, known, reference_spend)
    if scenario.objective == "size" and not tasks:
        raise NotAllowed(sentence("Every task of the plan is reached or over: there is nothing left to size."))
    changes = {
        "name": f"{scenario.name[: _LONGEST_NAME - 13]} · {passed.start.isoformat()}",
        "budget": passed.budget,
        "horizon": Horizon(start=passed.start, periods=scenario.horizon.periods - passed.periods),
        "split": together.split,
        "business": scenario.business if together.split is not None else "none",
        "tasks": tasks,
        "channels": channels,
        "groups": tuple(together.groups),
        "either_or": tuple(together.either_or),
        "requires": tuple(together.requires),
        "precedence": tuple(together.precedence),
        "capacity": tuple(_rest_of_capacity(rule, passed.periods) for rule in scenario.capacity),
        "rules": rules,
        "reference": Reference(kind="spend", spend=passed.planned_rest),
        "flighting": flighting,
        "bottom_up": None,
        "goal": None,
        "geos": None if geos is None else rest_of_geos(geos, passed),
    }
    said = [*together.notes, *notes, *about_rules, *about_flighting, *about_tasks]
    said += [*about_curves(plan, artifacts, passed, actuals, known), *_about_the_rest(scenario, geos is not None)]
    said += [] if geos is None else geos.notes
    kept = {name: value for name, value in scenario.model_dump(exclude_unset=True).items() if name not in changes}
    rest = Scenario.model_validate(kept | said_of(Scenario, changes))
    return Rest(rest, _joined(known, actuals, own, geos), tuple(said))


def _rest_of_whole(passed: Elapsed) -> tuple[Rules, list[Sentence]]:
    """Rules of the whole plan; counts and what was seen are rules of channels by now."""
    rules, notes = passed.scenario.rules, []
    cash = rules.cash_per_period
    reserve = passed.test_reserve
    if reserve >= 1.0:
        notes.append(sentence("The test reserve cannot be kept: not even the whole rest of the budget is as large."))
        reserve = rules.test_reserve
    change = None
    if rules.total_change is not None:
        reference = sum(passed.costs[name] * amount for name, amount in passed.reference.items())
        left = sum(passed.costs[name] * amount for name, amount in passed.planned_rest.items())
        if left > 0:
            low, high = (((1.0 + each) * reference - passed.paid) / left - 1.0 for each in rules.total_change)
            change = (max(low, -1.0), max(high, -1.0))
        else:
            notes.append(sentence("How far the total may move is left out: the plan has nothing left to move against."))
    restated = {
        "cash_per_period": cash[passed.periods :] if isinstance(cash, tuple) else cash,
        "test_reserve": reserve,
        "total_change": change,
    }
    return Rules.model_validate(said_of(Rules, restated)), notes


def _rest_of_capacity(rule: Capacity, passed: int) -> Capacity:
    """A capacity in the periods that are left. What the plan spent so far works on as spend before them does."""
    return rule.model_copy(update={"at_most": rule.at_most[passed:]}) if isinstance(rule.at_most, tuple) else rule


def _rest_of_budget(budget: FlightBudget, passed: Elapsed, actuals: Actuals) -> FlightBudget | None:
    """A budget of part of the horizon, less what was paid in it; None where it has passed."""
    if budget.end < passed.start:
        return None
    days = period_range(passed.scenario.horizon.start, passed.periods, passed.artifact.manifest.period)
    paid = sum(
        passed.costs[name] * amount
        for name in passed.channels
        for day, amount in zip(days, actuals.spend.get(name, ()), strict=False)
        if budget.start <= day
    )
    low, high = (max(0.0, amount - paid) for amount in budget.amount)
    return FlightBudget(start=max(budget.start, passed.start), end=budget.end, amount=(low, high))


def _rest_of_flighting(passed: Elapsed, actuals: Actuals) -> tuple[Flighting, list[Sentence]]:
    """The phasing of what is left; weights of periods that have passed fall away."""
    flighting = passed.scenario.flighting
    if flighting.budgets:
        left = [_rest_of_budget(budget, passed, actuals) for budget in flighting.budgets]
        return flighting.model_copy(update={"budgets": tuple(each for each in left if each is not None)}), []
    if flighting.weights is None:
        return flighting, []
    kept, notes = {}, []
    for name, weights in flighting.weights.items():
        rest = weights[passed.periods :]
        if sum(rest) > 0:
            kept[name] = rest
        else:
            notes.append(
                sentence(
                    "{channel}: its weights have nothing in the rest; what it gets there is phased evenly.",
                    channel=Word(text=name),
                )
            )
    return (Flighting(pattern="given", weights=kept) if kept else Flighting()), notes


def _about_the_rest(scenario: Scenario, is_by_geo: bool) -> list[Sentence]:
    notes = []
    if scenario.target is not None:
        notes.append(sentence("The target for the return holds for the rest alone."))
    if scenario.bottom_up is not None:
        notes.append(sentence("The bottom-up route is left out: its steps are of the whole horizon."))
    if is_by_geo:
        notes.append(
            sentence(
                "What was spent is known for the whole country: it is taken to be shared out over geos as in the plan."
            )
        )
    elif scenario.geos is not None:
        notes.append(
            sentence("Geos are left out: these models do not know them, and plan the rest for the whole country.")
        )
    return notes


def _joined(
    known: KnownSpend | None, actuals: Actuals, artifact: ResponseArtifact, geos: GeosSoFar | None
) -> KnownSpend:
    """What is known of spend before the rest: between the data and the plan, where that is without a gap, and since.

    By cell too, where the plan is by geo.
    """
    spent = {**actuals.spend, **({} if geos is None else geos.since.spend)}
    since = KnownSpend(actuals.start, spent)
    if known is None:
        return since
    days = period_range(known.start, known.periods + 1, artifact.manifest.period)
    earlier = {**known.spend, **({} if geos is None or geos.earlier is None else geos.earlier.spend)}
    if days[-1] != actuals.start or any(len(earlier.get(name, ())) != known.periods for name in spent):
        return since
    return KnownSpend(known.start, {name: (*earlier[name], *amounts) for name, amounts in spent.items()})
