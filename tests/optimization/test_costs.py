"""Fees and co-op money: spend is what the curves see, the budget what the company pays."""

import pytest
from builders import CHANNELS, make_artifact

from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=40)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})


def plan(planner: Planner = PLANNER, **changes: object) -> Plan:
    return planner.plan(
        Scenario.model_validate(
            {
                "name": "costs",
                "market": "testland",
                "kpi": "orders",
                "budget": 900_000.0,
                "horizon": {"start": "2027-01-04", "periods": 13},
                "solve": {"gap": 1e-6},
                **changes,
            }
        )
    )


def value(found: Plan) -> float:
    assert found.certificate is not None
    return found.certificate.value


def spend(found: Plan) -> dict[str, float]:
    return {channel.channel: channel.spend for channel in found.channels}


def price(found: Plan, rule: str) -> float:
    (at,) = [binding.shadow_price for binding in found.binding if binding.rule == rule]
    assert at is not None
    return at


def everywhere(**rules: object) -> dict[str, object]:
    return dict.fromkeys(ARTIFACT.channels, rules)


def test_a_fee_of_a_quarter_everywhere_is_a_budget_of_four_fifths() -> None:
    # 900 000 / 1.25 = 720 000
    found, smaller = plan(channels=everywhere(fee=0.25)), plan(budget=720_000.0)
    assert sum(spend(found).values()) == pytest.approx(720_000.0)
    assert found.fees == pytest.approx(180_000.0)
    assert found.budget == 900_000.0
    assert value(found) == pytest.approx(value(smaller), rel=2e-6)
    assert price(found, "budget") == pytest.approx(price(smaller, "budget") / 1.25, rel=1e-3)
    assert found.comparisons is not None
    assert smaller.comparisons is not None
    assert found.comparisons.no_rules is not None
    assert smaller.comparisons.no_rules is not None
    assert found.comparisons.no_rules.mean == pytest.approx(smaller.comparisons.no_rules.mean, rel=2e-6)
    assert found.comparisons.no_rules.budget == pytest.approx(900_000.0)
    assert found.comparisons.same_mix is not None
    assert smaller.comparisons.same_mix is not None
    assert found.comparisons.same_mix.mean == pytest.approx(smaller.comparisons.same_mix.mean)


def test_a_partner_that_pays_half_makes_room_for_spend_beyond_the_budget() -> None:
    planner = Planner({"orders": PlanningModel(make_artifact(draws=40, channels=CHANNELS[:1]))})
    found = plan(planner, budget=110_000.0, channels={"tv": {"fee": 0.1, "coop": 0.5}})
    # A unit of spend costs 1.1 / 2 = 0.55.
    assert spend(found) == {"tv": pytest.approx(200_000.0)}
    assert found.fees == pytest.approx(20_000.0)
    assert found.coop == pytest.approx(110_000.0)


def test_a_fee_of_the_market_counts_and_one_of_the_scenario_stands_in_its_place() -> None:
    charged = tuple(info.model_copy(update={"fee": 0.25}) for info in CHANNELS)
    planner = Planner({"orders": PlanningModel(make_artifact(draws=40, channels=charged))})
    assert plan(planner).fees == pytest.approx(180_000.0)
    assert plan(planner, channels=everywhere(fee=0.0)).fees == 0.0
    assert value(plan(planner, channels=everywhere(fee=0.0))) == pytest.approx(value(plan()), rel=2e-6)


def test_co_op_money_moves_spend_to_its_channel_until_the_paid_returns_are_even() -> None:
    found = plan(channels={"social": {"coop": 0.5}})
    assert spend(found)["social"] > 1.2 * spend(plan())["social"]
    rows = {channel.channel: channel.mroas for channel in found.channels if channel.spend > 0}
    at = {name: ratio.mean for name, ratio in rows.items() if ratio is not None}
    assert at["social"] / 0.5 == pytest.approx(at["video"], rel=1e-2)


def test_sizing_counts_what_the_company_pays() -> None:
    task = {"kpi": "orders", "at_least": 3_000.0, "probability": 0.6}
    only = {name: {"max": 0.0, "fee": 0.25} for name in ("tv", "video", "search")}
    asked = {"objective": "size", "budget": None, "tasks": [task], "solve": {"gap": 1e-4}}
    (net, gross) = (plan(**asked, channels={**only, "social": {"fee": fee}}) for fee in (0.0, 0.25))
    assert gross.budget == pytest.approx(1.25 * net.budget, rel=1e-3)


def test_total_change_is_about_what_the_reference_would_cost() -> None:
    reference = sum(channel.reference_spend for channel in plan().channels)
    kept = plan(budget=3_000_000.0, channels=everywhere(fee=0.25), rules={"total_change": (-0.1, 0.1)})
    assert kept.budget == pytest.approx(1.1 * 1.25 * reference)


def test_cash_and_locks_of_channels_with_fees() -> None:
    # 13 weeks of 50 000 pay 520 000 of spend at 1.25; locked spend is net.
    found = plan(channels=everywhere(fee=0.25), rules={"cash_per_period": 50_000.0})
    assert sum(spend(found).values()) == pytest.approx(520_000.0)
    channels = everywhere(fee=0.25) | {"tv": {"fee": 0.25, "locked": 100_000.0}}
    tight = plan(budget=100_000.0, channels=channels)
    assert {rule.rule for rule in tight.conflict} == {"budget", "channels.tv.locked"}
    (relaxed,) = tight.relaxation
    assert (relaxed.rule, relaxed.to) in (
        ("budget", pytest.approx(125_000.0)),
        ("channels.tv.locked", pytest.approx(80_000.0)),
    )
