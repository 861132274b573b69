import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import make_artifact
from flask.testing import FlaskClient
from rich.cells import cell_len
from serving.test_registry import NOW, gated
from typer.testing import Result

from service.home import Home

Mixplan = Callable[..., Result]


def test_a_plan_reads_like_a_page(mixplan: Mixplan, scenario_file: Path) -> None:
    result = mixplan("plan", scenario_file)
    assert result.exit_code == 0
    for heading in (
        "Spend €500,000 from Jan 4, 2027 to Apr 4, 2027.",
        "Where the money goes",
        "What to do with each channel",
        "Brand and performance",
        "What limits it",
        "Against what else could be done",
        "How far to trust it",
    ):
        assert heading in result.stdout
    assert result.stderr.startswith("Saved as draft: plan ")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_fits_a_hundred_columns(mixplan: Mixplan, scenario_file: Path, language: str) -> None:
    result = mixplan("plan", scenario_file, "--lang", language)
    assert max(cell_len(line) for line in result.stdout.splitlines()) <= 100


def test_the_spend_column_adds_up_to_the_total(mixplan: Mixplan, scenario_file: Path) -> None:
    lines = mixplan("plan", scenario_file).stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Channel"))
    last = next(number for number, line in enumerate(lines) if line.startswith("Total"))
    amounts = [line.split("€")[1].split()[0] for line in lines[first + 2 : last] if "€" in line]
    assert sum(int(amount.replace(",", "")) for amount in amounts) == 500_000


def test_a_plan_in_chinese_leaves_no_english_sentence(mixplan: Mixplan, scenario_file: Path) -> None:
    text = mixplan("plan", scenario_file, "--lang", "zh").stdout
    assert "预算投向" in text
    for english in ("Spend", "brings", "the ", "would", "Brand", "keep", "scale"):
        assert english not in text


