"""Rules of channels without history."""

from mmm.sentence import Money, Share, Word, sentence
from optimizer.program.formulation import Formulation


def keep_new_channels_small(form: Formulation) -> None:
    """A channel without history gets a small part of the money, unless its own rules say how much."""
    setting = form.setting
    for name, channel in setting.scenario.new_channels.items():
        most = setting.most_of_new(name)
        if most is None:
            continue
        text = sentence(
            "{channel} gets at most {amount}, {share} of the money: nothing has measured it yet.",
            channel=Word(text=name),
            amount=Money(amount=most),
            share=Share(fraction=channel.at_most_share),
        )
        relation, where = form.model.spend[name] <= most, f"new_channels.{name}.at_most_share"
        form.add(where, text, relation, limit=most, unit="money", measured={name: 1.0})
