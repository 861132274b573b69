"""An annual goal taken apart by hand: children add up, seasons and lead times are where they belong."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from builders import make_artifact
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mmm.artifact import ResponseArtifact, seal
from mmm.baseline import forecast_baseline
from mmm.sentence import plain
from mmm.vocabulary import PeriodName
from optimizer.errors import ScenarioRefused
from optimizer.goals.tree import GoalTree, goal_tree, shared_out
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.annual_goal import AnnualGoal
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=60)
GOAL: dict[str, Any] = {"kpi": "orders", "target": 120_000, "start": "2027-01-01"}


def with_period(period: PeriodName, start: date) -> ResponseArtifact:
    """The same market with rows of another period."""
    changes = {"period": period, "window_start": start}
    return seal(ARTIFACT.manifest.model_copy(update=changes), ARTIFACT.draws)


BELOW_ZERO = seal(ARTIFACT.manifest, replace(ARTIFACT.draws, baseline=ARTIFACT.draws.baseline - 2_000.0))
MONTHLY = with_period("month", date(2019, 1, 1))


def tree(
    goal: dict[str, Any], *, start: str = "2027-01-04", periods: int = 13, artifact: ResponseArtifact = ARTIFACT
) -> GoalTree:
    return goal_tree(scenario({**GOAL, **goal}, start, periods), {"orders": artifact})


def scenario(goal: dict[str, Any], start: str = "2027-01-04", periods: int = 13, **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "year",
            "market": "testland",
            "kpi": "orders",
            "objective": "size",
            "horizon": {"start": start, "periods": periods},
            "goal": goal,
            **changes,
        }
    )


def test_whole_parts_go_to_the_largest_remainders() -> None:
    assert shared_out(10, [1, 1, 1]) == (4, 3, 3)
    assert shared_out(7, [0.5, 0.3, 0.2]) == (4, 2, 1)  # 3.5, 2.1, 1.4: the odd one goes to .5
    assert shared_out(100, [45.6, 30.1, 24.3]) == (46, 30, 24)
    assert shared_out(5, [0, 1]) == (0, 5)


@given(
    st.integers(1, 10**15),
    st.lists(st.floats(0, 1e9), min_size=1, max_size=36).filter(lambda weights: sum(weights) > 0),
)
def test_parts_add_up_to_the_whole_and_are_within_one_of_their_share(total: int, weights: list[float]) -> None:
    parts = shared_out(total, weights)
    assert sum(parts) == total
    whole = sum(map(Fraction, weights))
    assert all(abs(part - total * Fraction(weight) / whole) < 1 for part, weight in zip(parts, weights, strict=True))


def test_weights_that_are_given_split_the_year_and_shares_split_each_quarter() -> None:
    found = tree(
        {"target": 1_001, "weights": [0.4, 0.3, 0.2, 0.1], "shares": {"north": 0.4, "south": 0.35, "west": 0.25}}
    )
    assert [period.target for period in found.periods] == [401, 300, 200, 100]  # 400.4 has the largest remainder
    assert [tuple(part.target for part in period.parts) for period in found.periods] == [
        (161, 140, 100),  # 160.4, 140.35, 100.25
        (120, 105, 75),
        (80, 70, 50),
        (40, 35, 25),
    ]
    assert [(part.name, part.target) for part in found.parts] == [("north", 401), ("south", 350), ("west", 250)]
    assert [(str(period.start), str(period.end)) for period in found.periods][::3] == [
        ("2027-01-01", "2027-03-31"),
        ("2027-10-01", "2027-12-31"),
    ]


def test_of_equal_weights_the_first_get_what_is_left_over() -> None:
    assert [period.target for period in tree({"target": 1_002, "weights": [0.1] * 4}).periods] == [251, 251, 250, 250]


@pytest.mark.parametrize(("by", "count"), [("quarter", 4), ("month", 12)])
def test_children_add_up_by_the_season_of_the_forecast(by: str, count: int) -> None:
    found = tree({"by": by, "shares": {"north": 1 / 3, "south": 2 / 3}})
    assert len(found.periods) == count
    assert sum(period.target for period in found.periods) == 120_000
    assert sum(part.target for part in found.parts) == 120_000
    assert all(sum(part.target for part in period.parts) == period.target for period in found.periods)
    assert sum(period.share for period in found.periods) == pytest.approx(1.0)


def test_a_quarter_of_a_monthly_market_has_the_season_of_its_months() -> None:
    found = tree({}, start="2027-01-01", periods=3, artifact=MONTHLY)
    base = forecast_baseline(MONTHLY, date(2027, 1, 1), 12).mean(axis=0).reshape(4, 3).sum(axis=1)
    assert [period.share for period in found.periods] == pytest.approx(base / base.sum())
    (task,) = found.tasks
    assert task.at_least == found.periods[0].target
    assert task.by is None
    assert task.counts == "total"


def test_weeks_across_the_ends_of_quarters_are_split_by_days() -> None:
    found = tree({})
    weekly = forecast_baseline(ARTIFACT, date(2026, 12, 28), 14).mean(axis=0)
    first = weekly[0] * 3 / 7 + weekly[1:13].sum() + weekly[13] * 3 / 7  # 1 to 3 January; 29 to 31 March
    year = forecast_baseline(ARTIFACT, date(2026, 12, 28), 53).mean(axis=0)
    assert found.periods[0].share == pytest.approx(first / (year[1:52].sum() + year[0] * 3 / 7 + year[52] * 5 / 7))


def test_a_lead_time_moves_the_months_that_the_horizon_works_for() -> None:
    goal = {"by": "month", "milestones": True, "weights": [10, 10, 10, 20, 20, 20, 0, 0, 0, 0, 0, 10], "target": 1_000}
    months = {"start": "2027-01-01", "periods": 3, "artifact": MONTHLY}
    assert [task.at_least for task in tree(goal, **months).tasks] == [100, 200, 300]
    found = tree({**goal, "lead_time": 2}, **months)  # January to March work for March to May
    assert [task.at_least for task in found.tasks] == [100, 300, 500]
    assert [task.by for task in found.tasks] == [date(2027, 1, 31), date(2027, 2, 28), None]
    none = tree({**goal, "lead_time": 6}, **months)
    assert none.tasks == ()


def test_tasks_of_a_part_are_its_share() -> None:
    goal = {"weights": [1, 1, 1, 1], "shares": {"north": 0.4, "south": 0.6}, "part": "north", "target": 1_000}
    (task,) = tree(goal, start="2027-04-01", periods=3, artifact=MONTHLY).tasks
    assert task.at_least == 100


def test_the_text_of_the_tasks_is_read_as_the_tasks() -> None:
    import tomllib

    found = tree({"by": "month", "probability": 0.9, "milestones": True})
    assert len(found.tasks) == 3  # the week in which March ends is the last one
    again = Scenario.model_validate({**scenario(GOAL).model_dump(), **tomllib.loads(found.toml)})
    assert again.tasks == found.tasks
    assert tree({"by": "month", "probability": 0.9}).tasks == found.tasks[-1:]
    assert found.remarks == ()


def test_a_horizon_that_reaches_beyond_the_goal_says_so() -> None:
    found = tree({}, start="2027-10-04")
    (remark,) = map(plain, found.remarks)
    assert remark.startswith("The horizon counts for 2027-10-04 to 2028-01-02")
    assert remark.endswith("only the days from 2027-10-04 to 2027-12-31 are in the goal.")


def test_a_goal_sizes_a_budget_by_its_own_tasks() -> None:
    planner = Planner({"orders": PlanningModel(ARTIFACT)})
    goal = {**GOAL, "target": 115_000, "by": "quarter", "start": "2026-12-01", "probability": 0.7}
    found = planner.plan(scenario(goal, start="2027-01-04", periods=8))
    (task,) = goal_tree(scenario(goal, start="2027-01-04", periods=8), {"orders": ARTIFACT}).tasks
    assert [each.at_least for each in found.tasks] == [task.at_least]
    assert found.status in ("optimal", "feasible")
    assert found.tasks[0].reached_probability >= 0.7
    assert found.budget > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shares": {"north": 0.5, "south": 0.4}}, "they add up to 0.900000, not to 1"),
        ({"shares": {"north": 1.5}}, "less than or equal to 1"),
        ({"shares": {"north": 1.0}, "part": "south"}, "'south' is none of the shares"),
        ({"part": "south"}, "'south' is none of the shares"),
        ({"weights": [1, 2]}, "4 are needed, one a period, not 2"),
        ({"weights": [0, 0, 0, 0]}, "one of them at least is above zero"),
        ({"weights": [1, -1, 1, 1]}, "greater than or equal to 0"),
        ({"target": 0}, "greater than 0"),
        ({"target": 0.5}, "integer"),
        ({"start": "2027-01-04"}, "the first of a month"),
    ],
)
def test_a_goal_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AnnualGoal.model_validate({**GOAL, **change})


@pytest.mark.parametrize(
    ("goal", "artifact", "field"),
    [
        ({"kpi": "leads"}, ARTIFACT, "goal.kpi"),
        ({"start": "2024-01-01"}, ARTIFACT, "goal.start"),
        ({"start": "2031-01-01"}, ARTIFACT, "goal.start"),
        ({"start": "2200-12-01"}, ARTIFACT, "goal.start"),
        ({"lead_time": 1000}, ARTIFACT, "goal.start"),
        ({"start": "2028-01-01"}, ARTIFACT, "goal.start"),
        ({"by": "month"}, with_period("quarter", date(2012, 1, 1)), "goal.weights"),
        ({}, BELOW_ZERO, "goal.weights"),
    ],
)
def test_a_goal_that_does_not_fit_its_market_is_refused(
    goal: dict[str, Any], artifact: ResponseArtifact, field: str
) -> None:
    start, periods = ("2027-01-01", 2) if artifact.manifest.period == "quarter" else ("2027-01-04", 13)
    with pytest.raises(ScenarioRefused) as refused:
        tree(goal, start=start, periods=periods, artifact=artifact)
    assert [fault.field for fault in refused.value.faults] == [field]


@pytest.mark.parametrize("start", ["2027-01-05", "2200-12-29"])
def test_a_horizon_that_does_not_fit_is_refused_before_its_goal(start: str) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        tree({}, start=start)
    assert {fault.field for fault in refused.value.faults} <= {"horizon", "horizon.start"}
