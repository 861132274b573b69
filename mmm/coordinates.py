"""Coordinates in which the posterior looks round, so that the sampler's steps suit every direction.

Two things make it so. In the place of a medium's share of the outcome stands its *amplitude*, how much what it brought
goes up and down: log share + log coefficient of variation of its response. That is what data determine, since the
baseline has a level of its own; a share is determined only together with how bent the curve and how long the carryover
are, along a valley that curves. Given the others, amplitude and share differ by a number that does not depend
on either, so the map has a Jacobian of one, and densities are equal.

Around the posterior's mode the density is like a normal one whose precision is the curvature there (Laplace's
approximation; Gelman et al. 2013, "Bayesian Data Analysis", section 13.3). Walked in the axes of that
normal, with their spreads as units, the chains need half the steps in their warm-up. The approximation decides about
speed alone: the density that is sampled stays the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from mmm.vocabulary import FloatArray

type Density = Callable[[FloatArray], tuple[float, FloatArray]]

MODE_STEPS = 500
"""Most steps towards the mode: what is found is good enough to start from, wherever the steps end."""

STEP = 1e-4
"""Step of the differences that give the curvature, in prior standard deviations."""

LEAST_PRECISION = 0.3
"""Least precision along an axis, relative to the prior's: where the density is flatter than that, or bends the wrong
way, the axis would be stretched beyond what the density allows elsewhere."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The sampler's coordinates: center + stretch @ position are the parameters that it walks in. D parameters.

    Attributes
    ----------
    center
        Shape (D,).
    stretch
        Shape (D, D), invertible.
    is_amplitude
        Whether log amplitudes are walked in, in the places of log shares.
    """

    center: FloatArray
    stretch: FloatArray
    is_amplitude: bool = False


def unmoved(size: int, *, is_amplitude: bool) -> Coordinates:
    """Coordinates in which positions are the parameters that are walked in."""
    return Coordinates(np.zeros(size), np.eye(size), is_amplitude)


def round_coordinates(density: Density, location: FloatArray, spread: FloatArray) -> Coordinates:
    """Coordinates around the mode in which the density is about a standard normal.

    Parameters
    ----------
    density
        Log density and its gradient (D,) at parameters (D,).
    location, spread
        Where to start, and the unit of each parameter. Shape (D,); `spread` > 0.
    """
    descend = _descent(density, location, spread)
    mode = (find_mode(density, location, spread) - location) / spread
    curvature = np.stack([_slope_along(descend, mode, axis) for axis in np.eye(len(mode))])
    curvature[~np.isfinite(curvature)] = 0.0
    precision, axes = np.linalg.eigh((curvature + curvature.T) / 2.0)
    stretch = axes / np.sqrt(np.maximum(precision, LEAST_PRECISION))
    return Coordinates(location + spread * mode, spread[:, None] * stretch)


def find_mode(density: Density, location: FloatArray, spread: FloatArray) -> FloatArray:
    """Parameters at which the density is largest, near enough to start from; arguments as above. Shape (D,)."""
    descend, lowest, best = _descent(density, location, spread), np.inf, np.zeros_like(location)

    def remembered(standard: FloatArray) -> tuple[float, FloatArray]:
        nonlocal lowest, best
        value, gradient = descend(standard)
        if value < lowest:
            lowest, best = value, standard.copy()
        return value, gradient

    found = minimize(remembered, np.zeros_like(location), jac=True, method="L-BFGS-B", options={"maxiter": MODE_STEPS})
    # A search that has once met a wall may end nowhere: then the best point on its way is good enough.
    return np.asarray(location + spread * (found.x if np.isfinite(found.x).all() else best))


def _descent(density: Density, location: FloatArray, spread: FloatArray) -> Density:
    """Minus the log density and its gradient, in multiples of `spread` around `location`."""

    def descend(standard: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = density(location + spread * standard)
        return (-value, -gradient * spread) if np.isfinite(value) else (np.inf, np.zeros_like(standard))

    return descend


def _slope_along(descend: Density, mode: FloatArray, axis: FloatArray) -> FloatArray:
    ahead, behind = descend(mode + STEP * axis)[1], descend(mode - STEP * axis)[1]
    return np.asarray((ahead - behind) / (2.0 * STEP))
