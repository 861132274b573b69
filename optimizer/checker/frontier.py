"""Points of a frontier counted anew from the splits that they stand for."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmm.artifact import ResponseArtifact
from optimizer.checker.bound import QUICK, beaten_bound
from optimizer.checker.figures import is_near
from optimizer.checker.recount import Recount
from optimizer.checker.splits import split_rules
from optimizer.plan.document import Certificate
from optimizer.plan.figures import FrontierPoint
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend

FEW = 3
"""Points of a frontier whose money and rules are looked at where the answer is waited for."""


def wrong_points(
    scenario: Scenario,
    points: Sequence[tuple[FrontierPoint, Mapping[str, float]]],
    artifacts: Mapping[str, ResponseArtifact],
    known: KnownSpend | None = None,
    reference_spend: Mapping[str, float] | None = None,
    *,
    is_thorough: bool = True,
) -> tuple[str, ...]:
    """What is wrong with points of a frontier, each with its split.

    Where it is thorough, all points are counted on all draws and their bounds attacked. Else money and rules of the
    first, a middle and the last are looked at, for a frontier takes not much longer than that. One that chooses the
    phasing of each point is not counted: splits alone do not say what they bring.
    """
    if scenario.flighting.pattern == "optimized" or not points:
        return ()
    count = len(points) if is_thorough else min(FEW, len(points))
    places = np.unique(np.linspace(0, len(points) - 1, count).round().astype(int))
    faults: list[str] = []
    for place in places.tolist():
        point, split = points[place]
        changes = {"objective": "maximize", "budget": point.budget, "tasks": (), "target": None}
        asked = scenario.model_copy(update=changes)
        certificate = _certificate(asked, point)
        recount = Recount.of_split(asked, split, certificate, artifacts, known, reference_spend)
        found = _broken(recount, point) + (_wrong_figures(recount, point) if is_thorough else [])
        if is_thorough and not found and certificate is not None:
            found = beaten_bound(recount, QUICK)
        faults += [f"at {point.budget}: {fault}" for fault in found]
    return tuple(faults)


def _certificate(scenario: Scenario, point: FrontierPoint) -> Certificate | None:
    """What a point says that no split exceeds, where its mean is what is wanted most of."""
    if point.mean is None or point.gap is None or scenario.values or scenario.risk.attitude != "neutral":
        return None
    bound = point.mean * (1.0 + point.gap)
    return Certificate(value=point.mean, bound=bound, gap=point.gap, method="", seconds=0.0)


def _broken(recount: Recount, point: FrontierPoint) -> list[str]:
    """Rules that the split of a point breaks, and whether its money adds up."""
    spend, paid = np.array([recount.spend[name] for name in recount.names]), recount.plan.budget
    is_spent = point.spent is not None and is_near(point.spent, paid, paid)
    faults = split_rules(recount).broken(spend, paid)
    return faults if is_spent else [*faults, f"spent is said to be {point.spent}, counted {paid}"]


def _wrong_figures(recount: Recount, point: FrontierPoint) -> list[str]:
    """Figures of a point that are not those of its split."""
    faults: list[str] = []
    draws, paid = recount.incremental[recount.scenario.kpi], recount.plan.budget
    value = recount.artifact.manifest.outcome.value_per_unit
    if value is not None and (point.roas is None or not is_near(point.roas, value * draws.mean() / paid, point.roas)):
        faults.append(f"ROAS is said to be {point.roas}, counted {value * draws.mean() / paid}")
    low, high = np.quantile(draws, (0.05, 0.95))
    for name, said, counted in (("mean", point.mean, draws.mean()), ("p05", point.p05, low), ("p95", point.p95, high)):
        if said is None or not is_near(said, float(counted), float(high)):
            faults.append(f"{name} is said to be {said}, counted {counted}")
    return faults
