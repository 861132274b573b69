"""A scenario answered with a phasing of its own: flighting and split together.

Maximising a KPI or profit, both are chosen at once and certified together. Sizing takes turns: the smallest budget
under the phasing so far, then the phasing that raises the KPIs of the tasks most at that budget, until that saves
nothing worth having.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.answer.cleaning import OFF
from optimizer.answer.conflict import conflicting_rules, is_feasible, smallest_relaxation
from optimizer.answer.split import answer
from optimizer.flight.cautious import METHOD as CAUTIOUS_METHOD
from optimizer.flight.cautious import most_cautious_flighting
from optimizer.flight.conflict import refused_by_periods
from optimizer.flight.floors import Floor
from optimizer.flight.period_rules import PeriodBudget, PeriodRules
from optimizer.flight.problem import CountedKpi, Raised, flight_problem, shares_of
from optimizer.flight.remarks import with_warnings
from optimizer.flight.rows import FlightRows
from optimizer.flight.scenario_floors import floors_of, target_floor
from optimizer.flight.search import METHOD as JOINT_METHOD
from optimizer.flight.search import best_flighting
from optimizer.horizon.phasing import closed_periods
from optimizer.program.allocation import METHOD, Allocation
from optimizer.question.answered import Answer, Refusal
from optimizer.question.asked import Question, rephased, with_budget
from optimizer.question.goal import goal_of
from optimizer.rulebook.rules import formulate
from optimizer.scenario.costs import unit_costs
from optimizer.scenario.document import Scenario
from optimizer.scenario.rules import ChannelRules, FlightBudget

IN_TURNS = f"{METHOD}; phasing and budget in turns, so that the bound is for this phasing"
"""Method of plans whose phasing was not chosen together with the split."""

_TURNS = 4
_WORTH_IT = 1e-3
"""Share of a budget that a new phasing must save for another turn."""

_NOTHING = 1e-9
"""Share of the most that may be spent below which a plan spends nothing."""

_DUST = 1e-7
"""Share of the total below which a channel is off: what is left of it goes to the others."""


@dataclass(frozen=True, slots=True)
class Flighted:
    """A question, its answer and how that was found; where it was phased anew, `even` is the question phased evenly."""

    question: Question
    found: Answer | Refusal
    method: str
    even: Question | None


def answer_flighting(question: Question) -> Flighted:
    """The answer to a scenario whose flighting is to be optimised. `question` is phased evenly."""
    if question.scenario.objective == "size":
        phased, found, method = _sized(question)
    else:
        phased, found, method = _maximized(question)
    if isinstance(found, Answer):
        phased = _evenly_where_off(phased, found.allocation)
        phased = with_warnings(phased, found.allocation, is_joint=method != IN_TURNS)
    return Flighted(phased, found, method, question)


def _maximized(question: Question) -> tuple[Question, Answer | Refusal, str]:
    scenario = question.scenario
    joint = _joint(question, scenario, _wanted(question, scenario), known=_even_spend(question))
    floor = target_floor(question, scenario)
    if floor is not None and (joint is None or joint[1].allocation.total <= _NOTHING * question.ceiling):
        richest = _richest(question, scenario, floor)
        if isinstance(richest, Refusal):
            return question, richest, IN_TURNS
        joint = joint if richest is None else _joint(question, scenario, _wanted(question, scenario), known=richest)
    if joint is None:
        return question, _refused(question, scenario), IN_TURNS
    phased, found = joint
    if all(task.attained(found.allocation.spend) >= task.task.at_least for task in phased.tasks):
        return phased, found, JOINT_METHOD if scenario.risk.attitude == "neutral" else CAUTIOUS_METHOD
    again = answer(phased)
    if isinstance(again, Refusal):
        joint = _joint(question, scenario, _of_tasks(question))
        if joint is not None:
            phased, again = joint[0], answer(joint[0])
    return phased, again, IN_TURNS


def _refused(question: Question, scenario: Scenario) -> Refusal:
    """Why no flighting obeys the rules."""
    setting = question.setting(scenario, spends_all=False, ceiling=scenario.budget)
    over_totals, rules = replace(setting, scenario=_over_totals(scenario)), period_rules(question, scenario)
    if (rules.budgets or rules.has_bursts) and is_feasible(formulate(over_totals)):
        return refused_by_periods(over_totals, rules, scenario)
    return Refusal(conflicting_rules(setting), smallest_relaxation(setting))


def _richest(question: Question, scenario: Scenario, floor: Floor) -> FloatArray | Refusal | None:
    """A flighting that has the target return, or why there is none; None where the rules allow no flighting.

    The return of the flighting with the most beyond the return of the one before rises until it has the target
    (Dinkelbach 1967). Where it stops short, what stands against more is said for the phasing at which it does.
    """
    free, per_money, best = scenario.model_copy(update={"target": None}), 0.0, None
    for _ in range(_TURNS):
        joint = _joint(question, free, replace(_wanted(question, free), price=per_money))
        if joint is None or joint[1].allocation.total <= _NOTHING * question.ceiling:
            break
        allocation = joint[1].allocation
        reached = allocation.value / allocation.total + per_money
        if reached <= per_money * (1.0 + _WORTH_IT):
            break
        best, per_money = joint[0], reached
        if per_money >= floor.per_money:
            return _phased(best, allocation)
    if best is None:
        return None
    alone = scenario.model_copy(update={"tasks": ()})
    found, evenly = answer(best, alone), answer(question, alone)
    if not isinstance(found, Refusal):
        return _phased(best, found.allocation)
    return evenly if isinstance(evenly, Refusal) and _distance(evenly) < _distance(found) else found


def _distance(refusal: Refusal) -> float:
    """How far limits would have to give way."""
    return sum(abs(each.to - each.from_) for each in refusal.relaxation) if refusal.relaxation else np.inf


def _evenly_where_off(question: Question, allocation: Allocation) -> Question:
    """The question with channels that a split leaves off phased evenly: a phasing of nothing says nothing."""
    spend = _phased(question, allocation)
    spend[spend.sum(axis=1) <= OFF * question.ceiling] = 0.0
    shares = shares_of(spend, period_rules(question, question.scenario).most > 0)
    return question if np.allclose(shares, question.timeline.flighting, atol=1e-9) else rephased(question, shares)


def _phased(question: Question, allocation: Allocation) -> FloatArray:
    """Spend of a split by channel and period. Shape (C, T)."""
    spend = np.array([allocation.spend[name] for name in question.artifact.channels])
    return np.asarray(spend[:, None] * question.timeline.flighting.T)


def _sized(question: Question) -> tuple[Question, Answer | Refusal, str]:
    phased, found = question, answer(question)
    for _ in range(_TURNS):
        budget = question.ceiling if isinstance(found, Refusal) else found.allocation.total
        if budget <= 0:
            break
        joint = _joint(phased, with_budget(question.scenario, budget), _of_tasks(question))
        if joint is None:
            break
        again = answer(joint[0])
        if isinstance(again, Refusal):
            break
        saved = np.inf if isinstance(found, Refusal) else 1.0 - again.allocation.total / budget
        if saved > 0:
            phased, found = joint[0], again
        if saved < _WORTH_IT:
            break
    return phased, found, IN_TURNS


def _even_spend(question: Question) -> FloatArray | None:
    """Spend by channel and period of the best split phased evenly, tasks left aside. Shape (C, T)."""
    found = answer(question, question.scenario.model_copy(update={"tasks": ()}))
    if isinstance(found, Refusal):
        return None
    return _phased(question, found.allocation)


def _joint(
    question: Question, scenario: Scenario, raised: Raised, known: FloatArray | None = None
) -> tuple[Question, Answer] | None:
    """The best flighting and split of a scenario, tasks left aside; None where no flighting obeys its rules.

    It is no worse than a `known` spend by channel and period that obeys them, of shape (C, T).
    """
    limits, rules = scenario.solve, period_rules(question, scenario)
    for spends_all in (True, False) if scenario.objective == "maximize" else (False,):
        form = formulate(question.setting(_over_totals(scenario), spends_all=spends_all, ceiling=scenario.budget))
        if not is_feasible(form):
            continue
        problem = flight_problem(form, rules, raised)
        bursts = FlightRows(form, rules, with_bursts=True) if rules.has_bursts else None
        best = best_flighting
        if scenario.risk.attitude == "cautious":
            best = partial(most_cautious_flighting, level=scenario.risk.level)
        found = best(problem, gap=limits.gap, seconds=limits.seconds, known=known, bursts=bursts)
        if found is None:
            continue
        is_dust = found.spend.sum(axis=1, keepdims=True) <= _DUST * found.choice.total
        spend = np.where(is_dust, 0.0, found.spend)
        phased = rephased(question, shares_of(spend, rules.most > 0))
        allocation = Allocation(
            spend=dict(zip(form.setting.names, spend.sum(axis=1).tolist(), strict=True)),
            is_on=found.choice.is_on,
            total=found.choice.total,
            value=found.value,
            bound=found.bound,
            gap=found.gap,
            rounds=0,
            seconds=found.seconds,
        )
        setting, goal = (
            phased.setting(scenario, spends_all=spends_all, ceiling=scenario.budget),
            goal_of(phased, scenario),
        )
        answered = Answer(formulate(setting), allocation, goal.requirements, goal)
        return phased, answered if scenario.risk.attitude == "neutral" else _split_anew(phased, scenario, answered)
    return None


def _split_anew(question: Question, scenario: Scenario, found: Answer) -> Answer:
    """The answer with the best split for its phasing, where that is better; the bound holds for all phasings."""
    again = None if scenario.flighting.budgets else answer(question, scenario)
    if not isinstance(again, Answer) or again.allocation.value <= found.allocation.value:
        return found
    split, bound = again.allocation, max(found.allocation.bound, again.allocation.value)
    gross = abs(split.value + found.goal.price * split.total)
    return replace(again, allocation=replace(split, bound=bound, gap=(bound - split.value) / max(gross, 1e-300)))


def period_rules(question: Question, scenario: Scenario) -> PeriodRules:
    """What a scenario says of single periods."""
    closed, names = closed_periods(scenario, question.artifact), question.artifact.channels
    most = np.where(closed, 0.0, np.inf)
    for column, name in enumerate(names):
        rule = scenario.channels.get(name)
        if rule is not None and rule.per_period_max is not None:
            most[:, column] = np.minimum(most[:, column], rule.per_period_max)
    cash = scenario.rules.cash_per_period
    limits = np.broadcast_to(np.inf if cash is None else np.asarray(cash, dtype=np.float64), len(most))
    costs = unit_costs(scenario, question.artifact.manifest.channels)
    bursts = [scenario.channels.get(name, ChannelRules()).burst_at_least or 0.0 for name in names]
    budgets = tuple(_period_budget(each, question.timeline.dates) for each in scenario.flighting.budgets)
    return PeriodRules(most, limits, np.array([costs[name] for name in names]), budgets, np.array(bursts))


def _period_budget(budget: FlightBudget, dates: Sequence[date]) -> PeriodBudget:
    """A budget over the periods that start in it."""
    inside = [place for place, day in enumerate(dates) if budget.start <= day <= budget.end]
    return PeriodBudget(inside[0], inside[-1] + 1, *budget.amount)


def _over_totals(scenario: Scenario) -> Scenario:
    """The scenario without what it says of single periods, or of outcomes, which follow the phasing."""
    of_periods = {"per_period_max": None, "burst_at_least": None, "cpa_at_most": None}
    channels = {name: rule.model_copy(update=of_periods) for name, rule in scenario.channels.items()}
    return scenario.model_copy(
        update={"channels": channels, "rules": scenario.rules.model_copy(update={"cash_per_period": None})}
    )


def _wanted(question: Question, scenario: Scenario) -> Raised:
    """What is maximised: the KPI, or one or several KPIs by their values, less a price, with floors."""
    goal = goal_of(question, scenario)
    counted = [CountedKpi(question.kpi)]
    if goal.is_money:
        counted = [CountedKpi(kpi, importance=value) for kpi, value in question.valued()]
    return Raised(counted, goal.price, floors_of(question, scenario))


def _of_tasks(question: Question) -> Raised:
    """The KPIs of the tasks, each counted as its task counts it, in shares of its target."""
    return Raised([CountedKpi(task.kpi, task.periods, 1.0 / task.task.at_least) for task in question.tasks])
