"""Response curves and figures of every channel, as tables for people and charts."""

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.contribution import Figure
from mmm.curves import ChannelResponse, channel_response
from mmm.frequency_figures import FrequencyFigures, frequency_figures
from mmm.parsing import StrictModel
from mmm.vocabulary import SEASON_LAG, Role
from optimizer.horizon.reach_limits import ReachLimit, reach_limits
from optimizer.horizon.timeline import largest_window
from optimizer.plan.document import Interval
from optimizer.question.asked import Question
from optimizer.responses.evaluate import interval, ratio_interval
from optimizer.scenario.rules import ChannelRules

CURVE_POINTS = 201
"""Points of a curve from zero to twice the largest spend seen over such a horizon."""


class CurveTable(StrictModel):
    """KPI that a channel adds over the horizon, by spend: mean and quantiles over the draws."""

    spend: tuple[float, ...]
    mean: tuple[float, ...]
    p05: tuple[float, ...]
    p95: tuple[float, ...]


class ChannelFrequency(StrictModel):
    """Contacts of a person reached in a period: last year, as seen, best; see `mmm.frequency_figures`."""

    last: float
    least_seen: float
    most_seen: float
    best: Interval
    recommended: float
    uplift: Interval
    is_seen: bool
    cost_per_impression: float


class ChannelCurve(StrictModel):
    """One channel: its curve, and what it brings at `spend` (that of the last year, or of the reference plan).

    Of a channel without history, whose curve is assumed, it ends at twice the most that the scenario lets it have. The
    curve of a channel with reach and frequency ends where it would have to reach more people than it ever did.
    """

    name: str
    role: Role
    spend: float
    contribution: Interval
    roas: Interval | None
    mroas: Interval | None
    cpa: Interval | None
    largest_seen: float
    curve: CurveTable
    frequency: ChannelFrequency | None = None
    is_assumed: bool = False


def channel_curves(artifact: ResponseArtifact, question: Question | None) -> tuple[ChannelCurve, ...]:
    """Curve and figures of every channel of a model.

    With a question the horizon, flighting and reference spend are those of its scenario. Without
    one the horizon is the last year of history (all of it when shorter), phased as it was.
    """
    frequencies = {one.channel: _channel_frequency(one) for one in frequency_figures(artifact)}
    if question is not None:
        timeline, responses = question.timeline, question.kpi.responses
        spends, largest, within_reach = timeline.reference, timeline.largest_seen, timeline.within_reach
        artifact = question.artifact
    else:
        responses, spends, largest, within_reach = _last_year(artifact)
    new = {} if question is None else _most_of_new(question)
    rows = []
    for index, name in enumerate(artifact.channels):
        end = 2.0 * new.get(name, largest[name])
        end = min(end, within_reach[name].spend) if name in within_reach else end
        curve = _channel_curve(artifact, index, responses[name], spends[name], largest[name], end)
        rows.append(curve.model_copy(update={"frequency": frequencies.get(name), "is_assumed": name in new}))
    return tuple(rows)


def _most_of_new(question: Question) -> dict[str, float]:
    """The most that the scenario lets each channel without history have, money."""
    scenario, most = question.scenario, {}
    setting = question.setting(scenario, spends_all=False)
    for name in scenario.new_channels:
        rule, small = scenario.channels.get(name, ChannelRules()), setting.most_of_new(name)
        own = rule.max if rule.locked is None else rule.locked
        most[name] = small if small is not None else own or 0.0
    return most


def _last_year(
    artifact: ResponseArtifact,
) -> tuple[dict[str, ChannelResponse], dict[str, float], dict[str, float], dict[str, ReachLimit]]:
    """Per channel, the response to spend phased as last year's was, last year's spend, the largest seen, and limits."""
    draws = artifact.draws
    periods = min(SEASON_LAG[artifact.manifest.period], len(draws.spend))
    before, contacts = len(draws.spend) - periods, draws.frequency
    window = draws.spend[before:]
    spent = window.sum(axis=0)
    phasing = np.where(spent > 0, window / np.where(spent > 0, spent, 1.0), 1.0 / periods)
    responses = {
        name: channel_response(
            artifact,
            name,
            phasing[:, index],
            draws.worked[:before, index],
            None if contacts is None else contacts[:, index],
        )
        for index, name in enumerate(artifact.channels)
    }
    largest = dict(zip(artifact.channels, largest_window(draws.spend, periods), strict=True))
    limits = reach_limits(artifact, phasing, None if contacts is None else contacts[before:], largest)
    return responses, dict(zip(artifact.channels, spent.tolist(), strict=True)), largest, limits


def _channel_frequency(found: FrequencyFigures) -> ChannelFrequency:
    return ChannelFrequency(
        last=found.last,
        least_seen=found.least_seen,
        most_seen=found.most_seen,
        best=_interval(found.best),
        recommended=found.recommended,
        uplift=_interval(found.uplift),
        is_seen=found.is_seen,
        cost_per_impression=found.cost_per_impression,
    )


def _interval(found: Figure) -> Interval:
    return Interval(mean=found.mean, p05=found.p05, p50=found.p50, p95=found.p95)


def _channel_curve(
    artifact: ResponseArtifact, index: int, response: ChannelResponse, spend: float, largest: float, end: float
) -> ChannelCurve:
    value = artifact.manifest.outcome.value_per_unit
    draws, marginal = response.per_draw(spend), response.marginal_per_draw(spend)
    grid = np.linspace(0.0, end, CURVE_POINTS)
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
