"""What the channels did, as one file: the figures of the curves, in any language, and nothing that is fetched."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pytest
from builders import CHANNELS, make_artifact
from serving.test_registry import NOW, gated
from typer.testing import CliRunner, Result

from mmm.artifact import ResponseArtifact, seal
from mmm.decomposition import decompose
from mmm.manifest import ChannelEvidence
from optimizer.plan_parts.channel_curves import channel_curves
from service.cli.main import app
from service.home import open_home
from service.language import Reader
from service.records import ModelVersion
from service.report.blocks import Report, Table, distinct
from service.report.page import page, report_of
from service.report.subject import ReportSubject
from service.settings import Settings

Mixplan = Callable[..., Result]
HOSTILE = "</script><b>\"'&"
FETCHING = {"src", "srcset", "href", "xlink:href", "action", "poster", "data", "background", "cite", "formaction"}


class Page(HTMLParser):
    """A page taken apart: the tags, the attributes that fetch, rows of cells, visible text, scripts by their id."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.rows: list[list[str]] = []
        self.scripts: dict[str | None, str] = {}
        self.styles = self.text = ""
        self.policy = self.language = ""
        self._open: str | None = None
        self._script: str | None = None
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in FETCHING]
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"] or ""
        self.language = named.get("lang") or self.language
        self._script = named.get("id")
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("span", "meta"):
            self._open = tag

    def handle_endtag(self, tag: str) -> None:
        if tag != "span":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[self._script] = data
        elif self._open == "style":
            self.styles += data
        else:
            self.text += data
            if self._open in ("td", "th"):
                self.rows[-1][-1] += data

    @property
    def charts(self) -> dict[str, Any]:
        return json.loads(self.scripts["charts"])

    def row(self, first: str, width: int) -> list[str]:
        """The row of so many cells that begins with `first`."""
        return next(row for row in self.rows if row and row[0] == first and len(row) == width)


def subject_of(artifact: ResponseArtifact, language: str = "en") -> ReportSubject:
    version = ModelVersion(
        market=artifact.manifest.market,
        version=3,
        alias="champion",
        verdict=artifact.manifest.verdict,
        digests={artifact.manifest.outcome.name: artifact.digest},
        data_digest="0" * 64,
        spec_digest="0" * 64,
        seed=1,
        created_at=NOW,
    )
    return ReportSubject(
        version=version,
        artifact=artifact,
        curves=channel_curves(artifact, None),
        split=decompose(artifact),
        reader=Reader(language, artifact.manifest.currency),
        written_on=date(2026, 11, 25),
    )


