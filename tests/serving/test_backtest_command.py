"""The backtest command: one document, a page in two languages, refusals in words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from rich.cells import cell_len
from serving.small_market import small_csv, small_toml
from typer.testing import CliRunner, Result

from service.cli.main import app
from service.errors import NotKnown
from service.home import Home, open_home
from service.http.app import create_app
from service.jobs.asking import BacktestChoices, ask_backtest
from service.jobs.conclusion import conclude
from service.jobs.records import JobProgress
from service.jobs.work import perform
from service.settings import Settings
from service.times import now

QUICK = """
[model]
draws = 100
tune = 200
chains = 2
"""
FORECASTS = ["model", "seasonal_naive", "ridge"]


class Bench:
    """A simulated market of 104 weeks, backtested once as JSON and once as a page in Chinese."""

    def __init__(self, folder: Path) -> None:
        self.market, self.home = folder / "trade", folder / "home"
        self.mixplan("simulate", "--business", "b2c", "--periods", "104", "--seed", "11", "--out", self.market)
        file = self.market / "market.toml"
        file.write_text(file.read_text(encoding="utf-8") + QUICK, encoding="utf-8")
        asked = ("backtest", self.market, "--folds", "2", "--periods", "8")
        self.document = self.mixplan(*asked, "--json")
        self.page = self.mixplan(*asked, "--lang", "zh")

    def mixplan(self, *arguments: object) -> Result:
        return CliRunner().invoke(app, [*map(str, arguments), "--home", str(self.home)])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("backtest"))


def test_a_job_finds_what_the_command_finds(bench: Bench) -> None:
    asked = bench.mixplan("backtest", bench.market, "--folds", "2", "--periods", "8", "--queue-only", "--json")
    job = json.loads(asked.stdout)
    assert (asked.exit_code, job["kind"], job["status"]) == (0, "backtest", "queued")
    home = open_home(Settings(bench.home))
    told: list[JobProgress] = []
    result = perform(home, {**home.jobs.job(job["id"]).request, "kind": "backtest", "job": job["id"]}, told.append)
    home.jobs.begin(job["id"], "w", now())
    conclude(home, job["id"], {"status": "succeeded", "result": json.loads(json.dumps(result))}, now())
    shares = [progress.done / progress.total for progress in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    client = create_app(home).test_client()
    assert client.get(f"/v1/jobs/{job['id']}").json["result"]["backtest"] == json.loads(bench.document.stdout)
    home.close()
    page = bench.mixplan("jobs", job["id"], "--lang", "zh").stdout
    assert all(line in page for line in bench.page.stdout.splitlines())


def test_a_backtest_is_asked_for_over_http(home: Home, client: FlaskClient) -> None:
    home.datasets.keep(small_toml("shop"), "x.csv", small_csv(), now())
    sent = {"json": {"folds": 3}, "headers": {"Idempotency-Key": "k"}}
    asked = client.post("/v1/markets/shop/backtests", **sent)
    assert (asked.status_code, asked.json["kind"], asked.json["market"]) == (202, "backtest", "shop")
    assert client.post("/v1/markets/shop/backtests", **sent).json["id"] == asked.json["id"]
    assert home.jobs.job(asked.json["id"]).request["folds"] == 3
    assert client.delete(asked.headers["Location"]).json["status"] == "cancelled"
    assert client.post("/v1/markets/nowhere/backtests", json={}).status_code == 404
    assert client.post("/v1/markets/shop/backtests", json={"folds": 1}).status_code == 422


def test_a_backtest_of_no_such_kpi_fails_in_words(home: Home) -> None:
    home.datasets.keep(small_toml("shop"), "x.csv", small_csv(), now())
    job = ask_backtest(home, "shop", BacktestChoices(kpi="ordrs"), "test", now())
    with pytest.raises(NotKnown, match="orders"):
        perform(home, {**job.request, "kind": job.kind, "job": job.id}, lambda _: None)


def test_the_document_has_each_window_each_forecast_and_the_verdict(bench: Bench) -> None:
    assert bench.document.exit_code == 0, bench.document.stderr
    found = json.loads(bench.document.stdout)
    assert list(found) == [
        "market", "kpi", "unit", "period", "windows", "overall", "comparisons", "best", "earns_its_keep", "text",
    ]  # fmt: skip
    assert [(one["known"], one["periods"]) for one in found["windows"]] == [(88, 8), (96, 8)]
    for scores in (found["overall"], *(one["scores"] for one in found["windows"])):
        assert [score["forecast"] for score in scores] == FORECASTS
        for score in scores:
            assert set(score) == {"forecast", "error", "crps", "coverage"}
            assert score["error"] > 0
            assert score["crps"] > 0
            assert 0 <= score["coverage"] <= 1
    assert [one["rival"] for one in found["comparisons"]] == FORECASTS[1:]
    assert {one["standing"] for one in found["comparisons"]} <= {"ahead", "level", "behind"}
    assert found["best"] == min(found["overall"], key=lambda score: score["crps"])["forecast"]
    assert isinstance(found["earns_its_keep"], bool)
    assert len(found["text"]) == 3


def test_progress_is_told_window_by_window_on_stderr(bench: Bench) -> None:
    assert bench.document.stderr.count("holdout fit") == 2
    assert bench.page.stderr.count("留出拟合") == 2


def test_a_page_in_chinese_leaves_no_english_sentence(bench: Bench) -> None:
    assert bench.page.exit_code == 0
    text = bench.page.stdout
    for chinese in ("预测窗口", "照搬上年同期", "岭回归", "全部窗口", "预测最准的是"):
        assert chinese in text
    for english in ("the ", "Best", "window", "ridge", "weeks", "interval", "Error"):
        assert english not in text
    assert max(cell_len(line) for line in text.splitlines()) <= 100


def test_a_history_that_is_too_short_is_refused_with_the_periods_it_needs(bench: Bench) -> None:
    refused = bench.mixplan("backtest", bench.market, "--json")
    assert refused.exit_code == 1
    problem = json.loads(refused.stdout)
    assert problem["type"] == "urn:mixplan:problem:history-too-short"
    assert "trade has 104 weeks; 4 windows of 13 weeks need at least 116" in problem["detail"]
    assert "至少需要 116 周" in "".join(bench.mixplan("backtest", bench.market, "--lang", "zh").stderr.split("\n"))


def test_an_unknown_kpi_and_a_single_fold_are_misuse(bench: Bench) -> None:
    assert bench.mixplan("backtest", bench.market, "--kpi", "leads").exit_code == 2
    assert bench.mixplan("backtest", bench.market, "--folds", "1").exit_code == 2


def test_help_imports_neither_regressions_nor_sampler() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from service.cli.main import app; "
        "assert 'backtest' in CliRunner().invoke(app, ['--help']).stdout; "
        "print(sorted({'sklearn', 'pymc', 'nutpie', 'numba', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
