"""Rules about periods of the horizon, and about what was never seen."""

from typing import Any

import numpy as np
import pytest
from builders import make_artifact
from pydantic import ValidationError

from mmm.artifact import ResponseDraws, seal
from mmm.parsing import faults_of
from mmm.sentence import plain
from optimizer.errors import ScenarioRefused
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=40)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})
WEEKS = 13


def plan(planner: Planner = PLANNER, **changes: object) -> Plan:
    return planner.plan(
        Scenario.model_validate(
            {
                "name": "periods",
                "market": "testland",
                "kpi": "orders",
                "budget": 900_000.0,
                "horizon": {"start": "2027-01-04", "periods": WEEKS},
                **changes,
            }
        )
    )


def value(found: Plan) -> float:
    assert found.certificate is not None
    return found.certificate.value


def flights(found: Plan, channel: str) -> list[float]:
    return [flight.spend for flight in found.flighting if flight.channel == channel]


def refused(**changes: object) -> dict[str, str]:
    with pytest.raises(ScenarioRefused) as caught:
        plan(**changes)
    return {fault.field: str(fault) for fault in caught.value.faults}


def test_closed_weeks_get_nothing_and_the_others_share_evenly() -> None:
    blackout = ["2027-01-13", {"start": "2027-02-01", "periods": 2}]
    found = plan(channels={"video": {"blackout": blackout, "lead_time": 1, "min": 90_000.0}})
    weeks = np.array(flights(found, "video"))
    closed = [0, 1, 4, 5]
    assert np.flatnonzero(weeks == 0).tolist() == closed
    assert weeks[[2, 3, 6]] == pytest.approx(weeks.sum() / 9)
    assert flights(found, "search") == pytest.approx([sum(flights(found, "search")) / WEEKS] * WEEKS)
    assert value(found) != pytest.approx(value(plan(channels={"video": {"min": 90_000.0}})), rel=1e-3)


def test_closed_weeks_of_history_are_taken_out_of_its_pattern() -> None:
    history = {"pattern": "history"}
    free = np.array(flights(plan(flighting=history), "video"))
    found = np.array(flights(plan(flighting=history, channels={"video": {"lead_time": 3}}), "video"))
    assert (found[:3] == 0).all()
    assert found[3:] / found.sum() == pytest.approx(free[3:] / free[3:].sum())


def test_a_what_if_with_other_closed_weeks_does_not_meet_the_responses_of_the_first() -> None:
    closed = {"video": {"lead_time": 8}}
    first, second = plan(), plan(channels=closed)
    alone = plan(Planner({"orders": PlanningModel(ARTIFACT)}), channels=closed)
    assert value(second) == pytest.approx(value(alone), rel=1e-9)
    assert value(second) != pytest.approx(value(first), rel=1e-3)


def test_closed_weeks_that_leave_nothing_or_hold_given_money_or_lie_outside_are_refused() -> None:
    faults = refused(
        channels={
            "tv": {"lead_time": 13},
            "video": {"blackout": [{"start": "2027-01-04", "periods": 20}]},
            "social": {"blackout": ["2027-01-18", "2026-12-28"]},
            "search": {"lead_time": 2},
        },
        flighting={"pattern": "given", "weights": {"search": (0.0, 1.0, *(1.0,) * 11)}},
    )
    assert set(faults) == {
        "channels.tv.lead_time",
        "channels.video.blackout",
        "channels.social.blackout[2]",
        "flighting.weights.search",
    }
    assert "max = 0 keeps it off" in faults["channels.tv.lead_time"]
    assert "2027-01-11" in faults["flighting.weights.search"]


def test_the_fullest_week_bounds_a_channel() -> None:
    weights = {"video": (3.0, *(1.0,) * 12)}
    given = {"pattern": "given", "weights": weights}
    found = plan(flighting=given, channels={"video": {"per_period_max": 30_000.0}})
    # The first week has 3 of 15 parts: 30 000 there are 150 000 in all.
    assert sum(flights(found, "video")) == pytest.approx(150_000.0)
    assert value(found) == pytest.approx(value(plan(flighting=given, channels={"video": {"max": 150_000.0}})), rel=2e-4)
    (bound,) = [rule for rule in found.binding if rule.rule == "channels.video.per_period_max"]
    assert bound.shadow_price is not None
    assert bound.shadow_price > 0


