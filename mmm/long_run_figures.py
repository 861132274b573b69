"""What spend of a window of history brings in the long run through brand, beside its short run. NumPy alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.contribution import Figure, figure
from mmm.curves import ChannelResponse, CurveDraws, response_of
from mmm.vocabulary import SEASON_LAG, Evidence, FloatArray

HEADLINE: frozenset[Evidence] = frozenset({"measured", "prior"})
"""Evidence of a long run that may stand beside a headline number; an assumed one is shown as a band alone."""


@dataclass(frozen=True, slots=True)
class LongRunFigures:
    """One channel's long run through brand, over and above its short run.

    Attributes
    ----------
    channel, evidence
        Name, and what the figures rest on.
    spend
        Money in the window.
    contribution
        Outcome units that the window's spend brings through brand until its stock has faded.
    roas
        Their value per money; None without spend or without a value per unit.
    """

    channel: str
    evidence: Evidence
    spend: float
    contribution: Figure
    roas: Figure | None


def long_run_responses(
    artifact: ResponseArtifact, channel: str, flighting: FloatArray, earlier: FloatArray
) -> tuple[ChannelResponse, ...]:
    """Slow responses of a channel to its budget; together they are its long run, and none where it has no part in it.

    `flighting` and `earlier` as in `mmm.curves.channel_response`.
    """
    info, draws = artifact.manifest.long_run, artifact.draws.long_run
    if info is None or draws is None:
        return ()
    return tuple(
        response_of(
            channel,
            CurveDraws(
                adstock="geometric",
                saturation=curve.saturation,
                carryover_periods=info.carryover_periods,
                retention=draws.retention[:, place],
                peak_delay=np.zeros(len(draws.retention)),
                half_saturation=draws.half_saturation[:, place],
                slope=draws.slope[:, place],
                ceiling=draws.ceiling[:, place],
            ),
            flighting,
            earlier,
        )
        for place, curve in enumerate(info.curves)
        if curve.channel == channel
    )


def last_year_of(artifact: ResponseArtifact) -> slice:
    """Positions of the last year of history; all of it where it is shorter."""
    periods = artifact.manifest.window_periods
    return slice(max(0, periods - SEASON_LAG[artifact.manifest.period]), periods)


def long_run_figures(artifact: ResponseArtifact, window: slice | None = None) -> tuple[LongRunFigures, ...]:
    """The long run of what every channel with a part in brand spent in a window; of the last year unless given."""
    info = artifact.manifest.long_run
    if info is None:
        return ()
    window = last_year_of(artifact) if window is None else window
    evidence = {curve.channel: curve.evidence for curve in info.curves}
    return tuple(_figures(artifact, channel, found, window) for channel, found in evidence.items())


def _figures(artifact: ResponseArtifact, channel: str, evidence: Evidence, window: slice) -> LongRunFigures:
    place = artifact.channels.index(channel)
    spend = float(artifact.draws.spend[window, place].sum())
    worked = artifact.draws.worked[:, place]
    bought = float(worked[window].sum())
    brought = np.zeros(artifact.manifest.draws)
    if bought > 0:
        responses = long_run_responses(artifact, channel, worked[window] / bought, worked[: window.start])
        brought = per_draw(responses, bought)
    value = artifact.manifest.outcome.value_per_unit
    return LongRunFigures(
        channel=channel,
        evidence=evidence,
        spend=spend,
        contribution=figure(brought),
        roas=None if value is None or spend <= 0 else figure(value * brought / spend),
    )


def per_draw(responses: Sequence[ChannelResponse], budget: float) -> FloatArray:
    """What slow responses of one channel bring together, per draw. Shape (S,)."""
    return np.asarray(sum(response.per_draw(budget) for response in responses))
