"""What each channel brought in a window of history, and what its spend returned. NumPy alone."""

from dataclasses import dataclass

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.curves import channel_response, historical_contributions
from mmm.vocabulary import FloatArray

QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity over the posterior draws."""

    mean: float
    p05: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """One channel in a window of history.

    Attributes
    ----------
    channel
        Name.
    spend
        Money in the window.
    contribution
        Outcome units that arrived in the window, whenever they were paid for.
    share
        Contribution as a fraction of the window's outcome; None where the outcome was zero.
    roas, mroas, cpa
        Of the window's spend, carryover after its end included: value per money, value of the next unit of money,
        money per outcome unit. None without spend, or (roas, mroas) without a value per unit.
    """

    channel: str
    spend: float
    contribution: Figure
    share: Figure | None
    roas: Figure | None
    mroas: Figure | None
    cpa: Figure | None


def figure(draws: FloatArray) -> Figure:
    """Mean and quantiles of draws of shape (S,)."""
    low, middle, high = np.quantile(draws, QUANTILES)
    return Figure(float(draws.mean()), float(low), float(middle), float(high))


def contribution_by_period(artifact: ResponseArtifact) -> dict[str, FloatArray]:
    """Per channel, mean and 5, 50 and 95 % quantiles of what it brought in each period, each of shape (T, 4)."""
    history = historical_contributions(artifact)
    summary = np.concatenate([history.mean(axis=0)[None], np.quantile(history, QUANTILES, axis=0)])
    return {channel: summary[:, :, place].T for place, channel in enumerate(artifact.channels)}


def channel_figures(artifact: ResponseArtifact, first: int, periods: int) -> tuple[ChannelFigures, ...]:
    """The channels' figures in a window of history.

    Parameters
    ----------
    artifact
        The fitted model.
    first
        Position of the window's first period in the artifact's history.
    periods
        Length of the window.

    Raises
    ------
    ValueError
        When the window is empty or leaves the history.
    """
    known = artifact.manifest.window_periods
    if periods < 1 or first < 0 or first + periods > known:
        raise ValueError(f"window: expected periods 0 to {known - 1}, got {first} to {first + periods - 1}")
    window = slice(first, first + periods)
    arrived = historical_contributions(artifact)[:, window].sum(axis=1)
    outcome = float(artifact.draws.outcome[window].sum())
    return tuple(
        _figures(artifact, channel, place, window, arrived[:, place], outcome)
        for place, channel in enumerate(artifact.channels)
    )


def _figures(
    artifact: ResponseArtifact, channel: str, place: int, window: slice, arrived: FloatArray, outcome: float
) -> ChannelFigures:
    series = artifact.draws.spend[:, place]
    spend = float(series[window].sum())
    roas = mroas = cpa = None
    if spend > 0:
        worked = artifact.draws.worked[:, place]
        bought = float(worked[window].sum())
        phasing = worked[window] / bought if bought > 0 else series[window] / spend
        contacts = artifact.draws.frequency
        frequency = None if contacts is None else contacts[: window.stop, place]
        response = channel_response(artifact, channel, phasing, worked[: window.start], frequency)
        # Money of the next unit buys exposure as money of the window did.
        brought, marginal = response.per_draw(bought), response.marginal_per_draw(bought) * bought / spend
        cpa = figure(spend / brought)
        value = artifact.manifest.outcome.value_per_unit
        if value is not None:
            roas, mroas = figure(value * brought / spend), figure(value * marginal)
    return ChannelFigures(
        channel=channel,
        spend=spend,
        contribution=figure(arrived),
        share=figure(arrived / outcome) if outcome > 0 else None,
        roas=roas,
        mroas=mroas,
        cpa=cpa,
    )
