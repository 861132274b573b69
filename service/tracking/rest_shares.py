"""Rules about several channels together, restated for the rest of a horizon: shares, groups, order, counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mmm.sentence import Sentence, Word, phrase, sentence
from optimizer.scenario.brand_share import brand_band
from optimizer.scenario.document import Split
from optimizer.scenario.rules import EitherOr, Group, Precedence, Requires, group_members
from service.tracking.elapsed import Elapsed, said_of


@dataclass
class RestOfRules:
    """Rules of several channels for the rest, what they ask of single channels, and what could not be restated."""

    split: Split | None = None
    groups: list[Group] = field(default_factory=list)
    either_or: list[EitherOr] = field(default_factory=list)
    requires: list[Requires] = field(default_factory=list)
    precedence: list[Precedence] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    floors: dict[str, float] = field(default_factory=dict)
    notes: list[Sentence] = field(default_factory=list)


def rest_of_rules(passed: Elapsed) -> RestOfRules:
    """Every rule about several channels, for the rest."""
    rest = RestOfRules()
    _restate_split(passed, rest)
    for group in passed.scenario.groups:
        _restate_group(group, passed, rest)
    for rule in passed.scenario.either_or:
        _allow(list(dict.fromkeys(rule.channels)), rule.at_most, passed, rest)
    most = passed.scenario.rules.at_most_channels
    if most is not None:
        _allow(passed.channels, most, passed, rest)
    for requirement in passed.scenario.requires:
        _restate_requirement(requirement, passed, rest)
    for order in passed.scenario.precedence:
        _restate_precedence(order, passed, rest)
    return rest


def _restate_split(passed: Elapsed, rest: RestOfRules) -> None:
    band = brand_band(passed.scenario)
    if band is None:
        return
    weights = {info.name: info.brand_weight for info in passed.artifact.manifest.channels}
    brand = sum(weights[name] * amount for name, amount in passed.spent.items())
    share = _share_of_rest(band, brand, sentence("the brand share"), passed, rest)
    rest.split = None if share is None else Split(brand_share=share)


def _restate_group(group: Group, passed: Elapsed, rest: RestOfRules) -> None:
    members = group_members(group, passed.artifact.manifest.channels)
    spent = sum(passed.spent[name] for name in members)
    share = amount = None
    if group.share is not None:
        said = sentence("the share of {group}", group=Word(text=group.name))
        share = _share_of_rest(group.share, spent, said, passed, rest)
    if group.amount is not None:
        low, high = group.amount
        if spent > high * (1.0 + 1e-9):
            rest.notes.append(
                sentence(
                    "{group}: more was spent than it may have over the whole horizon; it gets nothing more.",
                    group=Word(text=group.name),
                )
            )
        amount = (max(0.0, low - spent), max(0.0, high - spent))
    if group.at_most_channels is not None:
        _allow(members, group.at_most_channels, passed, rest)
    least = None
    if group.at_least_channels is not None:
        on = sum(name in passed.used for name in members)
        if on < group.at_least_channels:
            least = group.at_least_channels
            if on:
                rest.notes.append(
                    sentence(
                        "{group}: the channels that must be on are counted in the rest alone.",
                        group=Word(text=group.name),
                    )
                )
    if share is not None or amount is not None or least is not None:
        limits = {"share": share, "amount": amount, "at_least_channels": least, "at_most_channels": None}
        rest.groups.append(Group.model_validate(said_of(Group, dict(group) | limits)))


def _share_of_rest(
    band: tuple[float, float], part: float, what: Sentence, passed: Elapsed, rest: RestOfRules
) -> tuple[float, float] | None:
    """The band of a share in the rest with which the whole keeps its own: (band (S + X) - part) / X.

    S was spent, X will be; None where nothing will.
    """
    to_come = passed.rest_spend
    if to_come <= 0:
        return None
    low, high = ((share * (passed.spent_total + to_come) - part) / to_come for share in band)
    if low > 1.0 + 1e-9 or high < -1e-9:
        rest.notes.append(
            sentence(
                "The whole horizon cannot keep {rule} any more, whatever the rest does: it comes as near as it can.",
                rule=phrase(what),
            )
        )
    elif not passed.is_rest_spend_known:
        rest.notes.append(
            sentence(
                "For the whole horizon, {rule} is kept as far as the rest spends what the plan has left.",
                rule=phrase(what),
            )
        )
    return min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)


def _allow(members: Sequence[str], most: int, passed: Elapsed, rest: RestOfRules) -> None:
    """At most so many of these are on: of those that are off, as many as are left."""
    off = [name for name in members if name not in passed.used]
    left = most - (len(members) - len(off))
    if left <= 0:
        rest.closed += off
    elif left < len(off):
        rest.either_or.append(EitherOr(channels=tuple(off), at_most=left))


def _restate_requirement(rule: Requires, passed: Elapsed, rest: RestOfRules) -> None:
    upstream = sum(passed.spent[name] for name in rule.upstream)
    slack = rule.at_most_ratio * upstream - passed.spent[rule.channel]
    rest.requires.append(rule)
    if abs(slack) > 1e-6 * max(passed.spent_total, 1.0):
        rest.notes.append(
            sentence(
                "{channel}: what it may have of its upstream channels holds for the rest alone.",
                channel=Word(text=rule.channel),
            )
        )


def _restate_precedence(rule: Precedence, passed: Elapsed, rest: RestOfRules) -> None:
    levels = {name: level - passed.spent[name] for name, level in rule.after.items() if level > passed.spent[name]}
    if rule.channel in passed.used:
        for name, level in levels.items():
            rest.floors[name] = max(rest.floors.get(name, 0.0), level)
    elif levels:
        rest.precedence.append(Precedence(channel=rule.channel, after=levels))
