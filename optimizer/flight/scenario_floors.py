"""Floors of a scenario: its target return and ceilings on the CPA of channels, in the unit of what is maximised."""

from optimizer.flight.floors import Floor
from optimizer.question.asked import Question
from optimizer.question.goal import goal_of
from optimizer.scenario.document import Scenario


def floors_of(question: Question, scenario: Scenario) -> tuple[Floor, ...]:
    """The target, then the ceilings of channels."""
    target = target_floor(question, scenario)
    return (*([] if target is None else [target]), *_ceilings(question, scenario))


def target_floor(question: Question, scenario: Scenario) -> Floor | None:
    """The floor of a target ROAS or CPA."""
    target, is_money = scenario.target, goal_of(question, scenario).is_money
    if target is None or target.mroas is not None:
        return None
    value = question.values().get(scenario.kpi, 1.0)
    if target.roas is not None:
        return Floor(target.roas if is_money else target.roas / value)
    return Floor((value if is_money else 1.0) / (target.cpa or 1.0))


def _ceilings(question: Question, scenario: Scenario) -> list[Floor]:
    value = question.values().get(scenario.kpi, 1.0) if goal_of(question, scenario).is_money else 1.0
    return [
        Floor(value / rule.cpa_at_most, place)
        for place, name in enumerate(question.artifact.channels)
        if (rule := scenario.channels.get(name)) is not None and rule.cpa_at_most is not None
    ]
