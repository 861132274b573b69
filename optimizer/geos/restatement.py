"""A scenario by geo restated on cells, so that rules and engines speak of the spend of a channel in a geo."""

from collections.abc import Mapping

from optimizer.geos.cells import Cells, over_cells
from optimizer.scenario.document import Scenario
from optimizer.scenario.geos import GeoChannelLimits, GeoSplit
from optimizer.scenario.rules import ChannelRules

_IN_EACH_GEO = ("fee", "coop", "blackout", "lead_time")
"""Rules of a channel that hold in each of its geos alike."""


def restated(
    scenario: Scenario,
    cells: Cells,
    shares: Mapping[str, float],
) -> Scenario:
    """The scenario on cells, without rules of several cells; `optimizer.admission.geos` has nothing against it.

    Parameters
    ----------
    scenario
        As asked, by channel.
    cells
        The decisions of its plan.
    shares
        Part of its channel's spend that each cell had in history.
    """
    flighting, given = scenario.flighting, scenario.reference
    if flighting.weights is not None:
        weights = {
            cell.name: flighting.weights[cell.channel] for cell in cells.all if cell.channel in flighting.weights
        }
        flighting = flighting.model_copy(update={"weights": weights})
    if given.spend is not None:
        given = given.model_copy(update={"spend": over_cells(cells, shares, given.spend)})
    return scenario.model_copy(
        update={
            "geos": None,
            "channels": _channel_rules(scenario, cells),
            "groups": tuple(
                group
                if group.channels is None
                else group.model_copy(update={"channels": cells.of_channels(group.channels)})
                for group in scenario.groups
            ),
            "requires": tuple(
                rule.model_copy(update={"upstream": cells.of_channels(rule.upstream)}) for rule in scenario.requires
            ),
            "flighting": flighting,
            "reference": given,
        }
    )


def _channel_rules(scenario: Scenario, cells: Cells) -> dict[str, ChannelRules]:
    """Rules of single cells."""
    asked, found = scenario.geos or GeoSplit(), {}
    for cell in cells.all:
        own = scenario.channels.get(cell.channel)
        if cell.geo is None:
            if own is not None:
                found[cell.name] = own
            continue
        limits = asked.limits.get(cell.geo)
        here = None if limits is None else limits.channels.get(cell.channel)
        if own is not None or here is not None:
            whole = {} if own is None else {key: getattr(own, key) for key in _IN_EACH_GEO}
            of_geo = {} if here is None else {key: getattr(here, key) for key in GeoChannelLimits.model_fields}
            found[cell.name] = ChannelRules.model_validate(whole | of_geo)
    return found


def place_by_channel(cells: Cells, rule: str) -> str:
    """Where a rule of the restated scenario stands in the scenario as asked."""
    for cell in cells.all:
        if cell.geo is None:
            continue
        whole = f"channels.{cell.name}"
        if rule == whole or rule.startswith(f"{whole}."):
            return f"geos.limits.{cell.geo}.channels.{cell.channel}{rule.removeprefix(whole)}"
    return rule
