"""A plan by geo held against its scenario once more, by channel and geo, after it was found on cells.

Every rule of channels is counted again on their sums (`optimizer.checker.rules`), every rule of geos here, and what is
brought by geo in `optimizer.checker.geo_figures`.
"""

from collections.abc import Iterator, Mapping

from mmm.artifact import ResponseArtifact
from optimizer.checker.geo_figures import GeoRecount, wrong_geo_figures
from optimizer.checker.recount import Recount
from optimizer.checker.rules import rules_broken_in
from optimizer.plan.document import Plan
from optimizer.plan.geos import GeoPlan
from optimizer.scenario.document import Scenario
from optimizer.scenario.geos import GeoChannelLimits, GeoLimits
from optimizer.scenario.known_spend import KnownSpend


def faults_by_geo(
    scenario: Scenario,
    plan: Plan,
    artifacts: Mapping[str, ResponseArtifact],
    known: KnownSpend | None = None,
    reference_spend: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """What is wrong with a plan by geo: rules broken by more than a millionth of the budget, figures that are others.

    `artifacts` are the panel's models by KPI, `known` and `reference_spend` by channel as for any plan.
    """
    asked, by_geo = scenario.geos, plan.geos
    if plan.status == "infeasible":
        return ()
    if asked is None or by_geo is None:
        return ("no geos",)
    slack = 1e-6 * plan.budget
    recount = Recount.of(scenario, plan, artifacts, known, reference_spend)
    broken = rules_broken_in(recount)
    cells = {(cell.geo, cell.channel): (cell.spend, cell.reference_spend) for cell in by_geo.cells}
    for geo in {cell.geo for cell in by_geo.cells}:
        spend, before = (sum(cell[place] for (where, _), cell in cells.items() if where == geo) for place in (0, 1))
        broken += _beyond(geo, GeoLimits(min=asked.floor, change=asked.change), spend, before, slack)
        own = asked.limits.get(geo, GeoLimits())
        broken += _beyond(geo, own, spend, before, slack)
        for channel, limits in own.channels.items():
            broken += _beyond(f"{channel} in {geo}", limits, *cells[geo, channel], slack)
    for group in asked.groups:
        channels = group.channels or by_geo.channels
        whole = sum(spend for (_, channel), (spend, _) in cells.items() if channel in channels)
        part = sum(spend for (geo, channel), (spend, _) in cells.items() if channel in channels and geo in group.geos)
        low, high = group.share or (0.0, 1.0)
        least, most = group.amount or (0.0, part)
        if not max(low * whole, least) - slack <= part <= min(high * whole, most) + slack:
            broken.append(f"geo group {group.name}")
    adding_up = tuple(_that_do_not_add_up(plan, by_geo, slack))
    return (*broken, *adding_up, *(() if adding_up else wrong_geo_figures(GeoRecount(recount, by_geo))))


def _beyond(
    name: str, limits: GeoLimits | GeoChannelLimits, spend: float, before: float, slack: float
) -> Iterator[str]:
    if limits.min is not None and spend < limits.min - slack:
        yield f"{name} min"
    if limits.max is not None and spend > limits.max + slack:
        yield f"{name} max"
    if limits.locked is not None and abs(spend - limits.locked) > slack:
        yield f"{name} locked"
    if limits.change is not None:
        low, high = (before * (1.0 + change) for change in limits.change)
        if not low - slack <= spend <= high + slack:
            yield f"{name} change"
    viable = limits.off_or_at_least if isinstance(limits, GeoChannelLimits) else None
    if slack < spend < (viable or 0.0) - slack:
        yield f"{name} off or at least"


def _that_do_not_add_up(plan: Plan, by_geo: GeoPlan, slack: float) -> Iterator[str]:
    """Sums over geos that are not the split, and phased spend that is not the cell's."""
    spend = {channel.channel: channel.spend for channel in plan.channels}
    for channel in by_geo.channels:
        own = [cell for cell in by_geo.cells if cell.channel == channel]
        if abs(sum(cell.spend for cell in own) - spend[channel]) > slack:
            yield f"{channel} over its geos"
    for total in by_geo.totals:
        own = [cell for cell in by_geo.cells if cell.geo == total.geo]
        if abs(sum(cell.spend for cell in own) - total.spend) > slack:
            yield f"{total.geo} over its channels"
    phased: dict[tuple[str, str], float] = {}
    for flight in by_geo.flighting:
        phased[flight.channel, flight.geo] = phased.get((flight.channel, flight.geo), 0.0) + flight.spend
    for cell in by_geo.cells:
        if abs(phased.get((cell.channel, cell.geo), 0.0) - cell.spend) > 0.005 + slack:
            yield f"{cell.channel} in {cell.geo} phased"
