"""Markets that the service refits, and every version of their file and data."""

import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import func, select

from mmm.errors import Fault, MarketRefused
from mmm.io import MARKET_FILE, load_market
from mmm.market import Market
from mmm.sentence import sentence
from mmm.spec_digest import spec_digest
from service.errors import not_known
from service.paging import Page, page_of
from service.rows import with_new_rows
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import DatasetRow, MarketRow
from service.times import as_utc, naive_utc
from service.vault import Vault

DATA_STEM = "data"
"""Name of the data file in a dataset's folder; its ending is that of the file that came."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One version of a market's file and data.

    Attributes
    ----------
    folder
        Digest of the folder with both.
    first_period, last_period
        First days, ISO 8601.
    """

    id: str
    market: str
    version: int
    folder: str
    data_digest: str
    spec_digest: str
    first_period: str
    last_period: str
    periods: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeptMarket:
    """A market that the service refits: its newest dataset, its schedule, and since when that counts."""

    name: str
    dataset: str
    schedule: str | None
    due_since: datetime


@dataclass(frozen=True, slots=True)
class Datasets:
    """The datasets of one tenant."""

    store: Store
    vault: Vault
    tenant: str = DEFAULT_TENANT

    def keep(self, market_file: bytes, data_name: str, data: bytes, now: datetime) -> tuple[Dataset, Market]:
        """Keep a market's file and data as its newest dataset; equal ones are the version that is there.

        Parameters
        ----------
        market_file
            Content of market.toml.
        data_name
            Name that the data file came with: its ending says how to read it.

        Raises
        ------
        MarketRefused
            With every fault of the file and of the data; nothing is kept then.
        """
        files = {MARKET_FILE: market_file, DATA_STEM + _suffix(data_name): data}
        market = _loaded(files)
        folder = self.vault.keep_dataset(files)
        with self.store.writing(f"datasets of {self.tenant}/{market.name}") as session:
            mine = select(DatasetRow).where(DatasetRow.tenant == self.tenant, DatasetRow.market == market.name)
            row = session.scalars(mine.where(DatasetRow.folder == folder)).first()
            if row is None:
                newest = session.scalar(
                    select(func.max(DatasetRow.version)).where(
                        DatasetRow.tenant == self.tenant, DatasetRow.market == market.name
                    )
                )
                row = DatasetRow(
                    id=secrets.token_hex(8),
                    tenant=self.tenant,
                    market=market.name,
                    version=(newest or 0) + 1,
                    folder=folder,
                    data_digest=market.data_digest,
                    spec_digest=spec_digest(market),
                    first_period=market.dates[0].isoformat(),
                    last_period=market.dates[-1].isoformat(),
                    periods=len(market.dates),
                    created_at=naive_utc(now),
                )
                session.add(row)
            kept = session.get(MarketRow, (self.tenant, market.name))
            schedule = market.spec.refit.schedule
            if kept is None:
                session.add(
                    MarketRow(
                        tenant=self.tenant,
                        name=market.name,
                        dataset=row.id,
                        schedule=schedule,
                        due_since=naive_utc(now),
                    )
                )
            else:
                kept.dataset = row.id
                if kept.schedule != schedule:
                    kept.schedule, kept.due_since = schedule, naive_utc(now)
            return _dataset(row), market

    def append(self, market: str, data_name: str, rows: bytes, now: datetime) -> tuple[Dataset, Market]:
        """Keep a market's data with new rows below them as its newest dataset.

        Raises
        ------
        NotKnown
            When no data of that market were ever kept.
        MarketRefused
            With every fault of the rows, and of the data that they make; nothing is kept then.
        """
        newest = self.dataset(self.market(market).dataset)
        files = dict(self.files(newest))
        market_file = files.pop(MARKET_FILE)
        (before_name, before), *_ = files.items()
        _suffix(data_name)
        return self.keep(market_file, "data.csv", with_new_rows(before_name, before, data_name, rows), now)

    def dataset(self, identity: str) -> Dataset:
        """A dataset.

        Raises
        ------
        NotKnown
            When there is none of that id.
        """
        with self.store.reading() as session:
            mine = select(DatasetRow).where(DatasetRow.tenant == self.tenant, DatasetRow.id == identity)
            row = session.scalars(mine).first()
            if row is None:
                raise not_known("dataset", identity)
            return _dataset(row)

    def versions(self, market: str) -> tuple[Dataset, ...]:
        """All datasets of a market, the newest first."""
        mine = select(DatasetRow).where(DatasetRow.tenant == self.tenant, DatasetRow.market == market)
        with self.store.reading() as session:
            return tuple(_dataset(row) for row in session.scalars(mine.order_by(DatasetRow.version.desc())))

    def versions_page(self, market: str, limit: int, cursor: int | None = None) -> Page[Dataset]:
        """Datasets of a market, the newest first, at most `limit` of those before `cursor`."""
        mine = select(DatasetRow).where(DatasetRow.tenant == self.tenant, DatasetRow.market == market)
        with self.store.reading() as session:
            return page_of(session, mine, DatasetRow.version, _dataset, limit, cursor)

    def markets(self) -> tuple[KeptMarket, ...]:
        """The markets that have a dataset, in alphabetical order."""
        mine = select(MarketRow).where(MarketRow.tenant == self.tenant).order_by(MarketRow.name)
        with self.store.reading() as session:
            return tuple(_market(row) for row in session.scalars(mine))

    def market(self, name: str) -> KeptMarket:
        """A market that has a dataset.

        Raises
        ------
        NotKnown
            When no data of that market were ever kept.
        """
        with self.store.reading() as session:
            row = session.get(MarketRow, (self.tenant, name))
            if row is None:
                raise not_known("market", name, (market.name for market in self.markets()))
            return _market(row)

    def files(self, dataset: Dataset) -> Mapping[str, bytes]:
        """The files of a dataset, their digest verified.

        Raises
        ------
        ArtifactError
            When they are missing or damaged.
        """
        return {file.name: file.read_bytes() for file in self.vault.dataset(dataset.folder).iterdir()}

    def load(self, dataset: Dataset) -> Market:
        """The market of a dataset, checked again.

        Raises
        ------
        ArtifactError
            When its files are missing or damaged.
        MarketRefused
            When this program refuses what an earlier one took.
        """
        folder = self.vault.dataset(dataset.folder)
        return load_market(folder / MARKET_FILE, _data_file(folder))


def _loaded(files: Mapping[str, bytes]) -> Market:
    with tempfile.TemporaryDirectory(prefix="mixplan-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return load_market(Path(folder) / MARKET_FILE, _data_file(Path(folder)))


def _data_file(folder: Path) -> Path:
    return next(file for file in folder.iterdir() if file.stem == DATA_STEM)


def _suffix(name: str) -> str:
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if suffix not in (".csv", ".tsv", ".txt", ".xlsx", ".parquet"):
        raise MarketRefused([Fault(name, "", repr(suffix), sentence("a CSV, XLSX or Parquet file"))])
    return suffix


def _dataset(row: DatasetRow) -> Dataset:
    return Dataset(
        id=row.id,
        market=row.market,
        version=row.version,
        folder=row.folder,
        data_digest=row.data_digest,
        spec_digest=row.spec_digest,
        first_period=row.first_period,
        last_period=row.last_period,
        periods=row.periods,
        created_at=as_utc(row.created_at),
    )


def _market(row: MarketRow) -> KeptMarket:
    return KeptMarket(row.name, row.dataset, row.schedule, as_utc(row.due_since))
