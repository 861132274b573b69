"""Whole plans: money adds up, rules hold, reasons agree with solving again, refusals name what is wrong."""

from datetime import date

import numpy as np
import pytest
from builders import make_artifact

from mmm.periods import shift_period
from mmm.sentence import plain
from optimizer.checker.rules import broken_rules
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=300)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT, version=3)})


def scenario(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "Q1",
            "market": "testland",
            "kpi": "orders",
            "budget": 900_000.0,
            "business": "b2c",
            "horizon": {"start": "2027-01-04", "periods": 13},
            **changes,
        }
    )


def plan(**changes: object) -> Plan:
    return PLANNER.plan(scenario(**changes))


ALL_RULES: dict[str, object] = {
    "channels": {
        "tv": {"off_or_at_least": 60_000, "fixed_cost": 7_500},
        "video": {"change": (-0.5, 0.5)},
        "social": {"max": 300_000, "increment": 2_500},
        "search": {"min": 50_000},
    },
    "groups": [
        {"name": "digital", "channels": ("video", "social", "search"), "share": (0.2, 0.9)},
        {"name": "growth", "department": "growth", "amount": (100_000, 600_000)},
    ],
    "either_or": [{"channels": ("tv", "video"), "at_most": 2}],
    "requires": [{"channel": "search", "upstream": ("tv", "video", "social"), "at_most_ratio": 0.6}],
    "rules": {"test_reserve": 0.05, "at_most_channels": 4, "total_change": (-0.5, 0.5)},
}

VARIATIONS: dict[str, dict[str, object]] = {
    "preset": {},
    "b2b": {"business": "b2b"},
    "published": {"business": "published_b2b"},
    "own band": {"split": {"brand_share": (0.2, 0.3)}},
    "no band": {"business": "none"},
    "history": {"flighting": {"pattern": "history"}},
    "given": {"flighting": {"pattern": "given", "weights": {"tv": (1.0, *(0.0,) * 12)}}},
    "every rule": ALL_RULES,
    "locked": {"channels": {"tv": {"locked": 120_000.5}}},
    "small budget": {"budget": 20_000.0},
    "large budget": {"budget": 30_000_000.0},
}


def test_what_to_do_with_a_channel_follows_from_its_change() -> None:
    seen = set()
    for changes in VARIATIONS.values():
        for channel in plan(**changes).channels:
            if channel.change is not None and channel.verdict in ("keep", "scale", "reduce"):
                expected = "scale" if channel.change > 0.1 else "reduce" if channel.change < -0.1 else "keep"
                assert channel.verdict == expected
                seen.add(expected)
    assert {"keep", "reduce"} <= seen


@pytest.mark.parametrize("changes", VARIATIONS.values(), ids=VARIATIONS)
def test_money_adds_up_and_every_rule_holds(changes: dict[str, object]) -> None:
    found = plan(**changes)
    assert found.status == "optimal"
    assert found.certificate is not None
    assert found.certificate.gap <= 1e-4
    spent = sum(channel.spend for channel in found.channels) + found.fees - found.coop
    assert spent + found.test_reserve + found.fixed_costs == pytest.approx(found.budget, abs=0.004)
    assert broken_rules(scenario(**changes), found, ARTIFACT) == []
    for channel in found.channels:
        flights = [flight.spend for flight in found.flighting if flight.channel == channel.channel]
        assert sum(flights) == pytest.approx(channel.spend, abs=0.004)


def test_the_value_reported_is_the_mean_of_the_draws_and_the_channels_add_up_to_it() -> None:
    found = plan()
    (outcome,) = found.outcomes
    assert found.certificate is not None
    assert outcome.incremental.mean == pytest.approx(found.certificate.value, rel=1e-9)
    assert sum(channel.contribution.mean for channel in found.channels) == pytest.approx(outcome.incremental.mean)
    assert outcome.total.mean == pytest.approx(
        outcome.base.mean + outcome.incremental.mean - outcome.after_horizon.mean
    )


def test_the_plan_is_no_worse_than_the_same_mix_and_no_better_than_without_rules() -> None:
    found = plan()
    assert found.certificate is not None
    assert found.comparisons is not None
    assert found.comparisons.no_rules is not None
    assert found.comparisons.same_mix is not None
    assert found.comparisons.no_rules.mean >= found.certificate.value * (1 - 1e-4)
    assert found.comparisons.same_mix.budget == pytest.approx(found.budget)
    assert found.split is not None
    assert found.split.kpi_without_rule is not None
    assert found.split.cost_of_rule == pytest.approx(found.split.kpi_without_rule - found.certificate.value)


