"""What can be served in a period: plans keep it, bounds hold for every split that does, and it can give way."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.artifact import ResponseArtifact, seal
from mmm.sentence import plain
from optimizer.checker.check import faults_of_plan
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.question.asked import Desk
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=30)
MODELS = {"orders": PlanningModel(ARTIFACT)}
PLANNER = Planner(MODELS)
BUDGET = 900_000.0


def asked(**changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "capacity",
            "market": "testland",
            "kpi": "orders",
            "budget": BUDGET,
            "horizon": {"start": "2027-01-04", "periods": 13},
            "solve": {"gap": 5e-3},
            **changes,
        }
    )


def spend(found: Plan) -> dict[str, float]:
    return {channel.channel: channel.spend for channel in found.channels}


def only(at_most: Any, **changes: Any) -> dict[str, Any]:
    return {"capacity": [{"kpi": "orders", "at_most": at_most, "counts": "incremental", **changes}]}


def simple(kpi: str, ceilings: tuple[float, float]) -> ResponseArtifact:
    """Two channels that bring ceiling x / (x + 10) in the period in which they spend, and nothing after it."""
    infos = tuple(
        info.model_copy(update={"adstock": "geometric", "saturation": "michaelis_menten"}) for info in CHANNELS[:2]
    )
    drawn = make_artifact(draws=2, kpi=kpi, channels=infos)
    flat = {
        "retention": np.zeros((2, 2)),
        "half_saturation": np.full((2, 2), 10.0),
        "slope": np.ones((2, 2)),
        "ceiling": np.tile(ceilings, (2, 1)),
    }
    return seal(drawn.manifest.model_copy(update={"carryover_periods": 1}), replace(drawn.draws, **flat))


def test_what_can_be_followed_up_goes_to_the_channel_whose_leads_buy_most() -> None:
    # Both bring 100 x / (x + 10) leads; of tv's leads two buy, of video's one. 60 leads: tv alone, at x = 15,
    # which is 120 orders. The other 85 of the budget of 100 would bring nothing that can be followed up.
    models = {kpi: PlanningModel(simple(kpi, each)) for kpi, each in (("orders", (200, 100)), ("leads", (100, 100)))}
    rule = {"kpi": "leads", "at_most": 60.0, "counts": "incremental"}
    horizon = {"start": "2027-01-04", "periods": 1}
    found = Planner(models).plan(asked(budget=100.0, horizon=horizon, capacity=[rule], solve={"gap": 1e-4}))
    assert spend(found) == {"tv": pytest.approx(15.0, rel=1e-4), "video": pytest.approx(0.0, abs=2e-3)}
    assert found.certificate is not None
    assert found.certificate.value == pytest.approx(120.0, rel=1e-4)
    assert found.certificate.bound == pytest.approx(120.0, rel=2e-4)
    (binding,) = found.binding
    # Another lead is another two orders.
    assert (binding.rule, binding.shadow_price) == ("capacity[1]", pytest.approx(2.0, rel=1e-3))
    assert plain(binding.text) == "At most 60 leads of this plan's media can be served in any period."
    assert any("stays unspent" in plain(said) for said in found.warnings)


@pytest.fixture(scope="module")
def under() -> Plan:
    return PLANNER.plan(asked(**only(400.0)))


def test_no_split_that_keeps_a_capacity_is_better_than_its_bound_says(under: Plan) -> None:
    assert max(period.expected for period in under.capacity) == pytest.approx(400.0, rel=1e-6)
    assert under.certificate is not None
    assert under.certificate.gap <= 5e-3
    curves = Desk(MODELS).question(asked(), None).kpi.responses
    grid = np.linspace(0.0, BUDGET, 31)
    added = {name: np.array([each.per_period(amount).mean(axis=0) for amount in grid]) for name, each in curves.items()}
    best = 0.0
    counts = np.array([(a, b, c, d) for a in range(31) for b in range(31) for c in range(31) for d in range(31 - c)])
    counts = counts[counts.sum(axis=1) <= 30]
    for chunk in np.array_split(counts, 20):
        periods = sum(added[name][chunk[:, place]] for place, name in enumerate(curves))
        is_kept = (periods[:, :13] <= 400.0).all(axis=1)
        best = max(best, float(periods[is_kept].sum(axis=1).max(initial=0.0)))
    assert 0.97 * under.certificate.value < best <= under.certificate.bound


def test_a_capacity_that_is_never_full_changes_nothing_and_is_shown() -> None:
    free, roomy = PLANNER.plan(asked()), PLANNER.plan(asked(capacity=[{"kpi": "orders", "at_most": 9_000.0}]))
    assert spend(roomy) == pytest.approx(spend(free))
    assert len(roomy.capacity) == 13
    assert [period.limit for period in roomy.capacity] == [9_000.0] * 13
    assert roomy.capacity[0].base > 1000.0


def test_each_period_has_its_own_capacity_and_price() -> None:
    found = PLANNER.plan(asked(**only((600.0,) * 12 + (300.0,))))
    binding = {rule.rule: plain(rule.text) for rule in found.binding}
    said = "At most 300 orders of this plan's media can be served in the period from 2027-03-29."
    assert binding["capacity[1].at_most[13]"] == said
    assert found.capacity[-1].expected == pytest.approx(300.0, rel=1e-6)


def test_rules_that_ask_for_more_than_can_be_served_clash_with_it_and_either_gives_way() -> None:
    forced: dict[str, Any] = {"tv": {"min": 400_000.0}}
    tv = Desk(MODELS).question(asked(), None).kpi.responses["tv"].per_period(400_000.0).mean(axis=0).max()
    capacity = 0.8 * float(tv)
    found = PLANNER.plan(asked(channels=forced, **only(capacity)))
    assert {rule.rule for rule in found.conflict} == {"channels.tv.min", "capacity[1]"}
    (relaxed,) = found.relaxation
    floor = {"tv": {"min": relaxed.to * (1 - 2e-2)}} if relaxed.rule == "channels.tv.min" else forced
    limit = relaxed.to * (1 + 2e-2) if relaxed.rule == "capacity[1]" else capacity
    assert PLANNER.plan(asked(channels=floor, **only(limit))).status in ("optimal", "feasible")


def test_what_comes_without_a_plan_may_be_too_much_already() -> None:
    found = PLANNER.plan(asked(capacity=[{"kpi": "orders", "at_most": 1_000.0}]))
    assert [rule.rule for rule in found.conflict] == ["capacity[1]"]
    (relaxed,) = found.relaxation
    assert relaxed.rule == "capacity[1]"
    assert PLANNER.plan(asked(capacity=[{"kpi": "orders", "at_most": relaxed.to * 1.001}])).status != "infeasible"


def test_profit_leaves_what_cannot_be_served_unspent() -> None:
    free, tight = (
        PLANNER.plan(asked(objective="profit", values={"orders": 300.0}, **rule)) for rule in ({}, only(300.0))
    )
    assert max(period.expected for period in tight.capacity) <= 300.0 * (1 + 1e-6)
    assert tight.budget < free.budget
    assert tight.certificate is not None
    assert tight.certificate.gap <= 5e-3


def test_the_checker_counts_every_period_anew(under: Plan) -> None:
    scenario = asked(**only(400.0))

    def faults(plan: Plan, against: Scenario = scenario) -> tuple[str, ...]:
        return faults_of_plan(against, plan, {"orders": ARTIFACT})

    assert faults(under) == ()
    assert any(fault.startswith("capacity[1] on") for fault in faults(under, asked(**only(399.0))))
    wrong = (under.capacity[0].model_copy(update={"expected": 10.0}), *under.capacity[1:])
    assert any("is said to be 10.0" in fault for fault in faults(under.model_copy(update={"capacity": wrong})))
    assert any("every period" in fault for fault in faults(under.model_copy(update={"capacity": ()})))


def test_tasks_do_not_go_with_a_capacity() -> None:
    with pytest.raises(ValueError, match="capacity: goes with maximize, profit or efficiency, without tasks"):
        asked(tasks=[{"kpi": "orders", "at_least": 10.0}], **only(5.0))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"capacity": [{"kpi": "leads", "at_most": 5.0}]}, "capacity[1].kpi"),
        ({"capacity": [{"kpi": "orders", "at_most": (5.0, 5.0)}]}, "capacity[1].at_most"),
        ({"capacity": [{"kpi": "orders", "at_most": 5.0}], "flighting": {"pattern": "optimized"}}, "flighting.pattern"),
    ],
)
def test_a_capacity_that_does_not_fit_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        PLANNER.plan(asked(**changes))
    assert field in str(refused.value)
