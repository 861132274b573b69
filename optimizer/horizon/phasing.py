"""How a channel's budget is phased over a horizon, and the periods in which it may not spend. T periods, C channels."""

from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import repeat_last_season
from mmm.errors import Fault
from mmm.periods import periods_between, shift_period
from mmm.sentence import Number, Sentence, Word, listed, sentence
from mmm.vocabulary import SEASON_LAG, BoolArray, FloatArray
from optimizer.scenario.document import Scenario
from optimizer.scenario.rules import Span


def closed_periods(scenario: Scenario, artifact: ResponseArtifact) -> BoolArray:
    """Where blackout and lead time let a channel spend nothing. Shape (T, C)."""
    closed = np.zeros((scenario.horizon.periods, len(artifact.channels)), dtype=np.bool_)
    for name, rule in scenario.channels.items():
        if name not in artifact.channels or not (rule.lead_time or rule.blackout):
            continue
        column = artifact.channels.index(name)
        closed[: rule.lead_time, column] = True
        for entry in rule.blackout:
            first, end = _positions(entry, scenario, artifact)
            closed[max(first, 0) : max(end, 0), column] = True
    return closed


def phase(scenario: Scenario, artifact: ResponseArtifact) -> tuple[FloatArray, list[Sentence]]:
    """Share of a channel's budget that each period gets, columns summing to one, and what was assumed. Shape (T, C).

    Where a channel may spend nothing its share is zero, and the rest of its pattern is scaled up. A channel without a
    pattern of its own is phased evenly over the periods that are left.
    """
    is_open = ~closed_periods(scenario, artifact)
    shares = is_open / is_open.sum(axis=0)
    warnings: list[Sentence] = []
    match scenario.flighting.pattern:
        case "given":
            given = scenario.flighting.weights or {}
            for column, name in enumerate(artifact.channels):
                if name in given:
                    shares[:, column] = np.asarray(given[name]) / np.sum(given[name])
        case "history":
            past = _past_spend(scenario, artifact) * is_open
            for column, name in enumerate(artifact.channels):
                if past[:, column].sum() > 0:
                    shares[:, column] = past[:, column] / past[:, column].sum()
                else:
                    warnings.append(
                        sentence(
                            "{channel} spent nothing in these periods last year: its budget is phased evenly.",
                            channel=Word(text=name),
                        )
                    )
        case _:
            pass
    return shares, warnings


def phasing_faults(scenario: Scenario, artifact: ResponseArtifact, file: Sentence) -> list[Fault]:
    """What of the phasing, blackout and lead time does not fit the market and its calendar."""
    return [*_blackout_faults(scenario, artifact, file), *_weight_faults(scenario, artifact, file)]


def _blackout_faults(scenario: Scenario, artifact: ResponseArtifact, file: Sentence) -> list[Fault]:
    faults: list[Fault] = []
    horizon = scenario.horizon
    is_closed = closed_periods(scenario, artifact).all(axis=0).tolist()
    for column, name in enumerate(artifact.channels):
        rule = scenario.channels.get(name)
        if rule is None:
            continue
        for index, entry in enumerate(rule.blackout):
            first, end = _positions(entry, scenario, artifact)
            if end <= 0 or first >= horizon.periods:
                expected = sentence(
                    "a date inside the horizon, which starts on {start} and has {periods} periods",
                    start=Word(text=horizon.start.isoformat()),
                    periods=Number(amount=horizon.periods),
                )
                day = entry if isinstance(entry, date) else entry.start
                faults.append(Fault(file, f"channels.{name}.blackout[{index + 1}]", day.isoformat(), expected))
        if is_closed[column]:
            field = "blackout" if rule.blackout else "lead_time"
            expected = sentence(
                "at least one period in which {channel} may spend; max = 0 keeps it off", channel=Word(text=name)
            )
            faults.append(
                Fault(file, f"channels.{name}.{field}", sentence("every period of the horizon closed"), expected)
            )
    return faults


def _weight_faults(scenario: Scenario, artifact: ResponseArtifact, file: Sentence) -> list[Fault]:
    if not scenario.flighting.weights:
        return []
    faults: list[Fault] = []
    horizon = scenario.horizon
    periods = Number(amount=horizon.periods)
    closed = closed_periods(scenario, artifact)
    for channel, weights in scenario.flighting.weights.items():
        field = f"flighting.weights.{channel}"
        if channel not in artifact.channels:
            names = listed(artifact.channels, len(artifact.channels), is_quoted=False)
            faults.append(Fault(file, field, channel, sentence("a channel of the market: {names}", names=names)))
        elif len(weights) != horizon.periods:
            found = sentence("{count} weights", count=Number(amount=len(weights)))
            expected = sentence("{periods}, one a period of the horizon", periods=periods)
            faults.append(Fault(file, field, found, expected))
        elif sum(weights) <= 0:
            found, expected = sentence("weights that are all zero"), sentence("at least one above zero")
            faults.append(Fault(file, field, found, expected))
        elif spent := np.flatnonzero(closed[:, artifact.channels.index(channel)] & (np.asarray(weights) > 0)).tolist():
            days = [shift_period(horizon.start, step, artifact.manifest.period).isoformat() for step in spent]
            found = sentence("weights above zero on {days}", days=listed(days, is_quoted=False))
            expected = sentence("zero where blackout or lead_time let nothing be spent")
            faults.append(Fault(file, field, found, expected))
    return faults


def _positions(entry: date | Span, scenario: Scenario, artifact: ResponseArtifact) -> tuple[int, int]:
    """First period of a blackout and the one after its last, counted from the start of the horizon."""
    day, periods = (entry, 1) if isinstance(entry, date) else (entry.start, entry.periods)
    first = periods_between(scenario.horizon.start, day, artifact.manifest.period)
    return first, first + periods


def _past_spend(scenario: Scenario, artifact: ResponseArtifact) -> FloatArray:
    """Spend in the same periods, in the latest year that history has. Shape (T, C)."""
    manifest, horizon = artifact.manifest, scenario.horizon
    first = periods_between(manifest.window_start, horizon.start, manifest.period)
    positions = np.arange(first, first + horizon.periods)
    return repeat_last_season(artifact.draws.spend, positions, SEASON_LAG[manifest.period])