def rows_of(report: Report) -> list[tuple[str, ...]]:
    return [
        row for section in report.sections for block in section.blocks if isinstance(block, Table) for row in block.rows
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Mixplan:
    """Run the command line on a home with one fitted market."""
    home = tmp_path_factory.mktemp("report") / "home"
    opened = open_home(Settings(home))
    opened.registry.publish([make_artifact(draws=60, periods=120)], NOW)
    opened.close()
    return lambda *arguments: CliRunner().invoke(app, [*map(str, arguments), "--home", str(home)])


@pytest.fixture(scope="module")
def file(run: Mixplan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("written") / "report.html"
    result = run("report", "testland", "--out", written)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(written)
    return written


@pytest.fixture(scope="module")
def report(file: Path) -> Page:
    return Page(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def curves(run: Mixplan) -> dict[str, Any]:
    return json.loads(run("curves", "testland", "--json").stdout)


@pytest.fixture(scope="module")
def chinese() -> Page:
    names = ("电视广告", "小红书种草", HOSTILE, "百度搜索")
    channels = tuple(info.model_copy(update={"name": name}) for info, name in zip(CHANNELS, names, strict=True))
    artifact = make_artifact(draws=30, periods=120, channels=channels, language="zh", kpi="订单量")
    subject = subject_of(artifact, "zh")
    return Page(page(report_of(subject), subject.reader))


def test_nothing_in_the_file_is_fetched(report: Page) -> None:
    assert report.fetched == []
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(report.tags)
    assert "url(" not in report.styles
    assert "@import" not in report.styles
    for name in ("charts", "options"):
        assert "://" not in report.scripts[name]
    assert "://" not in report.text
    assert report.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in report.policy


def test_the_library_that_draws_is_in_the_file(report: Page) -> None:
    assert sorted(map(str, report.scripts)) == ["None", "charts", "options"]
    addresses = set(re.findall(r"https?://[^/\"'`\s]+", report.scripts[None]))
    assert addresses <= {"http://www.w3.org", "https://github.com", "https://vega.github.io"}  # names, not requests


def test_every_chart_is_valid_and_has_its_place(report: Page, file: Path) -> None:
    content = file.read_text(encoding="utf-8")
    assert {"made-of", "base-moved", "returns", "change", "fit", "curve-0", "curve-3"} <= set(report.charts)
    for name, spec in report.charts.items():
        assert f'id="{name}"' in content
        alt.LayerChart.from_dict(spec)


def test_the_table_of_channels_has_the_figures_of_the_curves(report: Page, curves: dict[str, Any]) -> None:
    reader = Reader("en", "EUR")
    for channel in curves["channels"]:
        _name, role, spend, brings, roas, mroas, cpa, _share = report.row(channel["name"], 8)
        assert role == channel["role"]
        assert spend == reader.money(channel["spend"], 0)
        brought = channel["contribution"]
        assert brings == reader.estimate(brought["mean"], brought["p05"], brought["p95"])
        for shown, ratio in ((roas, channel["roas"]), (mroas, channel["mroas"])):
            assert shown == "{} ({}–{})".format(*(reader.ratio(ratio[name]) for name in ("mean", "p05", "p95")))
        assert cpa == "{} ({}–{})".format(*(reader.money(channel["cpa"][name]) for name in ("mean", "p05", "p95")))


def test_curves_in_the_charts_are_those_of_the_curves(report: Page, curves: dict[str, Any]) -> None:
    for place, channel in enumerate(curves["channels"]):
        data = report.charts[f"curve-{place}"]["datasets"]
        end = channel["curve"]["spend"][-1]
        assert data["all"][-1]["spend"] == pytest.approx(end, rel=1e-5)
        assert data["all"][-1]["mean"] == pytest.approx(channel["curve"]["mean"][-1], rel=1e-5)
        assert data["here"][0]["mean"] == pytest.approx(channel["contribution"]["mean"], rel=1e-3)
        assert data["inside"][-1]["spend"] == pytest.approx(channel["largest_seen"], rel=1e-5)
        assert data["beyond"][0] == data["inside"][-1]


def test_base_and_channels_add_up_to_what_the_model_expected(report: Page) -> None:
    base, media, expected = (
        float(report.row(name, 3)[1].split(" ")[0].replace(",", ""))
        for name in ("Base: all of the above", "Paid media: all channels", "Expected by the model")
    )
    assert base + media == pytest.approx(expected, abs=1.0)


def test_contributions_by_period_add_up_to_the_fitted_mean(curves: dict[str, Any]) -> None:
    fitted = decompose(make_artifact(draws=60, periods=120)).fitted.mean(axis=0)
    parts = curves["contributions"]
    assert [(part["part"], part["name"]) for part in parts[:3]] == [("level", ""), ("season", ""), ("channel", "tv")]
    assert parts[0]["date"][0] == "2025-01-06"
    assert len(parts[0]["date"]) == 120
    for row, total in enumerate(fitted):
        assert sum(part["mean"][row] for part in parts) == pytest.approx(total)
    for part in parts:
        assert all(low <= mean <= high for low, mean, high in zip(part["p05"], part["mean"], part["p95"], strict=True))


def test_the_report_names_its_model(report: Page) -> None:
    digest = make_artifact(draws=60, periods=120).digest
    assert ["Artifact digest", digest] in report.rows
    assert ["Model", "version 1"] in report.rows
    assert ["Data", "Jan 6, 2025 to Apr 25, 2027: 120 weeks"] in report.rows
    assert ["The same figures as JSON", "mixplan curves testland --kpi orders --json"] in report.rows


def test_a_file_that_is_there_is_not_written_over_unless_forced(run: Mixplan, file: Path) -> None:
    before = file.read_bytes()
    refused = run("report", "testland", "--out", file)
    assert refused.exit_code == 1
    assert str(file.name) in refused.stderr.replace("\n", "")
    assert file.read_bytes() == before
    forced = run("report", "testland", "--out", file, "--force", "--json")
    assert json.loads(forced.stdout)["file"] == str(file)
    assert file.read_bytes()[:15] == b"<!doctype html>"


def test_a_place_that_cannot_be_written_to_and_an_unknown_kpi_are_refused(run: Mixplan, tmp_path: Path) -> None:
    assert run("report", "testland", "--out", tmp_path / "none" / "report.html").exit_code == 2
    assert run("report", "testland", "--kpi", "order", "--out", tmp_path / "report.html").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_without_a_name_the_file_is_called_by_market_and_kpi(
    run: Mixplan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("report", "testland").stdout.strip() == "testland-orders.html"
    assert (tmp_path / "testland-orders.html").is_file()


def test_a_chinese_report_leaves_no_english_sentence(chinese: Page) -> None:
    assert chinese.language == "zh-CN"
    assert "渠道成效报告" in chinese.text
    assert "电视广告" in chinese.text
    for english in (" the ", "Spent", "Base", "Actual", "channel", "interval", "Level", "brand"):
        assert english not in chinese.text
    labels = {row["part"] for row in chinese.charts["made-of"]["datasets"]["bands"]}
    assert labels == {"基线", "电视广告", "小红书种草", HOSTILE, "百度搜索"}
    assert json.loads(chinese.scripts["options"])["timeFormatLocale"]["shortMonths"][9] == "10月"


def test_a_hostile_name_stays_a_name(chinese: Page) -> None:
    assert "b" not in chinese.tags
    assert chinese.tags.count("script") == 3
    assert any(row[0] == HOSTILE for row in chinese.rows)
    assert "<" not in chinese.scripts["charts"]


def test_a_model_with_a_gate_that_did_not_pass_says_so_at_the_top() -> None:
    report = report_of(subject_of(gated(make_artifact(draws=20), "fail")))
    said = report.sections[0].blocks[0].items
    assert "The model failed checks: r hat. Decide nothing on these figures alone." in said
    assert ("r hat", "fail", "The chains disagree.") in rows_of(report)


def test_what_the_data_did_not_teach_is_said_channel_by_channel() -> None:
    plain = make_artifact(draws=20)
    told = tuple(
        ChannelEvidence(channel=name, contraction=value)
        for name, value in zip(plain.channels, (0.9, 0.4, 0.1, -0.05), strict=True)
    )
    artifact = seal(plain.manifest.model_copy(update={"contraction": told, "evidence": "prior"}), plain.draws)
    report = report_of(subject_of(artifact))
    rows = {
        row[0]: row[1:] for row in rows_of(report) if len(row) == 3 and row[0] in artifact.channels and "%" in row[1]
    }
    assert [row[0] for row in rows_of(report) if row[1:] in rows.values()] == ["search", "social", "video", "tv"]
    assert rows["tv"][1].startswith("The data speak clearly")
    assert rows["social"][1] == rows["search"][1]
    assert rows["social"][1].startswith("The data taught little")
    assert any("rest mostly on what was assumed" in item for item in report.sections[0].blocks[0].items)


def test_without_a_value_per_unit_there_are_no_returns() -> None:
    report = report_of(subject_of(make_artifact(draws=20, value_per_unit=None)))
    assert "returns" not in [chart.name for chart in report.charts]
    assert any("for each of the orders that it brings" in item for item in report.sections[0].blocks[0].items)


def test_a_history_of_months_has_no_year_before() -> None:
    report = report_of(subject_of(make_artifact(draws=20, periods=30)))
    assert "change" not in [chart.name for chart in report.charts]
    section = next(section for section in report.sections if section.title.startswith("Last year against"))
    assert section.blocks[0].text == "The data have no two whole years to compare."


def test_a_channel_that_never_spent_has_no_curve() -> None:
    plain = make_artifact(draws=20)
    spend = plain.draws.spend.copy()
    spend[:, 1] = 0.0
    report = report_of(subject_of(seal(plain.manifest, replace(plain.draws, spend=spend))))
    names = [chart.name for chart in report.charts]
    assert "curve-1" not in names
    assert "curve-2" in names


def test_labels_that_repeat_are_numbered() -> None:
    assert distinct(["tv", "tv", "radio", "tv"]) == ("tv", "tv (2)", "radio", "tv (3)")


def test_a_model_without_checks_is_not_said_to_have_passed_them() -> None:
    said = report_of(subject_of(make_artifact(draws=20))).sections[0].blocks[0].items
    assert "No checks of the model are on record." in said


@pytest.mark.parametrize(("language", "title"), [("en", "Reach and frequency"), ("zh", "触达与频次")])
def test_a_channel_with_reach_and_frequency_has_its_best_frequency(language: str, title: str) -> None:
    plain = make_artifact(draws=20, language=language)
    rng = np.random.default_rng(2)
    frequency = np.ones_like(plain.draws.spend)
    frequency[:, 1] = rng.uniform(1.5, 2.5, len(frequency))
    half, slope = plain.draws.half_saturation.copy(), plain.draws.slope.copy()
    half[:, 1], slope[:, 1] = rng.uniform(5.9, 6.1, 20), 2.0
    channels = list(plain.manifest.channels)
    channels[1] = channels[1].model_copy(update={"saturation": "reach", "cost_per_impression": 0.01})
    draws = replace(plain.draws, frequency=frequency, half_saturation=half, slope=slope)
    report = report_of(
        subject_of(seal(plain.manifest.model_copy(update={"channels": tuple(channels)}), draws), language)
    )
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    (table,) = [table for table in tables if table.title == title]
    ((name, last, _seen, best, more),) = table.rows
    # With a slope of two the best frequency is the half-saturation, which no period had.
    assert name == channels[1].name
    assert float(best.split()[0]) == pytest.approx(6.0, abs=0.1)
    assert 1.9 < float(last) < 2.1
    assert ("never seen" if language == "en" else "从未出现过") in more
