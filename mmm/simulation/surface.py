"""A smooth surface through what many splits bring, for markets whose channels interact.

In ``u = log(1 + spend / scale)`` per channel: linear, square, cubic and product terms, nothing at
no spend. It is not the truth but near it, and says how near on splits that it was not fitted to.
"""

from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray, IntArray

HELD_OUT = 0.25
"""Part of the splits that are kept to measure the error."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What a split brings, nearly.

    Attributes
    ----------
    scale
        Money over the horizon. Shape (C,).
    coefficients
        Of `surface_terms`, outcome units. Shape (C + C(C + 1)/2 + C,).
    error, worst_error
        Root mean square and largest error on splits held out, as parts of what last year's split brings.
    """

    scale: FloatArray
    coefficients: FloatArray
    error: float
    worst_error: float

    def at(self, splits: FloatArray) -> FloatArray:
        """Outcome added by some splits. Shapes (N, C), (N,)."""
        return np.asarray(surface_terms(splits, self.scale) @ self.coefficients)


def surface_terms(splits: FloatArray, scale: FloatArray) -> FloatArray:
    """Columns u, then u_i u_j for i <= j row by row, then u cubed. `splits` of shape (N, C)."""
    u = np.log1p(splits / scale)
    first, second = np.triu_indices(u.shape[1])
    return np.concatenate([u, u[:, first] * u[:, second], u**3], axis=1)


def fit_surface(splits: FloatArray, values: FloatArray, scale: FloatArray, usual: float) -> Surface:
    """The surface through splits, shape (N, C), and what they bring, shape (N,); `usual` is last year's split's."""
    kept = int(len(splits) * (1.0 - HELD_OUT))
    terms = surface_terms(splits, scale)
    coefficients = np.linalg.lstsq(terms[:kept], values[:kept], rcond=None)[0]
    error = (terms[kept:] @ coefficients - values[kept:]) / usual
    return Surface(scale, coefficients, float(np.sqrt((error**2).mean())), float(np.abs(error).max()))


def draw_levels(rng: np.random.Generator, count: int, channels: int, levels: int, usual: IntArray) -> IntArray:
    """Levels of spend to try: a half anywhere, a half near the usual ones. Shape (count, C), each below `levels`."""
    anywhere = rng.integers(0, levels, (count, channels))
    near = np.clip(usual + rng.integers(-2, 3, (count, channels)), 0, levels - 1)
    return np.where(np.arange(count)[:, None] % 2 == 0, anywhere, near)
