"""The backtest command: one document, a page in two languages, refusals in words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from service.cli.main import app

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
