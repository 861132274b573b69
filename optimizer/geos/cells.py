"""A panel's model with a channel for each geo: what every part of the optimiser plans by geo on, unchanged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.artifact import ResponseArtifact, ResponseDraws
from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.scenario.known_spend import KnownSpend


@dataclass(frozen=True, slots=True)
class Cell:
    """What is decided: the spend of a channel in a geo, or in the whole country where `geo` is None."""

    name: str
    channel: str
    geo: str | None


@dataclass(frozen=True, slots=True)
class Cells:
    """All decisions of a plan by geo, in the order of the model's channels and then of its geos."""

    all: tuple[Cell, ...]

    @property
    def split(self) -> tuple[str, ...]:
        """Channels that are split over geos."""
        return tuple(dict.fromkeys(cell.channel for cell in self.all if cell.geo is not None))

    @property
    def geos(self) -> tuple[str, ...]:
        """Names of the geos."""
        return tuple(dict.fromkeys(cell.geo for cell in self.all if cell.geo is not None))

    def of_channel(self, channel: str) -> tuple[str, ...]:
        """Names of a channel's cells."""
        return tuple(cell.name for cell in self.all if cell.channel == channel)

    def of_channels(self, channels: Sequence[str]) -> tuple[str, ...]:
        """Names of the cells of some channels, in the order of the channels."""
        return tuple(name for channel in channels for name in self.of_channel(channel))

    def within(self, geos: Sequence[str], channels: Sequence[str] | None = None) -> tuple[str, ...]:
        """Names of the cells in some geos, of all channels that are split or of some."""
        return tuple(
            cell.name
            for cell in self.all
            if cell.geo in geos and (channels is None or cell.channel in channels) and cell.geo is not None
        )


def cells_of(artifact: ResponseArtifact, channels: Sequence[str] | None) -> Cells:
    """The decisions of a plan by geo on a panel's model; `channels` are split, all local ones where it is None."""
    geos = artifact.manifest.geos
    if geos is None:
        raise ValueError("the model has no geos")
    split = geos.local if channels is None else channels
    found = []
    for channel in artifact.channels:
        if channel in split:
            found += [Cell(f"{channel} / {geo}", channel, geo) for geo in geos.names]
        else:
            found.append(Cell(channel, channel, None))
    return Cells(tuple(found))


def cell_artifact(artifact: ResponseArtifact, cells: Cells) -> ResponseArtifact:
    """The same model with a channel for each cell; its digest is that of the panel's model."""
    manifest, draws, geos = artifact.manifest, artifact.draws, artifact.draws.geos
    if manifest.geos is None or geos is None:
        raise ValueError("the model has no geos")
    infos = {info.name: info for info in manifest.channels}
    places = {geo: place for place, geo in enumerate(manifest.geos.names)}
    columns = [_column(draws, artifact.channels.index(cell.channel), places.get(cell.geo or "")) for cell in cells.all]

    def side_by_side(name: str) -> FloatArray:
        return np.column_stack([column[name] for column in columns])

    return ResponseArtifact(
        manifest=manifest.model_copy(
            update={
                "channels": tuple(infos[cell.channel].model_copy(update={"name": cell.name}) for cell in cells.all),
                "geos": None,
                "long_run": None,
            }
        ),
        draws=replace(
            draws,
            **{name: side_by_side(name) for name in ("retention", "peak_delay", "half_saturation", "slope", "ceiling")},
            spend=side_by_side("spend"),
            exposure=side_by_side("exposure"),
            frequency=None if draws.frequency is None else side_by_side("frequency"),
            long_run=None,
            geos=None,
        ),
        digest=artifact.digest,
    )


def _column(draws: ResponseDraws, channel: int, geo: int | None) -> dict[str, FloatArray]:
    """Curve and history of one cell, by name. Shapes (S,) and (T,)."""
    found = {name: getattr(draws, name)[:, channel] for name in ("retention", "peak_delay", "slope")}
    if draws.frequency is not None:  # one for a channel that is split: those with reach and frequency are not
        found["frequency"] = draws.frequency[:, channel]
    if geo is None or draws.geos is None:
        of_country = {name: getattr(draws, name)[:, channel] for name in ("half_saturation", "ceiling", "spend")}
        return found | of_country | {"exposure": draws.worked[:, channel]}
    by_geo, size = draws.geos, draws.geos.size[geo]
    return found | {
        "half_saturation": size * by_geo.price[geo, channel] * by_geo.half_saturation[:, channel],
        "ceiling": size * by_geo.effect[:, geo, channel] * by_geo.ceiling[:, channel],
        "spend": by_geo.spend[:, geo, channel],
        "exposure": by_geo.exposure[:, geo, channel],
    }


def history_shares(artifact: ResponseArtifact, cells: Cells) -> dict[str, float]:
    """Part of its channel's spend that each cell had in the last year; one for a channel of the whole country.

    `artifact` is that of `cell_artifact`. A channel that rested all year is shared out as in all history, and evenly
    where it never had any spend.
    """
    spend = artifact.draws.spend
    last_year, ever = (spend[-SEASON_LAG[artifact.manifest.period] :].sum(axis=0), spend.sum(axis=0))
    shares: dict[str, float] = {}
    for channel in dict.fromkeys(cell.channel for cell in cells.all):
        own = [place for place, cell in enumerate(cells.all) if cell.channel == channel]
        amounts = next((each[own] for each in (last_year, ever) if each[own].sum() > 0), np.ones(len(own)))
        parts = amounts / amounts.sum()
        shares |= {cells.all[place].name: float(part) for place, part in zip(own, parts, strict=True)}
    return shares


def over_cells(cells: Cells, shares: Mapping[str, float], spend: Mapping[str, float]) -> dict[str, float]:
    """Money by cell where each channel's `spend` is shared out as `shares`, in [0, 1] by cell, says."""
    return {cell.name: shares[cell.name] * spend.get(cell.channel, 0.0) for cell in cells.all}


def known_by_cell(cells: Cells, shares: Mapping[str, float], known: KnownSpend | None) -> KnownSpend | None:
    """What is known of later spend: as it names a cell, else its channel's, shared out over geos."""
    if known is None:
        return None
    spend = {
        cell.name: known.spend.get(
            cell.name, tuple(shares[cell.name] * amount for amount in known.spend.get(cell.channel, ()))
        )
        for cell in cells.all
        if cell.channel in known.spend or cell.name in known.spend
    }
    return KnownSpend(start=known.start, spend=spend)