def test_the_plan_does_not_depend_on_the_currency_unit() -> None:
    whole = plan()
    for money in (1e-6, 1e5):
        scaled_artifact = make_artifact(draws=300, money=money)
        scaled = Planner({"orders": PlanningModel(scaled_artifact)}).plan(scenario(budget=900_000.0 * money))
        assert scaled.certificate is not None
        assert whole.certificate is not None
        assert scaled.certificate.value == pytest.approx(whole.certificate.value, rel=1e-4)
        assert scaled.budget == pytest.approx(900_000.0 * money)


def test_the_shadow_price_of_the_budget_is_what_another_unit_brings() -> None:
    found = plan(solve={"gap": 1e-6})
    more = plan(budget=909_000.0, solve={"gap": 1e-6})
    assert found.certificate is not None
    assert more.certificate is not None
    price = next(rule.shadow_price for rule in found.binding if rule.rule == "budget")
    assert price == pytest.approx((more.certificate.value - found.certificate.value) / 9_000.0, rel=0.02)


def test_the_shadow_price_of_the_split_is_what_a_wider_band_brings() -> None:
    narrow = plan(split={"brand_share": (0.35, 0.40)}, solve={"gap": 1e-6})
    wider = plan(split={"brand_share": (0.35, 0.405)}, solve={"gap": 1e-6})
    assert narrow.split is not None
    assert narrow.certificate is not None
    assert wider.certificate is not None
    difference = (wider.certificate.value - narrow.certificate.value) / 0.005
    assert narrow.split.shadow_price == pytest.approx(difference, rel=0.05)
    assert [rule.rule for rule in narrow.binding] == ["budget", "split.brand_share"]
    assert plain(narrow.binding[1].text) == "Brand gets between 35.0% and 40.0% of spend."


def test_rules_in_conflict_are_named_with_the_least_that_must_give_way() -> None:
    found = plan(split={"brand_share": (0.1, 0.2)}, channels={"tv": {"min": 400_000}, "search": {"min": 10_000}})
    assert found.status == "infeasible"
    assert {rule.rule for rule in found.conflict} == {"channels.tv.min", "split.brand_share", "budget"}
    relaxed = {rule.rule: (rule.from_, rule.to) for rule in found.relaxation}
    assert relaxed == {"channels.tv.min": (400_000, pytest.approx(180_000))}


def test_a_relaxation_makes_the_scenario_feasible() -> None:
    channels = {"tv": {"min": 500_000.0}, "video": {"min": 500_000.0}, "search": {"min": 200_000.0}}
    found = plan(business="none", channels=channels)
    assert found.status == "infeasible"
    assert "budget" in {rule.rule for rule in found.conflict}
    budget = 900_000.0
    for rule in found.relaxation:
        if rule.rule == "budget":
            budget = rule.to
        else:
            channels[rule.rule.split(".")[1]]["min"] = rule.to
    assert plan(business="none", channels=channels, budget=budget * (1 + 1e-9)).status == "optimal"


def test_what_the_rules_keep_from_being_spent_is_said() -> None:
    found = plan(business="none", channels={name: {"max": 100_000} for name in ARTIFACT.channels})
    assert found.status == "optimal"
    assert found.budget == pytest.approx(400_000)
    assert any("500,000.00 of the budget stays unspent" in plain(warning) for warning in found.warnings)


def test_a_gap_in_the_calendar_before_the_horizon_is_said() -> None:
    end = shift_period(ARTIFACT.manifest.window_start, ARTIFACT.manifest.window_periods, "week")
    assert end == date(2027, 1, 4)
    assert not any("The data end before" in plain(warning) for warning in plan().warnings)
    later = plan(horizon={"start": "2027-03-01", "periods": 13})
    assert any("The data end before 2027-03-01" in plain(warning) for warning in later.warnings)


