"""What a plan brings, worked out from the draws of its model by formulas written out here.

A channel's spend, phased as the plan says, follows its history; carryover weights are applied lag by lag, and the
outcome is what the saturated adstock brings beyond what history alone still would.
"""

from collections.abc import Callable

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.checker.calendar import periods_between, periods_from
from optimizer.known_spend import KnownSpend
from optimizer.plan import Plan


def is_countable(artifact: ResponseArtifact) -> bool:
    """Whether values are worked out here: not where people are reached so often, which follows last year's weeks."""
    return all(info.saturation != "reach" for info in artifact.manifest.channels)


def brought_at(
    plan: Plan,
    artifact: ResponseArtifact,
    name: str,
    spend: float,
    past: ResponseArtifact | None = None,
    known: KnownSpend | None = None,
) -> FloatArray:
    """What a channel brings with some spend, phased as the plan phases it, per draw. Shape (S,)."""
    return np.asarray(brought_in_periods(plan, artifact, name, spend, past, known).sum(axis=0))


def brought_in_periods(
    plan: Plan,
    artifact: ResponseArtifact,
    name: str,
    spend: float,
    past: ResponseArtifact | None = None,
    known: KnownSpend | None = None,
) -> FloatArray:
    """The same by period, of the horizon and after it. Shape (any, S).

    What was spent before is that of `past`, the model of the plan's own KPI: others may have seen other periods.
    """
    manifest, draws = artifact.manifest, artifact.draws
    place, horizon, lags = artifact.channels.index(name), plan.horizon.periods, manifest.carryover_periods
    info = manifest.channels[place]
    dates = periods_from(plan.horizon.start, horizon, manifest.period)
    planned = np.zeros(horizon)
    for flight in plan.flighting:
        if flight.channel == name:
            planned[dates.index(flight.date)] = flight.spend
    if planned.sum() <= 0:
        return np.zeros((horizon + lags - 1, manifest.draws))
    planned *= spend / planned.sum()
    past = past or artifact
    earlier = _history(past, name, plan, lags, known)
    after = np.zeros(lags - 1)
    with_plan, without = np.concatenate([earlier, planned, after]), np.concatenate([earlier, 0 * planned, after])
    retention, shape = draws.retention[:, place], draws.peak_delay[:, place]
    match info.adstock:
        case "geometric":
            weights = [retention**lag for lag in range(lags)]
        case "delayed":
            weights = [retention ** ((lag - shape) ** 2) for lag in range(lags)]
        case "weibull":
            weights = [retention ** (lag**shape) - retention ** ((lag + 1.0) ** shape) for lag in range(lags)]
    by_lag = np.array(weights) / np.sum(weights, axis=0) / draws.half_saturation[:, place]
    slope, curve = draws.slope[:, place], _CURVES[info.saturation]
    rows = range(lags, len(with_plan))
    reached, carried = (np.array([each[row - np.arange(lags)] for row in rows]) for each in (with_plan, without))
    added = curve(reached @ by_lag, slope)
    # Beyond the longest carryover nothing is left of what was before.
    added[: lags - 1] -= curve(carried[: lags - 1] @ by_lag, slope)
    return np.asarray(draws.ceiling[:, place] * added)


def _history(
    artifact: ResponseArtifact, name: str, plan: Plan, lags: int, known: KnownSpend | None = None
) -> FloatArray:
    """What worked in the `lags` periods before the horizon. Shape (lags,).

    After the data it is what is known, else what worked a year before, or what did on average where the data have no
    year.
    """
    manifest, worked = artifact.manifest, artifact.draws.worked[:, artifact.channels.index(name)]
    amounts = () if known is None else known.spend.get(name, ())
    begins = 0 if known is None else periods_between(manifest.window_start, known.start, manifest.period)
    season = SEASON_LAG[manifest.period]
    first = periods_between(manifest.window_start, plan.horizon.start, manifest.period)
    earlier = np.zeros(lags)
    for step in range(lags):
        position = first - lags + step
        if position >= len(worked) and begins <= position < begins + len(amounts):
            earlier[step] = amounts[position - begins]
            continue
        if position >= len(worked) and len(worked) < season:
            earlier[step] = worked.mean()
            continue
        while position >= len(worked):
            position -= season
        earlier[step] = worked[position] if position >= 0 else 0.0
    return earlier


def _hill(stock: FloatArray, slope: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-slope * np.log(stock))))


_CURVES: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "hill": _hill,
    "michaelis_menten": lambda stock, _slope: stock / (1.0 + stock),
    # Half of the ceiling at half saturation: 2 / (1 + exp(-k)) - 1 = 1/2 at k = log 3.
    "logistic": lambda stock, _slope: np.asarray(2.0 / (1.0 + np.exp(-np.log(3.0) * stock)) - 1.0),
}
