"""What a command refuses: in whose language, with which document, and without a traceback."""

import gc
import json
import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from builders import make_artifact
from rich.cells import cell_len
from serving.test_registry import NOW
from typer.testing import CliRunner, Result

from mmm.artifact import ResponseArtifact
from mmm.errors import ArtifactError
from mmm.sentence import plain, sentence
from optimizer.plan.document import BindingRule
from optimizer.scenario.document import Scenario
from service.cli.main import app
from service.cli.rule_prices import cost_of_split, price_of_rule
from service.home import Home
from service.http.app import create_app

type Mixplan = Callable[..., Result]

CHINESE_SCENARIO = """
name = "一季度"
market = "huaxia"
kpi = "orders"
objective = "maximize"
budget = 500000.0

[horizon]
start = 2027-01-04
periods = 13
"""


@pytest.fixture
def chinese(home: Home, tmp_path: Path) -> Path:
    """A scenario of a Chinese market that is fitted."""
    home.registry.publish([make_artifact(market="huaxia", language="zh", draws=20)], NOW)
    file = tmp_path / "plan.toml"
    file.write_text(CHINESE_SCENARIO, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("was", "spoilt"), [("budget", "bugdet"), ("500000.0", "0"), ("13", "1300"), ("[horizon]", "[horizon")]
)
def test_a_scenario_of_a_chinese_market_is_refused_in_chinese(
    mixplan: Mixplan, chinese: Path, was: str, spoilt: str
) -> None:
    chinese.write_text(CHINESE_SCENARIO.replace(was, spoilt), encoding="utf-8")
    result = mixplan("plan", chinese)
    assert result.exit_code == 1
    assert "方案设定未被接受" in result.stderr


@pytest.mark.parametrize("spoilt", ['[market]\nlanguage = "zh"\n', '[market]\nlanguage = "zh"\nname = \n'])
def test_a_market_file_that_says_its_language_is_refused_in_it(mixplan: Mixplan, tmp_path: Path, spoilt: str) -> None:
    (tmp_path / "market.toml").write_text(spoilt, encoding="utf-8")
    for subject in (tmp_path, tmp_path / "market.toml"):
        assert "市场数据未被接受" in mixplan("check", subject).stderr


def test_a_market_by_name_is_refused_in_its_language_unless_asked(mixplan: Mixplan, chinese: Path) -> None:
    assert "无法回退" in mixplan("rollback", "huaxia").stderr
    assert "no other champion" in mixplan("rollback", "huaxia", "--lang", "en").stderr


