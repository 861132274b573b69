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
