"""What an outcome will be, period by period, for spend that is given period by period: in joint draws.

The same curves, carryover and forecast of the base as a plan has, so that a plan's own flighting gives back what the
plan says: base and media add up to its `base` and `incremental`. S draws, T periods, C channels.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import forecast_baseline, repeat_last_season
from mmm.curves import channel_response
from mmm.noise_paths import draw_noise
from mmm.periods import period_range, periods_between
from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.horizon.earlier_spend import earlier_spend
from optimizer.plan.document import Plan
from optimizer.scenario.known_spend import KnownSpend


@dataclass(frozen=True, slots=True)
class Outlook:
    """One outcome over consecutive periods, per joint draw, outcome units a period.

    Attributes
    ----------
    channels
        Names, in the order of axis C.
    dates
        Start of each period. Length T.
    baseline
        What comes without any paid media. Shape (S, T).
    carried
        What spend before the first period still brings, by itself. Shape (S, C, T).
    media
        What spend in these periods adds to it. Shape (S, C, T).
    after
        What that spend adds after the last of them. Shape (S, C).
    noise
        Noise of single periods, a draw of it. Shape (S, T).
    """

    channels: tuple[str, ...]
    dates: tuple[date, ...]
    baseline: FloatArray
    carried: FloatArray
    media: FloatArray
    after: FloatArray
    noise: FloatArray

    @property
    def base(self) -> FloatArray:
        """What comes without the spend of these periods, as a plan counts its base. Shape (S, T)."""
        return np.asarray(self.baseline + self.carried.sum(axis=1))

    @property
    def expected(self) -> FloatArray:
        """Outcome without noise. Shape (S, T)."""
        return np.asarray(self.base + self.media.sum(axis=1))

    @property
    def total(self) -> FloatArray:
        """Outcome with noise. Shape (S, T)."""
        return np.asarray(self.expected + self.noise)


def outlook(
    artifact: ResponseArtifact,
    start: date,
    spend: FloatArray,
    *,
    seed: int,
    known: KnownSpend | None = None,
    past: ResponseArtifact | None = None,
) -> Outlook:
    """The outcome of a model by period, given what is spent in each.

    Parameters
    ----------
    artifact
        The model of one outcome.
    start
        Start of the first period, not before the window of the model.
    spend
        Money per period, in the artifact's order of channels, >= 0. Shape (T, C).
    seed
        Of the noise; everything else follows from the draws.
    known
        Spend between the window and `start`; what it does not say repeats the year before.
    past
        The model whose history of spend counts: a plan takes that of its own KPI for all of them. `artifact` if None.

    Raises
    ------
    ValueError
        When `start` lies before the window, or `spend` has another number of channels.
    """
    manifest, past = artifact.manifest, past or artifact
    first = periods_between(manifest.window_start, start, manifest.period)
    if first < 0:
        raise ValueError(f"start must not be before the data, which start on {manifest.window_start}, got {start}")
    if spend.ndim != 2 or spend.shape[1] != len(artifact.channels):
        raise ValueError(f"spend must have shape (T, {len(artifact.channels)}), got {spend.shape}")
    periods = len(spend)
    earlier = _earlier(artifact, past, start, known)
    frequency = past.draws.frequency
    if frequency is not None:
        reached = periods_between(past.manifest.window_start, start, manifest.period)
        around = np.arange(reached - len(earlier), reached + periods)
        frequency = repeat_last_season(frequency, around, SEASON_LAG[manifest.period])
    carried, added = [], []
    for place, name in enumerate(artifact.channels):
        column = past.channels.index(name)
        contacts = None if frequency is None else frequency[:, column]
        response = channel_response(artifact, name, spend[:, place], earlier[:, place], contacts)
        carried.append(response.carried_in()[:, :periods])
        added.append(response.per_period(1.0))
    media = np.stack(added, axis=1)
    return Outlook(
        channels=artifact.channels,
        dates=period_range(start, periods, manifest.period),
        baseline=forecast_baseline(artifact, start, periods),
        carried=np.stack(carried, axis=1),
        media=media[:, :, :periods],
        after=media[:, :, periods:].sum(axis=2),
        noise=draw_noise(artifact.draws.noise, periods, np.random.default_rng(seed)),
    )


def planned_spend(plan: Plan, artifact: ResponseArtifact) -> FloatArray:
    """Money that a plan's flighting gives each channel in each period, in the artifact's order. Shape (T, C)."""
    dates = period_range(plan.horizon.start, plan.horizon.periods, artifact.manifest.period)
    rows = {day: row for row, day in enumerate(dates)}
    columns = {name: column for column, name in enumerate(artifact.channels)}
    spend = np.zeros((len(dates), len(columns)))
    for flight in plan.flighting:
        spend[rows[flight.date], columns[flight.channel]] += flight.spend
    return spend


def _earlier(artifact: ResponseArtifact, past: ResponseArtifact, start: date, known: KnownSpend | None) -> FloatArray:
    """What worked before the first period, in the order of the artifact's channels. Shape (P, C)."""
    first = periods_between(past.manifest.window_start, start, past.manifest.period)
    order = [past.channels.index(name) for name in artifact.channels]
    return earlier_spend(past, first, known)[:, order]
