"""What a model that is in use says of periods that came after its data, given what was spent in them.

Spend, controls and organic media are taken as they came, outcomes are not looked at: the same terms on which a
challenger forecasts (`mmm.fit.forecast_last`), so that the two can be compared. Contacts of channels with reach and
frequency are those of the year before, and noise is as plans count it: normal, with the shocks that have not faded.
"""

from dataclasses import replace

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import baseline_design
from mmm.common_demand import with_common_demand
from mmm.curves import medium_contribution
from mmm.decomposition import decompose
from mmm.forecast_scores import DrawnForecast
from mmm.market import Market, national_aggregate
from mmm.noise_paths import draw_forecast_noise
from mmm.periods import periods_between, shift_period
from mmm.vocabulary import COMMON_DEMAND_NAMES, FloatArray
from optimizer.horizon.outlook import outlook


def unseen_periods(artifact: ResponseArtifact, market: Market) -> int:
    """Number of last periods of a market that lie after a model's window; zero where it has seen them all."""
    manifest = artifact.manifest
    end = shift_period(manifest.window_start, manifest.window_periods, manifest.period)
    return max(0, periods_between(end, market.dates[-1], manifest.period) + 1)


def missing_columns(artifact: ResponseArtifact, market: Market) -> tuple[str, ...]:
    """Channels, controls and organic media of a model that a market's data do not have."""
    manifest, spec = artifact.manifest, market.spec
    there = {channel.name for channel in spec.channels} | set(market.controls) | set(market.organic)
    needed = [*artifact.channels, *manifest.baseline.controls, *(medium.name for medium in manifest.organic)]
    return tuple(name for name in needed if name not in there and name not in COMMON_DEMAND_NAMES.values())


def forecast_of_unseen(artifact: ResponseArtifact, market: Market, *, seed: int) -> DrawnForecast:
    """The model's forecast of the periods that it has not seen, P = `unseen_periods` of them, in joint draws.

    Parameters
    ----------
    artifact
        The model, of one of the market's outcomes; `missing_columns` names none.
    market
        Data that reach beyond the model's window. The geos of a panel are added up.
    seed
        Of the noise.

    Raises
    ------
    ValueError
        When the model has seen all periods.
    """
    periods = unseen_periods(artifact, market)
    if periods == 0:
        raise ValueError("the model has seen all periods of the market")
    national, manifest = national_aggregate(market), artifact.manifest
    start = shift_period(manifest.window_start, manifest.window_periods, manifest.period)
    of_noise = np.random.default_rng(seed)
    ahead = outlook(artifact, start, _worked(artifact, national, periods), seed=seed)
    base = _linear(artifact, national, periods) + _organic(artifact, national, periods)
    expected = base + ahead.carried.sum(axis=1) + ahead.media.sum(axis=1)
    known = artifact.draws.outcome - decompose(artifact).fitted
    residual = np.hstack([known, np.zeros((len(known), periods))])
    observed = np.concatenate([np.ones(manifest.window_periods), np.zeros(periods)])
    shock, noise = draw_forecast_noise(artifact.draws.noise, residual, observed, of_noise)
    return DrawnForecast((expected + shock).mean(axis=0), expected + noise)


def _linear(artifact: ResponseArtifact, national: Market, periods: int) -> FloatArray:
    """Trend, season, controls, events, holidays, brand of the periods. Shape (S, P)."""
    info, known = artifact.manifest.baseline, artifact.manifest.window_periods
    controls = np.empty((periods, len(info.controls)))
    for place, name in enumerate(info.controls):
        series = _common_demand(artifact, national) if name in COMMON_DEMAND_NAMES.values() else national.controls[name]
        controls[:, place] = info.control_means[place] if series is None else series[-periods:, 0]
    return np.asarray(artifact.draws.baseline @ baseline_design(info, np.arange(known, known + periods), controls).T)


def _common_demand(artifact: ResponseArtifact, national: Market) -> FloatArray | None:
    """What the budgets have in common (`mmm.common_demand`), with the new periods; None where they say nothing."""
    choices = national.spec.model.model_copy(update={"common_demand": True})
    asked = replace(national, spec=national.spec.model_copy(update={"model": choices}))
    name = artifact.manifest.outcome.name
    outcome = next(one for one in national.spec.outcomes if one.name == name)
    controls = with_common_demand(asked, outcome).controls
    return next((controls[name] for name in COMMON_DEMAND_NAMES.values() if name in controls), None)


def _organic(artifact: ResponseArtifact, national: Market, periods: int) -> FloatArray:
    """What organic media bring in the periods. Shape (S, P)."""
    manifest, draws = artifact.manifest, artifact.draws
    brought = np.zeros((manifest.draws, periods))
    for place, medium in enumerate(manifest.organic):
        series = np.concatenate([draws.organic[:, place], national.organic[medium.name][-periods:, 0]])
        brought += medium_contribution(
            medium.adstock,
            medium.saturation,
            manifest.carryover_periods,
            series,
            draws.organic_retention[:, place],
            draws.organic_peak_delay[:, place],
            draws.organic_half_saturation[:, place],
            draws.organic_slope[:, place],
            draws.organic_ceiling[:, place],
        )[:, -periods:]
    return brought


def _worked(artifact: ResponseArtifact, national: Market, periods: int) -> FloatArray:
    """Spend of the periods, or exposure at the cost that the model counts it at. Shape (P, C)."""
    places = {channel.name: place for place, channel in enumerate(national.spec.channels)}
    columns = []
    for place, name in enumerate(artifact.channels):
        spend = national.spend[:, places[name], 0]
        units = national.exposure[name][:, 0] if name in national.exposure else spend
        cost = 1.0
        if artifact.draws.exposure is not None and name in national.exposure:
            cost = _cost_of_exposure(artifact, national, units, place)
        elif name in national.exposure:
            units = spend
        columns.append(cost * units[-periods:])
    return np.stack(columns, axis=1)


def _cost_of_exposure(artifact: ResponseArtifact, national: Market, units: FloatArray, place: int) -> float:
    """Money a unit of exposure in the model, read off the periods that both have."""
    manifest, worked = artifact.manifest, artifact.draws.worked[:, place]
    offset = periods_between(manifest.window_start, national.dates[0], manifest.period)
    first, end = max(0, offset), min(len(worked), len(units) + offset)
    seen = float(units[max(0, first - offset) : max(0, end - offset)].sum())
    counted = float(worked[first:end].sum()) if end > first else 0.0
    return counted / seen if counted > 0 and seen > 0 else 1.0
