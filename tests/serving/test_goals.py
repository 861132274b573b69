"""The tree of an annual goal on its page, in JSON and over HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from typer.testing import Result

type Mixplan = Callable[..., Result]

GOAL = """
[goal]
kpi = "orders"
target = 100001
start = 2027-01-01
weights = [0.3, 0.2, 0.2, 0.3]
shares = { north = 0.4, "南方" = 0.6 }
"""


@pytest.fixture
def goal_file(scenario_file: Path) -> Path:
    scenario_file.write_text(scenario_file.read_text() + GOAL, encoding="utf-8")
    return scenario_file


def test_the_tree_and_its_tasks_are_shown(mixplan: Mixplan, goal_file: Path) -> None:
    result = mixplan("goals", goal_file)
    assert result.exit_code == 0
    assert "The goal by period" in result.stdout
    assert "100,001" in result.stdout
    assert '[[tasks]]\nkpi = "orders"\nat_least = ' in result.stdout
    in_chinese = mixplan("goals", goal_file, "--lang", "zh").stdout
    assert "目标按期分解" in in_chinese
    assert "规划期内的任务，可直接写入方案文件" in in_chinese


def test_http_has_the_tree_of_the_command_line(
    mixplan: Mixplan, goal_file: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    printed = json.loads(mixplan("goals", goal_file, "--json").stdout)
    assert sum(period["target"] for period in printed["periods"]) == 100_001
    assert sum(part["target"] for part in printed["parts"]) == 100_001
    goal = {
        "kpi": "orders",
        "target": 100_001,
        "start": "2027-01-01",
        "weights": [0.3, 0.2, 0.2, 0.3],
        "shares": {"north": 0.4, "南方": 0.6},
    }
    response = client.post("/v1/goals", json={**document, "goal": goal})
    assert response.status_code == 200
    assert response.json == printed


def test_a_scenario_without_a_goal_is_refused(mixplan: Mixplan, scenario_file: Path, client: FlaskClient) -> None:
    result = mixplan("goals", scenario_file)
    assert result.exit_code == 1
    assert "[goal] with kpi, target and start" in result.stderr


def test_shares_that_do_not_add_up_are_refused_in_chinese(mixplan: Mixplan, goal_file: Path) -> None:
    goal_file.write_text(goal_file.read_text().replace("0.6", "0.5"), encoding="utf-8")
    result = mixplan("goals", goal_file, "--lang", "zh")
    assert result.exit_code == 1
    assert "shares：合计为 0.9，应为 1" in result.stderr
