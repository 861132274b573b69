"""PyMC-Marketing's model as the benchmarks fit it.

The package's standard one, with its default priors: geometric adstock over as many lags as Mixplan has, one
saturation for all channels, yearly season of three Fourier pairs, controls, a linear trend. What the market has
beyond channels and controls (media without cost, events, the trend) enters as controls, as the package's own
examples do with trends and events; controls are standardised, because its default priors suit no other scale.
"""

from typing import Any

import pandas as pd
from peers.predictors import control_names
from pymc_marketing.mmm import (
    MMM,
    GeometricAdstock,
    HillSaturation,
    LogisticSaturation,
    LogSaturation,
    MichaelisMentenSaturation,
)

SATURATIONS = {
    "logistic": LogisticSaturation,
    "hill": HillSaturation,
    "michaelis_menten": MichaelisMentenSaturation,
    "logarithm": LogSaturation,
}
SEASON_PAIRS = 3


def build_model(predictors: pd.DataFrame, columns: dict[str, Any], saturation: str) -> MMM:
    """The model, not fitted yet."""
    return MMM(
        date_column=columns["date"],
        target_column=columns["outcome"],
        channel_columns=columns["channels"],
        control_columns=control_names(predictors, columns),
        adstock=GeometricAdstock(l_max=columns["lags"]),
        saturation=SATURATIONS[saturation](),
        yearly_seasonality=SEASON_PAIRS,
    )
