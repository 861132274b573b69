"""The plan's reasons in words: what each channel should do and why, what to be careful about."""

from dataclasses import dataclass

from mmm.artifact import ResponseArtifact
from mmm.sentence import Money, Sentence, Share, Word, phrase, sentence
from optimizer.plan.document import ChannelVerdict, Interval
from optimizer.scenario.document import Objective

NOTICEABLE_CHANGE = 0.10
"""A change of spend below this fraction is called keeping it."""

_RETURNS: tuple[Objective, ...] = ("profit", "efficiency")
"""Objectives that leave money unspent where it brings too little."""

WIDE = 0.5
"""A contribution whose 5 % quantile is below this fraction of its median is not well known."""


@dataclass(frozen=True, slots=True)
class OwnRule:
    """What a rule about one channel says that holds it where it is; whether it is one that keeps it from less."""

    text: Sentence
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class ChannelOutlook:
    """One channel in a plan, as far as its verdict goes.

    `rule` is a binding rule of the channel's own, None where none binds; `smallest` is the spend below
    which a channel counts as off; `is_free` whether the plan spends nothing at all, `is_new` whether nothing was ever
    measured of the channel.
    """

    channel: str
    spend: float
    reference: float
    contribution: Interval
    is_beyond_observed: bool
    rule: OwnRule | None
    smallest: float
    objective: Objective
    is_free: bool
    is_new: bool = False


def channel_verdict(outlook: ChannelOutlook) -> tuple[ChannelVerdict, Sentence]:
    """What to do with a channel, and why, in the plan's terms."""
    if outlook.spend <= outlook.smallest:
        return "stop", _why_off(outlook)
    name = Word(text=outlook.channel)
    if outlook.is_new:
        return "watch", sentence(
            "{channel} is new: what it brings is assumed, not measured. Start small, and measure it on the way.",
            channel=name,
        )
    if outlook.is_beyond_observed:
        return "watch", sentence(
            "{channel} gets more than it ever had over such a horizon: its curve is extrapolated, raise it in steps.",
            channel=name,
        )
    if outlook.reference <= outlook.smallest:
        return "scale", sentence("{channel} is new against the reference plan.", channel=name)
    change = outlook.spend / outlook.reference - 1.0
    if change > NOTICEABLE_CHANGE:
        return _grown(outlook, Share(fraction=change, digits=0))
    if change < -NOTICEABLE_CHANGE:
        return "reduce", _why_less(outlook, Share(fraction=-change, digits=0))
    return "keep", sentence("{channel} is kept about as it is.", channel=name)


def _why_off(outlook: ChannelOutlook) -> Sentence:
    name = Word(text=outlook.channel)
    if outlook.is_new and outlook.objective == "size":
        return sentence(
            "{channel} gets nothing: what is assumed of it counts for no task. With min it is tried all the same.",
            channel=name,
        )
    if outlook.is_free and outlook.objective == "size":
        return sentence("{channel} is not needed: the tasks are reached without any spend.", channel=name)
    if outlook.rule is not None:
        return sentence("{channel} is off under its rule: {rule}", channel=name, rule=phrase(outlook.rule.text))
    if outlook.objective in _RETURNS:
        return sentence("{channel} is off: money brings too little in it for this objective.", channel=name)
    if outlook.reference <= outlook.smallest:
        return sentence("{channel} stays off: under these rules other channels bring more for the money.", channel=name)
    return sentence("{channel} is stopped: under these rules its money brings more in other channels.", channel=name)


def _why_less(outlook: ChannelOutlook, change: Share) -> Sentence:
    name = Word(text=outlook.channel)
    if outlook.rule is not None:
        said = phrase(outlook.rule.text)
        if outlook.rule.is_floor:
            return sentence(
                "{channel} gets {change} less, and its rule keeps it from less still: {rule}",
                channel=name,
                change=change,
                rule=said,
            )
        return sentence(
            "{channel} gets {change} less, as its rule has it: {rule}", channel=name, change=change, rule=said
        )
    if outlook.objective in _RETURNS:
        return sentence(
            "{channel} gets {change} less: more of it brings too little for this objective.",
            channel=name,
            change=change,
        )
    if outlook.objective == "size":
        return sentence("{channel} gets {change} less: the tasks cost least that way.", channel=name, change=change)
    return sentence(
        "{channel} gets {change} less: under these rules that money brings more elsewhere.", channel=name, change=change
    )


def _grown(outlook: ChannelOutlook, change: Share) -> tuple[ChannelVerdict, Sentence]:
    name = Word(text=outlook.channel)
    if outlook.contribution.p05 < WIDE * outlook.contribution.p50:
        return "watch", sentence(
            "{channel} grows by {change}, but what it brings is not well known: test it on the way.",
            channel=name,
            change=change,
        )
    if outlook.rule is not None:
        said = phrase(outlook.rule.text)
        return "scale", sentence(
            "{channel} grows by {change}; its rule: {rule}", channel=name, change=change, rule=said
        )
    return "scale", sentence(
        "{channel} grows by {change}: under these rules money brings more here than elsewhere.",
        channel=name,
        change=change,
    )


def model_warnings(artifact: ResponseArtifact) -> tuple[Sentence, ...]:
    """What a reader of any plan on this model should know about the model."""
    manifest, warnings = artifact.manifest, []
    kpi = Word(text=manifest.outcome.name)
    if manifest.is_national_aggregate:
        warnings.append(sentence("The model of {kpi} rests on the sum of all regions, not on each of them.", kpi=kpi))
    if manifest.verdict == "fail":
        warnings.append(sentence("The model of {kpi} failed a gate: do not decide on this plan alone.", kpi=kpi))
    elif manifest.verdict == "review":
        warnings.append(sentence("A gate of the model of {kpi} asks for a review before you decide.", kpi=kpi))
    if manifest.outcome.value_per_unit is None:
        warnings.append(sentence("{kpi} has no value per unit: there is no return on ad spend.", kpi=kpi))
    return tuple(warnings)


def unspent_warning(unspent: float) -> Sentence:
    """Said when the rules keep part of the budget from being spent."""
    return sentence(
        "{unspent} of the budget stays unspent: the rules leave no channel to put it in.", unspent=Money(amount=unspent)
    )
