"""Rules about which channels are on: each is the best of the plans between which it chooses."""

import pytest
from builders import make_artifact

from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=40)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})
BUDGET = 900_000.0


def plan(**changes: object) -> Plan:
    return PLANNER.plan(
        Scenario.model_validate(
            {
                "name": "order",
                "market": "testland",
                "kpi": "orders",
                "budget": BUDGET,
                "horizon": {"start": "2027-01-04", "periods": 13},
                "solve": {"gap": 1e-5},
                **changes,
            }
        )
    )


def value(found: Plan) -> float:
    assert found.certificate is not None
    return found.certificate.value


def spend(found: Plan) -> dict[str, float]:
    return {channel.channel: channel.spend for channel in found.channels}


def off(*names: str) -> dict[str, object]:
    return {name: {"max": 0.0} for name in names}


def test_at_most_one_of_a_group_is_the_best_plan_with_all_but_one_of_them_off() -> None:
    group = {"name": "growth", "department": "growth", "at_most_channels": 1}
    best = max(value(plan(channels=off(name))) for name in ("social", "search"))
    found = plan(groups=[group])
    assert value(found) == pytest.approx(best, rel=2e-5)
    assert value(found) < value(plan()) * 0.999
    assert sum(spend(found)[name] > 0 for name in ("social", "search")) == 1
    assert "groups.growth.at_most_channels" in {rule.rule for rule in found.binding}


def test_at_least_so_many_of_a_group_are_on_with_a_thousandth_of_the_budget_each() -> None:
    # Steep curves and little money: the best plan has one channel of three alone.
    group = {"name": "some", "channels": ("tv", "video", "social"), "at_least_channels": 2}
    free = plan(budget=20_000.0)
    assert sum(spend(free)[name] > 0 for name in ("tv", "video", "social")) < 2
    found = plan(budget=20_000.0, groups=[group])
    assert sum(spend(found)[name] >= 20.0 - 1e-6 for name in ("tv", "video", "social")) == 2
    pairs = [("tv", "video"), ("tv", "social"), ("video", "social")]
    best = max(value(plan(budget=20_000.0, channels={name: {"min": 20.0} for name in pair})) for pair in pairs)
    assert value(found) == pytest.approx(best, rel=2e-5)


def test_a_new_channel_comes_on_only_after_the_proven_ones() -> None:
    free = spend(plan())
    proven = {"search": 1.3 * free["search"], "video": 0.5 * free["video"]}
    found = plan(precedence=[{"channel": "social", "after": proven}])
    with_it = plan(channels={name: {"min": level} for name, level in proven.items()})
    without = plan(channels=off("social"))
    assert value(found) == pytest.approx(max(value(with_it), value(without)), rel=2e-5)
    assert value(found) < value(plan()) * 0.9999
    never = spend(plan(precedence=[{"channel": "social", "after": {"search": 2 * BUDGET}}]))
    assert never["social"] == 0.0


def test_the_price_of_a_level_is_what_a_lower_one_brings() -> None:
    free = spend(plan())
    level = 1.2 * free["search"]

    def at(level: float) -> Plan:
        first = {"channel": "social", "after": {"search": level}}
        return plan(precedence=[first], channels={"social": {"min": 20_000.0}}, solve={"gap": 1e-6})

    found = at(level)
    (price,) = [rule.shadow_price for rule in found.binding if rule.rule == "precedence[1].after.search"]
    assert price == pytest.approx((value(at(level + 1_000)) - value(at(level - 1_000))) / 2_000, rel=0.05)
    assert price is not None
    assert price < 0


def test_order_in_conflict_is_named_with_the_level_that_makes_room() -> None:
    found = plan(
        precedence=[{"channel": "social", "after": {"search": 200_000.0}}],
        channels={"social": {"min": 10_000.0}, "search": {"max": 50_000.0}},
    )
    assert {rule.rule for rule in found.conflict} == {
        "precedence[1].after.search",
        "channels.social.min",
        "channels.search.max",
    }
    (relaxed,) = found.relaxation
    assert (relaxed.rule, relaxed.to) == ("channels.social.min", pytest.approx(0.0, abs=1e-3))


def test_a_count_in_conflict_is_named_with_the_count_that_makes_room() -> None:
    members = ("tv", "video", "social")
    found = plan(groups=[{"name": "some", "channels": members, "at_least_channels": 3}], channels=off("tv"))
    assert {rule.rule for rule in found.conflict} == {"groups.some.at_least_channels", "channels.tv.max"}
    (relaxed,) = found.relaxation
    assert relaxed.rule == "channels.tv.max"
    assert relaxed.to == pytest.approx(900.0, rel=1e-3)


def test_names_and_counts_that_the_market_does_not_have_are_refused() -> None:
    with pytest.raises(ScenarioRefused) as refused:
        plan(
            precedence=[{"channel": "socal", "after": {"serch": 1.0}}],
            groups=[{"name": "few", "role": "brand", "at_least_channels": 3}],
        )
    faults = {fault.field: str(fault) for fault in refused.value.faults}
    assert set(faults) == {"precedence[1].channel", "precedence[1].after.serch", "groups[1].at_least_channels"}
    assert "did you mean 'search'?" in faults["precedence[1].after.serch"]
    assert "at most 2" in faults["groups[1].at_least_channels"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"groups": [{"name": "g", "role": "brand"}]}, "give at least one of share"),
        (
            {"groups": [{"name": "g", "role": "brand", "at_least_channels": 2, "at_most_channels": 1}]},
            "at_least_channels 2 is above at_most_channels 1",
        ),
        ({"precedence": [{"channel": "tv", "after": {}}]}, "name at least one channel"),
        ({"precedence": [{"channel": "tv", "after": {"tv": 1.0}}]}, "cannot come after itself"),
    ],
)
def test_rules_that_say_nothing_or_contradict_themselves_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plan(**changes)
