"""Do the effects of channels move over the window? A score test of what the fit leaves unexplained.

Were the effect of a channel a path around the fitted one, the residual would hold contribution times path. Paths are
taken from a process whose correlation fades over `MEMORY_YEARS`; the statistic is the sum of squares of the residual
projected on contribution times path (the locally most powerful test of a variance component, e.g. Lin 1997). Chance is
what the same statistic does on noise of the residual's own persistence, with everything fitted taken out of both.
"""

from dataclasses import dataclass

import numpy as np

from mmm.checks.verdicts import unless_passed
from mmm.manifest import Gate
from mmm.media_history import MediaHistory
from mmm.posterior import Posterior
from mmm.sentence import Share, Word, sentence
from mmm.vocabulary import PERIODS_PER_YEAR, FloatArray, PeriodName, Verdict

MEMORY_YEARS = 0.5
"""Time over which an effect is taken to stay alike: creatives and competitors change within a few quarters."""

PATHS = 25
"""Number of paths (largest modes of the process): more are too fast for an effect to move."""

NOISES = 1000
"""Outcomes of chance alone that the statistic is compared with."""

DRIFT_LIMIT = 0.05
"""Smallest chance, over all channels together, that passes."""

LARGEST_PERSISTENCE = 0.9


@dataclass(frozen=True, slots=True)
class Drift:
    """Whether effects move.

    Attributes
    ----------
    channel
        The one whose effect seems to move most.
    chance
        Probability that the most suspicious of all channels looks like this one where no effect moves.
    """

    channel: str
    chance: float


def drift(posterior: Posterior, history: MediaHistory, period: PeriodName, rng: np.random.Generator) -> Drift | None:
    """The test; None where the window has too few periods beside the model's terms.

    Parameters
    ----------
    posterior, history
        Of the fit.
    period
        Kind of period.
    rng
        Source of the noise that chance is measured on.
    """
    design = posterior.design
    seen = design.observed > 0
    contribution = history.contribution[seen]
    fitted = np.concatenate([design.columns[seen], contribution], axis=1)
    outcome = design.outcome[seen]
    active = [place for place in design.paid if contribution[:, place].max() > 0]
    periods = len(outcome)
    if not active or periods < 2 * fitted.shape[1]:
        return None
    persistence = _persistence(_without(_basis(fitted), outcome[:, None])[:, 0])
    basis = _basis(_whitened(fitted, persistence))
    noise = rng.standard_normal((periods - 1, NOISES))
    left = _without(basis, np.column_stack([_whitened(outcome, persistence), noise]))
    size = np.linalg.norm(left, axis=0)
    if size[0] <= np.finfo(float).eps * np.linalg.norm(outcome):
        return None
    left /= size
    paths = _paths(np.flatnonzero(seen) / PERIODS_PER_YEAR[period])
    moved = [_without(basis, _whitened(contribution[:, [place]] * paths, persistence)) for place in active]
    ranks = np.stack([_tail_share(((one.T @ left) ** 2).sum(axis=0)) for one in moved])
    least = ranks.min(axis=0)
    return Drift(
        channel=design.media[active[int(ranks[:, 0].argmin())]].name,
        chance=float((least <= least[0]).mean()),
    )


def judge_drift(found: Drift | None) -> list[Gate]:
    """The gate, where the test could be made."""
    if found is None:
        return []
    verdict: Verdict = "pass" if found.chance >= DRIFT_LIMIT else "review"
    told = sentence("Nothing shows that the channels' effects moved over the window.")
    if verdict != "pass":
        told = sentence(
            "The effect of {channel} seems to have moved over the window: so much order would be chance in {chance} of "
            "markets with steady effects.",
            channel=Word(text=found.channel),
            chance=Share(fraction=found.chance),
        )
    return [
        Gate(
            name="drift",
            verdict=verdict,
            value=found.chance,
            limit=DRIFT_LIMIT,
            text=told,
            action=unless_passed(
                verdict,
                sentence(
                    "What a channel brings today may be more or less than its average: fit a shorter window and "
                    "compare, or test it now."
                ),
            ),
        )
    ]


def _basis(columns: FloatArray) -> FloatArray:
    """Orthonormal columns that span the same."""
    scaled = columns / np.maximum(np.abs(columns).max(axis=0), np.finfo(float).tiny)
    left, sizes, _ = np.linalg.svd(scaled, full_matrices=False)
    return np.asarray(left[:, sizes > sizes[0] * 1e-9])


def _without(basis: FloatArray, series: FloatArray) -> FloatArray:
    return np.asarray(series - basis @ (basis.T @ series))


def _whitened(series: FloatArray, persistence: float) -> FloatArray:
    """What is new in each period (Cochrane and Orcutt 1949)."""
    return np.asarray(series[1:] - persistence * series[:-1])


def _persistence(residual: FloatArray) -> float:
    total = float(residual @ residual)
    found = float(residual[1:] @ residual[:-1]) / total if total > 0 else 0.0
    return float(np.clip(found, 0.0, LARGEST_PERSISTENCE))


def _paths(years: FloatArray) -> FloatArray:
    """The largest modes of a process whose correlation fades over `MEMORY_YEARS`. Shape (T, `PATHS`)."""
    covariance = np.exp(-np.abs(np.subtract.outer(years, years)) / MEMORY_YEARS)
    sizes, modes = np.linalg.eigh(covariance)
    return np.asarray(modes[:, -PATHS:] * np.sqrt(np.maximum(sizes[-PATHS:], 0.0)))


def _tail_share(statistics: FloatArray) -> FloatArray:
    """Share of all statistics that are at least as large, of each of them."""
    ordered = np.sort(statistics)
    return np.asarray((len(ordered) - np.searchsorted(ordered, statistics)) / len(ordered))
