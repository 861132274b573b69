"""Whether each channel was there long and large enough to be learned."""

import numpy as np

from mmm.market import Market, national_aggregate
from mmm.periods import PLURALS
from mmm.prefit.warning import DataWarning
from mmm.sentence import Number, Share, Term, Word, sentence

FEWEST_ON_AIR = 12
"""Periods with spend below which a channel's curve rests on a few bursts, and on whatever else happened in them."""

SELDOM = 0.25
"""Share of the periods that a short history may not fall below either."""

TINY_SHARE = 0.005
"""Share of all spend below which a channel's effect drowns in the noise of the others."""


def thin_channels(market: Market) -> list[DataWarning]:
    """Warnings of channels that were on air in very few periods, or got next to none of the money."""
    spend = national_aggregate(market).spend[:, :, 0]
    share = spend.sum(axis=0) / max(float(spend.sum()), 1e-12)
    on_air = (spend > 0).sum(axis=0)
    warnings = []
    for position, channel in enumerate(market.spec.channels):
        name = Word(text=channel.name)
        if on_air[position] < min(FEWEST_ON_AIR, SELDOM * len(spend)):
            warnings.append(
                DataWarning(
                    name="rarely_on_air",
                    subject=channel.name,
                    text=sentence(
                        "'{channel}' was on air in {count} {periods} alone.",
                        channel=name,
                        count=Number(amount=float(on_air[position])),
                        periods=Term(text=PLURALS[market.spec.market.period]),
                    ),
                    action=sentence(
                        "Whatever else happened then counts as its effect: name such things as events, or bring more "
                        "history of it."
                    ),
                )
            )
        if len(spend.T) > 1 and share[position] < TINY_SHARE:
            warnings.append(
                DataWarning(
                    name="tiny_channel",
                    subject=channel.name,
                    text=sentence(
                        "'{channel}' got {share} of all spend.",
                        channel=name,
                        share=Share(fraction=float(np.float64(share[position])), digits=2),
                    ),
                    action=sentence("Too little to be seen: add it up with a channel of its kind."),
                )
            )
    return warnings
