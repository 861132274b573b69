"""What a scenario wants most of, on the curves: the KPI, several KPIs in money, profit, or an outcome at a return.

    maximize                F(x)
    profit                  v · F(x) − total
    efficiency, ROAS R      F(x) with v · F(x) ≥ R · total
    efficiency, CPA c       F(x) with F(x) ≥ total / c
    efficiency, mROAS m     v · F(x) − m · total

F is the expected KPI and v its value a unit; several KPIs count as the sum of their values. At the largest
v · F − m · total no amount of money, small or large, brings m a unit on top, and none that is spent brings less: with
S-shaped curves a marginal return that equals m somewhere says neither.
"""

from dataclasses import dataclass

from optimizer.program.allocation import KpiCurves, Requirement
from optimizer.question.asked import Question
from optimizer.scenario.document import Scenario


@dataclass(frozen=True, slots=True)
class Goal:
    """What is maximised, less `price` for each unit of the total, and what the plan must reach.

    `curves` is None for the smallest total; with `is_money` they are in money.
    """

    curves: KpiCurves | None
    price: float = 0.0
    requirements: tuple[Requirement, ...] = ()
    is_money: bool = False


def goal_of(question: Question, scenario: Scenario) -> Goal:
    """The goal of a scenario on the curves of a question."""
    if scenario.objective == "size":
        return Goal(None)
    if scenario.objective == "profit":
        return Goal(question.money_curves(), price=1.0, is_money=True)
    target = scenario.target if scenario.objective == "efficiency" else None
    if target is not None and target.mroas is not None:
        return Goal(question.money_curves(), price=target.mroas, is_money=True)
    requirements: tuple[Requirement, ...] = ()
    if target is not None and target.roas is not None:
        requirements = (Requirement(question.money_curves(), 0.0, target.roas),)
    elif target is not None and target.cpa is not None:
        requirements = (Requirement(question.kpi.curves(), 0.0, 1.0 / target.cpa),)
    if scenario.values:
        return Goal(question.money_curves(), requirements=requirements, is_money=True)
    return Goal(question.kpi.curves(), requirements=requirements)
