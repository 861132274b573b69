"""What a plan brings, in the sentences that open its page: what was measured first, what is assumed beside it."""

from mmm.sentence import Money, Number, Sentence, Share, Value, Word, sentence
from optimizer.plan.document import OutcomePlan, TaskPlan
from service.cli.figures import quantity


def brought(outcome: OutcomePlan) -> Sentence:
    """What the plan's media bring; where some channels are assumed, what the measured ones do."""
    measured = outcome.measured
    added = outcome.incremental if measured is None else measured
    told: dict[str, Value] = {
        "mean": quantity(added.mean),
        "low": quantity(added.p05),
        "high": quantity(added.p95),
        "later": quantity(outcome.after_horizon.mean),
        "unit": Word(text=outcome.unit),
    }
    if measured is None:
        return sentence(
            "It brings {mean} {unit} (90 % interval {low} to {high}), of which {later} arrive after the end.", **told
        )
    return sentence(
        "Its channels with a history bring {mean} {unit} (90 % interval {low} to {high}); of all that the plan brings "
        "{later} arrive after the end.",
        **told,
    )


def brought_by_new(outcome: OutcomePlan) -> Sentence:
    """What channels without history are assumed to bring on top."""
    added = outcome.assumed or outcome.incremental
    return sentence(
        "Channels without history are assumed to bring {mean} {unit} on top ({low} to {high}): nothing has measured "
        "that.",
        mean=quantity(added.mean),
        low=quantity(added.p05),
        high=quantity(added.p95),
        unit=Word(text=outcome.unit),
    )


def worth_of_brought(outcome: OutcomePlan, value: float, budget: float) -> Sentence:
    """The value of what media bring; of what the measured ones bring where some are assumed."""
    if outcome.measured is None:
        return sentence(
            "That is worth {value}: {ratio} for each unit of money spent.",
            value=Money(amount=value),
            ratio=Number(amount=value / budget, digits=2),
        )
    share = outcome.measured.mean / outcome.incremental.mean if outcome.incremental.mean > 0 else 0.0
    return sentence(
        "What channels with a history bring is worth {value}: {ratio} for each unit of money spent.",
        value=Money(amount=share * value),
        ratio=Number(amount=share * value / budget, digits=2),
    )


def with_assumed(task: TaskPlan) -> Sentence:
    """What a probability would be if channels without history counted."""
    return sentence(
        "{kpi}: channels without history do not count; with what is assumed of them it is {probability}.",
        kpi=Word(text=task.kpi),
        probability=Share(fraction=task.with_assumed or 0.0, digits=1),
    )
