"""Weekly markets for the report before a fit: a clean one, and spoilt ones a change each."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from fitting_markets import assembled

from mmm.market import Market

PERIODS = 120


@dataclass
class Draft:
    """The series of a market of three channels, to be changed before it is put together."""

    spend: np.ndarray
    orders: np.ndarray
    price: np.ndarray
    control: str = "price"
    tables: dict[str, object] = field(default_factory=dict)
    likelihood: str = "normal"

    def market(self, period: str = "week") -> Market:
        channels = [
            {"name": name, "spend": name, "role": "performance"}
            for name in ("tv", "search", "social")[: len(self.spend.T)]
        ]
        outcome = {"name": "orders", "column": "orders", "unit": "orders", "likelihood": self.likelihood}
        tables = {
            "channels": channels,
            "controls": [{"name": self.control, "column": "price"}],
            "outcomes": [{**outcome, "value_per_unit": 10.0}],
            **self.tables,
        }
        return assembled(
            tables,
            self.spend[:, :, None],
            self.orders[:, None],
            controls={self.control: self.price[:, None]},
            period=period,
        )


def draft(periods: int = PERIODS, seed: int = 1) -> Draft:
    """Nothing is wrong with it: spend varies on its own and brings something, and the noise is normal."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 500.0, size=(periods, 3))
    price = 20.0 + rng.standard_normal(periods)
    season = 60.0 * np.sin(2.0 * np.pi * np.arange(periods) / 52.1775)
    brought = (100.0 * spend / (spend + 1000.0)).sum(axis=1)
    orders = 500.0 + season - 10.0 * (price - 20.0) + brought + 20.0 * rng.standard_normal(periods)
    return Draft(spend, orders, price)


def changed(change: Callable[[Draft], None]) -> Market:
    """The clean market with one change."""
    made = draft()
    change(made)
    return made.market()
