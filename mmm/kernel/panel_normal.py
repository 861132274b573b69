"""Normal noise in every geo of a panel, with base and effect of each geo integrated out.

In geo g, with columns X_g (T, K), contributions F_g (T, M) and residual r_g = outcome - Σ_m F_gm,

    r_g = X_g (c + d_g) + F_g z_g + noise,   c ~ N(0, D²), d_g ~ N(0, P), z_gm ~ N(0, τ²), noise ~ N(0, σ_g²),

where c is common to all geos. Given the curves everything is linear and normal, so that c, d_g and z_g are integrated
out: with Z_g = [X_g, F_g] and S_g = σ_g² I + Z_g diag(a²) Z_g', the geos are tied by c alone, and with
h = Σ X_g' S_g^-1 r_g and H = Σ X_g' S_g^-1 X_g

    -2 log N = Σ_g (n log 2π + log|S_g| + r_g' S_g^-1 r_g) + log|I + D H D| - h' V h,   V = D (I + D H D)^-1 D.

Everything follows from the products Z_g' Z_g and Z_g' r_g (Woodbury), so the cost is linear in the geos. Derivatives
as of any normal density: by a covariance Σ, ½ (α α' - Σ^-1) with α = Σ^-1 r.
"""

import numpy as np

from mmm.kernel.compiling import compile_inline
from mmm.marginal import LOG_TWO_PI
from mmm.vocabulary import FloatArray