def test_a_scenario_that_does_not_fit_is_refused_with_every_fault() -> None:
    with pytest.raises(ScenarioRefused) as refused:
        plan(
            channels={"tvv": {"max": 1.0}},
            groups=[{"name": "g", "scene": "owned", "share": (0.0, 0.5)}],
            horizon={"start": "2027-01-05", "periods": 13},
            reference={"kind": "spend", "spend": {"serch": 1.0}},
            tasks=[{"kpi": "leads", "at_least": 5.0}],
            values={"leads": 3.0},
        )
    faults = {fault.field: str(fault) for fault in refused.value.faults}
    assert set(faults) == {
        "tasks[1].kpi",
        "channels.tvv",
        "reference.spend.serch",
        "groups[1].scene",
        "horizon.start",
        "values.leads",
    }
    assert "did you mean 'tv'?" in faults["channels.tvv"]
    assert "2027-01-04 or 2027-01-11" in faults["horizon.start"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (
            {
                "flighting": {"pattern": "optimized"},
                "rules": {"cash_per_period": 50_000.0},
                "channels": {"tv": {"fixed_cost": 5_000.0}},
            },
            "flighting.pattern",
        ),
        ({"business": "none", "split": {"tolerance": 0.1}}, "split.tolerance"),
        ({"split": {"brand_share": (0.3, 0.4), "tolerance": 0.1}}, "split.tolerance"),
    ],
)
def test_what_is_not_offered_is_refused_by_its_field_with_what_to_use(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ScenarioRefused) as refused:
        plan(**changes)
    (fault,) = refused.value.faults
    assert fault.field == field
    assert "expected" in str(fault)


def test_a_group_without_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 item"):
        scenario(groups=[{"name": "nobody", "channels": (), "amount": (5.0, 10.0)}])


def test_a_channel_named_twice_counts_once() -> None:
    found = plan(
        business="none", either_or=[{"channels": ("tv", "tv"), "at_most": 1}], channels={"tv": {"min": 50_000}}
    )
    assert found.status == "optimal"


def test_departments_that_split_their_own_money_bring_no_more() -> None:
    found = plan(business="none", reference={"kind": "spend", "spend": {"tv": 300_000, "social": 100_000}})
    assert found.comparisons is not None
    silos = found.comparisons.silos
    assert silos is not None
    # The brand team has tv and video, growth the other two: three quarters and one quarter of the reference.
    sides = [
        plan(business="none", budget=share * found.budget, channels={name: {"max": 0} for name in others})
        for share, others in ((0.75, ("social", "search")), (0.25, ("tv", "video")))
    ]
    assert silos.mean == pytest.approx(sum(side.outcomes[0].incremental.mean for side in sides), rel=1e-3)
    assert silos.mean <= found.outcomes[0].incremental.mean * (1 + 1e-4)


def test_a_frontier_rises_and_agrees_with_single_plans() -> None:
    budgets = [300_000.0, 600_000.0, 900_000.0]
    points = PLANNER.frontier(scenario(), budgets)
    means = [point.mean for point in points]
    assert means == sorted(means, key=lambda mean: mean or 0.0)
    found = plan()
    assert found.certificate is not None
    assert points[-1].mean == pytest.approx(found.certificate.value, rel=2e-4)


def test_the_curve_table_is_the_curve_that_the_optimizer_uses() -> None:
    table = {curve.name: curve for curve in PLANNER.curves("orders", scenario())}
    found = plan()
    for channel in found.channels:
        curve = table[channel.channel].curve
        assert len(curve.spend) >= 201
        assert curve.spend[0] == 0.0
        assert curve.mean[0] == 0.0
        if channel.spend < curve.spend[-1]:
            read = float(np.interp(channel.spend, curve.spend, curve.mean))
            assert read == pytest.approx(channel.contribution.mean, rel=2e-3)


def reason(found: Plan, channel: str) -> str:
    return next(plain(each.reason) for each in found.channels if each.channel == channel)


def test_a_rule_is_the_reason_for_less_only_where_it_holds_the_channel_down() -> None:
    even: dict[str, object] = {
        "budget": 400_000.0,
        "business": "none",
        "reference": {"kind": "spend", "spend": dict.fromkeys(ARTIFACT.channels, 600_000.0)},
    }
    spend = {each.channel: each.spend for each in plan(**even).channels}
    least = min((name for name in spend if spend[name] > 0), key=lambda name: spend[name])
    up = plan(**even, channels={least: {"min": spend[least] + 20_000.0}})
    assert "keeps it from less still" in reason(up, least)
    down = plan(**even, channels={least: {"max": 0.7 * spend[least]}})
    assert "as its rule has it" in reason(down, least)
    steps = plan(**even, channels={least: {"increment": 500.0}})
    assert "steps" not in reason(steps, least)


def test_a_count_that_all_channels_may_have_limits_nothing() -> None:
    asked = {"either_or": [{"channels": ("tv", "video"), "at_most": 2}], "rules": {"at_most_channels": 4}}
    found = plan(**asked)
    assert not {rule.rule for rule in found.binding} & {"either_or[1]", "rules.at_most_channels"}
    fewer = plan(rules={"at_most_channels": 2})
    assert "rules.at_most_channels" in {rule.rule for rule in fewer.binding}
