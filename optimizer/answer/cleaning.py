"""A split without the solver's tolerance: what is off is zero, what is locked is exact, and money adds up."""

from dataclasses import replace

import numpy as np

from optimizer.program.allocation import Allocation
from optimizer.question.answered import Answer
from optimizer.question.asked import Question
from optimizer.scenario.rules import ChannelRules

OFF = 1e-9
"""Share of the budget below which a channel counts as off: the solver's own tolerance."""

_ROUNDING = 1e-6
"""Share of the budget up to which money that does not add up is the solver's tolerance."""


def cleaned(found: Answer) -> Answer:
    """The answer without the solver's tolerance: off is zero, locked and stepped spend is exact, money adds up.

    What that moves goes to the largest channel that is free, or off the total where none is.
    """
    allocation, setting = found.allocation, found.setting
    rules = setting.scenario.channels
    spend = {
        name: 0.0 if amount <= OFF * setting.ceiling else _exact(amount, rules.get(name))
        for name, amount in allocation.spend.items()
    }
    is_on = {name: is_on and spend[name] > 0 for name, is_on in allocation.is_on.items()}
    reserve = setting.scenario.rules.test_reserve
    fixed = sum(rule.fixed_cost for name, rule in rules.items() if rule.fixed_cost and is_on.get(name))
    costs = setting.unit_costs
    paid = sum(costs[name] * amount for name, amount in spend.items())
    moved = allocation.total * (1.0 - reserve) - fixed - paid
    free = [name for name, amount in spend.items() if amount > 0 and not _is_exact(rules.get(name))]
    if free and abs(moved) <= _ROUNDING * setting.ceiling:
        largest = max(free, key=lambda name: spend[name])
        spend[largest] += moved / costs[largest]
        total = allocation.total
    else:
        total = (paid + fixed) / (1.0 - reserve)
    return replace(found, allocation=replace(allocation, spend=spend, is_on=is_on, total=total))


def still_reaching(question: Question, found: Answer) -> Answer:
    """The answer with what cleaning took from a task given back: up to a millionth more in every channel that is free.

    A sized budget reaches its tasks exactly, so that a draw lies on the target and falls below it for a billionth.
    """
    allocation = found.allocation
    if question.scenario.objective != "size" or _reaches(question, allocation):
        return found
    rules, reserve = found.setting.scenario.channels, found.setting.scenario.rules.test_reserve
    costs = found.setting.unit_costs
    for more in np.logspace(-12, np.log10(_ROUNDING), 13):
        spend = {
            name: amount if _is_exact(rules.get(name)) else amount * (1.0 + more)
            for name, amount in allocation.spend.items()
        }
        added = sum(costs[name] * (amount - allocation.spend[name]) for name, amount in spend.items())
        lifted = replace(allocation, spend=spend, total=allocation.total + added / (1.0 - reserve))
        if _reaches(question, lifted):
            return replace(found, allocation=lifted)
    return found


def _reaches(question: Question, allocation: Allocation) -> bool:
    return all(task.attained(allocation.spend) >= task.task.at_least for task in question.tasks)


def _is_exact(rule: ChannelRules | None) -> bool:
    return rule is not None and (rule.locked is not None or rule.increment is not None)


def _exact(amount: float, rule: ChannelRules | None) -> float:
    if rule is None:
        return amount
    if rule.increment is not None:
        return round(amount / rule.increment) * rule.increment
    return amount if rule.locked is None else rule.locked
