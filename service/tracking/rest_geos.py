"""The geos of a plan in the rest of its horizon, with their rules less what was spent there.

What was spent is known by channel; in each geo it is taken to be the plan's share of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmm.sentence import Sentence, Word, phrase, sentence
from optimizer.geos.cells import Cells
from optimizer.geos.desk import GeoDesk
from optimizer.geos.outlook import geo_shares, planned_by_cell
from optimizer.geos.restatement import restated
from optimizer.horizon.timeline import build_timeline
from optimizer.plan.document import Plan
from optimizer.scenario.geos import GeoChannelLimits, GeoGroup, GeoLimits, GeoSplit
from optimizer.scenario.known_spend import KnownSpend
from service.tracking.actuals import Actuals
from service.tracking.elapsed import Elapsed, said_of
from service.tracking.rest_channels import overspent, too_little_left


@dataclass(frozen=True, slots=True)
class GeosSoFar:
    """A plan by geo some periods into its horizon; money by cell.

    `earlier` is what is known of spend before the horizon, `since` what was spent in it; `reference` and `largest_seen`
    are of the whole horizon.
    """

    cells: Cells
    earlier: KnownSpend | None
    since: KnownSpend
    reference: Mapping[str, float]
    largest_seen: Mapping[str, float]
    planned_rest: Mapping[str, float]
    notes: list[Sentence] = field(default_factory=list)

    @property
    def spent(self) -> Mapping[str, float]:
        """Money of each cell so far."""
        return {name: sum(amounts) for name, amounts in self.since.spend.items()}


def geos_so_far(
    plan: Plan,
    passed: Elapsed,
    actuals: Actuals,
    known: KnownSpend | None,
    reference_spend: Mapping[str, float] | None,
) -> GeosSoFar | None:
    """Where the geos of a plan stand; None where it is not by geo."""
    asked, artifact = passed.scenario, passed.artifact
    shares = geo_shares(plan, artifact)
    if shares is None:
        return None
    money = np.column_stack([actuals.spend.get(name, (0.0,) * passed.periods) for name in artifact.channels])
    spent = shares.spend(artifact, money)
    desk = GeoDesk({asked.kpi: artifact}, known, shares.cells)
    whole, own = restated(asked, shares.cells, desk.shares), desk.by_cell[asked.kpi]
    timeline = build_timeline(whole, own, desk.reference(reference_spend), desk.known_by_cell)
    names = [cell.name for cell in shares.cells.all]
    rest = planned_by_cell(plan, artifact, shares.cells)[passed.periods :].sum(axis=0)
    return GeosSoFar(
        cells=shares.cells,
        earlier=desk.known_by_cell,
        since=KnownSpend(actuals.start, dict(zip(names, map(tuple, spent.T.tolist()), strict=True))),
        reference=timeline.reference,
        largest_seen=timeline.largest_seen,
        planned_rest=dict(zip(names, rest.tolist(), strict=True)),
    )


def rest_of_geos(so_far: GeosSoFar, passed: Elapsed) -> GeoSplit:
    """The geos of the rest, with every rule of one as a rule of its own; what cannot be kept is noted."""
    cells, asked = so_far.cells, passed.scenario.geos or GeoSplit()
    every = GeoLimits(min=asked.floor, change=asked.change)
    limits = {}
    for geo in cells.geos:
        own = asked.limits.get(geo, GeoLimits())
        channels = {}
        for channel in cells.split:
            rule = own.channels.get(channel, GeoChannelLimits())
            (cell,) = (name for name in cells.of_channel(channel) if name in cells.within([geo]))
            restated_rule = _rest_of_cell(cell, rule, so_far, passed)
            if restated_rule != GeoChannelLimits():
                channels[channel] = restated_rule
        found = _rest(geo, (own, every), cells.within([geo]), so_far) | {"channels": channels}
        restated_limits = GeoLimits.model_validate(said_of(GeoLimits, found))
        if restated_limits != GeoLimits():
            limits[geo] = restated_limits
    groups = tuple(_rest_of_group(group, so_far) for group in asked.groups)
    return GeoSplit.model_validate(said_of(GeoSplit, {"channels": cells.split, "limits": limits, "groups": groups}))


def _rest_of_cell(cell: str, rule: GeoChannelLimits, so_far: GeosSoFar, passed: Elapsed) -> GeoChannelLimits:
    """The rules of one channel in one geo."""
    most_seen, viable = passed.scenario.rules.at_most_seen, rule.off_or_at_least
    further = GeoLimits()
    if most_seen is not None:
        further = GeoLimits(max=most_seen * so_far.largest_seen[cell])
    if viable is not None and so_far.spent[cell] > 0:
        further, viable = further.model_copy(update={"min": min(viable, further.max or viable)}), None
    found = _rest(cell, (rule, further), (cell,), so_far)
    if rule.cpa_at_most is not None or rule.marginal_cpa_at_most is not None:
        said = sentence("{channel}: its ceiling on CPA holds for the rest alone.", channel=Word(text=cell))
        so_far.notes.append(said)
    found |= {
        "off_or_at_least": viable,
        "cpa_at_most": rule.cpa_at_most,
        "marginal_cpa_at_most": rule.marginal_cpa_at_most,
    }
    return GeoChannelLimits.model_validate(said_of(GeoChannelLimits, found))


def _rest(
    name: str, rules: Sequence[GeoLimits | GeoChannelLimits], members: Sequence[str], so_far: GeosSoFar
) -> dict[str, object]:
    """Least and most that some cells may still get together; a lock of the first rule stands for all of them."""
    spent, reference = (sum(amounts[one] for one in members) for amounts in (so_far.spent, so_far.reference))
    slack = 1e-9 * max(spent, 1.0)
    if rules[0].locked is not None:
        if spent > rules[0].locked + slack:
            so_far.notes.append(overspent(name))
        return {"locked": max(0.0, rules[0].locked - spent)}
    lows = [rule.min or 0.0 for rule in rules]
    highs = [rule.max for rule in rules if rule.max is not None]
    for low, high in (rule.change for rule in rules if rule.change is not None):
        lows.append(reference * (1.0 + low))
        highs.append(reference * (1.0 + high))
    least, most = max(0.0, max(lows) - spent), min(highs) - spent if highs else None
    if most is not None and most < -slack:
        so_far.notes.append(overspent(name))
    most = None if most is None else max(0.0, most)
    if most is not None and least > most:
        so_far.notes.append(too_little_left(name))
        least = most
    return {"min": least or None, "max": most}


def _rest_of_group(group: GeoGroup, so_far: GeosSoFar) -> GeoGroup:
    """A group's money less what was spent, and the share of the rest with which the whole keeps its own."""
    cells, channels = so_far.cells, group.channels or so_far.cells.split
    members, base = cells.within(group.geos, channels), cells.of_channels(channels)
    spent, whole, to_come = (
        sum(amounts[one] for one in names)
        for amounts, names in ((so_far.spent, members), (so_far.spent, base), (so_far.planned_rest, base))
    )
    share, amount = group.share, group.amount
    if share is not None and to_come > 0:
        low, high = ((bound * (whole + to_come) - spent) / to_come for bound in share)
        share = (min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0))
        rule = sentence("the share of {group}", group=Word(text=group.name))
        so_far.notes.append(
            sentence(
                "For the whole horizon, {rule} is kept as far as the rest spends what the plan has left.",
                rule=phrase(rule),
            )
        )
    if amount is not None:
        amount = (max(0.0, amount[0] - spent), max(0.0, amount[1] - spent))
    return group.model_copy(update={"share": share, "amount": amount})
