"""What worked before a horizon: the history of a model, then what is known of later periods, then last year's."""

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import repeat_last_season
from mmm.periods import periods_between
from mmm.vocabulary import SEASON_LAG, BoolArray, FloatArray
from optimizer.scenario.known_spend import KnownSpend


def earlier_spend(artifact: ResponseArtifact, first: int, known: KnownSpend | None = None) -> FloatArray:
    """Money per period that still carries over into a horizon, the last row just before it. Shape (P, C).

    Within the window it is what worked (`ResponseDraws.worked`). After it is what `known` says, at last year's cost of
    an exposure, and where that says nothing what worked in the same season of the last year.

    Parameters
    ----------
    artifact
        The model, whose order of channels axis C has.
    first
        Position of the horizon's first period, 0 for the first of the window.
    known
        Spend of periods after the window; of those inside it the window's own counts.
    """
    manifest = artifact.manifest
    positions = _carried_positions(artifact, first)
    earlier = repeat_last_season(artifact.draws.worked, positions, SEASON_LAG[manifest.period])
    if known is not None:
        begins = periods_between(manifest.window_start, known.start, manifest.period)
        for column, name in enumerate(artifact.channels):
            amounts = known.spend.get(name, ())
            for row, position in enumerate(positions.tolist()):
                if position >= manifest.window_periods and 0 <= position - begins < len(amounts):
                    earlier[row, column] = amounts[position - begins]
    return earlier


def is_assumed(artifact: ResponseArtifact, first: int, known: KnownSpend | None = None) -> bool:
    """Whether spend that still carries over into a horizon is neither in the data nor known."""
    manifest = artifact.manifest
    positions = _carried_positions(artifact, first)
    unseen = positions >= manifest.window_periods
    if known is None:
        return bool(first > manifest.window_periods)
    begins = periods_between(manifest.window_start, known.start, manifest.period)
    shortest = min((len(known.spend.get(name, ())) for name in artifact.channels), default=0)
    is_known: BoolArray = (positions >= begins) & (positions < begins + shortest)
    return bool((unseen & ~is_known).any())


def _carried_positions(artifact: ResponseArtifact, first: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(max(0, first - artifact.manifest.carryover_periods), first)
