"""The ledgers of a sized budget on its page, in JSON and over HTTP."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from typer.testing import Result

from optimizer.plan.document import TaskLedger
from service.cli.ledgers import shared_by_tasks
from service.language import Reader

type Mixplan = Callable[..., Result]

TASKS = """
[[tasks]]
kpi = "orders"
stage = "purchase"
at_least = 4000

[[tasks]]
kpi = "orders"
at_least = 1200
by = 2027-02-01
"""

BOTTOM_UP = """
[bottom_up]
population = 50_000_000
share_wanted = 0.08
reached = 0.8
trial_rate = 0.2
repeat_rate = 0.4
exposures_per_percent = 40
cost_per_point = 10_000
"""


@pytest.fixture
def size_file(scenario_file: Path) -> Path:
    scenario_file.write_text(scenario_file.read_text() + TASKS + BOTTOM_UP, encoding="utf-8")
    return scenario_file


def test_a_sized_budget_is_shown_with_both_ledgers(mixplan: Mixplan, size_file: Path) -> None:
    page = mixplan("size", size_file).stdout
    assert "\npurchase" in page
    assert "Alone the tasks would cost" in page
    assert "€32,000,000" in page
    assert "Gross rating points: 40 for each percent reached" in page
    assert "The plan's budget" in page
    assert "Difference" in page
    assert "'trial_rate' alone would have to be 25.0% instead of 20.0%." in page
    assert max(map(len, page.splitlines())) <= 100


def test_the_ledgers_are_read_in_chinese(mixplan: Mixplan, scenario_file: Path) -> None:
    scenario_file.write_text(scenario_file.read_text() + BOTTOM_UP, encoding="utf-8")
    page = mixplan("plan", scenario_file, "--lang", "zh").stdout
    assert "自下而上测算" in page
    assert "总收视点：每到达 1% 需要 40 点" in page
    assert "若只调整“trial_rate”，需从 20.0% 提高到 25.0%。" in page
    assert "Gross" not in page
    shared = Reader("zh", "EUR").say(shared_by_tasks(TaskLedger(alone=5_000, budget=3_000, shared=2_000)))
    assert shared == "各任务单独合计需要 €5,000，合在一起为 €3,000：其中 €2,000 由多项任务共享。"
    apart = Reader("zh", "EUR").say(shared_by_tasks(TaskLedger(alone=5_000, budget=6_000, shared=-1_000)))
    assert "多出 €1,000" in apart


def test_http_has_the_ledger_of_the_command_line(
    mixplan: Mixplan, scenario_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    scenario_file.write_text(scenario_file.read_text() + BOTTOM_UP, encoding="utf-8")
    printed = json.loads(mixplan("plan", scenario_file, "--json").stdout)
    assert printed["bottom_up"]["cost"] == 32_000_000
    gap = printed["bottom_up"]["gap"]
    assert sum(part["amount"] for part in gap["parts"]) == pytest.approx(gap["difference"])
    body = {**document, **tomllib.loads(BOTTOM_UP)}
    answered = client.post("/v1/scenarios", json=body).json["plan"]
    assert answered["bottom_up"] == printed["bottom_up"]


def test_rates_above_one_are_refused_where_they_stand(mixplan: Mixplan, size_file: Path) -> None:
    size_file.write_text(size_file.read_text().replace("reached = 0.8", "reached = 80"), encoding="utf-8")
    result = mixplan("size", size_file)
    assert result.exit_code == 1
    assert "bottom_up.reached" in result.stderr
    in_chinese = mixplan("size", size_file, "--lang", "zh")
    assert "不大于 1" in in_chinese.stderr
