"""Response curves and figures of every channel, as tables for people and charts."""

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.curves import ChannelResponse, channel_response
from mmm.parsing import StrictModel
from mmm.vocabulary import SEASON_LAG, Role
from optimizer.evaluate import interval, ratio_interval
from optimizer.plan import Interval
from optimizer.question import Question
from optimizer.timeline import largest_window

CURVE_POINTS = 201
"""Points of a curve from zero to twice the largest spend seen over such a horizon."""


class CurveTable(StrictModel):
    """KPI that a channel adds over the horizon, by spend: mean and quantiles over the draws."""

    spend: tuple[float, ...]
    mean: tuple[float, ...]
    p05: tuple[float, ...]
    p95: tuple[float, ...]


class ChannelCurve(StrictModel):
    """One channel: its curve, and what it brings at `spend` (that of the last year, or of the reference plan)."""

    name: str
    role: Role
    spend: float
    contribution: Interval
    roas: Interval | None
    mroas: Interval | None
    cpa: Interval | None
    largest_seen: float
    curve: CurveTable


def channel_curves(artifact: ResponseArtifact, question: Question | None) -> tuple[ChannelCurve, ...]:
    """Curve and figures of every channel of a model.

    With a question the horizon, flighting and reference spend are those of its scenario. Without
    one the horizon is the last year of history (all of it when shorter), phased as it was.
    """
    history, season = artifact.draws.spend, SEASON_LAG[artifact.manifest.period]
    rows = []
    for index, name in enumerate(artifact.channels):
        if question is not None:
            response, spend = question.kpi.responses[name], question.timeline.reference[name]
            largest = question.timeline.largest_seen[name]
        else:
            periods = min(season, len(history))
            window = history[-periods:, index]
            spend = float(window.sum())
            phasing = window / spend if spend > 0 else np.full(periods, 1.0 / periods)
            response = channel_response(artifact, name, phasing, history[: len(history) - periods, index])
            largest = largest_window(history[:, [index]], periods)[0]
        rows.append(_channel_curve(artifact, index, response, spend, largest))
    return tuple(rows)


def _channel_curve(
    artifact: ResponseArtifact, index: int, response: ChannelResponse, spend: float, largest: float
) -> ChannelCurve:
    value = artifact.manifest.outcome.value_per_unit
    draws, marginal = response.per_draw(spend), response.marginal_per_draw(spend)
    grid = np.linspace(0.0, 2.0 * largest, CURVE_POINTS)
    values = [response.per_draw(float(budget)) for budget in grid]
    quantiles = np.array([np.quantile(row, (0.05, 0.95)) for row in values])
    return ChannelCurve(
        name=response.channel,
        role=artifact.manifest.channels[index].role,
        spend=spend,
        contribution=interval(draws),
        roas=None if value is None or spend == 0 else interval(draws * value / spend),
        mroas=None if value is None or not np.isfinite(marginal).all() else interval(marginal * value),
        cpa=ratio_interval(np.full(len(draws), spend), draws) if spend > 0 else None,
        largest_seen=largest,
        curve=CurveTable(
            spend=tuple(grid.tolist()),
            mean=tuple(float(row.mean()) for row in values),
            p05=tuple(quantiles[:, 0].tolist()),
            p95=tuple(quantiles[:, 1].tolist()),
        ),
    )
