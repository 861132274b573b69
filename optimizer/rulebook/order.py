"""Rules about which channels may be on together, and which come first."""

from mmm.sentence import Money, Number, Share, Word, sentence
from optimizer.program.formulation import Formulation


def keep_either_or(form: Formulation) -> None:
    """Of some channels at most so many are on."""
    for index, rule in enumerate(form.setting.scenario.either_or):
        text = sentence(
            "At most {count} of {channels} may be on.",
            count=Number(amount=rule.at_most),
            channels=Word(text=", ".join(rule.channels)),
        )
        relation = sum(form.is_on(name) for name in dict.fromkeys(rule.channels)) <= rule.at_most
        form.add(
            f"either_or[{index + 1}]",
            text,
            relation,
            limit=rule.at_most,
            unit="count",
            measured=dict.fromkeys(rule.channels, 1.0),
        )


def require_upstream(form: Formulation) -> None:
    """A channel has at most a ratio of what its upstream channels have together."""
    for index, rule in enumerate(form.setting.scenario.requires):
        text = sentence(
            "{channel} gets at most {ratio} of what {upstream} get together.",
            channel=Word(text=rule.channel),
            ratio=Share(fraction=rule.at_most_ratio),
            upstream=Word(text=", ".join(rule.upstream)),
        )
        upstream = sum(form.model.spend[name] for name in rule.upstream)
        relation = form.model.spend[rule.channel] - rule.at_most_ratio * upstream <= 0
        form.add(
            f"requires[{index + 1}]",
            text,
            relation,
            limit=rule.at_most_ratio,
            unit="ratio",
            base=rule.upstream,
            measured={rule.channel: 1.0},
        )


def limit_channel_count(form: Formulation) -> None:
    """At most so many channels are on."""
    most = form.setting.scenario.rules.at_most_channels
    if most is None:
        return
    text = sentence("At most {count} channels may be on.", count=Number(amount=most))
    relation = sum(form.is_on(name) for name in form.setting.names) <= most
    form.add(
        "rules.at_most_channels",
        text,
        relation,
        limit=most,
        unit="count",
        measured=dict.fromkeys(form.setting.names, 1.0),
    )


def keep_precedence(form: Formulation) -> None:
    """A channel is on only when each of the channels before it spends at least its level."""
    for index, rule in enumerate(form.setting.scenario.precedence):
        for earlier, level in rule.after.items():
            text = sentence(
                "{channel} is on only when {earlier} gets at least {amount}.",
                channel=Word(text=rule.channel),
                earlier=Word(text=earlier),
                amount=Money(amount=level),
            )
            relation = form.model.spend[earlier] - level * form.is_on(rule.channel) >= 0
            where = f"precedence[{index + 1}].after.{earlier}"
            form.add(where, text, relation, limit=level, unit="money", measured={earlier: 1.0})
