"""A phasing to learn from, as part of the page of an explanation."""

from collections.abc import Iterator

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from mmm.sentence import Money, Sentence, Share, Value, Word, phrase, sentence
from optimizer.plan.explanation import Explanation, LearningPhasing
from service.cli.figures import quantity
from service.cli.phasing import blocks
from service.cli.tables import heading, table
from service.language import Reader

_WIDTH = 26
"""Columns of the page for a phasing in blocks."""


def learning_parts(found: Explanation, reader: Reader) -> Iterator[RenderableType]:
    """What the phasing costs, and by channel how much narrower its interval gets and when it is on air."""
    learning = found.learning
    if learning is None:
        return
    _ = reader.gettext
    yield heading(_("A phasing to learn from"))
    yield Text(reader.say(_cost(found, learning)))
    shown = table(
        _("Channel"),
        _("Narrower (planned)"),
        _("Narrower (this)"),
        _("Tied (planned)"),
        _("Tied (this)"),
        numbers=[1, 2, 3, 4],
    )
    for channel in learning.channels:
        shown.add_row(
            Text(channel.channel),
            reader.share(channel.narrower_as_planned),
            reader.share(channel.narrower),
            *("–" if tie is None else reader.ratio(tie) for tie in (channel.tie_as_planned, channel.tie)),
        )
    yield shown
    phased = table(_("Channel"), _("From first to last period"), _("Most in a period"), numbers=[2])
    for channel in learning.channels:
        spend = np.array(channel.spend)
        phased.add_row(Text(channel.channel), blocks(spend, _WIDTH), reader.money(float(spend.max()), 0))
    yield phased
    told = sentence(
        "Narrower is how much of the interval of what a channel brings goes when the horizon's outcomes are known. "
        "Tied is the largest correlation, period by period, with another channel or with all else; none where it "
        "brings the same in every period."
    )
    yield Text(reader.say(told), style="italic")


def _cost(found: Explanation, learning: LearningPhasing) -> Sentence:
    lost = phrase(sentence("{amount} {unit}", amount=quantity(learning.lost), unit=Word(text=found.kpi_unit)))
    told: dict[str, Value] = {
        "variation": Share(fraction=learning.variation, digits=0),
        "lost": lost,
        "share": Share(fraction=learning.lost_share, digits=2),
    }
    if learning.lost_money is None:
        return sentence(
            "With each channel's money as planned, and no period further than {variation} from its plan, this phasing "
            "tells channels apart best of those found. It brings {lost} less ({share}).",
            **told,
        )
    return sentence(
        "With each channel's money as planned, and no period further than {variation} from its plan, this phasing "
        "tells channels apart best of those found. It brings {lost} less ({share}), worth {money}.",
        money=Money(amount=learning.lost_money),
        **told,
    )