def test_options_may_stand_before_the_command_too(home: Home, scenario_file: Path) -> None:
    from typer.testing import CliRunner

    from service.cli.main import app

    arguments = ["--home", str(home.settings.home), "--json", "--lang", "zh", "plan", str(scenario_file)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "预算为" in json.loads(result.stdout)["binding"][0]["text"]


def test_json_is_one_document_on_stdout_with_the_numbers_of_http(
    mixplan: Mixplan, scenario_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    printed = json.loads(mixplan("plan", scenario_file, "--json").stdout)
    posted = client.post("/v1/scenarios", json=document).json["plan"]
    for plan in (printed, posted):
        plan["certificate"].pop("seconds")
    assert printed == posted


def test_curves_and_frontier_have_the_numbers_of_http(
    mixplan: Mixplan, scenario_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    printed = json.loads(mixplan("curves", "testland", "--json").stdout)
    assert printed == client.get("/v1/markets/testland/curves").json
    limits = ["--from", "200000", "--to", "400000", "--points", "3"]
    printed = json.loads(mixplan("frontier", scenario_file, *limits, "--json").stdout)
    body = {"scenario": document, "from": 200000, "to": 400000, "points": 3}
    assert printed == client.post("/v1/frontiers", json=body).json


def test_an_explanation_has_the_numbers_of_http(
    mixplan: Mixplan, scenario_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    printed = json.loads(mixplan("explain", scenario_file, "--json").stdout)
    identity = client.post("/v1/scenarios", json=document).json["id"]
    assert printed == client.get(f"/v1/scenarios/{identity}/explanation").json
    assert {channel["channel"] for channel in printed["channels"]} == {"tv", "video", "social", "search"}
    assert printed["knowing_all"] > 0
    learning = printed["learning"]
    assert {channel["channel"] for channel in learning["channels"]} <= {"tv", "video", "social", "search"}
    assert learning["lost_share"] <= learning["lost_at_most"] == 0.01
    assert all(len(channel["spend"]) == 13 for channel in learning["channels"])
    page = mixplan("explain", scenario_file).stdout
    assert "What to test next" in page
    assert "A phasing to learn from" in page
    assert "no period further than 50% from its plan" in " ".join(page.split())


def test_a_plan_that_cannot_be_is_not_explained(mixplan: Mixplan, tmp_path: Path, client: FlaskClient) -> None:
    text = """name = "q"\nmarket = "testland"\nkpi = "orders"\nbudget = 1000.0\n[horizon]\nstart = 2027-01-04
periods = 13\n[channels.tv]\nmin = 5000.0\n"""
    file = tmp_path / "impossible.toml"
    file.write_text(text, encoding="utf-8")
    result = mixplan("explain", file)
    assert result.exit_code == 1
    assert "These cannot hold together" in result.stdout


def test_a_what_if_has_the_numbers_of_http(
    mixplan: Mixplan, scenario_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    printed = json.loads(
        mixplan("what-if", scenario_file, "--budget", "400000", "--set", "channels.tv.max=90000", "--json").stdout
    )
    identity = client.post("/v1/scenarios", json=document).json["id"]
    changes = [{"budget": 400000, "set": {"channels.tv.max": 90000}}]
    posted = client.post(f"/v1/scenarios/{identity}/what-if", json={"changes": changes}).json
    for body in (printed, posted):
        for variant in body["variants"]:
            variant["plan"]["certificate"].pop("seconds")
    assert printed == posted


def test_a_what_if_shows_the_variants_in_columns(mixplan: Mixplan, scenario_file: Path) -> None:
    result = mixplan("what-if", scenario_file, "--budget", "400000", "--budget", "600000", "--business", "b2b")
    assert result.exit_code == 0
    header = next(line for line in result.stdout.splitlines() if "As it is" in line)
    assert "€400,000" in header
    assert "€600,000" in header


def test_size_finds_the_smallest_budget_of_the_tasks(mixplan: Mixplan, scenario_file: Path) -> None:
    task = '\n[[tasks]]\nkpi = "orders"\nat_least = 2000\nprobability = 0.8\n'
    scenario_file.write_text(scenario_file.read_text(encoding="utf-8") + task, encoding="utf-8")
    plan = json.loads(mixplan("size", scenario_file, "--json").stdout)
    assert plan["objective"] == "size"
    assert plan["tasks"][0]["reached_probability"] >= 0.8
    assert plan["budget"] < 500_000
    page = mixplan("size", scenario_file).stdout
    assert "the smallest budget found that fulfils every task" in page
    assert "drives the budget" in page


def test_size_without_tasks_is_refused(mixplan: Mixplan, scenario_file: Path) -> None:
    result = mixplan("size", scenario_file)
    assert result.exit_code == 1
    assert "tasks" in result.stderr


def test_rules_in_conflict_end_with_one_and_say_what_would_make_room(mixplan: Mixplan, scenario_file: Path) -> None:
    with scenario_file.open("a", encoding="utf-8") as file:
        file.write("[channels.tv]\nmin = 400000\n")
    result = mixplan("plan", scenario_file)
    assert result.exit_code == 1
    assert "tv gets at least €400,000." in result.stdout
    assert "The smallest change that makes room" in result.stdout
    document = json.loads(mixplan("plan", scenario_file, "--json").stdout)
    assert document["status"] == "infeasible"
    assert document["conflict"]
    assert document["relaxation"]


def test_a_bad_scenario_is_refused_with_every_fault(mixplan: Mixplan, scenario_file: Path) -> None:
    text = scenario_file.read_text(encoding="utf-8").replace("budget =", "bugdet =").replace('"b2c"', '"b2x"')
    scenario_file.write_text(text, encoding="utf-8")
    result = mixplan("plan", scenario_file)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "bugdet" in result.stderr
    assert "business" in result.stderr
    problem = json.loads(mixplan("plan", scenario_file, "--json").stdout)
    assert {error["pointer"] for error in problem["errors"]} >= {"/bugdet", "/business"}


def test_a_scenario_of_an_unknown_market_is_refused(mixplan: Mixplan, scenario_file: Path) -> None:
    text = scenario_file.read_text(encoding="utf-8").replace("testland", "tesland")
    scenario_file.write_text(text, encoding="utf-8")
    result = mixplan("plan", scenario_file)
    assert result.exit_code == 1
    assert "Did you mean “testland”?" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "nosuch.toml"),
        ("plan",),
        ("nosuch",),
        ("what-if", "{scenario}"),
        ("what-if", "{scenario}", "--set", "nothing"),
        ("what-if", "{scenario}", "--business", "b2x"),
        ("frontier", "{scenario}", "--from", "5", "--to", "4"),
        ("frontier", "{scenario}"),
        ("models", "nosuch"),
        ("curves", "nosuch"),
        ("simulate", "--business", "b2x", "--seed", "1", "--out", "x"),
    ],
)
def test_misuse_ends_with_two(mixplan: Mixplan, scenario_file: Path, arguments: tuple[str, ...]) -> None:
    result = mixplan(*(argument.replace("{scenario}", str(scenario_file)) for argument in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr != ""


def test_a_scenario_may_be_json(mixplan: Mixplan, tmp_path: Path, document: dict[str, Any]) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert mixplan("plan", file).exit_code == 0


def test_models_are_listed_promoted_and_rolled_back(mixplan: Mixplan, home: Home) -> None:
    home.registry.publish([make_artifact(draws=20, seed=2)], NOW)
    listed = json.loads(mixplan("models", "--json").stdout)["models"]
    assert [(model["version"], model["alias"]) for model in listed] == [(2, "challenger"), (1, "champion")]
    assert "Version 2 is the champion of testland." in mixplan("promote", "testland", "2").stdout
    assert "Version 1 is the champion of testland." in mixplan("rollback", "testland").stdout
    assert mixplan("rollback", "testland").exit_code == 1


def test_a_held_model_is_shown_with_its_gate_and_not_promoted(mixplan: Mixplan, home: Home) -> None:
    home.registry.publish([gated(make_artifact(market="held", draws=20), "fail")], NOW)
    page = mixplan("models", "held").stdout
    assert "The chains disagree." in page
    assert "held" in page
    assert mixplan("promote", "held", "1").exit_code == 1
    assert mixplan("promote", "held", "1", "--force").exit_code == 0


def test_an_empty_home_says_how_to_begin(mixplan: Mixplan, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from service.cli.main import app

    result = CliRunner().invoke(app, ["models", "--home", str(tmp_path / "new")])
    assert result.exit_code == 0
    assert "mixplan demo" in result.stderr


def test_check_tells_what_was_understood(mixplan: Mixplan, tmp_path: Path) -> None:
    assert (
        mixplan("simulate", "--business", "b2b", "--periods", "104", "--seed", "3", "--out", tmp_path / "m").exit_code
        == 0
    )
    result = mixplan("check", tmp_path / "m")
    assert result.exit_code == 0
    assert "104 weeks" in result.stdout
    document = json.loads(mixplan("check", tmp_path / "m" / "market.toml", "--json").stdout)
    assert document["market"] == "m"
    assert len(document["understood"]) > 5


def test_check_tells_what_to_know_before_a_fit_in_both_languages(mixplan: Mixplan, tmp_path: Path) -> None:
    asked = ("--business", "b2c", "--world", "twins", "--periods", "104", "--seed", "3", "--out", tmp_path / "m")
    assert mixplan("simulate", *asked).exit_code == 0
    assert "Before the fit" in mixplan("check", tmp_path / "m").stdout
    for language, told in (("en", "moves with other series"), ("zh", "同步变动")):
        document = json.loads(mixplan("check", tmp_path / "m", "--json", "--lang", language).stdout)
        assert {warning["name"] for warning in document["warnings"]} == {"inflation"}
        assert all(told in warning["text"] for warning in document["warnings"])


def test_check_and_fit_refuse_data_that_make_a_fit_meaningless(mixplan: Mixplan, tmp_path: Path) -> None:
    mixplan("simulate", "--business", "b2b", "--periods", "104", "--seed", "3", "--out", tmp_path / "m")
    file = tmp_path / "m" / "m.csv"
    header, *rows = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines()]
    linkedin, leads = header.index("linkedin_spend"), header.index("leads")
    for before, row in itertools.pairwise(rows):
        row[linkedin] = str(100.0 * float(before[leads]))
    file.write_text("\n".join(",".join(row) for row in [header, *rows]), encoding="utf-8")
    for command in ("check", "fit"):
        result = mixplan(command, tmp_path / "m", "--json")
        assert result.exit_code == 1
        assert "'linkedin' set by 'leads' of the period before" in result.stdout


def test_check_lists_every_fault_in_a_table(mixplan: Mixplan, tmp_path: Path) -> None:
    mixplan("simulate", "--business", "b2b", "--periods", "104", "--seed", "3", "--out", tmp_path / "m")
    file = tmp_path / "m" / "m.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    cells = lines[5].split(",")
    lines[5] = ",".join([cells[0], "-5", "1 000", *cells[3:]])
    file.write_text("\n".join(lines), encoding="utf-8")
    result = mixplan("check", tmp_path / "m")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "m.csv" in result.stderr
    problem = json.loads(mixplan("check", tmp_path / "m", "--json").stdout)
    assert len(problem["errors"]) >= 2


def test_simulated_files_are_named(mixplan: Mixplan, tmp_path: Path) -> None:
    result = mixplan("simulate", "--business", "b2c", "--seed", "1", "--out", tmp_path / "market", "--json")
    names = {Path(file).name for file in json.loads(result.stdout)["files"]}
    assert {"market.toml", "market.csv", "truth.json"} <= names


def test_help_of_every_command_needs_no_heavy_import() -> None:
    import subprocess
    import sys

    script = (
        "import sys, service.cli.main\n"
        "heavy = {'numpy', 'pandas', 'pymc', 'pyomo', 'sqlalchemy', 'apiflask', 'rich', 'babel'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
