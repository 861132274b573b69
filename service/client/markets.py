"""Markets: what is known of them, their data, their models, and refits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.client.answers import Job
from service.client.calls import Calls, path_of
from service.client.market_answers import (
    Curves,
    Dataset,
    Datasets,
    MarketDetail,
    Markets,
    Model,
    ModelDifference,
    Models,
    RefitReport,
)


@dataclass(frozen=True, slots=True)
class MarketCalls:
    """Calls about markets; each raises as `Calls.send` does."""

    calls: Calls

    def all(self) -> Markets:
        """The markets that have models, all pages of them."""
        return self.calls.whole(Markets, "/v1/markets", ("markets", "damaged"))

    def get(self, market: str) -> MarketDetail:
        """A market: its channels, its KPIs, the gates of its model."""
        return self.calls.get(MarketDetail, path_of("/v1/markets/{market}", market=market))

    def curves(self, market: str, kpi: str | None = None, scenario_id: str | None = None) -> Curves:
        """Response curves of a KPI (the first unless named), over the horizon of a scenario that was kept."""
        path = path_of("/v1/markets/{market}/curves", market=market)
        return self.calls.get(Curves, path, {"kpi": kpi, "scenario": scenario_id})

    def upload(self, market: str, data: Path, market_file: Path | None = None) -> Dataset:
        """Add the rows of a file to a market's data; with its market.toml, the file is the whole history."""
        files: dict[str, Any] = {"data": (data.name, data.read_bytes(), "application/octet-stream")}
        if market_file is not None:
            files["market"] = (market_file.name, market_file.read_bytes(), "application/toml")
        path = path_of("/v1/markets/{market}/data", market=market)
        return Dataset.model_validate(self.calls.send("POST", path, files=files).json())

    def datasets(self, market: str) -> Datasets:
        """The versions of a market's data, the newest first, all pages of them."""
        return self.calls.whole(Datasets, path_of("/v1/markets/{market}/data", market=market), ("datasets",))

    def models(self, market: str) -> Models:
        """The model versions of a market, the newest first, all pages of them."""
        return self.calls.whole(Models, path_of("/v1/markets/{market}/models", market=market), ("models",))

    def judgement(self, market: str, version: int) -> RefitReport:
        """Why a model version was promoted or held."""
        path = path_of("/v1/markets/{market}/models/{version}/judgement", market=market, version=version)
        return self.calls.get(RefitReport, path)

    def difference(self, market: str, version: int, earlier: int) -> ModelDifference:
        """What differs between a model version and an earlier one."""
        path = path_of("/v1/markets/{market}/models/{version}/difference", market=market, version=version)
        return self.calls.get(ModelDifference, path, {"with": earlier})

    def refit(self, market: str, seed: int | None = None) -> Job:
        """Fit a market again on its newest data: a job."""
        path = path_of("/v1/markets/{market}/refits", market=market)
        return self.calls.post(Job, path, {} if seed is None else {"seed": seed})

    def backtest(
        self,
        market: str,
        *,
        kpi: str | None = None,
        folds: int = 4,
        periods: int | None = None,
        seed: int | None = None,
    ) -> Job:
        """Forecast the past from what was known then, and score it: a job, whose result has the scores."""
        asked = {"kpi": kpi, "folds": folds, "periods": periods, "seed": seed}
        path = path_of("/v1/markets/{market}/backtests", market=market)
        return self.calls.post(Job, path, {name: value for name, value in asked.items() if value is not None})

    def refit_several(self, markets: Sequence[str] | None = None) -> Job:
        """Fit several markets again, or every one that has data: a job that waits for a refit of each."""
        return self.calls.post(Job, "/v1/refits", {} if markets is None else {"markets": list(markets)})

    def promote(self, market: str, version: int, *, force: bool = False) -> Model:
        """Make a model version the champion; with `force` also one that failed a gate."""
        path = path_of("/v1/markets/{market}/models/{version}/promote", market=market, version=version)
        return self.calls.post(Model, path, {"force": force})

    def rollback(self, market: str) -> Model:
        """Make the champion before this one the champion again."""
        return self.calls.post(Model, path_of("/v1/markets/{market}/rollback", market=market))
