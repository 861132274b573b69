"""Google Meridian's model as the benchmarks fit it: national, JAX backend, its default priors (on ROI).

Its default for a national model is no time effect at all. It gets a knot every half year, as Mixplan's trend has, and
a yearly season of three Fourier pairs as controls, as PyMC-Marketing has: its own advice, many knots, cannot
forecast, because a knot that no data reach is a draw of its prior. The media without cost and the events are controls.
Its default curve is a Hill curve whose slope is fixed at one; `hill` frees the slope under the prior that it gives
media with reach and frequency.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from meridian.analysis.analyzer import Analyzer
from meridian.data.data_frame_input_data_builder import DataFrameInputDataBuilder
from meridian.model.model import Meridian
from meridian.model.prior_distribution import PriorDistribution
from meridian.model.spec import DateRange, HoldoutSpec, ModelSpec
from peers.predictors import control_names, read_predictors, with_season

SATURATIONS = ("slope_one", "hill")
SEASON_PAIRS = 3
KNOT_PERIODS = 26
ADAPTING = 0.8
"""Share of the warm-up that adapts; the rest is burn-in. Its examples have 2000 and 500."""
ESTIMATED = ("roi_m", "alpha_m", "ec_m", "slope_m", "gamma_c", "knot_values", "sigma")
"""What is sampled, in the names of its posterior; what else is there follows from these."""


def build_model(folder: Path, saturation: str, held_out: int = 0) -> Meridian:
    """The model, not fitted yet, that does not see the outcome of the last `held_out` periods."""
    warnings.simplefilter("ignore")
    columns = json.loads((folder / "columns.json").read_text())
    table, outcome = read_predictors(folder / "data.csv", columns)
    seen = len(table) - held_out
    predictors, _ = read_predictors(folder / "data.csv", columns, seen)
    table = with_season(predictors, columns, SEASON_PAIRS)
    dates = table[columns["date"]].dt.strftime("%Y-%m-%d")
    table = table.assign(kpi=outcome, time=dates, revenue_per_kpi=columns["value_per_unit"], geo="national_geo")
    builder = DataFrameInputDataBuilder(kpi_type="non_revenue")
    builder = builder.with_kpi(table, kpi_col="kpi", time_col="time")
    builder = builder.with_revenue_per_kpi(table, revenue_per_kpi_col="revenue_per_kpi", time_col="time")
    names = [name for name in control_names(predictors, columns) if name != "trend"]
    season = [name for name in with_season(predictors, columns, SEASON_PAIRS) if name not in predictors]
    builder = builder.with_controls(table, control_cols=[*names, *season], time_col="time")
    channels = columns["channels"]
    builder = builder.with_media(
        table, media_cols=channels, media_spend_cols=channels, media_channels=channels, time_col="time"
    )
    # The last knot where the data end: after it the level stays, as its own forecasts have it.
    knots = [*range(0, seen - KNOT_PERIODS // 2, KNOT_PERIODS), seen - 1]
    holdout = HoldoutSpec([DateRange(dates.iloc[seen], None)]) if held_out else None
    spec = ModelSpec(prior=_prior(saturation), max_lag=columns["lags"] - 1, knots=knots, holdout=holdout)
    return Meridian(input_data=builder.build(), model_spec=spec)


def sample(model: Meridian, chains: int, draws: int, tune: int, seed: int) -> None:
    """Sample the posterior, which the model keeps."""
    adapting = round(ADAPTING * tune)
    model.sample_posterior(chains, n_adapt=adapting, n_burnin=tune - adapting, n_keep=draws, seed=seed)


def divergences_of(model: Meridian) -> int:
    """Diverging draws after warm-up."""
    return int(np.asarray(model.inference_data["sample_stats"]["diverging"]).sum())


def parameters_of(model: Meridian) -> dict[str, Any]:
    """Every estimated parameter by name, (chains, draws, ...), without what a prior fixes."""
    posterior = model.inference_data["posterior"]
    found = {name: np.asarray(posterior[name]) for name in ESTIMATED if name in posterior}
    return {name: values for name, values in found.items() if np.ptp(values) > 0}


def contributions_of(model: Meridian) -> Any:
    """Outcome that each channel brought over the window. Shape (chains, draws, C)."""
    found = Analyzer(model_context=model.model_context, inference_data=model.inference_data).incremental_outcome(
        use_kpi=True, include_non_paid_channels=False
    )
    return np.asarray(found, dtype=np.float64)


def _prior(saturation: str) -> PriorDistribution:
    if saturation == "slope_one":
        return PriorDistribution()
    return PriorDistribution(slope_m=PriorDistribution().slope_rf)
