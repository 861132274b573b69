"""What the outcomes of a horizon will tell about channels, before they are seen.

With q what each channel brings (by the planned phasing), y the outcomes of the T periods, d their expectation in each
draw and R the covariance of the noise, in the best linear approximation (Bayes linear: Goldstein and Wooff 2007)

    Var(q | y) = Var(q) - Cov(q, d) (Var(d) + R)⁻¹ Cov(d, q),

all moments over the draws. The information of y about q is half the logarithm of det Var(q) / det Var(q | y)
(D-optimal design: Chaloner and Verdinelli 1995), which is also

    1/2 log det (Var(d) + R) - 1/2 log det (Var(d - q̂) + R),

d - q̂ what of d no linear function of q explains. The second form has slopes in d that cost one pass over the draws:
(D A - D' B) / S, with D and D' the draws of d and d - q̂ about their means, and A and B the inverses of both matrices.
What is open about base, season, trend and the shape of curves is in the draws, so a phasing does not count as telling
where these could explain the same path.
"""

from dataclasses import dataclass, field

import numpy as np

from mmm.noise_paths import NoiseDraws
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of the data: q of shape (S, C), and the noise's covariance R of shape (T, T)."""

    asked: FloatArray
    noise: FloatArray
    _basis: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        centered = self.asked - self.asked.mean(axis=0)
        scale = centered.std(axis=0)
        basis, _ = np.linalg.qr(centered / np.where(scale > 0, scale, 1.0))
        object.__setattr__(self, "_basis", basis)

    def information(self, outcome: FloatArray) -> tuple[float, FloatArray]:
        """Information of data whose expectation in each draw is `outcome` (S, T), and its slopes in that (S, T)."""
        size = len(outcome)
        whole = outcome - outcome.mean(axis=0)
        rest = whole - self._basis @ (self._basis.T @ whole)
        spread, unexplained = (draws.T @ draws / size + self.noise for draws in (whole, rest))
        gained = 0.5 * (np.linalg.slogdet(spread)[1] - np.linalg.slogdet(unexplained)[1])
        slopes = (np.linalg.solve(spread, whole.T).T - np.linalg.solve(unexplained, rest.T).T) / size
        return float(gained), np.asarray(slopes)

    def narrowed(self, outcome: FloatArray) -> FloatArray:
        """Share by which each interval of q is expected to get narrower, in [0, 1). Shape (C,)."""
        size = len(outcome)
        whole, asked = (draws - draws.mean(axis=0) for draws in (outcome, self.asked))
        shared = whole.T @ asked / size
        explained = np.einsum("tc,tc->c", shared, np.linalg.solve(whole.T @ whole / size + self.noise, shared))
        variance = asked.var(axis=0)
        share = np.where(variance > 0, explained / np.where(variance > 0, variance, 1.0), 0.0)
        return np.asarray(1.0 - np.sqrt(np.clip(1.0 - share, 0.0, 1.0)))


def noise_covariance(noise: NoiseDraws, periods: int) -> FloatArray:
    """Mean over the draws of the covariance of the noise of consecutive periods (`mmm.noise_paths`). Shape (T, T)."""
    variance, distance = noise.scale**2, np.arange(periods)
    with np.errstate(invalid="ignore"):
        follows = noise.share[:, None] * noise.persistence[:, None] ** distance
    follows[:, 0] = 1.0
    by_distance = (variance[:, None] * follows).mean(axis=0)
    return np.asarray(by_distance[np.abs(distance[:, None] - distance)])
