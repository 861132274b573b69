"""How what no column explains follows itself in time: shocks that fade, and the noise of single periods.

Of normal noise with variance one, a part `share` is a shock that keeps `persistence` of itself from period to period
(an autoregressive process of order one) and the rest is of its own period:

    corr(e_t, e_u) = share * persistence^|t - u|   for t != u.

A grid of such paths is summed over exactly, as the scales of the trend are (`mmm.marginal`). A path turns residuals
into independent ones of variance one by a scalar Kalman filter, with a_t the shock that is expected and F_t the
variance of what is not (Harvey 1989, "Forecasting, Structural Time Series Models and the Kalman Filter", section 3.2):

    w_t = (e_t - a_t) / sqrt(F_t),        a_t+1 = persistence * (a_t + G_t (e_t - a_t)).

Axis P counts paths.
"""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from mmm.vocabulary import PERIODS_PER_YEAR, FloatArray, IntArray, PeriodName

HALF_LIVES_IN_WEEKS = (1.0, 4.0, 13.0)
"""Half-lives of a shock: a week, a month, a quarter."""

SHARES = (0.3, 0.6, 0.9)
"""Parts of the variance that shocks may have."""

LEAST_HALF_LIFE = 0.5
"""Shortest half-life in periods that is told from none."""


@dataclass(frozen=True, slots=True)
class NoisePaths:
    """Paths that the noise may take: `persistence` and `share` as above, each in [0, 1) and of shape (P,)."""

    persistence: FloatArray
    share: FloatArray

    def __len__(self) -> int:
        return len(self.persistence)

    @property
    def surprise(self) -> FloatArray:
        """Variance of what a long past leaves unexpected, of noise with variance one. Shape (P,), in (0, 1].

        The positive root of the filter's equation for its own variance (Riccati; Harvey 1989, section 3.3).
        """
        own, fresh = 1.0 - self.share, (1.0 - self.persistence**2) * self.share
        half = 0.5 * (own * (1.0 - self.persistence**2) - fresh)
        return np.asarray(np.sqrt(half**2 + fresh * own) - half + own)

    def at(self, places: IntArray) -> "NoisePaths":
        """Some of the paths."""
        return NoisePaths(self.persistence[places], self.share[places])


WITHOUT_SHOCKS = NoisePaths(np.zeros(1), np.zeros(1))
"""Independent noise alone."""


def usual_paths(period: PeriodName) -> NoisePaths:
    """The grid of one kind of period: independent noise, then every half-life with every share."""
    weeks = PERIODS_PER_YEAR["week"] / PERIODS_PER_YEAR[period]
    lives = [life / weeks for life in HALF_LIVES_IN_WEEKS if life / weeks >= LEAST_HALF_LIFE]
    pairs = [(0.0, 0.0), *((0.5 ** (1.0 / life), share) for life in lives for share in SHARES)]
    return NoisePaths(*np.array(pairs).T)


