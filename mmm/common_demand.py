"""What budgets have in common beyond everything that the market names, taken for demand and not for effect.

A planner who sees demand coming, or a driver that no column has, moves every budget at once, and the outcome follows
the same cause. A fit that is told nothing of it takes demand for the effect of media, and no residual shows it. The
budgets do: what season, controls and events leave of their logarithms should be each channel's own. Where it is not,
what they share stands in for the cause, as a control like any other (a proxy for an unmeasured common cause: Kuroki
and Pearl 2014, "Measurement bias and effect restoration in causal inference"), and a channel's effect is learned from
what its budget did on its own.
"""

from dataclasses import replace
from itertools import combinations

import numpy as np

from mmm.baseline import control_places
from mmm.design import Design, build_design
from mmm.market import Market, national_aggregate, without_lift_tests
from mmm.spec import ControlSpec, OutcomeSpec
from mmm.vocabulary import COMMON_DEMAND_NAMES, FloatArray

COMMON_LIMIT = 0.25
"""Median correlation of two channels' budgets beyond which they are taken to follow something. On simulated markets
whose budgets are planned apart nine in ten lie below 0.15 (`benchmarks/nothing_silent.py`)."""

SMALLEST_SPEND = 0.05
"""Spend below this part of a channel's usual one counts as rest: it says when there is a flight, not how large."""

FEWEST_PERIODS = 26
"""Periods that two channels must both be on air for their budgets to be compared."""


def with_common_demand(market: Market, outcome: OutcomeSpec) -> Market:
    """The market with a control of what its budgets have in common, where that is much or market.toml asks for it.

    `[model] common_demand` decides where it is said; else the budgets do. A panel has one series for all geos.
    """
    asked, name = market.spec.model.common_demand, COMMON_DEMAND_NAMES[market.spec.market.language]
    if asked is False or name in market.controls:
        return market
    design = build_design(without_lift_tests(national_aggregate(market)), outcome, 0)
    own = own_movements(design)
    movement = common_movement(own)
    if movement is None or not (asked or movement > COMMON_LIMIT):
        return market
    series = np.repeat(_shared(own)[:, None], len(market.geos), axis=1)
    controls = (*market.spec.controls, ControlSpec(name=name, column=name))
    return replace(
        market,
        spec=market.spec.model_copy(update={"controls": controls}),
        controls={**market.controls, name: series},
    )


def own_movements(design: Design) -> FloatArray:
    """Logarithm of each channel's spend beyond what the market names, in sds; NaN at rest. Shape (T, C).

    A straight trend is taken out, and bends of the trend are not: they follow whatever is slow, a hidden driver too.
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
    return own


def common_movement(own: FloatArray) -> float | None:
    """Median correlation between two channels' `own_movements`; None with fewer than two pairs.

    A median, so that two channels that are bought as one (another gate's matter) do not make it.
    """
    found = [pair for pair in _correlations(own).values() if pair is not None]
    return float(np.median(found)) if len(found) > 1 else None


def _correlations(own: FloatArray) -> dict[tuple[int, int], float | None]:
    """Correlation of each two channels over the periods in which both are on air; None where these are few."""
    found: dict[tuple[int, int], float | None] = {}
    for first, second in combinations(range(own.shape[1]), 2):
        both = own[:, first] * own[:, second]
        found[first, second] = float(np.nanmean(both)) if np.isfinite(both).sum() >= FEWEST_PERIODS else None
    return found


def _shared(own: FloatArray) -> FloatArray:
    """What the movements share, mean zero and sd one; zero in periods in which no channel says anything. Shape (T,).

    A mean over the channels on air, each weighted by how much it correlates with the others.
    """
    weights = np.zeros(own.shape[1])
    for (first, second), correlation in _correlations(own).items():
        for place in (first, second):
            weights[place] += max(correlation or 0.0, 0.0)
    said = np.isfinite(own) * weights
    total = said.sum(axis=1)
    shared = np.divide(np.nansum(own * weights, axis=1), total, out=np.zeros(len(own)), where=total > 0)
    centered = shared - shared.mean()
    return np.asarray(centered / max(float(centered.std()), np.finfo(float).tiny))


def _known(design: Design) -> FloatArray:
    """The baseline's columns without the bends of the trend and what budgets share. Shape (T, known terms)."""
    info = design.baseline
    first = 1 + info.has_slope
    names = COMMON_DEMAND_NAMES.values()
    shared = [place for place, name in zip(control_places(info), info.controls, strict=True) if name in names]
    return np.delete(design.columns, [*range(first, first + len(info.knots)), *shared], axis=1)


def _unexplained(columns: FloatArray, series: FloatArray) -> FloatArray:
    fitted, *_ = np.linalg.lstsq(columns, series, rcond=1e-9)
    return np.asarray(series - columns @ fitted)
