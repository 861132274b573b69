"""Plans scored on all draws: the numbers that are reported, never the solver's objective."""

from collections.abc import Mapping

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.plan.document import ComparedPlan, Interval, OutcomePlan
from optimizer.responses.kpi import KpiResponses


def interval(draws: FloatArray) -> Interval:
    """Mean and 5, 50 and 95 % quantiles of some draws. Shape (S,)."""
    low, middle, high = _quantiles(draws)
    return Interval(mean=float(draws.mean()), p05=low, p50=middle, p95=high)


def ratio_interval(numerator: FloatArray, denominator: FloatArray) -> Interval | None:
    """Quantiles of a ratio over the draws, and the ratio of the means as its mean; None if a draw divides by zero."""
    if (denominator <= 0).any() or denominator.mean() <= 0:
        return None
    with np.errstate(over="ignore"):
        ratios = numerator / denominator
    if not np.isfinite(ratios).all():
        return None
    low, middle, high = _quantiles(ratios)
    return Interval(mean=float(numerator.mean() / denominator.mean()), p05=low, p50=middle, p95=high)


def score_outcome(kpi: KpiResponses, spend: Mapping[str, float]) -> OutcomePlan:
    """One KPI under a split: base, increment and total over the horizon."""
    periods = kpi.baseline.shape[1]
    outcome = kpi.artifact.manifest.outcome
    incremental, within = kpi.media_draws(spend), kpi.media_draws(spend, periods)
    base = kpi.base_draws(periods)
    measured = kpi.measured().media_draws(spend) if kpi.assumed else None
    return OutcomePlan(
        kpi=outcome.name,
        unit=outcome.unit,
        value=None if outcome.value_per_unit is None else float(incremental.mean()) * outcome.value_per_unit,
        incremental=interval(incremental),
        base=interval(base),
        total=_with_noise(base + within, kpi.noise_draws(periods)),
        after_horizon=interval(incremental - within),
        measured=None if measured is None else interval(measured),
        assumed=None if measured is None else interval(incremental - measured),
    )


def compared(kpi: KpiResponses, spend: Mapping[str, float], budget: float) -> ComparedPlan:
    """Another split, judged on the same draws."""
    scored = interval(kpi.media_draws(spend))
    return ComparedPlan(budget=budget, mean=scored.mean, p05=scored.p05, p95=scored.p95)


def _quantiles(draws: FloatArray) -> tuple[float, float, float]:
    """The 5, 50 and 95 % quantiles as `numpy.quantile` has them, which takes five times as long. Shape (S,)."""
    ordered = np.sort(draws)
    found = []
    for share in (0.05, 0.5, 0.95):
        place = share * (len(ordered) - 1)
        below = int(place)
        above, part = min(below + 1, len(ordered) - 1), place - below
        low, high = float(ordered[below]), float(ordered[above])
        found.append(low + (high - low) * part if part < 0.5 else high - (high - low) * (1.0 - part))
    return found[0], found[1], found[2]


def _with_noise(draws: FloatArray, noise: FloatArray) -> Interval:
    """Quantiles with noise, mean without the chance of its draws."""
    noisy = interval(draws + noise)
    return Interval(mean=float(draws.mean()), p05=noisy.p05, p50=noisy.p50, p95=noisy.p95)
