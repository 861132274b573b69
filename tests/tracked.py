"""A plan that runs in a world of our own, for the tests of tracking and for its benchmark."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
from builders import make_artifact

from mmm.artifact import ResponseArtifact, seal
from mmm.vocabulary import FloatArray
from optimizer.horizon.outlook import outlook, planned_spend
from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from service.tracking.actuals import Actuals

START, PERIODS = date(2027, 1, 4), 13
USUAL = (24_000.0, 1_000.0, 6_000.0, 23_000.0)
"""Spend at which the outcome is well known, money a week."""


def tracked_artifact(draws: int = 200, seed: int = 1, kpi: str = "orders") -> ResponseArtifact:
    """A market in which tv brings a quarter of the outcome, which is well known at usual spend, as after a fit."""
    made = make_artifact(draws=draws, seed=seed, kpi=kpi)
    ceiling = made.draws.ceiling.copy()
    ceiling[:, 0] *= 3.0
    strong = seal(made.manifest, replace(made.draws, ceiling=ceiling))
    level = outlook(strong, START, np.tile(USUAL, (PERIODS, 1)), seed=1).expected.mean(axis=1)
    baseline = made.draws.baseline.copy()
    baseline[:, 0] -= 0.95 * (level - level.mean())
    return seal(made.manifest, replace(made.draws, ceiling=ceiling, baseline=baseline))


def some_draws(artifact: ResponseArtifact, places: slice) -> ResponseArtifact:
    """The same model with some of its draws alone."""
    names = ("retention", "peak_delay", "half_saturation", "slope", "ceiling", "baseline", "noise_scale")
    names += tuple(f"organic_{name}" for name in names[:5])
    taken = {name: getattr(artifact.draws, name)[places] for name in names}
    draws = replace(artifact.draws, **taken)
    return seal(artifact.manifest.model_copy(update={"draws": len(draws.noise_scale)}), draws)


def asked(**changes: object) -> Scenario:
    document = {
        "name": "Q1",
        "market": "testland",
        "kpi": "orders",
        "budget": 700_000.0,
        "business": "b2c",
        "horizon": {"start": START, "periods": PERIODS},
        "flighting": {"pattern": "history"},
    }
    return Scenario.model_validate(document | changes)


def world(plan: Plan, artifact: ResponseArtifact, seed: int, *, halved: Mapping[str, int] | None = None) -> FloatArray:
    """An outcome of the plan's horizon, from one draw of the model and its noise. Shape (T,).

    What the channels in `halved` bring is halved from so many periods on.
    """
    rng = np.random.default_rng(seed)
    found = outlook(artifact, plan.horizon.start, planned_spend(plan, artifact), seed=seed)
    draw = int(rng.integers(len(found.total)))
    outcome = found.total[draw].copy()
    for name, first in (halved or {}).items():
        outcome[first:] -= 0.5 * found.media[draw, artifact.channels.index(name), first:]
    return np.maximum(outcome, 0.0)


def actuals(
    plan: Plan, artifact: ResponseArtifact, outcome: FloatArray, spend: FloatArray | None = None, kpi: str = "orders"
) -> Actuals:
    """Actuals of as many periods as `spend` has (as many of the plan as there are outcomes unless given)."""
    spent = planned_spend(plan, artifact)[: len(outcome)] if spend is None else spend
    by_channel = {name: tuple(spent[:, place].tolist()) for place, name in enumerate(artifact.channels)}
    return Actuals(start=plan.horizon.start, spend=by_channel, outcomes={kpi: tuple(outcome.tolist())})
