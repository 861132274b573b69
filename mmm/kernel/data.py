"""What the density of a market that is no panel reads, and how it is packed."""

from dataclasses import dataclass

import numpy as np

from mmm.coordinates import Coordinates
from mmm.kernel.tables import pack_tables
from mmm.vocabulary import FloatArray, IntArray

SCALARS, PRIOR, LAYOUT, SEGMENTS, EXPOSURE, LOG_FREQUENCY, WEIGHT, PIECES, PIECE_SIZE, TESTS = range(10)
TARGET, OBSERVED, DECAY, FEED, PRECISION, BASIS, ROTATION, VARIANCE, LOG_WEIGHTS = range(10, 19)
COLUMNS, SCALES, CENTER, STRETCH = range(19, 23)
"""Places of the tables in a packed vector."""

LIKELIHOOD, LAGS, NOISE_PLACE, SHAPE_PLACE, COEFFICIENT_PLACE, EXCESS_SPREAD, OUTCOME_SCALE, IS_AMPLITUDE = range(8)
"""Columns of the table of scalars."""


@dataclass(frozen=True, slots=True)
class MediaData:
    """Exposure of the media, and the lift tests. M media, N rows of the window, P pieces of lift tests.

    Attributes
    ----------
    lags
        Number of lags L.
    layout
        See `mmm.kernel.media`. Shape (6, M).
    segments
        See `mmm.kernel.media`. Shape (segments, 4).
    exposure
        In multiples of each medium's scale, segment after segment, each led by L - 1 periods; of media with reach and
        frequency divided by the next. Shape (any,).
    log_frequency
        Logarithm of frequency in multiples of the usual one, beside `exposure`; zero for media without. Shape (any,).
    weight
        What a row of the window counts in a medium's share. Shape (N,).
    pieces, piece_size, tests
        See `mmm.kernel.lift`. Shapes (P, 5), (P,), (tests, 2).
    """

    lags: int
    layout: IntArray
    segments: IntArray
    exposure: FloatArray
    log_frequency: FloatArray
    weight: FloatArray
    pieces: IntArray
    piece_size: FloatArray
    tests: FloatArray


@dataclass(frozen=True, slots=True)
class KernelData:
    """Every array that the density reads.

    D parameters, T periods, K linear terms of rank R; P paths of the noise, and J points of the grid of paths and prior
    scales, path after path.

    Attributes
    ----------
    media
        Exposure and lift tests.
    likelihood
        Code of the noise; see `mmm.outcome_noise`.
    noise_place, shape_place, coefficient_place
        Places of log noise, of the noise's shape and of the first coefficient among the parameters, -1 for none.
    excess_spread
        Sd of the share by which media together may exceed the whole outcome (`mmm.priors`).
    outcome_scale
        Mean outcome.
    prior
        Location, own sd and shared sd of every sampled parameter, as in `mmm.parameters.ParameterPrior`. Shape (3, D).
    start
        Where the search for the mode sets out. Shape (D,).
    target
        Outcome less the baseline's prior mean, in mean outcomes, zero where not observed; the outcome itself for
        counts. Shape (T,).
    observed
        One where the outcome is seen, else zero. Shape (T,).
    decay, feed, precision
        As in `mmm.noise_paths.Whitening`. Shape (P, T).
    basis
        Orthonormal basis of the linear terms' whitened columns, zero where not observed, which all prior scales of a
        path share; R is its rank. Shape (P, R, T).
    rotation
        The path's `basis` transposed, times this transposed, is `mmm.marginal.LinearTerms.left`. Shape (J, K, R).
    variance, log_weights
        As in `mmm.marginal.LinearTerms`.
    columns
        The linear terms' columns and, last, the baseline's prior mean. Shape (K + 1, T).
    scales
        Prior sd of each linear term where it is sampled. Shape (K,).
    """

    media: MediaData
    likelihood: int
    noise_place: int
    shape_place: int
    coefficient_place: int
    excess_spread: float
    outcome_scale: float
    prior: FloatArray
    start: FloatArray
    target: FloatArray
    observed: FloatArray
    decay: FloatArray
    feed: FloatArray
    precision: FloatArray
    basis: FloatArray
    rotation: FloatArray
    variance: FloatArray
    log_weights: FloatArray
    columns: FloatArray
    scales: FloatArray

    @property
    def size(self) -> int:
        """Number of sampled parameters D."""
        return int(self.prior.shape[1])

    @property
    def spread(self) -> FloatArray:
        """A usual spread of each parameter. Shape (D,)."""
        return np.asarray(self.prior[1])


def pack(data: KernelData, coordinates: Coordinates) -> FloatArray:
    """Everything as one vector, in the order of the places above."""
    media = data.media
    scalars = (
        data.likelihood,
        media.lags,
        data.noise_place,
        data.shape_place,
        data.coefficient_place,
        data.excess_spread,
        data.outcome_scale,
        coordinates.is_amplitude,
    )
    points, terms, rank = data.rotation.shape
    return pack_tables(
        [
            np.array([scalars], dtype=np.float64),
            data.prior,
            media.layout.astype(np.float64),
            media.segments.astype(np.float64),
            media.exposure[None],
            media.log_frequency[None],
            media.weight[None],
            media.pieces.astype(np.float64),
            media.piece_size[None],
            media.tests,
            data.target[None],
            data.observed[None],
            data.decay,
            data.feed,
            data.precision,
            data.basis.reshape(-1, data.basis.shape[2]),
            data.rotation.reshape(points * terms, rank),
            data.variance,
            data.log_weights[None],
            data.columns,
            data.scales[None],
            coordinates.center[None],
            coordinates.stretch,
        ]
    )
