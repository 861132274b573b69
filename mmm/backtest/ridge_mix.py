"""A media mix by ridge regression: what an analyst has in an afternoon, as the model's rival in forecasting.

The same baseline columns and the same adstock and saturation as in the model, at the medians of its priors or a step
beside them, all media alike; the step and the penalty are chosen by how well earlier periods forecast later ones.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmm.curves import carryover_weights
from mmm.design import Design
from mmm.forecast_scores import NormalForecast
from mmm.priors import HALF_SATURATION, RETENTION_SPREAD, SLOPE
from mmm.saturation import saturate
from mmm.vocabulary import FloatArray

RETENTION_STEPS = (-RETENTION_SPREAD, 0.0, RETENTION_SPREAD)
"""Steps of the logit of retention beside its usual value."""

HALF_SATURATION_FACTORS = (0.5, 1.0, 2.0)
"""Factors on the usual half-saturation: from well saturated to next to linear."""

PENALTIES = tuple(10.0**power for power in range(-2, 5))
"""Ridge penalties on standardised columns: from none to speak of to the mean of the outcome."""

SPLITS = 3
"""Windows by which step and penalty are chosen, the last ones of what is known."""


@dataclass(frozen=True, slots=True)
class MediaShape:
    """Adstock and saturation of all media at once, relative to what is usual of each."""

    retention_step: float = 0.0
    half_saturation_factor: float = 1.0


def forecast_by_ridge(design: Design) -> NormalForecast:
    """The ridge regression's forecast of the periods that a design keeps out.

    Its spread is the root mean square of the errors with which the chosen regression forecast the windows that it was
    chosen by: residuals of its fit would be smaller than what lies ahead.

    Parameters
    ----------
    design
        With at least one period kept out at the end.
    """
    is_known = design.observed > 0
    known, ahead = int(is_known.sum()), int((~is_known).sum())
    target = design.outcome[:known] / design.outcome_scale
    windows = TimeSeriesSplit(SPLITS, test_size=min(ahead, known // (SPLITS + 1)))
    searches = []
    for step, factor in product(RETENTION_STEPS, HALF_SATURATION_FACTORS):
        # Without the intercept: a regression has its own, unpenalised.
        columns = np.hstack([design.columns[:, 1:], media_columns(design, MediaShape(step, factor))])
        search = GridSearchCV(
            make_pipeline(StandardScaler(), Ridge()),
            {"ridge__alpha": PENALTIES},
            scoring="neg_mean_squared_error",
            cv=windows,
        )
        searches.append((search.fit(columns[:known], target), columns))
    best, columns = max(searches, key=lambda one: one[0].best_score_)
    mean = best.predict(columns[known:]) * design.outcome_scale
    spread = float(np.sqrt(-best.best_score_)) * design.outcome_scale
    return NormalForecast(np.asarray(mean), np.full(ahead, spread))


def media_columns(design: Design, shape: MediaShape) -> FloatArray:
    """Saturated adstock of each medium, in [0, 1). Shape (T, M)."""
    lagged = design.lagged
    columns = np.empty(lagged.shape[:2])
    for place, medium in enumerate(design.media):
        retention = expit(logit(np.array([medium.usual_retention])) + shape.retention_step)
        # A Weibull carryover has its exponent here, whose prior's median is one: geometric.
        peak = 1.0 if medium.adstock == "weibull" else medium.usual_peak_delay
        weights = carryover_weights(medium.adstock, design.carryover_periods, retention, np.array([peak]))[0]
        half_saturation = HALF_SATURATION * shape.half_saturation_factor
        # Of reach and frequency the rival knows impressions alone.
        kind = "hill" if medium.saturation == "reach" else medium.saturation
        columns[:, place] = saturate(kind, lagged[:, place] @ weights, half_saturation, SLOPE)
    return columns
