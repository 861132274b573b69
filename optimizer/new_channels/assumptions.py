"""What of a plan stands on what was assumed of channels without history, in words."""

from collections.abc import Mapping

from mmm.manifest import MEASURED_CONTRACTION, Manifest
from mmm.sentence import Money, Number, Sentence, Share, Word, listed, sentence
from mmm.vocabulary import Evidence
from optimizer.plan.document import OutcomePlan
from optimizer.scenario.document import Scenario
from optimizer.scenario.new_channel import ChannelPrior, NewChannel


def evidence_of(manifest: Manifest, scenario: Scenario) -> Mapping[str, Evidence]:
    """What the effect of each channel rests on; channels of which the model does not say it are left out."""
    narrowed: dict[str, Evidence] = {
        each.channel: "measured" if each.contraction >= MEASURED_CONTRACTION else "prior"
        for each in manifest.contraction
    }
    return narrowed | dict.fromkeys(scenario.new_channels, "assumed")


def basis_of(scenario: Scenario, name: str, kpi: str) -> Sentence | None:
    """What is assumed of a new channel; None for one that has a history."""
    channel = scenario.new_channels.get(name)
    if channel is None:
        return None
    if channel.like is not None:
        return _like(channel, name, channel.like)
    prior = channel.prior_of(kpi, scenario.kpi)
    return None if prior is None else _prior(prior, name)


def assumed_warning(outcome: OutcomePlan, scenario: Scenario) -> list[Sentence]:
    """How much of what the plan brings stands on channels without history; nothing where none spends."""
    if outcome.assumed is None or outcome.measured is None or outcome.assumed.mean <= 0:
        return []
    told = sentence(
        "{share} of what this plan brings of {kpi} is assumed of channels without history ({channels}), not measured.",
        share=Share(fraction=outcome.assumed.mean / outcome.incremental.mean),
        kpi=Word(text=outcome.kpi),
        channels=listed(tuple(scenario.new_channels), is_quoted=False),
    )
    return [told]


def _like(channel: NewChannel, name: str, like: str) -> Sentence:
    return sentence(
        "{channel} has no history. Assumed: it works as {like} does, at {cost} times the cost and with {effect} times "
        "the effect on average, good to a factor of {factor} either way.",
        channel=Word(text=name),
        like=Word(text=like),
        cost=Number(amount=channel.cost_ratio, digits=2),
        effect=Number(amount=channel.effect, digits=2),
        factor=Number(amount=channel.factor_either_way, digits=1),
    )


def _prior(prior: ChannelPrior, name: str) -> Sentence:
    if prior.roas is not None:
        return sentence(
            "{channel} has no history. Assumed: with {spend} a period it returns {low} to {high} for a unit of money, "
            "and {half} a period is half of what it can do.",
            channel=Word(text=name),
            spend=Money(amount=prior.spend),
            low=Number(amount=prior.roas[0], digits=2),
            high=Number(amount=prior.roas[1], digits=2),
            half=Money(amount=prior.half_saturation),
        )
    low, high = prior.cpa or (0.0, 0.0)
    return sentence(
        "{channel} has no history. Assumed: with {spend} a period a unit costs {low} to {high}, and {half} a period is "
        "half of what it can do.",
        channel=Word(text=name),
        spend=Money(amount=prior.spend),
        low=Money(amount=low),
        high=Money(amount=high),
        half=Money(amount=prior.half_saturation),
    )
