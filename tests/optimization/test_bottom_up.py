"""The bottom-up ledger by hand, and its gap to a sized plan."""

from typing import Any

import numpy as np
import pytest
from builders import make_artifact
from pydantic import ValidationError

from mmm.sentence import plain
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.bottom_up import BottomUp, BottomUpPlan, bottom_up_ledger, points_for
from optimizer.scenario.document import Scenario

KOTLER: dict[str, Any] = {
    "population": 50_000_000,
    "share_wanted": 0.08,
    "reached": 0.8,
    "trial_rate": 0.25,
    "repeat_rate": 0.4,
    "exposures_per_percent": 40,
    "cost_per_point": 10_000,
}
FUNNEL: dict[str, Any] = {
    "steps": [
        {"stage": "need", "rate": 0.1, "unit_cost": 0.5},
        {"stage": "search", "rate": 0.5},
        {"stage": "evaluation", "rate": 0.4, "unit_cost": 5},
        {"stage": "purchase", "rate": 0.8, "unit_cost": 10},
    ]
}


def ledger(asked: dict[str, Any], target: float | None = None) -> BottomUpPlan:
    return bottom_up_ledger(BottomUp.model_validate(asked), "orders", target)


def figures(found: BottomUpPlan) -> dict[str, float]:
    return {step.step: step.figure for step in found.steps}


def scenario(*tasks: dict[str, Any], **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "size",
            "market": "testland",
            "kpi": "orders",
            "objective": "size",
            "horizon": {"start": "2027-01-04", "periods": 13},
            "tasks": [{"kpi": "orders", **task} for task in tasks],
            **changes,
        }
    )


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner({"orders": PlanningModel(make_artifact(draws=100))})


def test_the_example_of_the_textbook_costs_exactly_32_million() -> None:
    found = ledger(KOTLER)
    assert found.cost == 32_000_000.0
    assert figures(found)["points"] == 3_200.0
    assert found.brings == pytest.approx(4_000_000)
    assert figures(found) == pytest.approx(
        {"population": 5e7, "wanted": 4e6, "reached": 4e7, "trial": 1e7, "repeat": 4e6, "points": 3_200}
    )
    assert found.remarks == ()


def test_rates_that_fall_short_say_by_how_much_and_what_each_would_have_to_be() -> None:
    found = ledger({**KOTLER, "trial_rate": 0.2, "share_wanted": 0.1})  # 0.8 x 0.2 x 0.4 = 6.4 %
    assert found.share_attained == pytest.approx(0.064)
    assert found.needed_rates == pytest.approx({"reached": 1.25, "trial_rate": 0.3125, "repeat_rate": 0.625})
    short, reached, trial, repeat = map(plain, found.remarks)
    assert short == ("The rates bring 6.4% of the population, 3.6% less than the 10.0% wanted: 1,800,000 people.")
    assert reached == "'reached' cannot close that gap alone: it is 80.0%, and 125.0% would be needed."
    assert trial == "'trial_rate' alone would have to be 31.2% instead of 20.0%."
    assert repeat == "'repeat_rate' alone would have to be 62.5% instead of 40.0%."
    fixed = ledger({**KOTLER, "trial_rate": 0.3125, "share_wanted": 0.1})
    assert fixed.remarks == ()


def test_rates_that_bring_more_say_how_little_reach_would_do() -> None:
    (remark,) = ledger({**KOTLER, "share_wanted": 0.04}).remarks
    assert plain(remark).endswith("reaching 40.0% would do.")


