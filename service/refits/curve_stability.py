"""How far response curves moved from one model of a market to the next, against their intervals.

Both models are asked the same: what the last year of spend that the newer one knows brought, and what another unit of
money on top of it. So neither a budget that changed nor a price that did counts as a curve that moved.
"""

from collections.abc import Mapping

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.curves import channel_response
from mmm.parsing import StrictModel
from mmm.periods import periods_between
from mmm.vocabulary import SEASON_LAG, FloatArray
from optimizer.plan.document import Interval
from optimizer.responses.evaluate import interval


class FigureMove(StrictModel):
    """One figure in two models.

    `standardised` is the difference of the means over the pooled posterior sd, √((s₁² + s₂²) / 2); None where neither
    is uncertain. `is_beyond` says that each mean lies outside of the other's 90 % interval.
    """

    before: Interval
    after: Interval
    standardised: float | None
    is_beyond: bool


class ChannelMove(StrictModel):
    """A channel's return on the same spend in two models.

    `spend` is that of the newer model's last year, `spend_share` its share of all channels'. ROAS and mROAS count a
    unit of the outcome at the newer model's value; without one (`is_in_money` is false) they are outcome units per
    money. They are None without spend, mROAS also where a curve has no finite slope.
    """

    kpi: str
    channel: str
    spend: float
    spend_share: float
    is_in_money: bool
    roas: FigureMove | None
    mroas: FigureMove | None
    is_beyond: bool

    @property
    def distance(self) -> float:
        """The larger of both moves in sds, without its sign."""
        return max((abs(figure.standardised or 0.0) for figure in (self.roas, self.mroas) if figure), default=0.0)


class CurveStability(StrictModel):
    """All channels of all outcomes that both models have, and what one of them lacks.

    `not_compared` names outcomes whose period or currency changed, so that their curves have no common unit.
    """

    channels: tuple[ChannelMove, ...] = ()
    new_channels: tuple[str, ...] = ()
    lost_channels: tuple[str, ...] = ()
    new_kpis: tuple[str, ...] = ()
    lost_kpis: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()

    def beyond(self, kpi: str) -> tuple[ChannelMove, ...]:
        """Channels of one outcome that moved beyond both intervals, the largest spend first."""
        moved = [move for move in self.channels if move.kpi == kpi and move.is_beyond]
        return tuple(sorted(moved, key=lambda move: -move.spend))

    @property
    def kpis(self) -> tuple[str, ...]:
        """Outcomes that were compared."""
        return tuple(dict.fromkeys(move.kpi for move in self.channels))


def stability_of_curves(
    champion: Mapping[str, ResponseArtifact], challenger: Mapping[str, ResponseArtifact]
) -> CurveStability:
    """How far every curve moved from the champion to the challenger; artifacts by outcome."""
    common = [kpi for kpi in challenger if kpi in champion]
    is_alike = {kpi: _have_a_common_unit(champion[kpi], challenger[kpi]) for kpi in common}
    before, after = _channels_of(champion), _channels_of(challenger)
    return CurveStability(
        channels=tuple(
            move for kpi in common if is_alike[kpi] for move in channel_moves(champion[kpi], challenger[kpi])
        ),
        new_channels=tuple(name for name in after if name not in before),
        lost_channels=tuple(name for name in before if name not in after),
        new_kpis=tuple(kpi for kpi in challenger if kpi not in champion),
        lost_kpis=tuple(kpi for kpi in champion if kpi not in challenger),
        not_compared=tuple(kpi for kpi in common if not is_alike[kpi]),
    )


def channel_moves(champion: ResponseArtifact, challenger: ResponseArtifact) -> tuple[ChannelMove, ...]:
    """The channels that two models of one outcome both have, in the challenger's order."""
    year = slice(-min(SEASON_LAG[challenger.manifest.period], challenger.manifest.window_periods), None)
    spent = challenger.draws.spend[year].sum(axis=0)
    total = float(spent.sum())
    moves = []
    for place, name in enumerate(challenger.channels):
        if name not in champion.channels:
            continue
        spend = float(spent[place])
        roas = mroas = None
        if spend > 0:
            before = _returns(champion, challenger, name, _unit_of_exposure(champion, challenger, name))
            after = _returns(challenger, challenger, name, 1.0)
            roas, mroas = (_moved(first, second) for first, second in zip(before, after, strict=True))
        moves.append(
            ChannelMove(
                kpi=challenger.manifest.outcome.name,
                channel=name,
                spend=spend,
                spend_share=spend / total if total > 0 else 0.0,
                is_in_money=challenger.manifest.outcome.value_per_unit is not None,
                roas=roas,
                mroas=mroas,
                is_beyond=any(figure is not None and figure.is_beyond for figure in (roas, mroas)),
            )
        )
    return tuple(moves)


def _returns(
    artifact: ResponseArtifact, history: ResponseArtifact, name: str, unit: float
) -> tuple[FloatArray, FloatArray]:
    """ROAS and mROAS per draw of a channel in a model, given the history of another. Each of shape (S,).

    `unit` is what the model calls that which the other calls one unit of exposure.
    """
    draws, place = history.draws, history.channels.index(name)
    first = max(0, len(draws.spend) - SEASON_LAG[history.manifest.period])
    spend = float(draws.spend[first:, place].sum())
    worked = unit * draws.worked[:, place]
    bought = float(worked[first:].sum())
    phasing = worked[first:] / bought if bought > 0 else draws.spend[first:, place] / spend
    frequency = None if draws.frequency is None else draws.frequency[:, place]
    response = channel_response(artifact, name, phasing, worked[:first], frequency)
    value = history.manifest.outcome.value_per_unit
    per_money = (1.0 if value is None else value) / spend
    # Money of the next unit buys exposure as money of the year did.
    return response.per_draw(bought) * per_money, response.marginal_per_draw(bought) * bought * per_money


def _moved(before: FloatArray, after: FloatArray) -> FigureMove | None:
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        return None
    old, new = interval(before), interval(after)
    pooled = float(np.sqrt((before.var() + after.var()) / 2.0))
    return FigureMove(
        before=old,
        after=new,
        standardised=(new.mean - old.mean) / pooled if pooled > 0 else None,
        is_beyond=not (old.p05 <= new.mean <= old.p95 or new.p05 <= old.mean <= new.p95),
    )


def _unit_of_exposure(champion: ResponseArtifact, challenger: ResponseArtifact, name: str) -> float:
    """What the champion calls one unit of the challenger's exposure: each counts it at its own last year's cost.

    Read off the periods that both have seen; one where there are none, or where spend itself is what works.
    """
    if champion.draws.exposure is None and challenger.draws.exposure is None:
        return 1.0
    before, after = champion.draws.worked, challenger.draws.worked
    offset = periods_between(champion.manifest.window_start, challenger.manifest.window_start, champion.manifest.period)
    first, end = max(0, offset), min(len(before), len(after) + offset)
    if end <= first:
        return 1.0
    old = float(before[first:end, champion.channels.index(name)].sum())
    new = float(after[first - offset : end - offset, challenger.channels.index(name)].sum())
    return old / new if old > 0 and new > 0 else 1.0


def _have_a_common_unit(champion: ResponseArtifact, challenger: ResponseArtifact) -> bool:
    first, second = champion.manifest, challenger.manifest
    return (first.period, first.currency) == (second.period, second.currency)


def _channels_of(artifacts: Mapping[str, ResponseArtifact]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for artifact in artifacts.values() for name in artifact.channels))
