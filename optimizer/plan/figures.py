"""Figures that the parts of a plan share."""

from mmm.parsing import StrictModel


class Interval(StrictModel):
    """Mean and quantiles over the posterior draws."""

    mean: float
    p05: float
    p50: float
    p95: float


class ComparedPlan(StrictModel):
    """Another way to spend, judged on the same curves."""

    budget: float
    mean: float
    p05: float
    p95: float


class FrontierPoint(StrictModel):
    """The best plan at one budget; all but `budget` is None where the rules allow no plan.

    `mroas` is the return of the next unit of money put into the best split, None without a value
    per unit; `spent` can be below `budget` where rules leave money over.
    """

    budget: float
    spent: float | None = None
    mean: float | None = None
    p05: float | None = None
    p95: float | None = None
    roas: float | None = None
    mroas: float | None = None
    gap: float | None = None
