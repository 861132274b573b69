"""Many plans of one scenario: side by side under changes, and over budgets."""

from collections.abc import Sequence

from mmm.errors import Fault, FileRefused
from mmm.sentence import Money, Sentence, Word, phrase, sentence
from optimizer.errors import ScenarioRefused
from optimizer.scenario.document import Scenario
from service.answers import Variant, WhatIfAnswer
from service.planning import PlanningDesk
from service.what_if import Change, changed


def what_if(desk: PlanningDesk, scenario: Scenario, changes: Sequence[Change]) -> WhatIfAnswer:
    """The plan of a scenario as it is, followed by its plan under each change.

    All changes are checked before the first is planned.

    Raises
    ------
    FileRefused
        When a change does not fit; pointers lead to the change (``changes[1]``).
    ScenarioRefused
        When the scenario, as it is or changed, does not fit its market.
    """
    scenarios: list[Scenario] = []
    faults: list[Fault] = []
    for position, change in enumerate(changes, start=1):
        try:
            scenarios.append(changed(scenario, change))
        except FileRefused as error:
            faults += [_in_change(fault, position, change) for fault in error.faults]
    if faults:
        raise FileRefused(faults)
    plan = desk.plan(scenario)
    variants = [Variant(name=sentence("As it is"), change=None, plan=plan)]
    for position, (change, varied) in enumerate(zip(changes, scenarios, strict=True), start=1):
        try:
            variants.append(Variant(name=change.name or change_name(change), change=change, plan=desk.plan(varied)))
        except ScenarioRefused as error:
            raise ScenarioRefused([_in_change(fault, position, change) for fault in error.faults]) from error
    return WhatIfAnswer(
        scenario=scenario.name,
        market=scenario.market,
        kpi=scenario.kpi,
        currency=plan.currency,
        variants=tuple(variants),
    )


def budgets_between(lowest: float, highest: float, points: int) -> tuple[float, ...]:
    """Budgets at equal steps, both ends among them."""
    step = (highest - lowest) / (points - 1)
    return (*(lowest + step * position for position in range(points - 1)), highest)


def change_name(change: Change) -> Sentence:
    """A short name of a change that was given none."""
    settings = Word(text=", ".join(f"{path}={value}" for path, value in change.set.items()))
    is_free = change.business == "none"
    business = sentence("free split") if is_free else sentence("{preset}", preset=Word(text=change.business or ""))
    if change.budget is not None and change.business is not None:
        return sentence("{budget}, {business}", budget=Money(amount=change.budget), business=phrase(business))
    if change.budget is not None:
        return sentence("{budget}", budget=Money(amount=change.budget))
    if change.business is not None:
        return business
    return sentence("{settings}", settings=settings)


def _in_change(fault: Fault, position: int, change: Change) -> Fault:
    """The fault with a path that leads to what the change said, as far as that can be known."""
    place = f"changes[{position}]"
    said = fault.field in change.set or any(path.startswith(f"{fault.field}.") for path in change.set)
    field = f"{place}.set" if said else place
    found = fault.found
    if fault.field:
        found = sentence("{found} at {path}", found=phrase(fault.found), path=Word(text=fault.field))
    return Fault(fault.file, field, found, fault.expected)
