"""The health of a fit: its gates in one number from 0 to 100, and the parts that it is made of.

A score is to compare fits by and to see at a glance where one is weak. It judges nothing: a failed gate keeps a model
from being champion whatever the score.
"""

from collections.abc import Sequence
from typing import Literal

from mmm.manifest import Gate
from mmm.parsing import StrictModel
from mmm.vocabulary import Verdict

type HealthPartName = Literal[
    "convergence", "forecast", "coverage", "predictive", "baseline", "causes", "learned", "data"
]

WEIGHTS: dict[HealthPartName, float] = {
    "convergence": 15.0,
    "forecast": 20.0,
    "coverage": 10.0,
    "predictive": 15.0,
    "baseline": 5.0,
    "causes": 15.0,
    "learned": 15.0,
    "data": 5.0,
}
"""Points of each part, one hundred together: most for what can be checked against facts, a forecast of what was not
seen; then what makes effects wrong without a trace."""

PARTS: dict[str, HealthPartName] = {
    "convergence": "convergence",
    "effective_draws": "convergence",
    "divergences": "convergence",
    "energy": "convergence",
    "holdout_error": "forecast",
    "holdout_coverage": "coverage",
    "predictive": "predictive",
    "residuals": "predictive",
    "shared_noise": "predictive",
    "baseline": "baseline",
    "common_cause": "causes",
    "drift": "causes",
    "lift_test": "causes",
    "learned": "learned",
    "alike": "learned",
    "indicator": "learned",
    "long_run": "learned",
    "split": "learned",
}
"""The part that a gate belongs to; any other gate is about the data."""

KEPT: dict[Verdict, float] = {"pass": 1.0, "review": 0.5, "fail": 0.0}
"""What a part keeps of its points under the worst verdict of its gates."""


class HealthPart(StrictModel):
    """One part of a score: `points` out of `most`, and the gates that cost points."""

    name: HealthPartName
    points: float
    most: float
    gates: tuple[str, ...]


class Health(StrictModel):
    """The score of a fit, from 0 to 100, which is the sum of its parts' points."""

    score: float
    parts: tuple[HealthPart, ...]


def health(gates: Sequence[Gate]) -> Health | None:
    """The health that these gates amount to; None where there are none.

    Parts without a gate (a fit without a holdout has no coverage) leave their points to the others, in proportion.
    """
    by_part: dict[HealthPartName, list[Gate]] = {}
    for gate in gates:
        by_part.setdefault(PARTS.get(gate.name, "data"), []).append(gate)
    if not by_part:
        return None
    scale = 100.0 / sum(WEIGHTS[name] for name in by_part)
    parts = tuple(_part(name, by_part[name], scale * weight) for name, weight in WEIGHTS.items() if name in by_part)
    return Health(score=sum(part.points for part in parts), parts=parts)


def _part(name: HealthPartName, gates: Sequence[Gate], most: float) -> HealthPart:
    kept = min(KEPT[gate.verdict] for gate in gates)
    names = dict.fromkeys(gate.name for gate in gates if gate.verdict != "pass")
    return HealthPart(name=name, points=kept * most, most=most, gates=tuple(names))
