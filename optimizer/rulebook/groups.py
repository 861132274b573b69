"""Rules of several channels together: the split of brand and performance, groups."""

import math
from typing import Any

from mmm.sentence import Money, Number, Sentence, Share, Word, sentence
from optimizer.program.formulation import Formulation
from optimizer.scenario.brand_share import brand_band
from optimizer.scenario.rules import group_members


def keep_brand_share(form: Formulation) -> None:
    """The brand share of the channels' spend, weighted by brand weight, lies in the band of the split."""
    band = brand_band(form.setting.scenario)
    if band is None:
        return
    weights = {channel.name: channel.brand_weight for channel in form.setting.channels}
    brand = sum(weight * form.model.spend[name] for name, weight in weights.items())
    text = sentence(
        "Brand gets between {low} and {high} of spend.", low=Share(fraction=band[0]), high=Share(fraction=band[1])
    )
    _add_share(form, "split.brand_share", text, brand, weights, band)


def keep_group_limits(form: Formulation) -> None:
    """The channels of a group together keep their share of spend and their amount."""
    for group in form.setting.scenario.groups:
        members = group_members(group, form.setting.channels)
        spend = sum(form.model.spend[name] for name in members)
        measured = dict.fromkeys(members, 1.0)
        if group.share is not None:
            text = sentence(
                "{group} gets between {low} and {high} of spend.",
                group=Word(text=group.name),
                low=Share(fraction=group.share[0]),
                high=Share(fraction=group.share[1]),
            )
            _add_share(form, f"groups.{group.name}.share", text, spend, measured, group.share)
        if group.amount is not None:
            low, high = group.amount
            text = sentence(
                "{group} gets between {low} and {high}.",
                group=Word(text=group.name),
                low=Money(amount=low),
                high=Money(amount=high),
            )
            where = f"groups.{group.name}.amount"
            if low > 0:
                form.add(where, text, spend >= low, limit=low, unit="money", measured=measured)
            form.add(where, text, spend <= high, limit=high, unit="money", measured=measured)


def keep_group_counts(form: Formulation) -> None:
    """At least and at most so many channels of a group are on.

    Where channels are asked to be on, those count that get a part of the budget worth the name.
    """
    smallest = form.setting.smallest_on
    for group in form.setting.scenario.groups:
        members = group_members(group, form.setting.channels)
        least, most, where = group.at_least_channels, group.at_most_channels, f"groups.{group.name}"
        if least is not None:
            text = sentence(
                "At least {count} of {group} are on, each with {amount} or more.",
                count=Number(amount=least),
                group=Word(text=group.name),
                amount=Money(amount=smallest),
            )
            windows = tuple(form.window(name, smallest, math.inf) for name in members)
            for window in windows:
                form.model.links.add(form.model.spend[window.channel] - smallest * window.switch >= 0)
            relation = sum(window.switch for window in windows) >= least
            form.add(f"{where}.at_least_channels", text, relation, limit=least, unit="count", windows=windows)
        if most is not None:
            text = sentence(
                "At most {count} of {channels} may be on.", count=Number(amount=most), channels=Word(text=group.name)
            )
            relation = sum(form.is_on(name) for name in members) <= most
            measured = dict.fromkeys(members, 1.0)
            form.add(f"{where}.at_most_channels", text, relation, limit=most, unit="count", measured=measured)


def _add_share(
    form: Formulation, rule: str, text: Sentence, part: Any, measured: dict[str, float], band: tuple[float, float]
) -> None:
    """Rows that keep `part` between two shares of the channels' spend."""
    base, whole = form.setting.names, form.total_spend()
    low, high = band
    if low > 0:
        form.add(rule, text, part - low * whole >= 0, limit=low, unit="share", base=base, measured=measured)
    if high < 1:
        form.add(rule, text, part - high * whole <= 0, limit=high, unit="share", base=base, measured=measured)