def test_a_reach_curve_gives_the_points_that_reach_a_share() -> None:
    assert points_for(1.0 - np.exp(-1.0), 1.0) == pytest.approx(100.0)
    for rate in (0.5, 1.0):
        assert 1.0 - np.exp(-rate * points_for(0.8, rate) / 100.0) == pytest.approx(0.8)
    many = 10_000  # Sainsbury: independent insertions that add up to the same points
    assert 1.0 - (1.0 - points_for(0.8, 1.0) / 100.0 / many) ** many == pytest.approx(0.8, abs=1e-4)
    asked = {key: value for key, value in KOTLER.items() if key != "exposures_per_percent"}
    assert ledger({**asked, "reach_rate": 1.0}).cost == pytest.approx(-100 * np.log(0.2) * 10_000)


def test_a_funnel_counts_people_from_the_target_backwards() -> None:
    # 160 orders: 200 at purchase, 500 at evaluation, 1000 search, 10000 need it
    found = ledger(FUNNEL, 160.0)
    assert figures(found) == pytest.approx(
        {"need": 10_000, "search": 1_000, "evaluation": 500, "purchase": 200, "wanted": 160}
    )
    assert found.cost == pytest.approx(10_000 * 0.5 + 500 * 5 + 200 * 10)
    assert ledger({**FUNNEL, "per_person": 2.0}, 160.0).cost == pytest.approx(found.cost / 2)
    assert ledger({**FUNNEL, "target": 320.0}, 160.0).cost == pytest.approx(found.cost * 2)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reached": 1.01}, "reached"),
        ({"trial_rate": 25}, "trial_rate"),
        ({"repeat_rate": 0}, "repeat_rate"),
        ({"population": 0}, "population"),
        ({"population": None}, "population: the route by population needs it"),
        ({"cost_per_point": -1}, "cost_per_point"),
        ({"exposures_per_percent": None}, "exactly one of exposures_per_percent, reach_rate"),
        ({"reach_rate": 1.0}, "exactly one of exposures_per_percent, reach_rate"),
        ({"exposures_per_percent": None, "reach_rate": 1.0, "reached": 1.0}, "a reach curve comes near to 1"),
        ({"target": 5.0}, "target: goes with steps"),
        (FUNNEL, "population: goes with a population, not with steps"),
    ],
)
def test_rates_that_cannot_be_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        BottomUp.model_validate({**KOTLER, **change})


@pytest.mark.parametrize("stages", [("search", "need"), ("need", "need")])
def test_stages_out_of_order_are_refused(stages: tuple[str, str]) -> None:
    with pytest.raises(ValidationError, match="in the order of the journey"):
        BottomUp.model_validate({"steps": [{"stage": stage, "rate": 0.5} for stage in stages]})


def test_a_funnel_without_any_target_is_refused() -> None:
    with pytest.raises(ValidationError, match="steps need a target"):
        scenario(objective="maximize", budget=1000.0, bottom_up=FUNNEL)


def check_gap(found: Plan) -> dict[str, float]:
    assert found.bottom_up is not None
    gap = found.bottom_up.gap
    assert gap is not None
    assert gap.difference == pytest.approx(found.bottom_up.cost - found.budget)
    assert gap.ratio == pytest.approx(found.bottom_up.cost / found.budget)
    assert sum(part.amount for part in gap.parts) == pytest.approx(gap.difference, abs=1e-6 * found.budget)
    return {part.reason: part.amount for part in gap.parts}


def test_the_gap_to_the_plan_is_explained_to_the_cent(planner: Planner) -> None:
    found = planner.plan(scenario({"at_least": 29_000, "counts": "total"}, bottom_up=FUNNEL))
    parts = check_gap(found)
    (outcome,) = found.outcomes
    price = found.budget / outcome.incremental.mean
    assert list(parts) == ["base", "certainty", "later", "unit_cost"]
    assert parts["base"] == pytest.approx(outcome.base.mean * price, rel=1e-3)
    assert parts["certainty"] == pytest.approx((29_000 - found.tasks[0].expected) * price)
    assert parts["later"] == pytest.approx(-outcome.after_horizon.mean * price, rel=1e-3)
    assert found.bottom_up is not None
    assert parts["unit_cost"] == pytest.approx(found.bottom_up.cost - 29_000 * price)


