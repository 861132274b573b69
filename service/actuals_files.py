"""Actuals in files: tables as a market's own data have them, or JSON."""

import tempfile
from pathlib import Path

from mmm.errors import Fault, FileRefused
from mmm.io import MARKET_FILE, read_market_spec
from mmm.parsing import Unfit
from mmm.sentence import sentence
from mmm.spec import MarketSpec
from service.errors import NotKnown
from service.home import Home
from service.records import SavedPlan
from service.strict_json import read_json
from service.tracking.actuals import Reported, reported_rows
from service.tracking.actuals_table import reported_in_file


def reported_file(home: Home, saved: SavedPlan, name: str, content: bytes) -> Reported:
    """The rows of a CSV, XLSX, Parquet or JSON file.

    Columns are called like channels and KPIs, or as in the data that the market was fitted on. Rows by geo of a panel
    are summed.

    Raises
    ------
    FileRefused
        With every fault by row and column.
    """
    if not name.lower().endswith(".json"):
        return reported_in_file(name, content, saved.plan, *_spec_and_geos(home, saved.plan.market))
    try:
        return reported_rows(read_json(content), name)
    except Unfit as unfit:
        raise FileRefused([Fault(name, "", unfit.said, sentence("one JSON document in UTF-8"))]) from None


def _spec_and_geos(home: Home, market: str) -> tuple[MarketSpec | None, tuple[str, ...]]:
    """The market's own file and the geos of its data, if the home keeps them."""
    try:
        kept = home.datasets.market(market)
    except NotKnown:
        return None, ()
    dataset = home.datasets.dataset(kept.dataset)
    spec = _spec(home.datasets.files(dataset)[MARKET_FILE])
    return spec, () if spec.columns.geo is None else home.datasets.load(dataset).geos


def _spec(content: bytes) -> MarketSpec:
    with tempfile.TemporaryDirectory(prefix="mixplan-") as folder:
        file = Path(folder) / MARKET_FILE
        file.write_bytes(content)
        return read_market_spec(file)
