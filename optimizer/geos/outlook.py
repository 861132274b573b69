"""What an outcome will be where a plan splits channels over geos: by the curves of its cells, told by channel."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.periods import period_range
from mmm.vocabulary import FloatArray
from optimizer.geos.cells import Cells, cell_artifact, cells_of, history_shares, known_by_cell
from optimizer.horizon.outlook import Outlook, outlook
from optimizer.plan.document import Plan
from optimizer.scenario.known_spend import KnownSpend


@dataclass(frozen=True, slots=True)
class GeoShares:
    """How a plan shares out what channels spend in its periods. T periods.

    Attributes
    ----------
    cells
        What it decided: channels in geos, and channels of the whole country.
    by_period
        Part of its channel's spend that each cell has in each period; those of a channel add up to one. Shape
        (T, cells).
    """

    cells: Cells
    by_period: FloatArray

    def spend(self, artifact: ResponseArtifact, spend: FloatArray) -> FloatArray:
        """Money by cell, of money by channel in the artifact's order. From shape (T, C) to (T, cells)."""
        columns = [artifact.channels.index(cell.channel) for cell in self.cells.all]
        return np.asarray(spend[:, columns] * self.by_period[: len(spend)])


def has_geos_of(plan: Plan, artifact: ResponseArtifact) -> bool:
    """Whether a plan is by geo, and a model knows its geos and its channels in them."""
    geos = artifact.manifest.geos
    if plan.geos is None or geos is None:
        return False
    named = {cell.geo for cell in plan.geos.cells}
    return named == set(geos.names) and set(plan.geos.channels) <= set(geos.local)


def geo_shares(plan: Plan, artifact: ResponseArtifact) -> GeoShares | None:
    """How a plan shares out its channels over the geos of a panel's model; None where it is not by geo.

    In a period in which the plan gives a channel nothing it is shared out as in the whole plan, and one that the plan
    gives nothing at all as in the last year.
    """
    if plan.geos is None or not has_geos_of(plan, artifact):
        return None
    cells = cells_of(artifact, plan.geos.channels)
    spend = planned_by_cell(plan, artifact, cells)
    history = history_shares(cell_artifact(artifact, cells), cells)
    shares = np.tile([history[cell.name] for cell in cells.all], (len(spend), 1))
    for channel in cells.split:
        own = [place for place, cell in enumerate(cells.all) if cell.channel == channel]
        whole = spend[:, own].sum()
        if whole > 0:
            shares[:, own] = spend[:, own].sum(axis=0) / whole
        totals = spend[:, own].sum(axis=1)
        shares[np.ix_(totals > 0, own)] = spend[np.ix_(totals > 0, own)] / totals[totals > 0, None]
    return GeoShares(cells, shares)


def plan_outlook(
    artifact: ResponseArtifact,
    start: date,
    spend: FloatArray,
    *,
    seed: int,
    known: KnownSpend | None = None,
    past: ResponseArtifact | None = None,
    shares: GeoShares | None = None,
) -> Outlook:
    """The outcome of a model by period, its channels shared out over geos where `shares` are given.

    All else as of `optimizer.horizon.outlook.outlook`: `spend` is by channel, shape (T, C), and so is what is told of
    them. What was spent before the first period counts where it was spent as far as `known` says that, and is shared
    out as in the last year where it does not.
    """
    if shares is None:
        return outlook(artifact, start, spend, seed=seed, known=known, past=past)
    by_cell = shares.spend(artifact, spend)
    parts = []
    for channel in artifact.channels:  # one after another: all cells of a large panel at once are much memory
        own = [place for place, cell in enumerate(shares.cells.all) if cell.channel == channel]
        cells = Cells(tuple(shares.cells.all[place] for place in own))
        before = cell_artifact(past or artifact, cells)
        told = known_by_cell(cells, history_shares(before, cells), known)
        here = outlook(cell_artifact(artifact, cells), start, by_cell[:, own], seed=seed, known=told, past=before)
        parts.append((here.carried.sum(axis=1), here.media.sum(axis=1), here.after.sum(axis=1)))
    carried, media, after = zip(*parts, strict=True)
    return replace(
        here,
        channels=artifact.channels,
        carried=np.stack(carried, axis=1),
        media=np.stack(media, axis=1),
        after=np.stack(after, axis=1),
    )


def cell_spend(plan: Plan, cells: Cells) -> dict[str, float]:
    """Money that a plan by geo gives each cell; nothing where it does not know the channel."""
    by_geo = () if plan.geos is None else plan.geos.cells
    found: dict[tuple[str, str | None], float] = {(one.channel, None): one.spend for one in plan.channels}
    found |= {(one.channel, one.geo): one.spend for one in by_geo}
    return {cell.name: found.get((cell.channel, cell.geo), 0.0) for cell in cells.all}


def planned_by_cell(plan: Plan, artifact: ResponseArtifact, cells: Cells) -> FloatArray:
    """Money that a plan by geo gives each cell in each period. Shape (T, cells)."""
    dates = period_range(plan.horizon.start, plan.horizon.periods, artifact.manifest.period)
    rows = {day: row for row, day in enumerate(dates)}
    columns = {(cell.channel, cell.geo): column for column, cell in enumerate(cells.all)}
    spend = np.zeros((len(rows), len(columns)))
    for there in () if plan.geos is None else plan.geos.flighting:
        spend[rows[there.date], columns[there.channel, there.geo]] += there.spend
    for flight in plan.flighting:
        if (flight.channel, None) in columns:
            spend[rows[flight.date], columns[flight.channel, None]] += flight.spend
    return spend