@pytest.mark.parametrize(
    "arguments", [["plan", "nowhere.toml", "--json"], ["--json", "rollback"], ["frontier", "--json", "--frm", "1"]]
)
def test_a_command_that_is_not_understood_is_one_document_too(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["type"] == "urn:mixplan:problem:misuse"
    assert "Usage" in result.stderr


@pytest.mark.parametrize("budget", ["0", "-1", "1e400", "nan"])
def test_a_budget_that_is_none_is_misuse(mixplan: Mixplan, scenario_file: Path, budget: str) -> None:
    assert mixplan("what-if", scenario_file, "--budget", budget).exit_code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": 1,', "此处应有双引号括起的名称（第 1 行第 9 列）"),
        (b"\xff\xfe\x00", "第 1 个字节不是 UTF-8"),
        (b'{"a": NaN}', "NaN 不是 JSON 数字"),
        (b"[" * 50_000, "嵌套过深"),
        (b"9" * 5_000, "数字位数过多"),
    ],
)
def test_a_scenario_that_is_no_json_is_refused_in_words(
    mixplan: Mixplan, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "scenario.json"
    file.write_bytes(content)
    result = mixplan("plan", file, "--json", "--lang", "zh")
    assert result.exit_code == 1
    assert said in json.loads(result.stdout)["errors"][0]["detail"]


def run_on(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", "--home", str(home), "--json", *arguments])


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run_on(tmp_path / "file" / "home")
    assert result.exit_code == 1
    assert "cannot be used: Not a directory" in json.loads(result.stdout)["detail"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_database_that_does_not_answer_is_told_from_a_folder_and_keeps_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("MIXPLAN_DATABASE_URL", f"postgresql://mixplan:hush@/plans?host={tmp_path}")
    result = run_on(tmp_path / "home", "--lang", language)
    told = json.loads(result.stdout)
    assert (result.exit_code, told["type"].rsplit(":", 1)[-1]) == (1, "database-silent")
    assert f"host={tmp_path}" in told["detail"].replace("%2F", "/")
    assert "MIXPLAN_DATABASE_URL" in told["detail"]
    assert ("cannot be reached" in told["detail"]) == (language == "en")
    assert "hush" not in result.output


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mixplan.sqlite").write_bytes(b"this is no database at all")
    assert "file is not a database" in json.loads(run_on(tmp_path).stdout)["detail"]


def test_a_database_of_another_layout_is_refused_and_left_alone(home: Home) -> None:
    with closing(sqlite3.connect(home.settings.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    result = run_on(home.settings.home)
    assert result.exit_code == 1
    assert "layout 9999" in json.loads(result.stdout)["detail"]


def test_a_damaged_model_is_refused_until_it_is_fitted_again(
    mixplan: Mixplan, home: Home, artifact: ResponseArtifact, scenario_file: Path
) -> None:
    file = home.settings.artifacts / artifact.digest / "draws.safetensors"
    content = bytearray(file.read_bytes())
    content[900] ^= 1
    file.write_bytes(content)
    refused = mixplan("plan", scenario_file)
    assert refused.exit_code == 1
    assert "damaged" in refused.stderr
    champion = home.registry.champion("testland")
    assert home.registry.set_aside_damaged(champion)
    with pytest.raises(ArtifactError, match="no such file"):
        home.registry.load(champion)
    home.registry.publish([artifact], NOW)
    assert not home.registry.set_aside_damaged(champion)
    assert mixplan("plan", scenario_file).exit_code == 0


@pytest.mark.parametrize("width", ["60", "80", "140"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_fits_its_terminal_and_cuts_nothing_off(
    home: Home, scenario_file: Path, width: str, language: str
) -> None:
    arguments = ["plan", str(scenario_file), "--lang", language, "--home", str(home.settings.home)]
    page = CliRunner().invoke(app, arguments, env={"COLUMNS": width}).stdout
    assert max(cell_len(line) for line in page.splitlines()) <= min(100, int(width))
    assert "…" not in page
    assert not any(line.endswith(" ") for line in page.splitlines())
    shares = [line for line in page.splitlines() if line.startswith(("tv", "video", "social", "search"))][:4]
    assert all("%" in line for line in shares)


def test_what_to_do_next_is_said_beside_the_answer(mixplan: Mixplan, tmp_path: Path) -> None:
    made = mixplan("simulate", "--business", "b2b", "--periods", "104", "--seed", "3", "--out", tmp_path / "new")
    assert f"Next: mixplan fit {tmp_path / 'new'}" in made.stderr
    assert "Next: mixplan fit" in mixplan("check", tmp_path / "new").stderr


def test_a_damaged_model_is_a_problem_over_http_too(home: Home, artifact: ResponseArtifact) -> None:
    (home.settings.artifacts / artifact.digest / "draws.safetensors").write_bytes(b"")
    response = create_app(home).test_client().get("/v1/markets/testland/curves?lang=zh")
    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    assert "请重新拟合该市场" in response.json["detail"]


def test_a_damaged_model_is_named_beside_those_that_can_be_read(
    mixplan: Mixplan, home: Home, artifact: ResponseArtifact
) -> None:
    good = home.registry.publish([make_artifact(draws=20, seed=2)], NOW)
    home.registry.publish([make_artifact(draws=20, market="otherland")], NOW)
    (home.settings.artifacts / artifact.digest / "draws.safetensors").write_bytes(b"")
    listed = json.loads(run_on(home.settings.home).stdout)["models"]
    assert [(model["market"], len(model["kpis"]), len(model["damaged"])) for model in listed] == [
        ("otherland", 1, 0),
        ("testland", 1, 0),
        ("testland", 0, 1),
    ]
    page = " ".join(mixplan("models", "testland").stdout.split())
    assert "Version 1 of testland cannot be used" in page
    assert next(iter(good.digests.values()))[:8] in page
    client = create_app(home).test_client()
    models = client.get("/v1/markets/testland/models").json["models"]
    assert [[lost["kpi"] for lost in model["damaged"]] for model in models] == [[], ["orders"]]
    markets = client.get("/v1/markets").json
    assert [market["name"] for market in markets["markets"]] == ["otherland"]
    assert [market["name"] for market in markets["damaged"]] == ["testland"]


def test_a_rule_on_the_split_that_costs_nothing_has_no_price_elsewhere(home: Home, document: dict[str, Any]) -> None:
    plan = home.desk.plan(Scenario.model_validate(document))
    rule = BindingRule(rule="split.brand_share", text=sentence("Brand gets its share."), shadow_price=50.0)
    assert plan.split is not None
    for cost, is_priced in ((1e-9, False), (90.0, True)):
        split = plan.split.model_copy(update={"cost_of_rule": cost, "kpi_without_rule": 3000.0})
        changed = plan.model_copy(update={"binding": (rule,), "split": split})
        assert (price_of_rule(changed, rule) is not None) == is_priced
        said = cost_of_split(changed, split)
        assert said is not None
        assert ("next to nothing" in plain(said)) != is_priced


@pytest.mark.parametrize("width", ["60", "80", "100"])
def test_curves_and_frontiers_fit_too(home: Home, scenario_file: Path, width: str) -> None:
    frontier = ["frontier", str(scenario_file), "--from", "200000", "--to", "600000", "--points", "3"]
    for arguments in (["curves", "testland"], frontier):
        result = CliRunner().invoke(app, [*arguments, "--home", str(home.settings.home)], env={"COLUMNS": width})
        assert result.exit_code == 0
        assert max(cell_len(line) for line in result.stdout.splitlines()) <= int(width)
        assert "…" not in result.stdout
    assert "€600,000" in result.stdout
    assert sum("█" in line for line in result.stdout.splitlines()) == 3


def test_an_address_that_another_listens_on_is_misuse(home: Home) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        before = dict(os.environ)
        result = CliRunner().invoke(app, ["serve", "--port", port, "--home", str(home.settings.home)])
    assert result.exit_code == 2
    assert "in use" in result.stderr
    assert dict(os.environ) == before
    assert gc.isenabled()
