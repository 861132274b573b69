"""The memo of a plan that makes profit large among those that fulfil its tasks says both."""

import io
from typing import Any

import pytest
from builders import make_artifact
from rich.console import Console

from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario
from service.cli.memo import Setting, memo
from service.language import Reader

PLANNER = Planner({"orders": PlanningModel(make_artifact(draws=40, seed=3))})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objective": "profit"}, "the most profit with every task fulfilled"),
        (
            {"objective": "efficiency", "target": {"mroas": 1.25}, "budget": 2_000_000.0},
            "the most beyond 1.25 a unit of money with every task fulfilled",
        ),
    ],
)
def test_the_memo_says_that_tasks_are_fulfilled(changes: dict[str, Any], said: str) -> None:
    assert said in page_of(tasks=[{"kpi": "orders", "at_least": 1_000.0}], **changes)


def test_the_memo_of_a_sized_budget_calls_its_bound_no_floor() -> None:
    """The bound is for restated tasks: nothing says that no smaller budget can reach the tasks themselves."""
    said = page_of(objective="size", tasks=[{"kpi": "orders", "at_least": 1_000.0, "probability": 0.8}])
    assert "the smallest budget found that fulfils every task" in said
    assert "That proves no floor" in said
    assert "No plan" not in said
    assert "no budget below" not in said


def test_a_bound_under_tasks_is_said_to_be_for_restated_tasks() -> None:
    restated = "this bound is for the tasks restated as means of draws"
    assert restated in page_of(objective="profit", tasks=[{"kpi": "orders", "at_least": 1_000.0}])
    assert restated not in page_of(objective="profit")


def page_of(**changes: object) -> str:
    """The memo of a plan, as one line."""
    scenario = Scenario.model_validate(
        {
            "name": "memo",
            "market": "testland",
            "kpi": "orders",
            "values": {"orders": 250.0},
            "horizon": {"start": "2027-01-04", "periods": 6},
            **changes,
        }
    )
    out = io.StringIO()
    console = Console(file=out, width=200)
    for part in memo(PLANNER.plan(scenario), Reader("en", "EUR"), Setting("week", "last_year", 200)):
        console.print(part)
    return " ".join(out.getvalue().split())
