"""What the density of a panel reads, and how it is packed."""

from dataclasses import dataclass

import numpy as np

from mmm.coordinates import Coordinates
from mmm.kernel.data import MediaData
from mmm.kernel.tables import pack_tables
from mmm.vocabulary import FloatArray

SCALARS, PRIOR, LAYOUT, SEGMENTS, EXPOSURE, LOG_FREQUENCY, WEIGHT, PIECES, PIECE_SIZE, TESTS = range(10)
TARGET, OBSERVED, COLUMNS, GRAM, COMMON, LOCAL, POOLED, BENDS, VARIES, LOG_SIZE, CENTER, STRETCH = range(10, 22)
"""Places of the tables in a packed vector."""

LAGS, NOISE_PLACE, EXCESS_SPREAD = range(3)
"""Columns of the table of scalars. The panel's own parameters follow log noise: see `PanelData`."""

EFFECT_SPREAD, POOLING, NOISE_EXPONENT, BEND_SPREAD = 1, 2, 3, 4
"""Places after log noise: log sd of the geos' effects, log of what geos' bases differ by relative to the prior of what
they share, fall of the noise with a geo's log size, log sd of a bend of the trend."""


@dataclass(frozen=True, slots=True)
class PanelData:
    """Every array that the density reads. D parameters, G geos, T periods, M media, K linear terms.

    Attributes
    ----------
    media
        Exposure and lift tests; the window's rows are geo after geo.
    noise_place
        Place of log noise; after it the four parameters of the panel.
    excess_spread
        As in `mmm.kernel.data.KernelData`.
    prior
        Location, own sd and shared sd of every sampled parameter. Shape (3, D).
    target
        Outcome less the baseline's prior mean, per head and in national means, zero where not observed. Shape (G, T).
    observed
        One where the outcome is seen, else zero. Shape (T,).
    columns
        Linear terms, zero where not observed. Shape (G, K, T).
    common, local
        Prior sd of what geos have in common and of what is a geo's own; where `pooled` is one the latter is multiplied
        by exp(log pooling), and where `bends` is one both by exp(log bend spread). Shape (K,).
    pooled, bends
        Zeros and ones. Shape (K,).
    varies
        One where a medium's effect varies between geos. Shape (M,).
    log_size
        Logarithm of a geo's population relative to the mean. Shape (G,).
    """

    media: MediaData
    noise_place: int
    excess_spread: float
    prior: FloatArray
    target: FloatArray
    observed: FloatArray
    columns: FloatArray
    common: FloatArray
    local: FloatArray
    pooled: FloatArray
    bends: FloatArray
    varies: FloatArray
    log_size: FloatArray

    @property
    def size(self) -> int:
        """Number of sampled parameters D."""
        return int(self.prior.shape[1])

    @property
    def start(self) -> FloatArray:
        """A point in the middle of the prior. Shape (D,)."""
        return np.asarray(self.prior[0])

    @property
    def spread(self) -> FloatArray:
        """A usual spread of each parameter. Shape (D,)."""
        return np.asarray(self.prior[1])


def pack_panel(data: PanelData, coordinates: Coordinates) -> FloatArray:
    """Everything as one vector, in the order of the places above."""
    media = data.media
    geos, terms, periods = data.columns.shape
    return pack_tables(
        [
            np.array([(media.lags, data.noise_place, data.excess_spread)], dtype=np.float64),
            data.prior,
            media.layout.astype(np.float64),
            media.segments.astype(np.float64),
            media.exposure[None],
            media.log_frequency[None],
            media.weight[None],
            media.pieces.astype(np.float64),
            media.piece_size[None],
            media.tests,
            data.target,
            data.observed[None],
            data.columns.reshape(geos * terms, periods),
            np.einsum("gkt,glt->gkl", data.columns, data.columns).reshape(geos * terms, terms),
            data.common[None],
            data.local[None],
            data.pooled[None],
            data.bends[None],
            data.varies[None],
            data.log_size[None],
            coordinates.center[None],
            coordinates.stretch,
        ]
    )
