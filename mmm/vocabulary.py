"""Words and axes that every module shares.

One letter per axis, always in this order:

S draws, T periods, C channels, G geos, L lags, K linear terms, B breakpoints.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]

type PeriodName = Literal["day", "week", "month", "quarter", "year"]
type Language = Literal["en", "zh"]
type Role = Literal["brand", "performance"]
type Stage = Literal["need", "search", "evaluation", "purchase", "post_purchase"]
type Scene = Literal["search", "ecommerce", "social", "streaming", "offline", "owned"]
type AdstockKind = Literal["geometric", "delayed", "weibull"]
type BendKind = Literal["hill", "logistic", "michaelis_menten"]
type SaturationKind = Literal["hill", "logistic", "michaelis_menten", "reach"]
type LikelihoodKind = Literal["normal", "student_t", "negative_binomial"]
type GeosKind = Literal["pooled", "national"]
type TrendKind = Literal["none", "linear", "knots"]
type Evidence = Literal["measured", "prior", "assumed"]
type Verdict = Literal["pass", "review", "fail"]
type Attitude = Literal["neutral", "cautious", "regret"]
type ForecastName = Literal["model", "seasonal_naive", "ridge"]
type TaskCount = Literal["total", "incremental"]

STAGES: tuple[Stage, ...] = ("need", "search", "evaluation", "purchase", "post_purchase")

DEFAULT_BRAND_WEIGHT: dict[Role, float] = {"brand": 1.0, "performance": 0.0}
"""Share of a channel's spend that counts as brand, where its role alone is stated."""

COMMON_DEMAND_NAMES: dict[Language, str] = {"en": "demand that budgets follow", "zh": "预算所跟随的需求"}
"""What the control that `mmm.common_demand` adds is called in a market of each language."""

PERIODS_PER_YEAR: dict[PeriodName, float] = {
    "day": 365.25,
    "week": 52.1775,
    "month": 12.0,
    "quarter": 4.0,
    "year": 1.0,
}
"""Mean number of periods in a calendar year."""

DAYS_PER_WEEK = 7
"""Days between one weekday and the next."""

SEASON_LAG: dict[PeriodName, int] = {"day": 364, "week": 52, "month": 12, "quarter": 4, "year": 1}
"""Whole periods between one season and the next: the lag of a seasonal-naive forecast (days keep their weekday)."""
