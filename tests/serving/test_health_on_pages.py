"""The health of a model where a planner reads it: its score and its parts, the same on every page."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_artifact
from serving.test_registry import NOW, gated
from serving.test_report import rows_of, subject_of
from typer.testing import CliRunner, Result

from mmm.artifact import seal
from mmm.manifest import ChannelEvidence
from service.cli.main import app
from service.home import Home
from service.report.page import report_of

QUICK = """
[model]
draws = 100
tune = 200
chains = 2
"""


def test_models_shows_the_score_and_its_parts(home: Home, mixplan: Callable[..., Result]) -> None:
    home.registry.publish([gated(make_artifact(draws=20), "review")], NOW)
    detail = json.loads(mixplan("models", "testland", "--json").stdout)["models"][0]
    health = detail["kpis"][0]["health"]
    assert health["score"] == pytest.approx(50.0)
    assert sum(part["points"] for part in health["parts"]) == pytest.approx(health["score"])
    assert health["parts"][0]["gates"] == ["r_hat"]
    page = mixplan("models", "testland").stdout
    assert "Health" in page
    assert "Gates that cost points" in page
    assert "健康度" in mixplan("models", "testland", "--lang", "zh").stdout


def test_the_report_shows_the_score_at_the_top_and_the_parts_below() -> None:
    rows = rows_of(report_of(subject_of(gated(make_artifact(draws=20), "fail"))))
    assert ("Health", "0 of 100; see “How far to trust it”") in rows
    assert ("in all", "0", "100", "–") in rows


def test_the_report_says_whether_the_bend_of_a_curve_was_seen() -> None:
    plain = make_artifact(draws=20)
    told = tuple(
        ChannelEvidence(
            channel=name, contraction=0.5, half_saturation=0.3, retention=0.4, reach=2.0 * seen, bend_seen=seen
        )
        for name, seen in zip(plain.channels, (0.9, 0.8, 0.2, 0.1), strict=True)
    )
    artifact = seal(plain.manifest.model_copy(update={"contraction": told}), plain.draws)
    rows = {row[0]: row[1:] for row in rows_of(report_of(subject_of(artifact))) if len(row) == 5 and row[1] == "30%"}
    first, *_, last = plain.channels
    assert rows[first] == ("30%", "40%", "1.80", "Spend was seen where the curve bends.")
    assert rows[last][3].startswith("Spend was never seen")


def test_sensitivity_is_one_document_and_a_page_with_the_same_channels(tmp_path: Path) -> None:
    market = tmp_path / "trade"

    def mixplan(*arguments: object) -> Result:
        # Wide enough for the longest name on one line.
        wide = CliRunner(env={"COLUMNS": "120"})
        return wide.invoke(app, [*map(str, arguments), "--home", str(tmp_path / "home")])

    mixplan("simulate", "--business", "b2c", "--periods", "60", "--seed", "11", "--out", market)
    file = market / "market.toml"
    file.write_text(file.read_text(encoding="utf-8") + QUICK, encoding="utf-8")
    found = json.loads(mixplan("sensitivity", market, "--json").stdout)
    assert [one["widening"] for one in found["channels"][0]["widened"]] == [1.5, 2.0]
    page = mixplan("sensitivity", market, "--lang", "zh").stdout
    assert all(one["channel"] in page for one in found["channels"])
    assert "先验 × 1.5" in page
    assert mixplan("sensitivity", market, "--kpi", "nothing").exit_code == 2
