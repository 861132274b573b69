"""A weekly market as a file, to be spoilt cell by cell."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from mmm.errors import Fault, MarketRefused
from mmm.intake.formats import read_table
from mmm.intake.reading import market_from_table
from mmm.market import Market
from mmm.spec import MarketSpec

FILE = "shop.csv"
HEADER = ["week", "orders", "tv_spend", "search_spend", "social_spend", "price", "newsletter", "remark"]


@dataclass
class Sheet:
    """Header and rows of text; rows are addressed as a spreadsheet numbers them (the header is row 1)."""

    header: list[str]
    rows: list[list[Any]] = field(default_factory=list)

    def put(self, row: int, column: str, value: Any) -> "Sheet":
        self.rows[row - 2][self.header.index(column)] = value
        return self

    def fill(self, column: str, value: Callable[[int], Any]) -> "Sheet":
        at = self.header.index(column)
        for index, row in enumerate(self.rows):
            row[at] = value(index)
        return self

    def add(self, column: str, value: Callable[[int], Any]) -> "Sheet":
        self.header.append(column)
        for index, row in enumerate(self.rows):
            row.append(value(index))
        return self

    def csv(self, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return text.getvalue().encode(encoding)


def weekly_sheet(periods: int = 60, seed: int = 5, start: date = date(2025, 1, 6)) -> Sheet:
    """Sixty Mondays of a shop with three channels, a price and a newsletter."""
    rng = np.random.default_rng(seed)
    spend = np.round(rng.gamma(3.0, 800.0, size=(periods, 3)), 2)
    orders = np.round(rng.normal(900.0, 60.0, periods))
    price = np.round(rng.normal(20.0, 1.0, periods), 3)
    newsletter = rng.integers(0, 5000, periods)
    rows = [
        [
            str(start + timedelta(weeks=at)),
            *(f"{value:g}" for value in (orders[at], *spend[at], price[at], newsletter[at])),
            "na",
        ]
        for at in range(periods)
    ]
    return Sheet(list(HEADER), rows)


def panel_sheet(periods: int = 40, geos: Sequence[str] = ("north", "south", "west")) -> Sheet:
    """The shop in several geos, one after the other."""
    parts = [weekly_sheet(periods, seed=seed) for seed, _ in enumerate(geos)]
    rows = [[*row, geo, str(1000 * (at + 1))] for at, geo in enumerate(geos) for row in parts[at].rows]
    return Sheet([*HEADER, "region", "people"], rows)


def market_document(**changes: Any) -> dict[str, Any]:
    """What market.toml says about the shop, with whole tables replaced by `changes`."""
    document: dict[str, Any] = {
        "market": {"name": "shop", "data": FILE, "period": "week", "currency": "EUR"},
        "columns": {"date": "week"},
        "outcomes": [{"name": "orders", "column": "orders", "unit": "orders", "value_per_unit": 42.0}],
        "channels": [
            {"name": "tv", "spend": "tv_spend", "role": "brand"},
            {"name": "search", "spend": "search_spend", "role": "performance"},
            {"name": "social", "spend": "social_spend", "brand_weight": 0.4},
        ],
        "controls": [{"name": "price", "column": "price"}],
        "organic": [{"name": "newsletter", "column": "newsletter"}],
    }
    return {**document, **changes}


PANEL_COLUMNS = {"date": "week", "geo": "region", "population": "people"}


def read(data: Sheet | bytes, **changes: Any) -> Market:
    """The market of a sheet, or of the bytes of a file."""
    content = data.csv() if isinstance(data, Sheet) else data
    return market_from_table(MarketSpec.model_validate(market_document(**changes)), read_table(FILE, content))


def refusal(data: Sheet | bytes, **changes: Any) -> tuple[Fault, ...]:
    """The faults for which a sheet is refused; none when it is accepted."""
    try:
        read(data, **changes)
    except MarketRefused as refused:
        return refused.faults
    return ()


def only_fault(data: Sheet | bytes, **changes: Any) -> Fault:
    """The one fault of a sheet."""
    faults = refusal(data, **changes)
    assert len(faults) == 1, "\n".join(map(str, faults))
    return faults[0]


def places(faults: Sequence[Fault]) -> set[tuple[int | None, str]]:
    """Row and column of each fault."""
    return {(fault.row, fault.field) for fault in faults}
