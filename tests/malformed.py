"""Files from outside that are wrong, by family, each with what its refusal must say.

A case is written into a folder as a market.toml with its data, one of which is spoilt, and loaded as any market is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from market_files import FILE, weekly_sheet

from mmm.io import MARKET_FILE

Content = Callable[[], bytes]


@dataclass(frozen=True)
class Malformed:
    """One spoilt file.

    Attributes
    ----------
    family, name
        What is wrong with it.
    content
        Makes its bytes, which are many for some.
    says
        What a fault must say, in the English that `plain` gives.
    is_market
        Whether the file is the market.toml, and not the data.
    length
        The file is made longer, up to so many bytes, without being written (sparse).
    is_bomb
        Whether it is made to cost far more than its size: refused in less than a second and 100 MB.
    """

    family: str
    name: str
    content: Content
    says: str
    is_market: bool = False
    length: int = 0
    is_bomb: bool = False

    def write(self, folder: Path) -> Path:
        """Write the market of this case; the path of its market.toml."""
        market = self.content() if self.is_market else GOOD_MARKET.encode()
        data = weekly_sheet().csv() if self.is_market else self.content()
        for name, content, length in (
            (MARKET_FILE, market, self.length if self.is_market else 0),
            (FILE, data, 0 if self.is_market else self.length),
        ):
            with (folder / name).open("wb") as file:
                file.write(content)
                file.truncate(max(len(content), length))
        return folder / MARKET_FILE


GOOD_MARKET = """
[market]
name = "shop"
data = "shop.csv"
period = "week"
currency = "EUR"

[columns]
date = "week"

[[outcomes]]
name = "orders"
column = "orders"
unit = "orders"
value_per_unit = 42.0

[[channels]]
name = "tv"
spend = "tv_spend"
role = "brand"

[[channels]]
name = "search"
spend = "search_spend"
role = "performance"

[[channels]]
name = "social"
spend = "social_spend"
brand_weight = 0.4

[[controls]]
name = "price"
column = "price"

[[organic]]
name = "newsletter"
column = "newsletter"
"""
"""The market of `market_files`, as its file."""


def always(content: bytes) -> Content:
    """A maker of bytes that are there already."""
    return lambda: content
