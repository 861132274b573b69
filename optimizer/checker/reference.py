"""The plan that a scenario compares with, and the most that a channel ever had, from history alone."""

from collections.abc import Mapping

from numpy.lib.stride_tricks import sliding_window_view

from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.checker.calendar import periods_between, repeated
from optimizer.checker.recount import Recount


def reference_spend(recount: Recount) -> Mapping[str, float] | None:
    """Money of each channel in the scenario's reference; None where that is a plan which was not handed over."""
    manifest, spend = recount.artifact.manifest, recount.artifact.draws.spend
    season, horizon = SEASON_LAG[manifest.period], recount.scenario.horizon
    first = periods_between(manifest.window_start, horizon.start, manifest.period)
    positions = range(first, first + horizon.periods)
    match recount.scenario.reference.kind:
        case "spend":
            stated: Mapping[str, float] | None = recount.scenario.reference.spend
        case "plan":
            stated = recount.reference_spend
        case "last_periods":
            end = min(first, len(spend))
            return _by_channel(recount, spend[max(0, end - horizon.periods) : end])
        case "last_year":
            before = [place - season if place >= season else place for place in positions]
            return _by_channel(recount, repeated(spend, before, season))
    return None if stated is None else {name: stated.get(name, 0.0) for name in recount.names}


def most_seen(history: FloatArray, periods: int) -> float:
    """Largest sum over so many periods in a row; pro rata where history is shorter. `history` of shape (T,)."""
    if len(history) < periods:
        return float(history.sum()) * periods / len(history)
    return float(sliding_window_view(history, periods).sum(axis=1).max())


def wrong_reference(recount: Recount) -> list[str]:
    """Channels whose spend in the reference, or whose place beside all that was seen, is not what the plan says."""
    faults, counted = [], reference_spend(recount)
    money = max(sum(recount.spend.values()), sum((counted or {}).values()), 1e-300)
    history = recount.artifact.draws.spend
    for place, channel in enumerate(recount.plan.channels):
        name = channel.channel
        before = channel.reference_spend if counted is None else counted[name]
        if abs(channel.reference_spend - before) > 1e-9 * money:
            faults.append(f"{name} had {before} in the reference, not {channel.reference_spend}")
        seen = most_seen(history[:, place], recount.plan.horizon.periods)
        if abs(channel.spend - seen) > 1e-6 * money and channel.beyond_observed != (channel.spend > seen):
            faults.append(f"{name} is said to be {'' if channel.beyond_observed else 'not '}beyond what was seen")
    return faults


def _by_channel(recount: Recount, rows: FloatArray) -> dict[str, float]:
    return dict(zip(recount.names, rows.sum(axis=0).tolist(), strict=True))
