"""Markets for tests of the fit: made in memory, every kind of carryover and saturation in a few weeks."""

from dataclasses import replace

import numpy as np

from mmm.market import Market, with_data_digest
from mmm.periods import period_range
from mmm.simulation.simulate import simulate_market
from mmm.spec import MarketSpec

START = "2024-01-01"


def mixed_market(periods: int = 70, *, seed: int = 0) -> Market:
    """Nine channels that cover every carryover with every saturation, two lift tests, a control, a medium, an event."""
    rng = np.random.default_rng(seed)
    kinds = [
        (adstock, curve)
        for adstock in ("geometric", "delayed", "weibull")
        for curve in ("hill", "logistic", "michaelis_menten")
    ]
    channels = [
        {
            "name": f"c{place}",
            "spend": f"c{place}",
            "role": "brand" if adstock == "delayed" else "performance",
            "adstock": adstock,
            "saturation": curve,
        }
        for place, (adstock, curve) in enumerate(kinds)
    ]
    channels[1]["roas"] = {"median": 2.0, "spread": 0.3}
    spec = {
        "organic": [{"name": "letter", "column": "letter"}],
        "controls": [{"name": "price", "column": "price"}],
        "events": [{"name": "launch", "start": "2024-06-03", "periods": 3}],
        "channels": channels,
        "lift_tests": [
            {
                "channel": "c0",
                "start": "2024-03-04",
                "periods": 4,
                "spend_change": 900.0,
                "estimate": 60.0,
                "standard_error": 40.0,
            },
            {
                "channel": "c6",
                "start": "2024-05-06",
                "periods": 3,
                "measured_periods": 6,
                "spend_change": -2000.0,
                "estimate": -90.0,
                "standard_error": 25.0,
            },
            {
                "channel": "c0",
                "start": "2024-09-02",
                "periods": 2,
                "spend_change": -500.0,
                "estimate": -20.0,
                "standard_error": 30.0,
            },
        ],
    }
    spend = rng.gamma(2.0, 500.0, size=(periods, 9, 1)) * (rng.random((periods, 9, 1)) > 0.2)
    outcome = 1000.0 + 30.0 * rng.standard_normal((periods, 1)) + 0.05 * spend.sum(axis=1)
    return assembled(
        spec,
        spend,
        outcome,
        controls={"price": 100.0 + rng.standard_normal((periods, 1))},
        organic={"letter": rng.gamma(2.0, 50.0, size=(periods, 1))},
    )


def small_market(periods: int = 60, *, seed: int = 0) -> Market:
    """Two channels that together bring a third of the outcome, and nothing else but noise."""
    rng = np.random.default_rng(seed)
    channels = [
        {"name": "tv", "spend": "tv", "role": "brand", "adstock": "delayed"},
        {"name": "search", "spend": "search", "role": "performance", "saturation": "logistic"},
    ]
    spend = rng.gamma(1.0, 1000.0, size=(periods, 2, 1))
    brought = 150.0 * spend / (spend + 1000.0)
    outcome = 300.0 + brought.sum(axis=1) + 15.0 * rng.standard_normal((periods, 1))
    spec = {"channels": channels, "model": {"seasonality": 1, "trend": "linear", "holdout": 0}}
    return assembled(spec, spend, outcome)


def assembled(
    tables: dict[str, object],
    spend: np.ndarray,
    outcome: np.ndarray,
    *,
    controls: dict[str, np.ndarray] | None = None,
    organic: dict[str, np.ndarray] | None = None,
    period: str = "week",
) -> Market:
    """A market of one geo from its tables of market.toml and its series (time first, one geo last)."""
    spec = MarketSpec.model_validate(
        {
            "market": {"name": "testland", "data": "none.csv", "period": period, "currency": "EUR"},
            "columns": {"date": "date"},
            "outcomes": [{"name": "orders", "column": "orders", "unit": "orders", "value_per_unit": 10.0}],
            **tables,
        }
    )
    periods = len(outcome)
    dates = period_range(np.datetime64(START).astype(object), periods, period)
    return with_data_digest(
        Market(
            spec=spec,
            dates=dates,
            geos=("national",),
            population=None,
            outcomes={"orders": outcome},
            values_per_unit={"orders": np.full_like(outcome, 10.0)},
            spend=spend,
            exposure={},
            controls=controls or {},
            organic=organic or {},
        )
    )


def quick(market: Market, *, draws: int = 250, tune: int = 400, chains: int = 2, **choices: object) -> Market:
    """The market with a short fit asked for, and other choices of the model changed."""
    changed = market.spec.model.model_copy(update={"draws": draws, "tune": tune, "chains": chains, **choices})
    return replace(market, spec=market.spec.model_copy(update={"model": changed}))


def quick_simulated(business: str, seed: int, periods: int = 104) -> Market:
    """A simulated market with a short fit asked for."""
    return quick(simulate_market(business, periods=periods, seed=seed).market)


def with_reach(market: Market, *channels: str, seed: int = 5) -> Market:
    """The market in which some channels have reach and frequency, at a price that varies, and tests of their spend."""
    rng = np.random.default_rng(seed)
    exposure, frequency = dict(market.exposure), dict(market.frequency)
    specs = []
    for place, spec in enumerate(market.spec.channels):
        if spec.name in channels:
            spend = market.spend[:, place]
            exposure[spec.name] = spend * 100.0 * rng.uniform(0.8, 1.2, spend.shape)
            frequency[spec.name] = np.where(spend > 0, rng.uniform(1.0, 6.0, spend.shape), 0.0)
            spec = spec.model_copy(update={"reach": "reach", "frequency": "frequency", "saturation": "hill"})
        specs.append(spec)
    changed = market.spec.model_copy(update={"channels": tuple(specs)})
    return with_data_digest(replace(market, spec=changed, exposure=exposure, frequency=frequency))


def with_exposure(market: Market, channel: str, *, seed: int = 5) -> Market:
    """The market in which effects of one channel follow exposure, bought at a price that varies."""
    rng = np.random.default_rng(seed)
    place = [spec.name for spec in market.spec.channels].index(channel)
    specs = list(market.spec.channels)
    specs[place] = specs[place].model_copy(update={"exposure": "exposure"})
    spend = market.spend[:, place]
    exposure = {**market.exposure, channel: spend * rng.uniform(0.5, 2.0, spend.shape)}
    changed = market.spec.model_copy(update={"channels": tuple(specs)})
    return with_data_digest(replace(market, spec=changed, exposure=exposure))
