"""Markets with a brand whose stock is known, in memory and small enough to be fitted in a moment."""

from dataclasses import replace

import numpy as np
from fitting_markets import assembled, quick

from mmm.adstock import geometric_weights, lagged_exposure
from mmm.market import Market, with_data_digest
from mmm.vocabulary import FloatArray

ELASTICITY, RETENTION = 0.6, 0.94


def brand_market(
    *,
    periods: int = 130,
    elasticity: float = ELASTICITY,
    indicator: dict[str, object] | None = None,
    tests: list[dict[str, object]] | None = None,
    channel: dict[str, object] | None = None,
    seed: int = 3,
) -> Market:
    """A flighted brand channel and a steady performance channel; orders follow what searches for the brand show."""
    rng = np.random.default_rng(seed)
    flights = rng.gamma(2.0, 1000.0, periods) * (np.arange(periods) // 13 % 2 == 0)
    spend = np.stack([flights, rng.gamma(4.0, 500.0, periods)], axis=1)[:, :, None]
    level = brand_level(flights)
    searches = 5000.0 * level * (1.0 + 0.03 * rng.standard_normal(periods))
    outcome = 1000.0 * (1.0 + elasticity * (level - 1.0)) + 150.0 * spend[:, 1, 0] / (spend[:, 1, 0] + 2000.0)
    outcome = outcome + 60.0 * spend[:, 0, 0] / (spend[:, 0, 0] + 3000.0) + 12.0 * rng.standard_normal(periods)
    tables: dict[str, object] = {
        "channels": [
            {"name": "tv", "spend": "tv", "role": "brand", "saturation": "michaelis_menten", **(channel or {})},
            {"name": "search", "spend": "search", "role": "performance", "saturation": "michaelis_menten"},
        ],
        "model": {"seasonality": 1, "holdout": 0},
        "lift_tests": tests or [],
        "indicators": [indicator or {"name": "searches", "column": "searches"}],
    }
    market = assembled(tables, spend, outcome[:, None])
    (spec,) = market.spec.indicators
    if spec.kind == "survey":
        return _asked(market, spec.name, level, rng)
    return quick(with_data_digest(replace(market, indicators={spec.name: searches[:, None]})), draws=150, tune=200)


def brand_level(flights: FloatArray) -> FloatArray:
    """A third of the level is what flights keep up, after a carryover of months. Shape (T,)."""
    lags = 78
    led = np.concatenate([np.full(lags - 1, flights[:52].mean()), flights])
    stock = (lagged_exposure(led, lags) @ geometric_weights(np.array([RETENTION]), np.arange(lags)))[lags - 1 :]
    reached = stock / (stock + 1000.0)
    return np.asarray(2.0 / 3.0 + reached / reached.mean() / 3.0)


def _asked(market: Market, name: str, level: FloatArray, rng: np.random.Generator) -> Market:
    """The market with a survey of 400 to 1200 people every second week, a fifth of whom know the brand."""
    asked = np.where(np.arange(len(level)) % 2 == 0, rng.integers(400, 1200, len(level)), 0).astype(np.float64)
    known = rng.binomial(asked.astype(np.int64), 0.2 * level).astype(np.float64)
    surveyed = replace(market, indicators={name: known[:, None]}, samples={name: asked[:, None]})
    return quick(with_data_digest(surveyed), draws=150, tune=200)
