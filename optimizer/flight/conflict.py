"""Why no flighting obeys the rules although some split does: bursts and budgets of periods that clash with the rest."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from mmm.sentence import Day, Money, Sentence, sentence
from optimizer.answer.conflict import roomy
from optimizer.flight.period_rules import PeriodBudget, PeriodRules
from optimizer.flight.rows import FlightRows
from optimizer.plan.document import ConflictingRule, RelaxedRule
from optimizer.program.formulation import Setting
from optimizer.question.answered import Refusal
from optimizer.rulebook.periods import burst_text
from optimizer.scenario.document import Scenario
from optimizer.scenario.rules import FlightBudget


def refused_by_periods(setting: Setting, rules: PeriodRules, scenario: Scenario) -> Refusal:
    """Rules on totals, bursts and budgets of periods that cannot hold together, and by how much budgets would give way.

    A deletion filter over all of them; closed periods, caps and cash of single periods are kept.
    """
    form, kept = roomy(setting), rules
    needed: list[ConflictingRule] = []
    for rule, text in {row.rule: row.text for row in form.rows}.items():
        rest = form.without(rule)
        if FlightRows(rest, kept, with_bursts=True).is_feasible():
            needed.append(ConflictingRule(rule=rule, text=text))
        else:
            form = rest
    for rule, text, without in _of_periods(setting, rules, scenario):
        rest_of_periods = without(kept)
        if FlightRows(form, rest_of_periods, with_bursts=True).is_feasible():
            needed.append(ConflictingRule(rule=rule, text=text))
        else:
            kept = rest_of_periods
    return Refusal(tuple(needed), _relaxation(setting, rules, scenario.flighting.budgets))


def _of_periods(
    setting: Setting, rules: PeriodRules, scenario: Scenario
) -> Iterator[tuple[str, Sentence, Callable[[PeriodRules], PeriodRules]]]:
    """Bursts and budgets by name, with what they say, and the rules without them."""
    bursts = np.zeros(len(setting.names)) if rules.bursts is None else rules.bursts
    for place, name in enumerate(setting.names):
        if bursts[place] > 0:
            text = burst_text(name, float(bursts[place]))
            yield f"channels.{name}.burst_at_least", text, partial(_without_burst, place)
    for place, budget in enumerate(rules.budgets):
        yield _place(place), _text(scenario.flighting.budgets[place]), partial(_without_budget, budget)


def _without_burst(place: int, rules: PeriodRules) -> PeriodRules:
    bursts = np.zeros(len(rules.unit_costs)) if rules.bursts is None else rules.bursts.copy()
    bursts[place] = 0.0
    return replace(rules, bursts=bursts)


def _without_budget(budget: PeriodBudget, rules: PeriodRules) -> PeriodRules:
    return replace(rules, budgets=tuple(each for each in rules.budgets if each is not budget))


def _relaxation(setting: Setting, rules: PeriodRules, asked: Sequence[FlightBudget]) -> tuple[RelaxedRule, ...]:
    """Budgets as near as the other rules allow, in money; nothing where even these clash."""
    found = FlightRows(roomy(setting), replace(rules, budgets=()), with_bursts=True).nearest_budgets(
        rules.budgets, rules.unit_costs
    )
    if found is None:
        return ()
    relaxed = []
    for place, (budget, paid) in enumerate(zip(asked, found, strict=True)):
        low, high = budget.amount
        limit = low if paid < low else high
        if not np.isclose(paid, np.clip(paid, low, high), rtol=1e-6):
            relaxed.append(RelaxedRule(rule=_place(place), from_=limit, to=paid))
    return tuple(relaxed)


def _place(place: int) -> str:
    return f"flighting.budgets[{place + 1}]"


def _text(budget: FlightBudget) -> Sentence:
    low, high = (Money(amount=amount) for amount in budget.amount)
    return sentence(
        "From {start} to {end} between {low} and {high} is paid.",
        start=Day(day=budget.start),
        end=Day(day=budget.end),
        low=low,
        high=high,
    )
