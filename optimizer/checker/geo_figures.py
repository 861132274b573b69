"""What a plan by geo brings, counted anew from the draws of each geo as a market of its own. S draws, T periods."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.checker.calendar import periods_from
from optimizer.checker.figures import Spreads, is_near
from optimizer.checker.recount import Recount
from optimizer.checker.reference import reference_spend
from optimizer.checker.value import RecountedChannel, recounted_channel
from optimizer.plan.geos import GeoPlan
from optimizer.scenario.known_spend import KnownSpend


@dataclass(frozen=True)
class GeoRecount:
    """A plan by geo beside the models of its country.

    Attributes
    ----------
    recount
        The plan by channel.
    by_geo
        Its part by geo.
    """

    recount: Recount
    by_geo: GeoPlan

    @cached_property
    def history_shares(self) -> Mapping[tuple[str, str], float]:
        """By geo and channel, the part of the channel's spend in the last year; of all years where it rested.

        Even where it never had any.
        """
        artifact, shares = self.recount.artifact, {}
        spend, season = _spend_by_geo(artifact), SEASON_LAG[artifact.manifest.period]
        for channel in self.by_geo.channels:
            place = artifact.channels.index(channel)
            amounts = spend[-season:, :, place].sum(axis=0)
            amounts = spend[:, :, place].sum(axis=0) if amounts.sum() <= 0 else amounts
            amounts = np.ones(len(amounts)) if amounts.sum() <= 0 else amounts
            for geo, amount in zip(_geos(artifact), amounts / amounts.sum(), strict=True):
                shares[geo, channel] = float(amount)
        return shares

    @cached_property
    def channels(self) -> Mapping[str, Mapping[tuple[str | None, str], RecountedChannel]]:
        """By KPI, what each channel brings in each geo, or in the country (None) where it is not split."""
        return {
            kpi: {
                **{(geo, name): self._cell(artifact, geo, name) for geo in _geos(artifact) for name in self.split},
                **{
                    (None, name): self.recount.channels[kpi][name]
                    for name in artifact.channels
                    if name not in self.split
                },
            }
            for kpi, artifact in self.recount.artifacts.items()
        }

    @property
    def split(self) -> tuple[str, ...]:
        """Channels that are split over geos."""
        return self.by_geo.channels

    @cached_property
    def spend(self) -> Mapping[tuple[str | None, str], float]:
        """Money of each channel in each geo, or in the country where it is not split."""
        cells: dict[tuple[str | None, str], float] = {
            (cell.geo, cell.channel): cell.spend for cell in self.by_geo.cells
        }
        return cells | {(None, name): each for name, each in self.recount.spend.items() if name not in self.split}

    @cached_property
    def phasing(self) -> Mapping[tuple[str, str], FloatArray]:
        """Share of its spend that each cell has in each period; as its channel where it has none. Shape (T,) each."""
        plan, manifest = self.recount.plan, self.recount.artifact.manifest
        dates = periods_from(plan.horizon.start, plan.horizon.periods, manifest.period)
        money = {(geo, name): np.zeros(len(dates)) for geo in _geos(self.recount.artifact) for name in self.split}
        for flight in self.by_geo.flighting:
            money[flight.geo, flight.channel][dates.index(flight.date)] += flight.spend
        return {
            (geo, name): amounts / amounts.sum() if amounts.sum() > 0 else self.recount.phasing[name]
            for (geo, name), amounts in money.items()
        }

    def reference(self, geo: str, channel: str) -> float | None:
        """Money of a cell in the scenario's reference; None where that is a plan which was not handed over."""
        recount = self.recount
        if recount.scenario.reference.kind in ("spend", "plan"):
            whole = reference_spend(recount)
            return None if whole is None else whole[channel] * self.history_shares[geo, channel]
        own = replace(recount, artifacts={recount.plan.kpi: _geo_model(recount.artifact, geo)})
        return (reference_spend(own) or {})[channel]

    def _cell(self, artifact: ResponseArtifact, geo: str, name: str) -> RecountedChannel:
        recount = self.recount
        past = _geo_model(recount.artifact, geo)
        known = None
        if recount.known is not None:
            share, told = self.history_shares[geo, name], recount.known.spend.get(name)
            spend = {} if told is None else {name: tuple(share * amount for amount in told)}
            if (own := recount.known.spend.get(f"{name} / {geo}")) is not None:
                spend = {name: own}
            known = KnownSpend(recount.known.start, spend)
        model = _geo_model(artifact, geo)
        return recounted_channel(model, name, self.phasing[geo, name], recount.plan.horizon, past=past, known=known)


def wrong_geo_figures(geos: GeoRecount) -> Iterator[str]:
    """Figures of cells, geos, channels and outcomes that are not those of the recount, in words."""
    spreads, plan = Spreads(), geos.recount.plan
    draws = {
        kpi: {cell: each.added(geos.spend[cell]) for cell, each in channels.items()}
        for kpi, channels in geos.channels.items()
    }
    own = draws[plan.kpi]
    for outcome in plan.outcomes:
        spreads.hold(outcome.kpi, outcome.incremental, np.sum(list(draws[outcome.kpi].values()), axis=0))
    for cell in geos.by_geo.cells:
        name = f"{cell.channel} in {cell.geo}"
        spreads.hold(f"contribution of {name}", cell.contribution, own[cell.geo, cell.channel])
        before = geos.reference(cell.geo, cell.channel)
        if before is not None and abs(before - cell.reference_spend) > 1e-9 * max(plan.budget, before):
            yield f"{name} had {before} in the reference, not {cell.reference_spend}"
    for channel in plan.channels:
        parts = [each for (_, name), each in own.items() if name == channel.channel]
        spreads.hold(f"contribution of {channel.channel}", channel.contribution, np.sum(parts, axis=0))
    split = sum(total.spend for total in geos.by_geo.totals)
    for total in geos.by_geo.totals:
        parts = [each for (geo, _), each in own.items() if geo == total.geo]
        spreads.hold(f"contribution of {total.geo}", total.contribution, np.sum(parts, axis=0))
        if not is_near(total.share, total.spend / split if split > 0 else 0.0, 1.0):
            yield f"share of {total.geo} is not {total.spend / split}"
    shares, spend = geos.history_shares, geos.recount.spend
    as_before = [
        each.added(spend[name] if geo is None else shares[geo, name] * spend[name])
        for (geo, name), each in geos.channels[plan.kpi].items()
    ]
    if geos.recount.scenario.flighting.pattern != "optimized":
        spreads.hold("plan with the geos of history", geos.by_geo.as_in_history, np.sum(as_before, axis=0))
    yield from spreads.faults()


def _geos(artifact: ResponseArtifact) -> tuple[str, ...]:
    return () if artifact.manifest.geos is None else artifact.manifest.geos.names


def _spend_by_geo(artifact: ResponseArtifact) -> FloatArray:
    """History of spend. Shape (T, G, C)."""
    return np.zeros((1, 0, 0)) if artifact.draws.geos is None else artifact.draws.geos.spend


def _geo_model(artifact: ResponseArtifact, geo: str) -> ResponseArtifact:
    """A panel's model with the curves and the history of one of its geos in place of the country's."""
    draws, place = artifact.draws, _geos(artifact).index(geo)
    if draws.geos is None:
        return artifact
    here, size = draws.geos, draws.geos.size[place]
    return replace(
        artifact,
        draws=replace(
            draws,
            half_saturation=size * here.price[place] * here.half_saturation,
            ceiling=size * here.effect[:, place] * here.ceiling,
            spend=here.spend[:, place],
            exposure=here.exposure[:, place],
        ),
    )