def test_cash_bounds_every_week_and_its_price_is_what_more_of_it_brings() -> None:
    # Phased evenly by hand: 13 weeks of 50 000 are 650 000 of the 900 000.
    found = plan(rules={"cash_per_period": 50_000.0})
    assert found.budget == pytest.approx(650_000.0)
    assert any("stays unspent" in plain(warning) for warning in found.warnings)
    exact = {"gap": 1e-6}
    more, less = (
        plan(rules={"cash_per_period": cash}, flighting={"pattern": "history"}, solve=exact)
        for cash in (50_500.0, 49_500.0)
    )
    middle = plan(rules={"cash_per_period": 50_000.0}, flighting={"pattern": "history"}, solve=exact)
    (cash,) = [rule for rule in middle.binding if rule.rule == "rules.cash_per_period"]
    assert cash.shadow_price == pytest.approx((value(more) - value(less)) / 1_000.0, rel=0.05)


def test_cash_of_single_weeks_counts_fixed_costs_as_the_channel_is_phased() -> None:
    cash = [90_000.0] * WEEKS
    cash[4] = 20_000.0
    only = {name: {"max": 0.0} for name in ("tv", "social", "search")}
    found = plan(rules={"cash_per_period": cash}, channels={**only, "video": {"fixed_cost": 26_000.0}})
    # One thirteenth of spend and of 26 000 make 20 000 in the fifth week.
    assert sum(flights(found, "video")) == pytest.approx(13 * 18_000.0)
    (bound,) = [rule for rule in found.binding if rule.rule.startswith("rules.cash")]
    assert bound.rule == "rules.cash_per_period[5]"
    assert plain(bound.text) == "At most 20,000.00 is paid in the period from 2027-02-01."


def test_a_list_of_one_amount_is_that_amount_for_all_weeks() -> None:
    one, many = (plan(rules={"cash_per_period": cash}) for cash in (50_000.0, [50_000.0] * WEEKS))
    assert many.binding == one.binding
    assert "rules.cash_per_period" in {rule.rule for rule in many.binding}


def test_cash_that_cannot_pay_for_what_is_asked_is_named_with_what_would() -> None:
    found = plan(rules={"cash_per_period": 10_000.0}, channels={"video": {"locked": 300_000.0, "fixed_cost": 13_000.0}})
    assert {rule.rule for rule in found.conflict} == {"rules.cash_per_period", "channels.video.locked"}
    rules = {rule.rule: rule.to for rule in found.relaxation}
    assert rules in (
        {"rules.cash_per_period": pytest.approx(313_000.0 / 13)},
        {"channels.video.locked": pytest.approx(117_000.0)},
    )


def test_a_list_of_cash_of_another_length_is_refused() -> None:
    faults = refused(rules={"cash_per_period": [1.0, 2.0]})
    assert "13, one a period of the horizon" in faults["rules.cash_per_period"]


@pytest.mark.parametrize(
    ("entry", "field", "expected"),
    [
        ("soon", "channels.tv.blackout[1]", "a date such as 2026-01-05"),
        ({"start": "2027-01-04", "period": 3}, "channels.tv.blackout[1].period", "did you mean 'periods'?"),
        ({"start": "2027-01-04"}, "channels.tv.blackout[1].periods", "this field is required"),
    ],
)
def test_a_closed_period_that_cannot_be_read_is_refused_where_it_stands(
    entry: object, field: str, expected: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        plan(channels={"tv": {"blackout": [entry]}})
    said = {fault.field: str(fault) for fault in faults_of(caught.value, Scenario, "a scenario")}
    assert expected in said[field]


def never_on(artifact: Any) -> Any:
    """The artifact with no spend of the first channel in all its history."""
    draws = {name: getattr(artifact.draws, name) for name in ResponseDraws.__dataclass_fields__}
    spend = artifact.draws.spend.copy()
    spend[:, 0] = 0.0
    return seal(artifact.manifest.model_copy(), ResponseDraws(**{**draws, "spend": spend}))


def test_no_channel_goes_further_than_a_multiple_of_what_was_seen_and_a_new_one_stays_off() -> None:
    planner = Planner({"orders": PlanningModel(never_on(ARTIFACT))})
    history = ARTIFACT.draws.spend
    seen = {
        name: max(float(history[start : start + WEEKS, index].sum()) for start in range(len(history) - WEEKS + 1))
        for index, name in enumerate(ARTIFACT.channels)
    }
    found = plan(planner, budget=3_000_000.0, rules={"at_most_seen": 1.5})
    spend = {channel.channel: channel.spend for channel in found.channels}
    assert spend == pytest.approx({"tv": 0.0, **{name: 1.5 * seen[name] for name in ("video", "social", "search")}})
    texts = {rule.rule: plain(rule.text) for rule in found.binding}
    assert texts["rules.at_most_seen.tv"].startswith("tv stays off: it never had any spend")
    assert "1.50 times the most" in texts["rules.at_most_seen.video"]
    asked = plan(planner, channels={"tv": {"min": 1_000.0}}, rules={"at_most_seen": 1.5})
    assert {rule.rule for rule in asked.conflict} == {"channels.tv.min", "rules.at_most_seen.tv"}
