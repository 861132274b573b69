"""Log densities of what is assumed beforehand, each adding its gradient."""

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.vocabulary import FloatArray


@compile_inline
def normal_prior(parameters: FloatArray, prior: FloatArray, gradient: FloatArray) -> float:
    """Normal log density of the first parameters up to a constant; the shared spread by the Sherman-Morrison formula.

    `prior` holds location, own sd and shared sd; shape (3, at most D).
    """
    size = prior.shape[1]
    squares, products, loadings = 0.0, 0.0, 0.0
    for i in range(size):
        standard, loading = (parameters[i] - prior[0, i]) / prior[1, i], prior[2, i] / prior[1, i]
        squares += standard * standard
        products += loading * standard
        loadings += loading * loading
    common = products / (1.0 + loadings)
    for i in range(size):
        standard, loading = (parameters[i] - prior[0, i]) / prior[1, i], prior[2, i] / prior[1, i]
        gradient[i] -= (standard - common * loading) / prior[1, i]
    return -0.5 * (squares - common * products)


@compile_inline
def limit_share(parameters: FloatArray, media: int, excess_spread: float, gradient: FloatArray) -> float:
    """Penalty of `mmm.priors.excess_share_density`."""
    total = 0.0
    for m in range(media):
        total += np.exp(parameters[2 * media + m])
    excess = (total - 1.0) / excess_spread
    if excess <= 0.0:
        return 0.0
    for m in range(media):
        gradient[2 * media + m] -= excess / excess_spread * np.exp(parameters[2 * media + m])
    return -0.5 * excess**2
