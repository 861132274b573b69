"""Figures of a plan that several parts of its page speak of."""

from mmm.sentence import Money, Number, Value, Word, phrase, sentence
from optimizer.plan.document import OutcomePlan, Plan


def main_outcome(plan: Plan) -> OutcomePlan:
    """The outcome that the plan is made for; a feasible plan has it."""
    return next(outcome for outcome in plan.outcomes if outcome.kpi == plan.kpi)


def quantity(amount: float) -> Number:
    """A quantity for a sentence, to about three figures."""
    size = abs(amount)
    return Number(amount=amount, digits=0 if size >= 100 or size == 0 else 1 if size >= 10 else 2)


def worth(plan: Plan, amount: float) -> Value:
    """An amount of what the plan's certificate counts, with its unit: money, or the unit of the KPI."""
    if plan.certificate is not None and plan.certificate.unit == "money":
        return Money(amount=amount)
    return phrase(sentence("{amount} {unit}", amount=quantity(amount), unit=Word(text=main_outcome(plan).unit)))