@dataclass(frozen=True, slots=True)
class Whitening:
    """The filter of every path over T periods: w_t = precision_t (e_t - a_t), a_t+1 = decay_t a_t + feed_t e_t.

    Attributes
    ----------
    decay, feed
        What is kept of the expected shock, and what a residual adds to that of the next period. Shape (P, T).
    precision
        One over the standard deviation of what is not expected; zero where nothing is observed. Shape (P, T).
    variance_after
        Variance of the shock of the period after the last one, given what was observed. Shape (P,).
    """

    decay: FloatArray
    feed: FloatArray
    precision: FloatArray
    variance_after: FloatArray

    @property
    def log_determinant(self) -> FloatArray:
        """Log of what the whitened residuals' density is multiplied by. Shape (P,)."""
        seen = self.precision > 0
        return np.log(np.where(seen, self.precision, 1.0)).sum(axis=1)

    def apply(self, values: FloatArray) -> FloatArray:
        """Every path's independent residuals; `values` of shape (..., T) gives (P, ..., T)."""
        return self.run(np.broadcast_to(values, (len(self.decay), *values.shape)))[0]

    def run(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Each path over values of its own (P, ..., T): independent residuals, and the shock expected after the end."""
        axes = (slice(None), *(None,) * (values.ndim - 2))
        shock, white = np.zeros(values.shape[:-1]), np.empty(values.shape)
        for period in range(values.shape[-1]):
            now = values[..., period]
            white[..., period] = self.precision[:, period][axes] * (now - shock)
            shock = self.decay[:, period][axes] * shock + self.feed[:, period][axes] * now
        return white, shock

    @property
    def matrix(self) -> FloatArray:
        """The filter as a matrix: independent residuals are this times residuals. Shape (P, T, T)."""
        return np.asarray(self.apply(np.eye(self.decay.shape[1])).transpose(0, 2, 1))


def whitening(paths: NoisePaths, observed: FloatArray) -> Whitening:
    """The filters of paths where `observed` (T,) is one in periods that are seen, else zero."""
    expected_variance = paths.share.copy()
    decay, feed, precision = (np.empty((len(paths), len(observed))) for _ in range(3))
    for period, is_seen in enumerate(observed > 0):
        unexpected = expected_variance + 1.0 - paths.share
        gain = expected_variance / unexpected if is_seen else np.zeros(len(paths))
        decay[:, period] = paths.persistence * (1.0 - gain)
        feed[:, period] = paths.persistence * gain
        precision[:, period] = 1.0 / np.sqrt(unexpected) if is_seen else 0.0
        kept = expected_variance * (1.0 - gain)
        expected_variance = paths.persistence**2 * kept + (1.0 - paths.persistence**2) * paths.share
    return Whitening(decay, feed, precision, expected_variance)


def sampled_whitening(paths: NoisePaths, observed: FloatArray) -> Whitening:
    """The same in the unit of the sampled noise, which is the standard deviation of a surprise and not of all noise.

    What one period brings beyond what was expected is about equal on all paths that fit; all noise of a path whose
    shocks last is several times as large, and paths could not be compared at one value of it.
    """
    filters = whitening(paths, observed)
    return replace(filters, precision=filters.precision * np.sqrt(paths.surprise)[:, None])


@dataclass(frozen=True, slots=True)
class NoiseDraws:
    """The noise of every draw. S draws.

    Attributes
    ----------
    scale
        Standard deviation of one period, shocks included, outcome units. Shape (S,).
    persistence, share
        The draw's path. Shape (S,).
    """

    scale: FloatArray
    persistence: FloatArray
    share: FloatArray

    @property
    def paths(self) -> NoisePaths:
        """Every draw's path, S of them."""
        return NoisePaths(self.persistence, self.share)


def draw_noise(noise: NoiseDraws, periods: int, rng: np.random.Generator) -> FloatArray:
    """Noise of so many periods, in outcome units. Shape (S, T)."""
    draws = len(noise.scale)
    shock = np.sqrt(noise.share) * rng.standard_normal(draws)
    steps = rng.standard_normal((2, draws, periods))
    return _continued(noise, shock, steps)


def draw_forecast_noise(
    noise: NoiseDraws, residual: FloatArray, observed: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """What noise will be in the periods after the last that was observed, given what it was.

    Parameters
    ----------
    noise
        Of every draw.
    residual
        Outcome less its mean, outcome units; whatever stands where nothing is observed is not read. Shape (S, T).
    observed
        One where the outcome is seen, else zero. Shape (T,).
    rng
        Source of randomness.

    Returns
    -------
    tuple of FloatArray
        Expected noise of the n periods after the last that is observed, and a draw of it. Each of shape (S, n).
    """
    seen = int(np.flatnonzero(observed)[-1]) + 1
    ahead = len(observed) - seen
    filters = whitening(noise.paths, observed[:seen])
    _, shock = filters.run(residual[:, :seen] / noise.scale[:, None])
    expected = shock[:, None] * noise.persistence[:, None] ** np.arange(ahead)
    steps = rng.standard_normal((2, len(shock), ahead))
    start = shock + np.sqrt(filters.variance_after) * rng.standard_normal(len(shock))
    return noise.scale[:, None] * expected, _continued(noise, start, steps)


def sum_deviation(noise: NoiseDraws, periods: int) -> FloatArray:
    """Standard deviation of the noise of a sum of so many periods, outcome units. Shape (S,)."""
    apart = np.arange(1, periods)
    pairs = 2.0 * ((periods - apart) * noise.persistence[:, None] ** apart).sum(axis=1)
    return np.asarray(noise.scale * np.sqrt(periods + noise.share * pairs))


def _continued(noise: NoiseDraws, shock: FloatArray, steps: FloatArray) -> FloatArray:
    """Noise from the first period's shock on; `steps` are standard normal, of shape (2, S, T)."""
    fresh = np.sqrt(noise.share * (1.0 - noise.persistence**2))
    own = np.sqrt(1.0 - noise.share)
    made = np.empty(steps.shape[1:])
    for period in range(made.shape[1]):
        made[:, period] = shock + own * steps[0, :, period]
        shock = noise.persistence * shock + fresh * steps[1, :, period]
    return np.asarray(noise.scale[:, None] * made)


def normal_quantiles(parts: int) -> FloatArray:
    """Standard normal quantiles in the middle of `parts` equal parts of probability, rising. Shape (parts,).

    From the standard library: SciPy's, a process that serves plans would load for this alone.
    """
    quantile = NormalDist().inv_cdf
    return np.array([quantile((part + 0.5) / parts) for part in range(parts)])
