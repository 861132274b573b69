"""Chebyshev polynomials on [-1, 1]: interpolation at their zeros, values, slopes and derivatives.

A polynomial is its coefficients along the first axis, N of them: p(z) = sum over k of c[k] T_k(z). The derivatives of
T_k are sums of T_j as well (Mason and Handscomb, "Chebyshev Polynomials", 2003).
"""

import numpy as np
from numpy.polynomial.chebyshev import chebder

from mmm.vocabulary import FloatArray

NODES = 14
"""N: nodes of an interpolation, and coefficients of a polynomial."""

_DEGREES = np.arange(NODES)
_ANGLES = np.pi * (np.arange(NODES) + 0.5) / NODES

POSITIONS: FloatArray = np.cos(_ANGLES)
"""The nodes, zeros of T_N. Shape (N,)."""

COEFFICIENTS: FloatArray = np.cos(np.outer(np.arange(NODES), _ANGLES)) * (2.0 / NODES)
"""Coefficients from values at the nodes: `COEFFICIENTS @ values`. Shape (N, N)."""
COEFFICIENTS[0] *= 0.5

DERIVATIVE: FloatArray = np.concatenate((chebder(np.eye(NODES)), np.zeros((1, NODES))))
"""Coefficients of the derivative: `DERIVATIVE @ coefficients`. Shape (N, N)."""


def basis(positions: FloatArray) -> FloatArray:
    """What each coefficient counts for in the value at positions of shape (...), T_k(z) = cos(k arccos z).

    Shape (..., N).
    """
    angles = np.arccos(np.minimum(np.maximum(positions, -1.0), 1.0))
    return np.asarray(np.cos(angles[..., None] * _DEGREES))