@compile_inline
def panel_normal(
    target: FloatArray,
    columns: FloatArray,
    gram: FloatArray,
    contribution: FloatArray,
    count: float,
    noise: FloatArray,
    common: FloatArray,
    local: FloatArray,
    pull: FloatArray,
    by_noise: FloatArray,
    by_common: FloatArray,
    by_local: FloatArray,
) -> float:
    """Log density of a panel; writes its derivatives.

    Parameters
    ----------
    target
        Outcome less the baseline's prior mean, zero where not observed. Shape (G, T).
    columns, gram
        X_g transposed, zero where not observed, and X_g' X_g. Shapes (G, K, T) and (G, K, K).
    contribution
        F_g transposed, zero where not observed. Shape (G, M, T).
    count
        Number of observed periods n.
    noise
        σ_g. Shape (G,).
    common
        D. Shape (K,).
    local
        a: the sds of d_g and, after them, τ of each medium. Shape (K + M,).
    pull
        For the derivative by each contribution. Shape (G, M, T).
    by_noise, by_common, by_local
        For the derivatives by the logarithms of σ_g, D and a. Shapes (G,), (K,), (K + M,).
    """
    geos, terms, periods = columns.shape
    media = contribution.shape[1]
    size = terms + media
    products = np.empty((geos, size, size))
    solved = np.empty((geos, size, size))
    precise = np.empty((geos, size, size))
    seen, inner = np.empty((geos, size)), np.empty((geos, size))
    traces = np.empty(geos)
    factor, inverse = np.zeros((size, size)), np.zeros((size, size))
    scaled, half = np.empty(size), np.empty((size, size))
    residual = np.empty((geos, periods))
    total, joint = np.zeros((terms, terms)), np.zeros(terms)
    density = 0.0
    for g in range(geos):
        left = residual[g]
        for t in range(periods):
            left[t] = target[g, t]
        for m in range(media):
            brought = contribution[g, m]
            for t in range(periods):
                left[t] -= brought[t]
        squares = 0.0
        for t in range(periods):
            squares += left[t] * left[t]
        product = products[g]
        for i in range(terms):
            row, sum_left = columns[g, i], 0.0
            for t in range(periods):
                sum_left += row[t] * left[t]
            seen[g, i] = sum_left
            for j in range(terms):
                product[i, j] = gram[g, i, j]
            for m in range(media):
                brought, together = contribution[g, m], 0.0
                for t in range(periods):
                    together += row[t] * brought[t]
                product[i, terms + m] = together
                product[terms + m, i] = together
        for m in range(media):
            row, sum_left = contribution[g, m], 0.0
            for t in range(periods):
                sum_left += row[t] * left[t]
            seen[g, terms + m] = sum_left
            for n in range(m + 1):
                brought, together = contribution[g, n], 0.0
                for t in range(periods):
                    together += row[t] * brought[t]
                product[terms + m, terms + n] = together
                product[terms + n, terms + m] = together
        variance = noise[g] * noise[g]
        log_determinant = _factorise(product, local, variance, factor, inverse)
        # W^-1 a (Z'Z) in two steps, and the trace of W^-1.
        trace = 0.0
        for i in range(size):
            for k in range(i + 1):
                trace += inverse[i, k] * inverse[i, k]
            for j in range(size):
                half[i, j] = 0.0
            for k in range(i + 1):
                weight, row = inverse[i, k] * local[k], product[k]
                for j in range(size):
                    half[i, j] += weight * row[j]
        solution = solved[g]
        for i in range(size):
            for j in range(size):
                solution[i, j] = 0.0
        for k in range(size):
            for i in range(k + 1):
                weight = inverse[k, i]
                for j in range(size):
                    solution[i, j] += weight * half[k, j]
        # Z' S^-1 Z and Z' S^-1 r; half' half is Z'Z a W^-1 a Z'Z.
        for i in range(size):
            for j in range(size):
                precise[g, i, j] = product[i, j]
        for k in range(size):
            for i in range(size):
                weight = half[k, i]
                for j in range(size):
                    precise[g, i, j] -= weight * half[k, j]
        quadratic = squares
        for i in range(size):
            together = 0.0
            for k in range(i + 1):
                together += inverse[i, k] * local[k] * seen[g, k]
            scaled[i] = together
            quadratic -= together * together
        for i in range(size):
            together = seen[g, i]
            for k in range(size):
                together -= half[k, i] * scaled[k]
            inner[g, i] = together / variance
            for j in range(size):
                precise[g, i, j] /= variance
        for i in range(terms):
            joint[i] += inner[g, i]
            for j in range(terms):
                total[i, j] += precise[g, i, j]
        traces[g] = (count - size) / variance + trace
        density -= 0.5 * (
            count * LOG_TWO_PI + (count - size) * np.log(variance) + log_determinant + quadratic / variance
        )

    # What is common: its covariance and mean, given everything.
    together_factor, together_inverse = np.zeros((terms, terms)), np.zeros((terms, terms))
    density -= 0.5 * _factorise(total, common, 1.0, together_factor, together_inverse)
    covariance = np.zeros((terms, terms))
    for k in range(terms):
        for i in range(k + 1):
            for j in range(k + 1):
                covariance[i, j] += together_inverse[k, i] * together_inverse[k, j]
    mean = np.zeros(terms)
    for i in range(terms):
        for j in range(terms):
            covariance[i, j] *= common[i] * common[j]
            mean[i] += covariance[i, j] * joint[j]
        density += 0.5 * mean[i] * joint[i]

    for i in range(size):
        by_local[i] = 0.0
    common_pull = np.zeros(terms)
    spread, back, weights = np.empty((terms, size)), np.empty((size, media)), np.empty(size)
    lead = np.empty(periods)
    for g in range(geos):
        variance, product, solution, row_precise = noise[g] * noise[g], products[g], solved[g], precise[g]
        # spread = V X' S^-1 Z
        for i in range(terms):
            for j in range(size):
                spread[i, j] = 0.0
            for k in range(terms):
                weight = covariance[i, k]
                for j in range(size):
                    spread[i, j] += weight * row_precise[k, j]
        for i in range(size):
            weights[i] = 0.0
        # a W^-1 a Z'(r - X c) = what the geo has of its own
        for i in range(size):
            together = inner[g, i]
            for k in range(terms):
                together -= row_precise[i, k] * mean[k]
            # Z' α; a² Z' α is the mean of the geo's own coefficients.
            half[0, i] = together
            weights[i] = local[i] * local[i] * together + (mean[i] if i < terms else 0.0)
        for t in range(periods):
            lead[t] = residual[g, t]
        for i in range(terms):
            row, weight = columns[g, i], weights[i]
            for t in range(periods):
                lead[t] -= weight * row[t]
        for m in range(media):
            row, weight = contribution[g, m], weights[terms + m]
            for t in range(periods):
                lead[t] -= weight * row[t]
        length = 0.0
        for t in range(periods):
            lead[t] /= variance
            length += lead[t] * lead[t]
        # tr(V X' S^-2 X): Z' S^-2 Z = (Z' S^-1 Z - Y'Y) / σ² with Y = W^-1 a Z'Z.
        overlap = 0.0
        for i in range(terms):
            for j in range(terms):
                together = row_precise[i, j]
                for k in range(size):
                    together -= solution[k, i] * solution[k, j]
                overlap += covariance[i, j] * together
        by_noise[g] = variance * (length - traces[g] + overlap / variance)
        for i in range(size):
            kept = row_precise[i, i]
            for k in range(terms):
                kept -= row_precise[i, k] * spread[k, i]
            by_local[i] += local[i] * local[i] * (half[0, i] * half[0, i] - kept)
            if i < terms:
                common_pull[i] += half[0, i]
        # [Σ^-1]_gg F = Z back / σ², and the pull on each contribution.
        for m in range(media):
            for i in range(size):
                together = -local[i] * solution[i, terms + m]
                for k in range(terms):
                    together += local[i] * solution[i, k] * spread[k, terms + m]
                back[i, m] = together
            back[terms + m, m] += 1.0
            for k in range(terms):
                back[k, m] -= spread[k, terms + m]
        for m in range(media):
            squared = local[terms + m] * local[terms + m]
            found, rise = pull[g, m], 1.0 + squared * half[0, terms + m]
            for t in range(periods):
                found[t] = rise * lead[t]
            if squared > 0.0:
                for i in range(terms):
                    row, weight = columns[g, i], squared * back[i, m] / variance
                    for t in range(periods):
                        found[t] -= weight * row[t]
                for n in range(media):
                    row, weight = contribution[g, n], squared * back[terms + n, m] / variance
                    for t in range(periods):
                        found[t] -= weight * row[t]
    for i in range(terms):
        kept = total[i, i]
        for j in range(terms):
            for k in range(terms):
                kept -= total[i, j] * covariance[j, k] * total[k, i]
        by_common[i] = common[i] * common[i] * (common_pull[i] * common_pull[i] - kept)
    return density


@compile_inline
def _factorise(product: FloatArray, scale: FloatArray, ridge: float, factor: FloatArray, inverse: FloatArray) -> float:
    """Cholesky factor of ridge I + scale product scale and its inverse; returns the logarithm of the determinant."""
    size, log_determinant = product.shape[0], 0.0
    for i in range(size):
        for j in range(i + 1):
            value = scale[i] * product[i, j] * scale[j]
            if i == j:
                value += ridge
            for k in range(j):
                value -= factor[i, k] * factor[j, k]
            if i == j:
                factor[i, i] = np.sqrt(value)
                log_determinant += 2.0 * np.log(factor[i, i])
            else:
                factor[i, j] = value / factor[j, j]
    for j in range(size):
        inverse[j, j] = 1.0 / factor[j, j]
        for i in range(j + 1, size):
            value = 0.0
            for k in range(j, i):
                value -= factor[i, k] * inverse[k, j]
            inverse[i, j] = value / factor[i, i]
    return log_determinant
