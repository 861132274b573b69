"""The rest of a plan: what was spent is spent, what was reached is reached, and the rules of the whole still hold."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from tracked import START, actuals, asked, tracked_artifact

from mmm.artifact import ResponseArtifact
from mmm.sentence import plain
from mmm.vocabulary import FloatArray
from optimizer.horizon.outlook import outlook, planned_spend
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend
from service.errors import NotAllowed
from service.tracking.actuals import Actuals
from service.tracking.paths import joint_paths
from service.tracking.replan import Rest, replan

LATER = date(2027, 2, 1)


@pytest.fixture(scope="module")
def artifact() -> ResponseArtifact:
    return tracked_artifact(draws=80)


@pytest.fixture(scope="module")
def planner(artifact: ResponseArtifact) -> Planner:
    return Planner({"orders": PlanningModel(artifact)})


@pytest.fixture(scope="module")
def restated(artifact: ResponseArtifact) -> Callable[..., Rest]:
    """The rest of a scenario after four weeks of some spend, thousands a week; its plan is an even split."""

    def rest(spent: Sequence[float] = (10.0, 10.0, 10.0, 10.0), **changes: Any) -> Rest:
        scenario = asked(flighting={"pattern": "even"}, business="none", **changes)
        locked = asked(flighting={"pattern": "even"}, business="none", budget=520_000.0).model_copy(update={})
        spend = np.tile(1000.0 * np.asarray(spent), (4, 1))
        return replan(scenario, _even_plan(locked, artifact), {"orders": artifact}, _spent(artifact, spend))

    return rest


def _even_plan(scenario: Scenario, artifact: ResponseArtifact) -> Plan:
    locked = {name: {"locked": 130_000.0} for name in artifact.channels}
    even = Scenario.model_validate(scenario.model_dump(exclude_unset=True) | {"channels": locked})
    return Planner({"orders": PlanningModel(artifact)}).plan(even)


def _spent(artifact: ResponseArtifact, spend: FloatArray) -> Actuals:
    by_channel = {name: tuple(spend[:, place].tolist()) for place, name in enumerate(artifact.channels)}
    return Actuals(start=START, spend=by_channel)


def said(rest: Rest) -> str:
    return "\n".join(plain(note) for note in rest.notes)


def test_without_deviation_the_rest_is_worth_what_was_left_of_the_plan(
    planner: Planner, artifact: ResponseArtifact
) -> None:
    scenario = asked()
    plan = planner.plan(scenario)
    spend = planned_spend(plan, artifact)
    rest = replan(scenario, plan, {"orders": artifact}, actuals(plan, artifact, np.zeros(0), spend[:4]))
    assert rest.scenario.horizon.start == LATER
    assert rest.scenario.horizon.periods == 9
    again = Planner({"orders": PlanningModel(artifact)}, known=rest.known).plan(rest.scenario)

    whole = outlook(artifact, START, spend, seed=1)
    past = outlook(artifact, START, np.concatenate([spend[:4], np.zeros((9, 4))]), seed=1)
    left = sum(
        float((one.media.sum(axis=(1, 2)) + one.after.sum(axis=1)).mean()) * sign
        for one, sign in ((whole, 1), (past, -1))
    )
    reference = again.comparisons.reference if again.comparisons else None
    assert reference is not None
    assert reference.mean == pytest.approx(left, rel=1e-9)  # the plan's own rest, judged on the curves of the rest
    assert again.budget == pytest.approx(plan.budget - spend[:4].sum(), rel=1e-9)
    assert again.outcomes[0].incremental.mean >= left * (1.0 - scenario.solve.gap)
    assert again.outcomes[0].incremental.mean <= left * 1.002  # the whole was best, so that its rest nearly is
    assert again.outcomes[0].base.mean == pytest.approx(float(past.expected[:, 4:].sum(axis=1).mean()), rel=1e-9)


def test_locked_to_what_was_left_it_is_the_same_to_the_last_digit(planner: Planner, artifact: ResponseArtifact) -> None:
    scenario = asked(
        channels={name: {"locked": 130_000.0} for name in artifact.channels}, business="none", budget=520_000.0
    )
    plan = planner.plan(scenario)
    spend = planned_spend(plan, artifact)
    rest = replan(scenario, plan, {"orders": artifact}, actuals(plan, artifact, np.zeros(0), spend[:4]))
    again = Planner({"orders": PlanningModel(artifact)}, known=rest.known).plan(rest.scenario)
    np.testing.assert_allclose(planned_spend(again, artifact), spend[4:], rtol=1e-9)
    whole, later = outlook(artifact, START, spend, seed=1), again.outcomes[0].total.mean
    assert later == pytest.approx(float(whole.expected[:, 4:].sum(axis=1).mean()), rel=1e-9)


def test_what_was_spent_too_much_is_missing_in_the_rest(restated: Callable[..., Rest]) -> None:
    rest = restated((20.0, 10.0, 10.0, 10.0), budget=520_000.0)
    assert rest.scenario.budget == pytest.approx(520_000.0 - 200_000.0)
    assert rest.known == KnownSpend(
        START,
        {
            name: (a,) * 4
            for name, a in zip(
                ("tv", "video", "social", "search"), (20_000.0, 10_000.0, 10_000.0, 10_000.0), strict=True
            )
        },
    )


def test_bounds_of_a_channel_are_less_what_it_spent(restated: Callable[..., Rest]) -> None:
    channels = {
        "tv": {"min": 100_000, "max": 30_000 + 100_000},
        "video": {"max": 30_000},
        "social": {"locked": 90_000},
        "search": {"off_or_at_least": 70_000, "increment": 5_000, "fixed_cost": 1_000, "lead_time": 6},
    }
    rest = restated(channels=channels)
    found = rest.scenario.channels
    assert (found["tv"].min, found["tv"].max) == (60_000, 90_000)
    assert found["video"].max == 0.0
    assert "video: more was spent than its rules let it have" in said(rest)
    assert found["social"].locked == 50_000
    search = found["search"]
    assert (search.min, search.off_or_at_least, search.increment) == (30_000, None, 5_000)
    assert (search.fixed_cost, search.lead_time) == (None, 2)
    assert rest.scenario.budget == pytest.approx(700_000 - 160_000 - 1_000)


def test_a_channel_that_is_still_off_keeps_what_turning_it_on_means(restated: Callable[..., Rest]) -> None:
    channels = {"video": {"off_or_at_least": 70_000, "fixed_cost": 1_000, "change": [-1.0, 1.0]}}
    rest = restated(
        (10.0, 0.0, 10.0, 10.0), channels=channels, reference={"kind": "spend", "spend": {"video": 60_000.0}}
    )
    video = rest.scenario.channels["video"]
    assert (video.off_or_at_least, video.fixed_cost, video.max) == (70_000, 1_000, 120_000)
    assert rest.scenario.reference.kind == "spend"
    assert (rest.scenario.reference.spend or {})["tv"] == pytest.approx(90_000.0)


def test_steps_that_were_not_kept_are_said_to_be_left_out(restated: Callable[..., Rest]) -> None:
    rest = restated(channels={"tv": {"increment": 7_000}})
    assert "tv" not in rest.scenario.channels
    assert "tv: what was spent is no whole number of steps" in said(rest)


def test_closed_periods_that_have_passed_fall_away(restated: Callable[..., Rest]) -> None:
    blackout = ["2027-01-11", {"start": "2027-01-18", "periods": 5}, "2027-03-01"]
    found = restated(channels={"tv": {"blackout": blackout}}).scenario.channels["tv"].blackout
    assert [entry if isinstance(entry, date) else (entry.start, entry.periods) for entry in found] == [
        (LATER, 3),
        date(2027, 3, 1),
    ]


def test_shares_of_the_whole_become_shares_of_the_rest(restated: Callable[..., Rest]) -> None:
    rest = restated(
        (25.0, 5.0, 5.0, 5.0),
        split={"brand_share": [0.4, 0.5]},
        groups=[{"name": "growth", "department": "growth", "share": [0.3, 0.6], "amount": [100_000, 300_000]}],
    )
    left = 700_000 - 160_000
    low, high = rest.scenario.split.brand_share if rest.scenario.split and rest.scenario.split.brand_share else (0, 0)
    assert (120_000 + low * left) / 700_000 == pytest.approx(0.4)
    assert (120_000 + high * left) / 700_000 == pytest.approx(0.5)
    group = rest.scenario.groups[0]
    assert group.share == pytest.approx(((0.3 * 700_000 - 40_000) / left, (0.6 * 700_000 - 40_000) / left))
    assert group.amount == (60_000, 260_000)
    assert "is kept as far as" not in said(rest)


def test_a_share_that_cannot_be_kept_any_more_is_said_so(restated: Callable[..., Rest]) -> None:
    rest = restated((100.0, 50.0, 0.0, 0.0), split={"brand_share": [0.1, 0.2]})
    assert rest.scenario.split is not None
    assert rest.scenario.split.brand_share == (0.0, 0.0)
    assert "cannot keep the brand share any more" in said(rest)


def test_shares_without_a_budget_are_kept_as_far_as_the_plan_goes(restated: Callable[..., Rest]) -> None:
    rest = restated(objective="profit", budget=None, split={"brand_share": [0.4, 0.6]})
    assert "the brand share is kept as far as the rest spends what the plan has left" in said(rest)
    assert rest.scenario.budget is None


def test_counts_of_channels_count_those_that_were_on(restated: Callable[..., Rest]) -> None:
    two_more = restated((10.0, 0.0, 0.0, 0.0), rules={"at_most_channels": 3})
    assert [(rule.channels, rule.at_most) for rule in two_more.scenario.either_or] == [
        (("video", "social", "search"), 2)
    ]
    assert two_more.scenario.rules.at_most_channels is None
    either = restated((10.0, 0.0, 10.0, 10.0), either_or=[{"channels": ["tv", "video"]}])
    assert either.scenario.channels["video"].max == 0.0
    assert either.scenario.either_or == ()


def test_order_and_upstream_are_restated(restated: Callable[..., Rest]) -> None:
    rest = restated(
        (10.0, 0.0, 10.0, 10.0),
        precedence=[
            {"channel": "video", "after": {"tv": 90_000, "social": 30_000}},
            {"channel": "search", "after": {"tv": 70_000}},
        ],
        requires=[{"channel": "search", "upstream": ["tv"], "at_most_ratio": 0.5}],
    )
    assert [dict(rule.after) for rule in rest.scenario.precedence] == [{"tv": 50_000}]
    assert rest.scenario.channels["tv"].min == 30_000
    assert rest.scenario.requires[0].at_most_ratio == 0.5
    assert "search: what it may have of its upstream channels holds for the rest alone" in said(rest)


def test_rules_of_the_whole_plan_are_restated(restated: Callable[..., Rest], artifact: ResponseArtifact) -> None:
    spend = dict.fromkeys(artifact.channels, 150_000.0)
    rest = restated(
        rules={
            "cash_per_period": [float(100_000 + step) for step in range(13)],
            "test_reserve": 0.05,
            "total_change": [-0.2, 0.1],
            "at_most_seen": 1.0,
        },
        reference={"kind": "spend", "spend": spend},
        capacity=[{"kpi": "orders", "at_most": [float(9_000 + step) for step in range(13)]}],
    )
    assert rest.scenario.capacity[0].at_most == tuple(float(9_000 + step) for step in range(4, 13))
    rules = rest.scenario.rules
    assert rules.cash_per_period == tuple(float(100_000 + step) for step in range(4, 13))
    assert rules.test_reserve * (rest.scenario.budget or 0.0) == pytest.approx(0.05 * 700_000)
    low, high = rules.total_change or (0.0, 0.0)
    assert 160_000 + 360_000 * (1 + low) == pytest.approx(480_000)
    assert 160_000 + 360_000 * (1 + high) == pytest.approx(660_000)
    assert rules.at_most_seen is None
    seen = artifact.draws.spend[:, 0]
    most = max(float(seen[first : first + 13].sum()) for first in range(len(seen) - 12))
    assert rest.scenario.channels["tv"].max == pytest.approx(most - 40_000)


def test_weights_of_what_has_passed_fall_away(artifact: ResponseArtifact) -> None:
    weights = {"tv": tuple(float(step) for step in range(13)), "video": (1.0, 1.0) + (0.0,) * 11}
    scenario = asked(flighting={"pattern": "given", "weights": weights}, business="none")
    plan = _even_plan(asked(flighting={"pattern": "even"}, business="none", budget=520_000.0), artifact)
    rest = replan(scenario, plan, {"orders": artifact}, _spent(artifact, np.full((4, 4), 10_000.0)))
    assert dict(rest.scenario.flighting.weights or {}) == {"tv": tuple(float(step) for step in range(4, 13))}
    assert "video: its weights have nothing in the rest" in said(rest)


def test_tasks_are_less_what_was_reached(planner: Planner, artifact: ResponseArtifact) -> None:
    tasks = [
        {"kpi": "orders", "at_least": 25_000, "counts": "total"},
        {"kpi": "orders", "at_least": 5_000},
        {"kpi": "orders", "at_least": 3_000, "counts": "total", "by": "2027-01-17"},
        {"kpi": "orders", "at_least": 4_000, "counts": "total", "by": "2027-02-14"},
    ]
    scenario = asked(tasks=tasks)
    plan = planner.plan(scenario)
    outcome = np.array([2500.0, 2600.0, 2400.0])
    known = actuals(plan, artifact, outcome, planned_spend(plan, artifact)[:4])
    rest = replan(scenario, plan, {"orders": artifact}, known)
    total, incremental = rest.scenario.tasks
    assert 25_000 - 7_500 - 3_200 < total.at_least < 25_000 - 7_500 - 1_500  # the fourth week is expected
    spend = planned_spend(plan, artifact)
    spend[4:] = 0.0
    alone = outlook(artifact, START, spend, seed=1)
    brought = float((alone.media.sum(axis=(1, 2)) + alone.after.sum(axis=1)).mean())
    assert incremental.at_least == pytest.approx(5_000 - brought)
    assert "by 2027-01-17 is over" in said(rest)
    assert "orders: the task of 4,000 is reached already" in said(rest)
    again = Planner({"orders": PlanningModel(artifact)}, known=rest.known).plan(rest.scenario)
    assert [task.reached_probability > 0.8 for task in again.tasks] == [True, True]


def test_outcomes_that_the_model_does_not_expect_are_told_with_what_the_rest_brings_by_them(
    planner: Planner, artifact: ResponseArtifact
) -> None:
    scenario = asked()
    plan = planner.plan(scenario)
    spend = planned_spend(plan, artifact)
    expected = joint_paths(artifact, START, spend).mean[:, :-1].sum(axis=0)

    def notes(share: float) -> str:
        return said(
            replan(scenario, plan, {"orders": artifact}, actuals(plan, artifact, share * expected[:8], spend[:8]))
        )

    assert "by what was seen so far" not in notes(1.0)
    assert "the rest as it was planned brings" in notes(0.7)


def test_a_remaining_budget_may_be_given(planner: Planner, artifact: ResponseArtifact) -> None:
    plan = planner.plan(asked())
    known = actuals(plan, artifact, np.zeros(0), planned_spend(plan, artifact)[:4])
    rest = replan(asked(), plan, {"orders": artifact}, known, remaining_budget=123_456.0)
    assert rest.scenario.budget == 123_456.0


def test_spend_known_before_the_plan_stays_known(planner: Planner, artifact: ResponseArtifact) -> None:
    plan = planner.plan(asked())
    known = actuals(plan, artifact, np.zeros(0), planned_spend(plan, artifact)[:4])
    before = KnownSpend(date(2026, 12, 21), dict.fromkeys(artifact.channels, (1.0, 2.0)))
    joined = replan(asked(), plan, {"orders": artifact}, known, known=before).known
    assert (joined.start, joined.periods) == (date(2026, 12, 21), 6)
    assert joined.spend["tv"] == (1.0, 2.0, *known.spend["tv"])
    gap = KnownSpend(date(2026, 12, 14), dict.fromkeys(artifact.channels, (1.0, 2.0)))
    assert replan(asked(), plan, {"orders": artifact}, known, known=gap).known.start == START


def test_where_nothing_is_left_there_is_no_rest(planner: Planner, artifact: ResponseArtifact) -> None:
    plan = planner.plan(asked())
    whole = actuals(plan, artifact, np.zeros(0), planned_spend(plan, artifact))
    with pytest.raises(NotAllowed, match="nothing left to plan"):
        replan(asked(), plan, {"orders": artifact}, whole)
    spent = actuals(plan, artifact, np.zeros(0), np.full((4, 4), 50_000.0))
    with pytest.raises(NotAllowed, match="Nothing is left to spend"):
        replan(asked(), plan, {"orders": artifact}, spent)
    sized = asked(objective="size", budget=None, tasks=[{"kpi": "orders", "at_least": 1_000, "counts": "total"}])
    small = planner.plan(sized)
    known = actuals(small, artifact, np.full(4, 2_000.0))
    with pytest.raises(NotAllowed, match="nothing left to size"):
        replan(sized, small, {"orders": artifact}, known)
