"""The checker of plans finds what is wrong with them, and nothing with those that are right."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_artifact

from mmm.artifact import ResponseArtifact, seal
from mmm.sentence import plain
from optimizer import planning
from optimizer.checker.check import faults_of_plan
from optimizer.errors import CheckFailed
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=100)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})
ASKED = Scenario.model_validate(
    {
        "name": "Q1",
        "market": "testland",
        "kpi": "orders",
        "budget": 500_000.0,
        "business": "b2c",
        "horizon": {"start": "2027-01-04", "periods": 13},
        "channels": {"social": {"max": 150_000.0}, "search": {"min": 50_000.0, "fee": 0.1}},
        "rules": {"test_reserve": 0.05},
    }
)


def faults(plan: Plan, scenario: Scenario = ASKED) -> tuple[str, ...]:
    return faults_of_plan(scenario, plan, {"orders": ARTIFACT})


def spending(plan: Plan, changes: dict[str, float]) -> Plan:
    """The plan with other spend in some channels, phased as before."""
    before = {channel.channel: channel.spend for channel in plan.channels}
    channels = tuple(
        channel.model_copy(update={"spend": changes.get(channel.channel, channel.spend)}) for channel in plan.channels
    )
    factors = {name: changes.get(name, amount) / amount for name, amount in before.items() if amount > 0}
    flighting = tuple(
        flight.model_copy(update={"spend": flight.spend * factors[flight.channel]}) for flight in plan.flighting
    )
    return plan.model_copy(update={"channels": channels, "flighting": flighting})


@pytest.fixture(scope="module")
def plan() -> Plan:
    return PLANNER.plan(ASKED)


def test_a_plan_that_is_right_has_no_faults(plan: Plan) -> None:
    assert faults(plan) == ()


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_a_value_that_is_off_by_a_thousandth_is_found(plan: Plan, factor: float) -> None:
    assert plan.certificate is not None
    wrong = plan.certificate.model_copy(update={"value": plan.certificate.value * factor, "bound": 1e12})
    assert any("value is said to be" in fault for fault in faults(plan.model_copy(update={"certificate": wrong})))


def test_a_bound_below_the_value_is_found(plan: Plan) -> None:
    assert plan.certificate is not None
    wrong = plan.certificate.model_copy(update={"bound": 0.999 * plan.certificate.value})
    assert any("bound" in fault for fault in faults(plan.model_copy(update={"certificate": wrong})))


def test_spend_that_breaks_rules_is_found_by_their_names(plan: Plan) -> None:
    spend = {channel.channel: channel.spend for channel in plan.channels}
    wrong = faults(spending(plan, {"social": 160_000.0, "tv": spend["tv"] + 100_000.0}))
    assert {"social max", "brand share", "money adds up"} <= set(wrong)
    assert any("orders is said to be" in fault for fault in wrong)


def test_money_that_does_not_add_up_and_phasing_that_does_not_are_found(plan: Plan) -> None:
    assert "money adds up" in faults(plan.model_copy(update={"fees": plan.fees + 1.0}))
    assert any("phased" in fault for fault in faults(plan.model_copy(update={"flighting": plan.flighting[1:]})))


@pytest.mark.parametrize("task", [{"at_least": 3000.0}, {"at_least": 500.0, "by": "2027-02-01"}], ids=["all", "by"])
def test_a_probability_that_is_not_there_is_found(task: dict[str, Any]) -> None:
    asked = ASKED.model_copy(update={"channels": {}})
    asked = Scenario.model_validate(
        asked.model_dump(mode="json") | {"tasks": [{"kpi": "orders", "probability": 0.8, **task}]}
    )
    found = PLANNER.plan(asked)
    assert faults(found, asked) == ()
    other = 0.0 if found.tasks[0].reached_probability > 0.5 else 1.0
    wrong = found.tasks[0].model_copy(update={"reached_probability": other})
    assert any("tasks[1]" in fault for fault in faults(found.model_copy(update={"tasks": (wrong,)}), asked))


def test_a_plan_that_does_not_stand_is_no_answer_or_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(*_: object, **__: object) -> tuple[str, ...]:
        return ("social max",)

    monkeypatch.setattr(planning, "faults_of_plan", spoilt)
    with pytest.raises(CheckFailed, match="social max"):
        PLANNER.plan(ASKED)
    told = Planner({"orders": PlanningModel(ARTIFACT)}, is_strict=False).plan(ASKED)
    assert told.status == "feasible"
    assert "did not stand its own check (social max)" in plain(told.warnings[0])


SHORT = make_artifact(draws=60, periods=40)
FEW = make_artifact(draws=60)
RIGHT: dict[str, tuple[ResponseArtifact, dict[str, Any]]] = {
    "a tolerance of its own": (FEW, {"business": "b2b", "split": {"tolerance": 0.15}}),
    "a horizon longer than history": (
        SHORT,
        {
            "horizon": {"start": "2025-10-13", "periods": 52},
            "reference": {"kind": "spend", "spend": {"tv": 1e5}},
            "rules": {"at_most_seen": 1.0},
        },
    ),
    "less than a year of history": (
        SHORT,
        {"horizon": {"start": "2026-01-05", "periods": 13}, "reference": {"kind": "last_periods"}},
    ),
    "a blackout that began before": (
        FEW,
        {"channels": {"tv": {"min": 50_000.0, "blackout": [{"start": "2026-12-07", "periods": 6}]}}},
    ),
    "spend far down the foot of an S": (
        FEW,
        {"channels": {"tv": {"min": 500.0, "max": 500.0, "marginal_cpa_at_most": 300.0}}},
    ),
}


@pytest.mark.parametrize(("artifact", "changes"), RIGHT.values(), ids=RIGHT)
def test_no_plan_that_is_right_is_held_back(artifact: ResponseArtifact, changes: dict[str, Any]) -> None:
    asked = {"name": "x", "market": "testland", "kpi": "orders", "budget": 500_000.0}
    asked["horizon"] = {"start": "2027-01-04", "periods": 13}
    found = Planner({"orders": PlanningModel(artifact)}).plan(Scenario.model_validate({**asked, **changes}))
    assert found.status == "optimal"


def test_kpis_whose_data_end_at_different_times_count_one_history() -> None:
    leads = make_artifact(draws=60, kpi="leads", seed=5)
    cut = {name: getattr(leads.draws, name)[:100] for name in ("organic", "controls", "outcome")}
    draws = replace(leads.draws, spend=FEW.draws.spend[:100], **cut)
    leads = seal(leads.manifest.model_copy(update={"window_periods": 100}), draws)
    asked = ASKED.model_copy(update={"values": {"orders": 40.0, "leads": 5.0}})
    models = {"orders": PlanningModel(FEW), "leads": PlanningModel(leads)}
    assert Planner(models).plan(asked).status == "optimal"