def test_an_increment_has_no_base_to_pay_for(planner: Planner) -> None:
    found = planner.plan(scenario({"at_least": 4_000}, bottom_up={**KOTLER, "population": 50_000, "per_person": 2.0}))
    parts = check_gap(found)
    assert list(parts) == ["aim", "certainty", "unit_cost"]  # 50000 x 8 % x 2 = 8000 are aimed at
    assert found.bottom_up is not None
    assert found.bottom_up.brings == pytest.approx(8_000)


def test_a_budget_to_make_the_most_of_has_its_bottom_up_ledger_too(planner: Planner) -> None:
    asked = scenario(objective="maximize", budget=400_000.0, bottom_up={**FUNNEL, "target": 5_000})
    assert list(check_gap(planner.plan(asked))) == ["aim", "unit_cost"]


def test_a_plan_that_cannot_be_still_says_what_the_rates_ask_for(planner: Planner) -> None:
    asked = scenario({"at_least": 4_000}, budget=1_000.0, bottom_up=FUNNEL)
    found = planner.plan(asked)
    assert found.status == "infeasible"
    assert found.bottom_up is not None
    assert found.bottom_up.gap is None
    assert found.bottom_up.cost == pytest.approx(ledger(FUNNEL, 4_000.0).cost)


def test_what_tasks_share_is_what_they_cost_alone_less_the_budget(planner: Planner) -> None:
    tasks = [{"at_least": 4_000, "probability": 0.9}, {"at_least": 1_500, "by": "2027-02-01"}]
    found = planner.plan(scenario(*tasks))
    first, second = found.tasks
    assert first.cost is not None
    assert second.cost is not None
    assert second.cost == pytest.approx(planner.plan(scenario(tasks[1])).budget, rel=2e-3)
    assert found.ledger is not None
    assert found.ledger.shared == pytest.approx(first.cost + second.cost - found.budget)
    rounding = 1e-6
    assert first.added_cost == pytest.approx(found.budget - second.cost, abs=rounding)  # without one the other is left
    assert second.added_cost == pytest.approx(found.budget - first.cost, abs=rounding)


def test_a_plan_that_needs_no_money_has_no_ratio_to_it(planner: Planner) -> None:
    found = planner.plan(scenario({"at_least": 10_000, "counts": "total"}, bottom_up=FUNNEL))
    assert found.budget == 0.0
    assert found.tasks[0].added_cost == 0.0
    assert found.bottom_up is not None
    gap = found.bottom_up.gap
    assert gap is not None
    assert (gap.difference, gap.ratio, gap.parts) == (found.bottom_up.cost, None, ())


def test_a_task_beside_one_that_drives_the_budget_adds_nothing(planner: Planner) -> None:
    total = {"at_least": 29_000, "counts": "total", "probability": 0.7}
    small = [{"at_least": 2_000}, {"at_least": 500, "by": "2027-02-01"}]
    first, driver, last = planner.plan(scenario(small[0], total, small[1])).tasks
    assert driver.drives_budget
    assert first.added_cost == pytest.approx(0.0, abs=1e-4 * (driver.cost or 0.0))
    assert last.added_cost == pytest.approx(0.0, abs=1e-4 * (driver.cost or 0.0))
    budget, alone = driver.cost or 0.0, [task.cost or 0.0 for task in (first, last)]
    assert budget - sum(alone) <= (driver.added_cost or 0.0) <= budget - max(alone) + 1e-3 * budget


def test_a_task_alone_adds_what_the_rules_do_not_ask_for_anyway(planner: Planner) -> None:
    found = planner.plan(scenario({"at_least": 4_000}, channels={"tv": {"min": 50_000.0}}))
    (task,) = found.tasks
    assert task.cost == found.budget
    assert task.added_cost == pytest.approx(found.budget - 50_000.0)
    assert found.ledger is None
