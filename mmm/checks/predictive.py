"""Would the fitted model have made an outcome like this one? Posterior-predictive checks (Gelman, Meng and Stern 1996).

Every draw makes an outcome of its own, and the same statistics are taken of that and of what happened. All but the
spread are of what the draw leaves unexplained, in standard deviations of its own noise: the season and the media
would hide the shape of the noise otherwise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmm.checks.verdicts import unless_passed
from mmm.manifest import Gate
from mmm.posterior import Posterior
from mmm.sentence import Number, Phrase, Sentence, sentence
from mmm.vocabulary import FloatArray, Verdict

type Statistic = Literal["spread", "skew", "largest", "persistence", "zeros"]

PREDICTIVE_LIMIT = 0.05
"""Smallest two-sided p-value of all statistics together (Bonferroni) that passes. The data are used twice, which pulls
p-values to the middle: what falls below is seldom chance."""

TAILS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class PredictedStatistic:
    """One statistic of what happened, beside the same of outcomes that the model makes.

    Attributes
    ----------
    name
        `spread`: standard deviation of the outcome. `skew`, `largest` (distance from the mean), `persistence`
        (correlation of neighbours): of standardised noise. `zeros`: share of periods without any outcome.
    observed
        Of what happened; mean over draws where it depends on them.
    low, high
        90 % interval of it in the model's outcomes.
    probability
        Two-sided Bayesian p-value, ties counted half.
    """

    name: Statistic
    observed: float
    low: float
    high: float
    probability: float


def predictive_check(posterior: Posterior, rng: np.random.Generator) -> tuple[PredictedStatistic, ...]:
    """The statistics of a fit, those that tell most about the noise first; periods held out are left out."""
    design = posterior.design
    seen = design.observed > 0
    expected, actual = posterior.expected[:, seen], design.outcome[seen]
    made = posterior.noisy(rng)[:, seen]
    scale = _noise(posterior, expected)
    happened, replicated = (actual - expected) / scale, (made - expected) / scale
    counted = []
    if (actual <= 0).any() or design.likelihood == "negative_binomial":
        # A normal outcome below one half is none, once it is counted.
        empty = np.full(len(made), float((actual < 0.5).mean()))
        counted = [_statistic("zeros", empty, (made < 0.5).mean(axis=1))]
    return (
        *counted,
        _statistic("largest", np.abs(happened).max(axis=1), np.abs(replicated).max(axis=1)),
        _statistic("skew", _skew(happened), _skew(replicated)),
        _statistic("persistence", _persistence(happened), _persistence(replicated)),
        _statistic("spread", np.full(len(made), actual.std()), made.std(axis=1)),
    )


def judge_predictions(found: tuple[PredictedStatistic, ...]) -> Gate:
    """The gate: every statistic of what happened is one that the model could have made."""
    worst = min(found, key=lambda statistic: statistic.probability)
    together = min(worst.probability * len(found), 1.0)
    verdict: Verdict = "pass" if together >= PREDICTIVE_LIMIT else "review"
    said = sentence("Outcomes that the model makes up look like what happened: spread, extremes and rhythm agree.")
    if verdict != "pass":
        said = sentence(
            "What happened is not what the model would make up: {statistic} is {observed}, and in the model's outcomes "
            "{low} to {high}.",
            statistic=Phrase(said=NAMES[worst.name]),
            observed=Number(amount=worst.observed, digits=2),
            low=Number(amount=worst.low, digits=2),
            high=Number(amount=worst.high, digits=2),
        )
    return Gate(
        name="predictive",
        verdict=verdict,
        value=together,
        limit=PREDICTIVE_LIMIT,
        text=said,
        action=unless_passed(verdict, ACTIONS[worst.name]),
    )


NAMES: dict[Statistic, Sentence] = {
    "spread": sentence("the spread of the outcome"),
    "skew": sentence("the lean of what is unexplained to one side (skewness)"),
    "largest": sentence("the largest deviation, in standard deviations,"),
    "persistence": sentence("the correlation of what is unexplained in neighbouring periods"),
    "zeros": sentence("the share of periods without any outcome"),
}

_HEAVY_TAILS = sentence(
    "Name the periods that stand out as events, or set likelihood = “student_t” (small counts: “negative_binomial”)."
)
_COUNTS = sentence(
    "Set likelihood = “negative_binomial” for small counts; until then intervals are not those of counts."
)

ACTIONS: dict[Statistic, Sentence] = {
    "spread": sentence("Read intervals of the outcome with care: their width is not that of the data."),
    "skew": _HEAVY_TAILS,
    "largest": _HEAVY_TAILS,
    "persistence": sentence("Something slow is missing: add a control for it; until then intervals are too narrow."),
    "zeros": _COUNTS,
}


def _statistic(name: Statistic, observed: FloatArray, made: FloatArray) -> PredictedStatistic:
    above = float((made > observed).mean() + 0.5 * (made == observed).mean())
    low, high = np.quantile(made, TAILS)
    return PredictedStatistic(
        name=name,
        observed=float(observed.mean()),
        low=float(low),
        high=float(high),
        probability=2.0 * min(above, 1.0 - above),
    )


def _noise(posterior: Posterior, expected: FloatArray) -> FloatArray:
    """Standard deviation of the noise around each expected value. Shape (S, T) or (S, 1)."""
    design, media = posterior.design, posterior.media
    if design.likelihood == "negative_binomial":
        return np.asarray(np.sqrt(expected + expected**2 / media.noise_shape[:, None]))
    return posterior.standard_deviation[:, None]


def _skew(values: FloatArray) -> FloatArray:
    centered = values - values.mean(axis=1, keepdims=True)
    spread = np.maximum(centered.std(axis=1), np.finfo(float).tiny)
    return np.asarray((centered**3).mean(axis=1) / spread**3)


def _persistence(values: FloatArray) -> FloatArray:
    centered = values - values.mean(axis=1, keepdims=True)
    total = np.maximum((centered**2).sum(axis=1), np.finfo(float).tiny)
    return np.asarray((centered[:, 1:] * centered[:, :-1]).sum(axis=1) / total)
