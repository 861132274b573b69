"""Rules about single channels, restated for the rest of a horizon."""

from collections.abc import Mapping, Sequence
from datetime import date

from mmm.periods import periods_between
from mmm.sentence import Sentence, Word, sentence
from optimizer.scenario.rules import Blackout, ChannelRules, Span
from service.tracking.elapsed import Elapsed, said_of

_WHOLE = 1e-6
"""How far from a whole number of steps an amount may be, in steps."""


def rest_of_channels(
    passed: Elapsed, closed: Sequence[str], floors: dict[str, float]
) -> tuple[dict[str, ChannelRules], list[Sentence]]:
    """Every channel's rules for the rest, and what could not be restated.

    `closed` are channels that other rules keep off from now on, `floors` what other rules want of some at least.
    """
    rules, notes = {}, []
    for name in passed.channels:
        rule = passed.scenario.channels.get(name, ChannelRules())
        restated, said = _rest_of_channel(name, rule, passed, name in closed, floors.get(name, 0.0))
        notes += said
        if restated != ChannelRules():
            rules[name] = restated
    return rules, notes


def overspent(name: str) -> Sentence:
    """That a channel, or a geo, got more than it may over the whole horizon."""
    return sentence(
        "{channel}: more was spent than its rules let it have over the whole horizon; it gets nothing more.",
        channel=Word(text=name),
    )


def too_little_left(name: str) -> Sentence:
    """That the least of a channel, or of a geo, does not go with the most that it may still get."""
    return sentence(
        "{channel}: the least that it is to get cannot be kept beside what was spent.", channel=Word(text=name)
    )


def _rest_of_channel(
    name: str, rule: ChannelRules, passed: Elapsed, is_closed: bool, floor: float
) -> tuple[ChannelRules, list[Sentence]]:
    channel, spent, notes = Word(text=name), passed.spent[name], []
    same: dict[str, object] = {
        "per_period_max": rule.per_period_max,
        "burst_at_least": rule.burst_at_least,
        "fee": rule.fee,
        "coop": rule.coop,
        "cpa_at_most": rule.cpa_at_most,
        "marginal_cpa_at_most": rule.marginal_cpa_at_most,
        "fixed_cost": None if name in passed.used else rule.fixed_cost,
        "lead_time": max(0, rule.lead_time - passed.periods),
        "blackout": _open_blackout(rule.blackout, passed),
    }
    if rule.cpa_at_most is not None or rule.marginal_cpa_at_most is not None:
        notes.append(sentence("{channel}: its ceiling on CPA holds for the rest alone.", channel=channel))
    if rule.locked is not None:
        if spent > rule.locked * (1.0 + 1e-9):
            notes.append(overspent(name))
        return _rules(same | {"locked": max(0.0, rule.locked - spent)}), notes
    low, high = _bounds(name, rule, passed)
    if high is not None and high < -1e-9 * max(spent, 1.0):
        notes.append(overspent(name))
    low, high = max(low, floor, 0.0), None if high is None else max(high, 0.0)
    if is_closed:
        high = 0.0
    if high is not None and low > high:
        notes.append(too_little_left(name))
        low = high
    step = rule.increment
    if step is not None and abs(spent / step - round(spent / step)) > _WHOLE:
        notes.append(
            sentence(
                "{channel}: what was spent is no whole number of steps; the rest is not held to them.", channel=channel
            )
        )
        step = None
    viable = rule.off_or_at_least if name not in passed.used else None
    return _rules(same | {"min": low or None, "max": high, "increment": step, "off_or_at_least": viable}), notes


def _rules(values: Mapping[str, object]) -> ChannelRules:
    return ChannelRules.model_validate(said_of(ChannelRules, values))


def _bounds(name: str, rule: ChannelRules, passed: Elapsed) -> tuple[float, float | None]:
    """Least and most that a channel may still get, before what is below zero is cut off."""
    spent, lows, highs = passed.spent[name], [rule.min or 0.0], [] if rule.max is None else [rule.max]
    if rule.off_or_at_least is not None and name in passed.used:
        lows.append(rule.off_or_at_least)
    if rule.change is not None:
        low, high = (passed.reference[name] * (1.0 + change) for change in rule.change)
        lows.append(low)
        highs.append(high)
    most_seen = passed.scenario.rules.at_most_seen
    if most_seen is not None and name not in passed.scenario.new_channels:
        highs.append(most_seen * passed.largest_seen[name])
    if name in passed.scenario.new_channels and (small := passed.most_of_new(name)) is not None:
        highs.append(small)
    return max(lows) - spent, min(highs) - spent if highs else None


def _open_blackout(entries: tuple[Blackout, ...], passed: Elapsed) -> tuple[Blackout, ...]:
    """Closed periods that are still to come; spans that have begun are cut."""
    period, kept = passed.artifact.manifest.period, []
    for entry in entries:
        first, count = (entry, 1) if isinstance(entry, date) else (entry.start, entry.periods)
        gone = max(0, -periods_between(passed.start, first, period))
        if gone == 0:
            kept.append(entry)
        elif count > gone:
            kept.append(Span(start=passed.start, periods=count - gone))
    return tuple(kept)
