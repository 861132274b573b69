"""A market that is fitted in a second or two: two channels, two years of weeks, few draws."""

import io
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from builders import make_artifact

from mmm.artifact import seal
from mmm.io import load_market
from mmm.market import Market
from service.home import Home
from service.records import ModelVersion
from service.times import now

START = date(2024, 1, 1)

TOML = """
[market]
name = "{name}"
data = "{name}.csv"
period = "week"
currency = "EUR"

[columns]
date = "week"

[[outcomes]]
name = "orders"
column = "orders"
unit = "orders"
value_per_unit = 40.0

[[channels]]
name = "tv"
spend = "tv"
role = "brand"
adstock = "geometric"

[[channels]]
name = "search"
spend = "search"
role = "performance"

[model]
draws = {draws}
tune = 200
chains = 2
trend = "linear"
seasonality = 0
holdout = 4
{more}
"""


def small_toml(name: str = "shop", *, draws: int = 200, more: str = "") -> bytes:
    """market.toml of the small market."""
    return TOML.format(name=name, draws=draws, more=more).encode()


def small_csv(periods: int = 104, *, first: int = 0, seed: int = 0, search_effect: float = 1.0) -> bytes:
    """Rows of the small market from period `first` on; the rows of one seed are the same in every file."""
    rng = np.random.default_rng(seed)
    total = first + periods
    spend = rng.gamma(2.0, 1500.0, size=(total, 2)).round(2)
    carried = np.zeros(total)
    for period in range(total):
        carried[period] = 0.5 * carried[period - 1] + 0.5 * spend[period, 0]
    effect = 300.0 * carried / (carried + 3000.0) + search_effect * 500.0 * spend[:, 1] / (spend[:, 1] + 3000.0)
    orders = (900.0 + effect + rng.normal(0.0, 15.0, total)).round()
    text = io.StringIO()
    text.write("week,orders,tv,search\n")
    for period in range(first, total):
        day = START + timedelta(weeks=period)
        text.write(f"{day},{orders[period]:.0f},{spend[period, 0]:.2f},{spend[period, 1]:.2f}\n")
    return text.getvalue().encode()


def small_market(folder: Path, **choices: int) -> Market:
    """The small market as it is read from files in a folder."""
    (folder / "market.toml").write_bytes(small_toml(draws=choices.get("draws", 200)))
    (folder / "shop.csv").write_bytes(small_csv())
    return load_market(folder)


def publish_as_fitted(home: Home, market: str) -> ModelVersion:
    """A model of a market's newest data, so that a refit takes every step but the fit."""
    dataset = home.datasets.dataset(home.datasets.market(market).dataset)
    made = make_artifact(draws=20)
    named = {"market": market, "data_digest": dataset.data_digest, "spec_digest": dataset.spec_digest}
    manifest = made.manifest.model_copy(update={**named, "seed": home.datasets.load(dataset).spec.model.seed})
    return home.registry.publish([seal(manifest, made.draws)], now())
