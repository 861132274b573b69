"""A plan on cells told by channel and by geo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmm.sentence import Sentence
from mmm.vocabulary import FloatArray
from optimizer.answer.cleaning import OFF
from optimizer.geos.cells import Cells, over_cells
from optimizer.geos.restatement import place_by_channel
from optimizer.plan.document import BindingRule, ChannelPlan, ConflictingRule, Flight, Plan, RelaxedRule
from optimizer.plan.geos import GeoCell, GeoFlight, GeoPlan, GeoTotal
from optimizer.plan_parts.explain import ChannelOutlook, OwnRule, channel_verdict
from optimizer.question.asked import Question
from optimizer.responses.evaluate import compared, interval, ratio_interval
from optimizer.scenario.rules import SMALLEST_BUDGET


@dataclass(frozen=True, slots=True)
class GeoAnswer:
    """A plan on cells, the question that it answers, phased as it is, and what the cells are.

    `shares` has the part of its channel's spend that each cell had in the last year.
    """

    plan: Plan
    question: Question
    cells: Cells
    shares: Mapping[str, float]


def folded(found: GeoAnswer) -> Plan:
    """The plan by channel, with its geos."""
    cells = found.cells

    def told[Rule: (BindingRule, ConflictingRule, RelaxedRule)](rules: Sequence[Rule]) -> tuple[Rule, ...]:
        return tuple(rule.model_copy(update={"rule": place_by_channel(cells, rule.rule)}) for rule in rules)

    plan = found.plan
    binding = told(plan.binding)
    plan = plan.model_copy(
        update={"binding": binding, "conflict": told(plan.conflict), "relaxation": told(plan.relaxation)}
    )
    if not plan.channels:
        return plan
    channels = _channels(found, {rule.rule.rpartition(".")[0]: rule.text for rule in binding})
    flighting = _flighting(plan.flighting, cells)
    return plan.model_copy(update={"channels": channels, "flighting": flighting, "geos": _geo_plan(found, channels)})


@dataclass(frozen=True, slots=True)
class _Sum:
    """Some cells together: money, and what it and one more unit of it bring, shared out as the plan does."""

    spend: float
    reference: float
    draws: FloatArray
    marginal: FloatArray

    @classmethod
    def of(cls, rows: Sequence[ChannelPlan], question: Question) -> "_Sum":
        spend = sum(row.spend for row in rows)
        size = question.artifact.manifest.draws
        draws, marginal = np.zeros(size), np.zeros(size)
        for row in rows:
            response = question.kpi.responses[row.channel]
            draws = draws + response.per_draw(row.spend)
            if row.spend > 0:
                marginal = marginal + row.spend / spend * response.marginal_per_draw(row.spend)
        return cls(spend, sum(row.reference_spend for row in rows), draws, marginal)

    @property
    def change(self) -> float | None:
        return self.spend / self.reference - 1.0 if self.reference >= SMALLEST_BUDGET else None


def _channels(found: GeoAnswer, rules: Mapping[str, Sentence]) -> tuple[ChannelPlan, ...]:
    """Every channel, those that are split as the sum of their cells."""
    by_name = {one.channel: one for one in found.plan.channels}
    rows = []
    for channel in dict.fromkeys(cell.channel for cell in found.cells.all):
        own = [by_name[name] for name in found.cells.of_channel(channel)]
        rows.append(_channel(channel, own, found, rules) if channel in found.cells.split else own[0])
    return tuple(rows)


def _channel(channel: str, own: Sequence[ChannelPlan], found: GeoAnswer, rules: Mapping[str, Sentence]) -> ChannelPlan:
    question = found.question
    together, value = _Sum.of(own, question), question.artifact.manifest.outcome.value_per_unit
    spend, contribution = together.spend, interval(together.draws)
    has_return = value is not None and spend > 0
    is_beyond = spend > sum(question.timeline.largest_seen[one.channel] for one in own) * (1.0 + 1e-9)
    verdict, reason = channel_verdict(
        ChannelOutlook(
            channel=channel,
            spend=spend,
            reference=together.reference,
            contribution=contribution,
            is_beyond_observed=is_beyond,
            rule=None if (said := rules.get(f"channels.{channel}")) is None else OwnRule(said),
            smallest=OFF * question.ceiling,
            objective=question.scenario.objective,
            is_free=all(one.spend == 0 for one in found.plan.channels),
        )
    )
    return ChannelPlan(
        channel=channel,
        role=own[0].role,
        stage=own[0].stage,
        spend=spend,
        share=sum(one.share for one in own),
        reference_spend=together.reference,
        change=together.change,
        contribution=contribution,
        roas=interval(together.draws * value / spend) if value is not None and has_return else None,
        mroas=interval(together.marginal * value) if value is not None and has_return else None,
        cpa=ratio_interval(np.full(len(together.draws), spend), together.draws) if spend > 0 else None,
        verdict=verdict,
        reason=reason,
        beyond_observed=is_beyond or any(one.beyond_observed for one in own),
    )


def _flighting(flights: Sequence[Flight], cells: Cells) -> tuple[Flight, ...]:
    """Spend by period of every channel."""
    channels = {cell.name: cell.channel for cell in cells.all}
    summed: dict[tuple[str, object], Flight] = {}
    for flight in flights:
        key = (channels[flight.channel], flight.date)
        before = summed[key].spend if key in summed else 0.0
        summed[key] = Flight(date=flight.date, channel=key[0], spend=before + flight.spend)
    return tuple(summed.values())


def _geo_plan(found: GeoAnswer, channels: Sequence[ChannelPlan]) -> GeoPlan:
    plan, question, cells = found.plan, found.question, found.cells
    by_name, totals = {one.channel: one for one in plan.channels}, {one.channel: one.spend for one in channels}
    split = sum(totals[name] for name in cells.split)
    as_before = over_cells(cells, found.shares, totals)
    places = {cell.name: cell for cell in cells.all}
    return GeoPlan(
        channels=cells.split,
        totals=tuple(
            _total(geo, _Sum.of([by_name[name] for name in cells.within([geo])], question), split) for geo in cells.geos
        ),
        cells=tuple(
            GeoCell(
                channel=cell.channel,
                geo=cell.geo,
                spend=row.spend,
                share=row.spend / totals[cell.channel] if totals[cell.channel] > 0 else 0.0,
                reference_spend=row.reference_spend,
                change=row.change,
                contribution=row.contribution,
                roas=row.roas,
                mroas=row.mroas,
                cpa=row.cpa,
                beyond_observed=row.beyond_observed,
            )
            for cell in cells.all
            if cell.geo is not None
            for row in [by_name[cell.name]]
        ),
        as_in_history=compared(question.kpi, as_before, plan.budget),
        flighting=tuple(
            GeoFlight(date=flight.date, channel=place.channel, geo=place.geo, spend=flight.spend)
            for flight in plan.flighting
            for place in [places[flight.channel]]
            if place.geo is not None
        ),
    )


def _total(geo: str, together: _Sum, split: float) -> GeoTotal:
    return GeoTotal(
        geo=geo,
        spend=together.spend,
        share=together.spend / split if split > 0 else 0.0,
        reference_spend=together.reference,
        change=together.change,
        contribution=interval(together.draws),
    )
