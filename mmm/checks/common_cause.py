"""Do budgets move together for a reason that the market does not name? Then the outcome may follow the same reason.

A planner who sees demand coming, or a driver that no column has, moves every budget at once. No residual shows it: the
fit has already taken it for effect (residuals that lead spend find a fifth of such markets). The budgets do: what
season, controls and events leave of their logarithms should be each channel's own.
"""

from itertools import combinations

import numpy as np

from mmm.artifact import Gate
from mmm.checks.verdicts import unless_passed
from mmm.design import Design
from mmm.sentence import Number, sentence
from mmm.vocabulary import FloatArray, Verdict

COMMON_LIMIT = 0.25
"""Median correlation of two channels' budgets that passes. On simulated markets whose budgets are planned apart nine
in ten lie below 0.15 (`benchmarks/nothing_silent.py`)."""

SMALLEST_SPEND = 0.05
"""Spend below this part of a channel's usual one counts as rest: it says when there is a flight, not how large."""

FEWEST_PERIODS = 26
"""Periods that two channels must both be on air for their budgets to be compared."""


def common_movement(design: Design) -> float | None:
    """Median correlation between two channels' budgets beyond what the market names; None with fewer than two pairs.

    A straight trend is taken out, and bends of the trend are not: they follow whatever is slow, a hidden driver too.
    A median, so that two channels that are bought as one (another gate's matter) do not make it.
    """
    spend, known = design.spend, _known(design)
    own = np.full(spend.shape, np.nan)
    for place in range(spend.shape[1]):
        series = spend[:, place]
        on = series > SMALLEST_SPEND * series.mean(where=series > 0) if (series > 0).any() else series > 0
        if on.sum() > known.shape[1] + FEWEST_PERIODS:
            left = _unexplained(known[on], np.log(series[on]))
            if left.std() > 0:
                own[on, place] = left / left.std()
    both = [own[:, first] * own[:, second] for first, second in combinations(range(own.shape[1]), 2)]
    found = [float(np.nanmean(pair)) for pair in both if np.isfinite(pair).sum() >= FEWEST_PERIODS]
    return float(np.median(found)) if len(found) > 1 else None


def judge_common_movement(found: float | None) -> list[Gate]:
    """The gate, where there are budgets to compare."""
    if found is None:
        return []
    verdict: Verdict = "pass" if found <= COMMON_LIMIT else "review"
    told = sentence(
        "Beyond season, controls and events the budgets of two channels correlate by {correlation} (limit {limit}): "
        "channels were planned apart.",
        correlation=Number(amount=found, digits=2),
        limit=Number(amount=COMMON_LIMIT, digits=2),
    )
    if verdict != "pass":
        told = sentence(
            "Budgets rise and fall together beyond season, controls and events: the usual two channels correlate by "
            "{correlation} (limit {limit}). If demand or something else that no column shows moved them, the fit takes "
            "it for the effect of media.",
            correlation=Number(amount=found, digits=2),
            limit=Number(amount=COMMON_LIMIT, digits=2),
        )
    return [
        Gate(
            name="common_cause",
            verdict=verdict,
            value=found,
            limit=COMMON_LIMIT,
            text=told,
            action=unless_passed(
                verdict,
                sentence(
                    "Ask what budgets were set by, and bring it as a control (demand, distribution, prices); else "
                    "settle the total effect with a lift test before moving much money."
                ),
            ),
        )
    ]


def _known(design: Design) -> FloatArray:
    """The baseline's columns without the bends of the trend. Shape (T, known terms)."""
    first = 1 + design.baseline.has_slope
    bends = range(first, first + len(design.baseline.knots))
    return np.delete(design.columns, list(bends), axis=1)


def _unexplained(columns: FloatArray, series: FloatArray) -> FloatArray:
    fitted, *_ = np.linalg.lstsq(columns, series, rcond=1e-9)
    return np.asarray(series - columns @ fitted)
