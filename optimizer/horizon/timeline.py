"""A scenario's horizon on its market's calendar: phasing, earlier spend, reference spend."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import repeat_last_season
from mmm.errors import Fault
from mmm.periods import is_period_start, period_range, periods_between, shift_period
from mmm.sentence import Day, Number, Sentence, Term, Word, sentence
from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.horizon.earlier_spend import earlier_spend, is_assumed
from optimizer.horizon.phasing import phase, phasing_faults
from optimizer.horizon.reach_limits import ReachLimit, reach_limits
from optimizer.scenario.document import Horizon, Reference, Scenario, place_of
from optimizer.scenario.known_spend import KnownSpend


@dataclass(frozen=True, slots=True)
class Timeline:
    """The horizon of one scenario. T periods, C channels in the artifact's order, P periods before the horizon.

    Attributes
    ----------
    dates
        Start of each period of the horizon. Length T.
    flighting
        Share of a channel's budget that each period gets, none where it may not spend; columns sum to one.
        Shape (T, C).
    earlier_spend
        Money per period before the horizon, the last row just before it. Shape (P, C).
    reference
        Money per channel over the horizon in the plan that this one is compared with.
    frequency
        Contacts of a person in the periods before and then in the horizon, as the year before: what money buys of
        channels with reach and frequency. Shape (P + T, C); None where no channel has them.
    largest_seen
        Largest spend of each channel over as many consecutive periods in history.
    within_reach
        Limits of channels with reach and frequency.
    warnings
        What was assumed.
    """

    dates: tuple[date, ...]
    flighting: FloatArray
    earlier_spend: FloatArray
    reference: Mapping[str, float]
    largest_seen: Mapping[str, float]
    frequency: FloatArray | None
    within_reach: Mapping[str, ReachLimit]
    warnings: tuple[Sentence, ...]


def horizon_faults(scenario: Scenario, artifact: ResponseArtifact) -> list[Fault]:
    """What does not fit the calendar of the market: start, reference, phasing, time nodes of tasks."""
    manifest, file = artifact.manifest, place_of(scenario)
    horizon = scenario.horizon
    start, periods = Word(text=horizon.start.isoformat()), Number(amount=horizon.periods)
    faults: list[Fault] = []
    if not is_period_start(horizon.start, manifest.window_start, manifest.period):
        position = periods_between(manifest.window_start, horizon.start, manifest.period)
        before, after = (
            Word(text=shift_period(manifest.window_start, step, manifest.period).isoformat())
            for step in (position, position + 1)
        )
        expected = sentence(
            "the start of a {period}: {before} or {after}",
            period=Term(text=manifest.period),
            before=before,
            after=after,
        )
        faults.append(Fault(file, "horizon.start", horizon.start.isoformat(), expected))
    first = periods_between(manifest.window_start, horizon.start, manifest.period)
    if first < 0:
        expected = sentence(
            "not before the data, which start on {day}", day=Word(text=manifest.window_start.isoformat())
        )
        faults.append(Fault(file, "horizon.start", horizon.start.isoformat(), expected))
    season = SEASON_LAG[manifest.period]
    years_ahead = (first + horizon.periods - manifest.window_periods) / season
    if years_ahead > 3:
        found = sentence("{periods} periods from {start}", periods=periods, start=start)
        expected = sentence("an end within three years of the last data: a forecast further out means nothing")
        faults.append(Fault(file, "horizon", found, expected))
    if scenario.reference.kind == "last_year" and manifest.window_periods < season:
        expected = sentence(
            "{season} periods of history, the market has {periods}; use last_periods or spend",
            season=Number(amount=season),
            periods=Number(amount=manifest.window_periods),
        )
        faults.append(Fault(file, "reference.kind", "last_year", expected))
    if scenario.reference.kind == "last_periods" and min(first, manifest.window_periods) < horizon.periods:
        expected = sentence("at least {periods} periods of history before the horizon; use spend", periods=periods)
        faults.append(Fault(file, "reference.kind", "last_periods", expected))
    for index, task in enumerate(scenario.tasks):
        if task.by is not None and periods_until(horizon, task.by, artifact) not in range(1, horizon.periods + 1):
            expected = sentence(
                "a date inside the horizon, which starts on {start} and has {periods} periods",
                start=start,
                periods=periods,
            )
            faults.append(Fault(file, f"tasks[{index + 1}].by", task.by.isoformat(), expected))
    cash = scenario.rules.cash_per_period
    if isinstance(cash, tuple) and len(cash) != horizon.periods:
        found = sentence("{count} amounts", count=Number(amount=len(cash)))
        expected = sentence("{periods}, one a period of the horizon", periods=periods)
        faults.append(Fault(file, "rules.cash_per_period", found, expected))
    dates = period_range(horizon.start, horizon.periods, manifest.period)
    for index, budget in enumerate(scenario.flighting.budgets):
        if not any(budget.start <= day <= budget.end for day in dates):
            expected = sentence(
                "dates between which a period of the horizon starts; it starts on {start} and has {periods} periods",
                start=start,
                periods=periods,
            )
            faults.append(Fault(file, f"flighting.budgets[{index + 1}]", budget.start.isoformat(), expected))
    for index, rule in enumerate(scenario.capacity):
        if isinstance(rule.at_most, tuple) and len(rule.at_most) != horizon.periods:
            found = sentence("{count} amounts", count=Number(amount=len(rule.at_most)))
            expected = sentence("{periods}, one a period of the horizon", periods=periods)
            faults.append(Fault(file, f"capacity[{index + 1}].at_most", found, expected))
    return faults + phasing_faults(scenario, artifact, file)


def periods_until(horizon: Horizon, by: date | None, artifact: ResponseArtifact) -> int:
    """Number of periods of the horizon that start before or on `by`; all of them when it is None."""
    if by is None:
        return horizon.periods
    return periods_between(horizon.start, by, artifact.manifest.period) + 1


def build_timeline(
    scenario: Scenario,
    artifact: ResponseArtifact,
    reference_spend: Mapping[str, float] | None = None,
    known: KnownSpend | None = None,
) -> Timeline:
    """The timeline of a scenario that `horizon_faults` accepts.

    `reference_spend` is the spend by channel of the plan that `reference.plan` names, `known` the spend of periods
    after the data.
    """
    manifest, history = artifact.manifest, artifact.draws.spend
    season = SEASON_LAG[manifest.period]
    start, periods = scenario.horizon.start, scenario.horizon.periods
    first = periods_between(manifest.window_start, start, manifest.period)
    positions = np.arange(first, first + periods)
    warnings: list[Sentence] = []
    if is_assumed(artifact, first, known):
        warnings.append(
            sentence(
                "The data end before {start}: spend in between is assumed to repeat the year before.",
                start=Day(day=start),
            )
        )
    frequency = artifact.draws.frequency
    if frequency is not None:
        around = np.arange(max(0, first - manifest.carryover_periods), first + periods)
        frequency = repeat_last_season(frequency, around, season)
    largest_seen = dict(zip(artifact.channels, largest_window(history, periods), strict=True))
    phasing, phasing_warnings = phase(scenario, artifact)
    return Timeline(
        dates=period_range(start, periods, manifest.period),
        flighting=phasing,
        earlier_spend=earlier_spend(artifact, first, known),
        reference=_reference(scenario.reference, artifact, positions, season, reference_spend),
        largest_seen=largest_seen,
        frequency=frequency,
        within_reach=reach_limits(artifact, phasing, None if frequency is None else frequency[-periods:], largest_seen),
        warnings=(*warnings, *phasing_warnings),
    )


def largest_window(history: FloatArray, periods: int) -> list[float]:
    """Largest sum of each column over `periods` consecutive rows; pro rata when history is shorter."""
    length = len(history)
    if length < periods:
        return [float(total) * periods / length for total in history.sum(axis=0)]
    summed = np.vstack([np.zeros(history.shape[1]), np.cumsum(history, axis=0)])
    return [float(value) for value in (summed[periods:] - summed[:-periods]).max(axis=0)]


def _reference(
    reference: Reference,
    artifact: ResponseArtifact,
    positions: np.ndarray[tuple[int], np.dtype[np.int64]],
    season: int,
    reference_spend: Mapping[str, float] | None,
) -> dict[str, float]:
    history = artifact.draws.spend
    match reference.kind:
        case "spend":
            given = dict(reference.spend or {})
            return {channel: given.get(channel, 0.0) for channel in artifact.channels}
        case "plan":
            if reference_spend is None:
                raise ValueError("reference.plan was not looked up: pass its spend as reference_spend")
            return {channel: reference_spend.get(channel, 0.0) for channel in artifact.channels}
        case "last_periods":
            end = min(int(positions[0]), len(history))
            totals = history[end - len(positions) : end].sum(axis=0)
        case "last_year":
            back = positions - season
            totals = repeat_last_season(history, np.where(back >= 0, back, positions), season).sum(axis=0)
    return dict(zip(artifact.channels, totals.tolist(), strict=True))
