"""Markets as they lie on a disk, kept in a home."""

from pathlib import Path

from mmm.io import MARKET_FILE, load_market, read_market_spec
from service.datasets import Dataset
from service.home import Home
from service.times import now


def keep_market_folder(home: Home, path: Path) -> Dataset:
    """Keep the file and data of a market.toml, or of the folder that has one, as the market's newest dataset.

    Raises
    ------
    MarketRefused
        With every fault of the file and of its data.
    """
    file = path / MARKET_FILE if path.is_dir() else path
    load_market(file)  # refuses with the names that the files have here
    spec = read_market_spec(file)
    data = file.parent / spec.market.data
    dataset, _market = home.datasets.keep(file.read_bytes(), data.name, data.read_bytes(), now())
    return dataset
