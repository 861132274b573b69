"""Budgets of quarters and bursts in optimised flighting: kept, recounted, bounded, and named where they clash."""

from collections import defaultdict
from datetime import date
from typing import Any

import numpy as np
import pytest
from builders import make_artifact

from mmm.sentence import plain
from optimizer.checker.check import faults_of_plan
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=30, seed=3)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})
FIRST = {"start": "2027-01-01", "end": "2027-01-31", "amount": [120_000.0, 130_000.0]}
LAST = {"start": "2027-02-01", "end": "2027-04-30", "amount": [100_000.0, 180_000.0]}


def asked(flighting: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "quarters",
            "market": "testland",
            "kpi": "orders",
            "budget": 300_000.0,
            "horizon": {"start": "2027-01-04", "periods": 10},
            "flighting": {"pattern": "optimized"} | (flighting or {}),
            "solve": {"gap": 1e-2, "seconds": 5.0},
            **changes,
        }
    )


def flights(found: Plan) -> dict[str, dict[date, float]]:
    by_channel: dict[str, dict[date, float]] = defaultdict(dict)
    for flight in found.flighting:
        by_channel[flight.channel][flight.date] = flight.spend
    return by_channel


def paid(found: Plan, start: date, end: date) -> float:
    return sum(amount for days in flights(found).values() for day, amount in days.items() if start <= day <= end)


@pytest.fixture(scope="module")
def free() -> Plan:
    return PLANNER.plan(asked())


@pytest.fixture(scope="module")
def budgeted() -> Plan:
    return PLANNER.plan(asked({"budgets": [FIRST, LAST]}))


def test_each_part_of_the_horizon_is_paid_what_its_budget_says(free: Plan, budgeted: Plan) -> None:
    assert not 120_000.0 <= paid(free, date(2027, 1, 1), date(2027, 1, 31)) <= 130_000.0
    assert 120_000.0 - 1 <= paid(budgeted, date(2027, 1, 1), date(2027, 1, 31)) <= 130_000.0 + 1
    assert 100_000.0 - 1 <= paid(budgeted, date(2027, 2, 1), date(2027, 4, 30)) <= 180_000.0 + 1


def test_budgets_of_parts_cost_something_and_the_bound_stays_one(free: Plan, budgeted: Plan) -> None:
    assert free.certificate is not None
    assert budgeted.certificate is not None
    assert budgeted.certificate.value <= free.certificate.bound
    assert budgeted.certificate.value <= budgeted.certificate.bound <= free.certificate.bound * (1 + 1e-3)
    # The free phasing, moved until each part is paid its budget, is a plan that the bound must hold for.
    spend = np.array([list(days.values()) for days in flights(free).values()])
    early = [day <= date(2027, 1, 31) for day in next(iter(flights(free).values()))]
    factors = np.where(early, 125_000.0 / spend[:, early].sum(), 175_000.0 / spend[:, np.logical_not(early)].sum())
    shares = {name: (row * factors).tolist() for name, row in zip(flights(free), spend, strict=True)}
    locked = {name: {"locked": sum(row)} for name, row in shares.items()}
    given = asked({"pattern": "given", "weights": shares}, channels=locked)
    moved = PLANNER.plan(given).certificate
    assert moved is not None
    assert moved.value <= budgeted.certificate.bound * (1 + 1e-9)


def test_a_channel_on_air_spends_at_least_its_burst_and_brings_what_bursts_can(free: Plan) -> None:
    least = {"tv": {"burst_at_least": 15_000.0, "min": 60_000.0}, "social": {"burst_at_least": 9_000.0}}
    bursts = PLANNER.plan(asked(channels=least))
    for name, rule in least.items():
        on_air = [amount for amount in flights(bursts).get(name, {}).values() if amount > 1.0]
        assert on_air, name
        assert all(amount >= rule["burst_at_least"] - 1.0 for amount in on_air)
    assert bursts.certificate is not None
    assert free.certificate is not None
    assert 0.9 * free.certificate.value < bursts.certificate.value <= bursts.certificate.bound


def test_a_burst_in_an_even_phasing_is_kept_in_every_period() -> None:
    scenario = asked({"pattern": "even"}, channels={"tv": {"burst_at_least": 12_000.0, "max": 200_000.0}})
    found = flights(PLANNER.plan(scenario)).get("tv", {})
    assert all(amount >= 12_000.0 - 1e-3 for amount in found.values())


def test_budgets_that_clash_are_named_and_give_way() -> None:
    greedy = FIRST | {"amount": [250_000.0, 260_000.0]}
    found = PLANNER.plan(asked({"budgets": [greedy, LAST]}))
    assert {rule.rule for rule in found.conflict} == {"budget", "flighting.budgets[1]", "flighting.budgets[2]"}
    assert "between" in plain(next(rule.text for rule in found.conflict if rule.rule != "budget"))
    (relaxed,) = found.relaxation
    place = int(relaxed.rule[-2]) - 1
    eased = [dict(greedy), dict(LAST)]
    eased[place]["amount"] = [relaxed.to * (1 - 1e-6), 1e9]
    assert PLANNER.plan(asked({"budgets": eased})).status != "infeasible"


def test_a_burst_that_no_phasing_can_hold_is_named() -> None:
    found = PLANNER.plan(asked(channels={"tv": {"min": 60_000.0, "max": 80_000.0, "burst_at_least": 90_000.0}}))
    assert {rule.rule for rule in found.conflict} == {
        "channels.tv.min",
        "channels.tv.max",
        "channels.tv.burst_at_least",
    }


def test_the_checker_counts_parts_and_bursts_anew(budgeted: Plan) -> None:
    models = {"orders": ARTIFACT}
    assert faults_of_plan(asked({"budgets": [FIRST, LAST]}), budgeted, models) == ()
    tighter = asked({"budgets": [FIRST | {"amount": [0.0, 110_000.0]}, LAST]})
    assert "flighting budget 1" in faults_of_plan(tighter, budgeted, models)
    name, days = max(flights(budgeted).items(), key=lambda found: max(found[1].values()))
    bursts = asked(channels={name: {"burst_at_least": max(days.values()) + 1_000.0}})
    assert any("burst on" in fault for fault in faults_of_plan(bursts, budgeted, models))


def test_budgets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ScenarioRefused, match=r"flighting\.budgets"):
        PLANNER.plan(asked({"budgets": [FIRST | {"start": "2026-01-01", "end": "2026-03-31"}]}))
    with pytest.raises(ValueError, match="budgets go with pattern"):
        asked({"pattern": "even", "budgets": [FIRST]})
    with pytest.raises(ValueError, match="go with maximize without tasks"):
        asked({"budgets": [FIRST]}, tasks=[{"kpi": "orders", "at_least": 10.0}])
    with pytest.raises(ValueError, match="not before start"):
        asked({"budgets": [FIRST | {"end": "2026-12-31"}]})
