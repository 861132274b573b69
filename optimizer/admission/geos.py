"""What of a plan by geo does not fit its market, and what does not go with one."""

from collections.abc import Iterator, Mapping

from mmm.artifact import ResponseArtifact
from mmm.errors import Fault
from mmm.manifest import ChannelInfo
from mmm.sentence import Names, Sentence, listed, sentence
from optimizer.admission.market import A_CHANNEL, unknown_name
from optimizer.scenario.document import Scenario, place_of
from optimizer.scenario.geos import GeoSplit
from optimizer.scenario.rules import ChannelRules, group_members

_OF_SUMS = {"min", "max", "change", "locked", "fee", "coop", "blackout", "lead_time"}
"""Rules of a channel that hold for its geos together, or in each of them alike."""


def geo_faults(scenario: Scenario, artifacts: Mapping[str, ResponseArtifact]) -> list[Fault]:
    """Every fault of `scenario.geos` on the models of a market; the rest of the scenario is valid on them."""
    file, asked = place_of(scenario), scenario.geos
    if asked is None:
        return []
    for artifact in artifacts.values():
        if artifact.manifest.geos is None:
            expected = sentence(
                "a market of several geos whose model was fitted with them side by side: this one plans the whole "
                "country, leave geos out (or fit again, if the model is older)"
            )
            return [Fault(file, "geos", sentence("a plan by geo"), expected)]
    manifest = artifacts[scenario.kpi].manifest
    if manifest.geos is None or not manifest.geos.local:
        expected = sentence(
            "a channel without reach and frequency whose spend a head differs between geos: here each is planned for "
            "all of them together"
        )
        return [Fault(file, "geos", sentence("a plan by geo"), expected)]
    if scenario.new_channels:
        expected = sentence("none in a plan by geo: leave out geos, and plan the whole country with them")
        return [Fault(file, "new_channels", ", ".join(scenario.new_channels), expected)]
    local, geos = manifest.geos.local, manifest.geos.names
    infos = {info.name: info for info in manifest.channels}
    known = list(infos)
    split = tuple(name for name in known if name in local and name in (asked.channels or local))
    faults = []
    for field, name in _named_channels(asked):
        if name not in known:
            faults.append(unknown_name(file, field, name, known, A_CHANNEL))
        elif name not in split:
            faults.append(Fault(file, field, name, _expected(listed(split or local, is_quoted=False), infos[name])))
    faults += [
        unknown_name(file, field, name, list(geos), sentence("a geo of the market"))
        for field, name in _named_geos(asked)
        if name not in geos
    ]
    return faults or _unsplittable(scenario, artifacts[scenario.kpi], split, file)


def _expected(split: Names, info: ChannelInfo) -> Sentence:
    """What a channel would be that has rules of its own in a geo."""
    if info.saturation != "reach":
        return sentence("a channel that is split over geos: {names}", names=split)
    return sentence(
        "a channel that is split over geos: {names}; one with reach and frequency is planned for the whole country",
        names=split,
    )


def _named_channels(asked: GeoSplit) -> Iterator[tuple[str, str]]:
    yield from (("geos.channels", name) for name in asked.channels or ())
    for geo, limits in asked.limits.items():
        yield from ((f"geos.limits.{geo}.channels.{name}", name) for name in limits.channels)
    for index, group in enumerate(asked.groups):
        yield from ((f"geos.groups[{index + 1}].channels", name) for name in group.channels or ())


def _named_geos(asked: GeoSplit) -> Iterator[tuple[str, str]]:
    yield from ((f"geos.limits.{name}", name) for name in asked.limits)
    for index, group in enumerate(asked.groups):
        yield from ((f"geos.groups[{index + 1}].geos", name) for name in group.geos)


def _unsplittable(
    scenario: Scenario, artifact: ResponseArtifact, split: tuple[str, ...], file: Sentence
) -> list[Fault]:
    """Rules that count a channel as on or off, or ask for its curve: of one that is split they are not answered."""
    fields = [
        f"channels.{name}.{key}"
        for name, rule in scenario.channels.items()
        if name in split
        for key in ChannelRules.model_fields
        if key not in _OF_SUMS and getattr(rule, key) not in (None, 0.0, ())
    ]
    for index, group in enumerate(scenario.groups):
        is_split = any(name in split for name in group_members(group, artifact.manifest.channels))
        counts = [key for key in ("at_least_channels", "at_most_channels") if getattr(group, key) is not None]
        fields += [f"groups[{index + 1}].{key}" for key in counts if is_split]
    for index, either in enumerate(scenario.either_or):
        if any(name in split for name in either.channels):
            fields.append(f"either_or[{index + 1}].channels")
    for index, requirement in enumerate(scenario.requires):
        if requirement.channel in split:
            fields.append(f"requires[{index + 1}].channel")
    for index, order in enumerate(scenario.precedence):
        if any(name in split for name in (order.channel, *order.after)):
            fields.append(f"precedence[{index + 1}]")
    if scenario.rules.at_most_channels is not None:
        fields.append("rules.at_most_channels")
    expected = sentence(
        "channels that are not split over geos ({names} are): put the rule on a channel in a geo, or name the channels "
        "to split under geos.channels",
        names=listed(split, is_quoted=False),
    )
    return [Fault(file, field, sentence("a rule of a channel as a whole"), expected) for field in fields]
