"""Rules of several channels together: the split of brand and performance, groups."""

from typing import Any

from mmm.sentence import Money, Sentence, Share, Word, sentence
from optimizer.formulation import Formulation
from optimizer.scenario import Group
from optimizer.split import brand_band


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
        members = group_members(group, form)
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


def group_members(group: Group, form: Formulation) -> tuple[str, ...]:
    """Names of the channels of a group, in the artifact's order."""
    return tuple(
        channel.name
        for channel in form.setting.channels
        if (group.channels is not None and channel.name in group.channels)
        or (group.stage is not None and channel.stage == group.stage)
        or (group.scene is not None and channel.scene == group.scene)
        or (group.department is not None and channel.department == group.department)
        or (group.role is not None and channel.role == group.role)
    )


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
