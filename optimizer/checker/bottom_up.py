"""The bottom-up ledger of a plan counted anew from its rates and unit costs."""

import math
from collections.abc import Iterator

from optimizer.checker.figures import is_near
from optimizer.checker.recount import Recount
from optimizer.scenario.bottom_up import BottomUp


def wrong_ledger(recount: Recount) -> Iterator[str]:
    """What of the bottom-up ledger does not follow from its rates, or does not add up to the gap to the plan."""
    asked, told = recount.scenario.bottom_up, recount.plan.bottom_up
    if (asked is None) != (told is None):
        yield "bottom-up ledger is there or not"
    if asked is None or told is None:
        return
    brings, cost = _by_stage(asked, told.brings) if asked.steps else _by_population(asked)
    if not is_near(told.brings, brings, brings) or not is_near(told.cost, cost, cost):
        yield f"bottom-up route is said to bring {told.brings} for {told.cost}, counted {brings} for {cost}"
    if asked.steps and asked.target is not None and told.brings != asked.target:
        yield f"bottom-up route is to bring {asked.target}, not {told.brings}"
    gap, budget = told.gap, recount.plan.budget
    if gap is None:
        yield "bottom-up ledger has no gap to the plan"
        return
    parts = sum(part.amount for part in gap.parts) if gap.parts else gap.difference
    scale = max(cost, budget)
    pairs = [(gap.budget, budget), (gap.difference, cost - budget), (parts, cost - budget)]
    if any(not is_near(said, counted, scale) for said, counted in pairs):
        yield f"bottom-up gap of {gap.difference} is not {cost - budget}, or its parts are not"


def _by_population(asked: BottomUp) -> tuple[float, float]:
    """Units that the people who stay bring, and what the points cost that reach them."""
    reached = asked.reached or 0.0
    if asked.reach_rate is None:
        points = 100.0 * reached * (asked.exposures_per_percent or 0.0)
    else:
        points = -100.0 * math.log(1.0 - reached) / asked.reach_rate
    people = (asked.population or 0.0) * reached * (asked.trial_rate or 0.0) * (asked.repeat_rate or 0.0)
    return people * asked.per_person, points * (asked.cost_per_point or 0.0)


def _by_stage(asked: BottomUp, target: float) -> tuple[float, float]:
    """The target, and what the people cost who are needed at each stage, counted back from the last."""
    people, cost = target / asked.per_person, 0.0
    for step in reversed(asked.steps):
        people /= step.rate
        cost += people * step.unit_cost
    return target, cost
