"""What each budget brings at best."""

from optimizer.plan.figures import FrontierPoint
from optimizer.question.answered import Answer
from optimizer.question.asked import Question
from optimizer.responses.evaluate import interval


def frontier_point(question: Question, budget: float, found: Answer | None, price: float | None) -> FrontierPoint:
    """The point of one answered budget; `price` is the KPI that one more unit of money would bring."""
    if found is None:
        return FrontierPoint(budget=budget)
    allocation = found.allocation
    scored = interval(question.kpi.media_draws_nearly(allocation.spend))
    value = question.artifact.manifest.outcome.value_per_unit
    return FrontierPoint(
        budget=budget,
        spent=allocation.total,
        mean=scored.mean,
        p05=scored.p05,
        p95=scored.p95,
        roas=None if value is None else scored.mean * value / allocation.total,
        mroas=None if value is None or price is None else price * value,
        gap=allocation.gap,
    )
