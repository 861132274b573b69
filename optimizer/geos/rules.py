"""Rules of geos restated on cells: sums of them that keep limits, each with its place in the scenario and its words."""

from collections.abc import Iterator, Mapping

from mmm.parsing import StrictModel
from mmm.sentence import Money, Number, Sentence, Share, Word, listed, sentence
from optimizer.geos.cells import Cells
from optimizer.scenario.document import Scenario
from optimizer.scenario.geos import GeoLimits, GeoSplit
from optimizer.scenario.rules import ChannelRules


class SumRule(StrictModel):
    """What some cells have together keeps to limits: money, or shares of what `base` has where that names cells.

    `rule` is the place in the scenario, `text` what it says; None is no limit.
    """

    rule: str
    text: Sentence
    members: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    base: tuple[str, ...] = ()


class CellRules(GeoSplit):
    """What a scenario says about geos, restated on the cells of its plan."""

    sums: tuple[SumRule, ...] = ()


def cell_rules(
    scenario: Scenario, cells: Cells, reference: Mapping[str, float], largest_seen: Mapping[str, float]
) -> CellRules:
    """Every rule of a scenario that holds for several cells together.

    `reference` is money by cell over the horizon, `largest_seen` the most of each channel over one as long.
    """
    asked = scenario.geos or GeoSplit()
    sums = [
        *_of_channels(scenario, cells, reference),
        *_of_extrapolation(scenario, cells, largest_seen),
        *_of_geos(asked, cells, reference),
        *_of_groups(asked, cells),
    ]
    return CellRules(sums=tuple(sums))


def _of_channels(scenario: Scenario, cells: Cells, reference: Mapping[str, float]) -> Iterator[SumRule]:
    """Bounds, locks and change of channels that are split."""
    for name in cells.split:
        if name in scenario.channels:
            yield from _limited(f"channels.{name}", name, scenario.channels[name], cells.of_channel(name), reference)


def _of_extrapolation(scenario: Scenario, cells: Cells, largest_seen: Mapping[str, float]) -> Iterator[SumRule]:
    ratio = scenario.rules.at_most_seen
    for name in cells.split if ratio is not None else ():
        most = (ratio or 0.0) * largest_seen[name]
        text = sentence(
            "{channel} gets at most {amount}: {ratio} times the most that it ever had over such a horizon.",
            channel=Word(text=name),
            amount=Money(amount=most),
            ratio=Number(amount=ratio or 0.0, digits=2),
        )
        yield SumRule(rule=f"rules.at_most_seen.{name}", text=text, members=cells.of_channel(name), high=most)


def _of_geos(asked: GeoSplit, cells: Cells, reference: Mapping[str, float]) -> Iterator[SumRule]:
    """Floor and change of every geo, and the limits of single ones."""
    every = GeoLimits(min=asked.floor or None, change=asked.change)
    for geo in cells.geos:
        members = cells.within([geo])
        own = asked.limits.get(geo)
        if own is not None:
            yield from _limited(f"geos.limits.{geo}", geo, own, members, reference)
        for rule in _limited("geos", geo, every, members, reference):
            key = "floor" if rule.rule == "geos.min" else "change"
            yield rule.model_copy(update={"rule": f"geos.{key}.{geo}"})


def _of_groups(asked: GeoSplit, cells: Cells) -> Iterator[SumRule]:
    for group in asked.groups:
        channels, name = group.channels or cells.split, Word(text=group.name)
        members, where = cells.within(group.geos, channels), f"geos.groups.{group.name}"
        if group.share is not None:
            text = sentence(
                "{group} gets between {low} and {high} of what all geos get of {channels}.",
                group=name,
                low=Share(fraction=group.share[0]),
                high=Share(fraction=group.share[1]),
                channels=listed(channels, is_quoted=False),
            )
            base = cells.of_channels(channels)
            low, high = group.share
            yield SumRule(rule=f"{where}.share", text=text, members=members, low=low, high=high, base=base)
        if group.amount is not None:
            low, high = group.amount
            text = sentence(
                "{group} gets between {low} and {high}.",
                group=name,
                low=Money(amount=low),
                high=Money(amount=high),
            )
            yield SumRule(rule=f"{where}.amount", text=text, members=members, low=low, high=high)


def _limited(
    where: str, name: str, limits: GeoLimits | ChannelRules, members: tuple[str, ...], reference: Mapping[str, float]
) -> Iterator[SumRule]:
    """The limits of a channel or of a geo, on its cells."""
    what = Word(text=name)
    if limits.min:
        text = sentence("{channel} gets at least {amount}.", channel=what, amount=Money(amount=limits.min))
        yield SumRule(rule=f"{where}.min", text=text, members=members, low=limits.min)
    if limits.max is not None:
        text = sentence("{channel} gets at most {amount}.", channel=what, amount=Money(amount=limits.max))
        yield SumRule(rule=f"{where}.max", text=text, members=members, high=limits.max)
    if limits.locked is not None:
        text = sentence("{channel} is locked at {amount}.", channel=what, amount=Money(amount=limits.locked))
        yield SumRule(rule=f"{where}.locked", text=text, members=members, low=limits.locked, high=limits.locked)
    if limits.change is not None:
        before = sum(reference[member] for member in members)
        low, high = (before * (1.0 + change) for change in limits.change)
        text = sentence(
            "{channel} moves between {lowest} and {highest} against its reference of {reference}.",
            channel=what,
            lowest=Share(fraction=limits.change[0]),
            highest=Share(fraction=limits.change[1]),
            reference=Money(amount=before),
        )
        yield SumRule(rule=f"{where}.change", text=text, members=members, low=low, high=high)
