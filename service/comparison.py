"""Plans of several scenarios of one market, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmm.sentence import Word, sentence
from optimizer.plan.document import Plan
from service.answers import Variant, WhatIfAnswer
from service.errors import NotAllowed
from service.scenarios import Scenarios


@dataclass(frozen=True, slots=True)
class Compared:
    """A plan and what it is called beside others."""

    name: str
    plan: Plan


def side_by_side_of(compared: Sequence[Compared]) -> WhatIfAnswer:
    """Plans as variants, the first as what the others are held against.

    Raises
    ------
    NotAllowed
        When they are of different markets, KPIs or currencies, which cannot be held against each other.
    """
    first = compared[0].plan
    for other in compared[1:]:
        plan = other.plan
        if (plan.market, plan.kpi, plan.currency) != (first.market, first.kpi, first.currency):
            raise NotAllowed(
                sentence(
                    "“{name}” plans {kpi} of {market}, and the first plans {first_kpi} of {first_market}: only plans "
                    "of one market and KPI are held against each other.",
                    name=Word(text=other.name),
                    kpi=Word(text=plan.kpi),
                    market=Word(text=plan.market),
                    first_kpi=Word(text=first.kpi),
                    first_market=Word(text=first.market),
                )
            )
    return WhatIfAnswer(
        scenario=compared[0].name,
        market=first.market,
        kpi=first.kpi,
        currency=first.currency,
        variants=tuple(Variant(name=one.name, change=None, plan=one.plan) for one in compared),
    )


def saved_plan(scenarios: Scenarios, identity: str) -> Compared:
    """The saved plan of an id, or the newest plan of the scenario of that id, with the scenario's name and version.

    Raises
    ------
    NotKnown
        When nothing has that id.
    """
    saved = scenarios.plan(identity)
    scenario = scenarios.scenario(saved.scenario_id)
    return Compared(f"{scenario.name} v{scenario.version}", saved.plan)
