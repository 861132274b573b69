"""The plan's reasons in words: what each channel should do and why, what to be careful about."""

from mmm.artifact import ResponseArtifact
from mmm.sentence import Money, Sentence, Share, Word, sentence
from optimizer.plan import ChannelVerdict, Interval

NOTICEABLE_CHANGE = 0.10
"""A change of spend below this fraction is called keeping it."""

WIDE = 0.5
"""A contribution whose 5 % quantile is below this fraction of its median is not well known."""


def channel_verdict(
    channel: str, spend: float, reference: float, contribution: Interval, *, is_beyond_observed: bool, smallest: float
) -> tuple[ChannelVerdict, Sentence]:
    """What to do with a channel, and why, in the plan's terms.

    `smallest` is the spend below which a channel counts as off.
    """
    name = Word(text=channel)
    if spend <= smallest:
        if reference <= smallest:
            return "stop", sentence("{channel} stays off: other channels bring more for the money.", channel=name)
        return "stop", sentence("{channel} is stopped: its money brings more in other channels.", channel=name)
    if is_beyond_observed:
        return "watch", sentence(
            "{channel} gets more than it ever had over such a horizon: its curve is extrapolated, raise it in steps.",
            channel=name,
        )
    if reference <= smallest:
        return "scale", sentence("{channel} is new against the reference plan.", channel=name)
    change = spend / reference - 1.0
    if change > NOTICEABLE_CHANGE:
        if contribution.p05 < WIDE * contribution.p50:
            return "watch", sentence(
                "{channel} grows by {change}, but what it brings is not well known: test it on the way.",
                channel=name,
                change=Share(fraction=change, digits=0),
            )
        return "scale", sentence(
            "{channel} grows by {change}: the next unit of money brings more here than elsewhere.",
            channel=name,
            change=Share(fraction=change, digits=0),
        )
    if change < -NOTICEABLE_CHANGE:
        return "keep", sentence(
            "{channel} is kept with {change} less: its last unit of money brings more elsewhere.",
            channel=name,
            change=Share(fraction=-change, digits=0),
        )
    return "keep", sentence("{channel} is kept about as it is.", channel=name)


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
