"""Channels without history: draws from what is assumed, small, marked, counted apart, and counted anew."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact
from pydantic import ValidationError

from mmm.curves import channel_response
from mmm.manifest import ChannelEvidence
from mmm.parsing import faults_of
from mmm.sentence import plain
from optimizer.checker.check import faults_of_plan
from optimizer.checker.new_channels import with_new_channels
from optimizer.errors import ScenarioRefused
from optimizer.new_channels.extension import extended
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import Desk, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=200)
LEADS = make_artifact(draws=200, kpi="leads", seed=3, value_per_unit=None)
MODELS = {"orders": PlanningModel(ARTIFACT), "leads": PlanningModel(LEADS)}
PLANNER = Planner(MODELS)
TIKTOK: dict[str, object] = {"like": "social", "cost_ratio": 1.5, "effect": 0.8, "uncertainty": 0.6}
PODCAST: dict[str, Any] = {
    "role": "brand",
    "stage": "need",
    "priors": [{"spend": 4_000.0, "roas": [1.0, 4.0], "half_saturation": 20_000.0}],
}
BUDGET = 500_000.0


def asked(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "Q1",
            "market": "testland",
            "kpi": "orders",
            "budget": BUDGET,
            "horizon": {"start": "2027-01-04", "periods": 13},
            "new_channels": {"tiktok": TIKTOK},
            **changes,
        }
    )


def spend_of(plan: Plan) -> dict[str, float]:
    return {channel.channel: channel.spend for channel in plan.channels}


def refused(**changes: object) -> dict[str, str]:
    with pytest.raises(ScenarioRefused) as caught:
        PLANNER.plan(asked(**changes))
    return {fault.field: str(fault) for fault in caught.value.faults}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return PLANNER.plan(asked(new_channels={"tiktok": TIKTOK, "podcast": PODCAST}))


def test_a_channel_like_another_brings_what_is_stated_of_it_and_is_known_less_well() -> None:
    made, again = (extended(ARTIFACT, asked()) for _ in range(2))
    assert made.channels == (*ARTIFACT.channels, "tiktok")
    for field in ("ceiling", "half_saturation", "retention", "slope"):
        np.testing.assert_array_equal(getattr(made.draws, field), getattr(again.draws, field))
        np.testing.assert_array_equal(getattr(made.draws, field)[:, :-1], getattr(ARTIFACT.draws, field))
    social = ARTIFACT.channels.index("social")
    factor = made.draws.ceiling[:, -1] / ARTIFACT.draws.ceiling[:, social]
    assert factor.mean() == pytest.approx(0.8)
    assert np.log(factor).std() == pytest.approx(0.6, rel=0.02)
    bend = made.draws.half_saturation[:, -1] / ARTIFACT.draws.half_saturation[:, social]
    assert np.median(bend) == pytest.approx(1.5, rel=0.02)
    spreads = np.log(made.draws.ceiling).std(axis=0)
    assert spreads[-1] > 2.0 * spreads[social]
    assert made.draws.spend[:, -1].sum() == 0.0
    info = made.manifest.channels[-1]
    assert (info.role, info.stage, info.scene, info.department) == ("performance", "evaluation", "social", "growth")


def test_another_name_is_another_order_of_the_same_spread() -> None:
    both = extended(ARTIFACT, asked(new_channels={"tiktok": TIKTOK, "shorts": TIKTOK}))
    one, other = both.draws.ceiling[:, -2], both.draws.ceiling[:, -1]
    factors = one / other
    assert factors.std() > 0.5
    assert abs(np.corrcoef(np.log(one), np.log(other))[0, 1]) < 0.3


def test_a_stated_prior_is_met_where_it_was_stated() -> None:
    made = extended(ARTIFACT, asked(new_channels={"podcast": PODCAST}))
    spend = np.full(30, 4_000.0)
    response = channel_response(made, "podcast", spend / spend.sum(), np.zeros(0))
    roas = response.per_period(float(spend.sum()))[:, 20] * 40.0 / 4_000.0
    low, high = np.quantile(roas, (0.05, 0.95))
    assert (low, high) == (pytest.approx(1.0, rel=0.03), pytest.approx(4.0, rel=0.03))
    assert np.median(made.draws.half_saturation[:, -1]) == pytest.approx(20_000.0, rel=0.02)


def test_a_prior_by_cost_is_the_same_as_one_by_its_return() -> None:
    by_cost = {**PODCAST, "priors": [{"spend": 4_000.0, "cpa": [10.0, 40.0], "half_saturation": 20_000.0}]}
    made = [extended(ARTIFACT, asked(new_channels={"podcast": channel})) for channel in (PODCAST, by_cost)]
    np.testing.assert_allclose(made[0].draws.ceiling, made[1].draws.ceiling)


def test_it_gets_a_twentieth_of_the_budget_at_most_unless_the_planner_says_otherwise(plan: Plan) -> None:
    spend = spend_of(plan)
    assert spend["tiktok"] == pytest.approx(0.05 * BUDGET)
    assert spend["podcast"] == pytest.approx(0.05 * BUDGET)
    rules = {rule.rule: rule for rule in plan.binding}
    small = rules["new_channels.tiktok.at_most_share"]
    assert "gets at most 25,000.00, 5.0% of the money" in plain(small.text)
    assert small.shadow_price is not None
    assert small.shadow_price > 0
    wider = PLANNER.plan(asked(new_channels={"tiktok": {**TIKTOK, "at_most_share": 0.1}}))
    assert spend_of(wider)["tiktok"] == pytest.approx(0.1 * BUDGET)
    own = PLANNER.plan(asked(channels={"tiktok": {"max": 60_000.0}}))
    assert spend_of(own)["tiktok"] == pytest.approx(60_000.0)
    locked = PLANNER.plan(asked(channels={"tiktok": {"locked": 70_000.0}}))
    assert spend_of(locked)["tiktok"] == 70_000.0


def test_without_a_budget_its_part_is_of_the_reference_plan() -> None:
    found = PLANNER.plan(asked(objective="profit", budget=None, new_channels={"tiktok": {**TIKTOK, "effect": 3.0}}))
    reference = sum(channel.reference_spend for channel in found.channels)
    assert 0 < spend_of(found)["tiktok"] <= 0.05 * reference * (1 + 1e-9)


def test_both_engines_give_the_same_plan() -> None:
    free = PLANNER.plan(asked())
    rows = PLANNER.plan(asked(groups=[{"name": "all", "role": "performance", "amount": [0, BUDGET]}]))
    assert free.certificate is not None
    assert rows.certificate is not None
    assert free.certificate.method != rows.certificate.method
    assert rows.certificate.value == pytest.approx(free.certificate.value, rel=2e-4)


def test_what_was_ever_spent_is_no_limit_to_what_never_was() -> None:
    found = PLANNER.plan(asked(rules={"at_most_seen": 1.0}))
    assert spend_of(found)["tiktok"] == pytest.approx(0.05 * BUDGET)


def test_it_is_marked_and_its_part_is_told_apart(plan: Plan) -> None:
    marks = {channel.channel: channel.evidence for channel in plan.channels}
    assert marks == dict.fromkeys(("tv", "video", "social", "search")) | dict.fromkeys(("tiktok", "podcast"), "assumed")
    tiktok, podcast = (channel for channel in plan.channels if channel.evidence == "assumed")
    assert tiktok.verdict == "watch"
    assert "is assumed, not measured" in plain(tiktok.reason)
    assert tiktok.basis is not None
    assert "works as social does, at 1.50 times the cost" in plain(tiktok.basis)
    assert "good to a factor of 2.7 either way" in plain(tiktok.basis)
    assert podcast.basis is not None
    assert "with 4,000.00 a period it returns 1.00 to 4.00" in plain(podcast.basis)
    (outcome,) = plan.outcomes
    assert outcome.measured is not None
    assert outcome.assumed is not None
    assert outcome.assumed.mean == pytest.approx(tiktok.contribution.mean + podcast.contribution.mean)
    assert outcome.measured.mean + outcome.assumed.mean == pytest.approx(outcome.incremental.mean)
    share = outcome.assumed.mean / outcome.incremental.mean
    assert f"{share:.1%} of what this plan brings" in " ".join(plain(warning) for warning in plan.warnings)


def test_what_a_model_has_measured_is_said_of_each_channel() -> None:
    said = (ChannelEvidence(channel="tv", contraction=0.5), ChannelEvidence(channel="social", contraction=0.1))
    known = replace(ARTIFACT, manifest=ARTIFACT.manifest.model_copy(update={"contraction": said}))
    found = Planner({"orders": PlanningModel(known)}).plan(asked())
    marks = {channel.channel: channel.evidence for channel in found.channels}
    assert marks == {"tv": "measured", "social": "prior", "video": None, "search": None, "tiktok": "assumed"}


def test_a_plan_without_new_channels_says_nothing_of_them() -> None:
    (outcome,) = PLANNER.plan(asked(new_channels={})).outcomes
    assert (outcome.measured, outcome.assumed) == (None, None)


def test_no_task_counts_what_is_assumed() -> None:
    large = {"tiktok": {**TIKTOK, "effect": 20.0, "at_most_share": 0.3}}
    found = PLANNER.plan(asked(new_channels=large, tasks=[{"kpi": "orders", "at_least": 2_500.0}]))
    (task,) = found.tasks
    assert task.with_assumed is not None
    assert task.reached_probability >= 0.8
    assert task.with_assumed > task.reached_probability


def test_a_sized_plan_stands_on_nothing_assumed() -> None:
    few = Planner({"orders": PlanningModel(make_artifact(draws=40, channels=CHANNELS[2:]))})
    large = {"tiktok": {**TIKTOK, "effect": 20.0, "at_most_share": 0.3}}
    sizing: dict[str, object] = {"objective": "size", "budget": None, "solve": {"gap": 1e-3}}
    sizing["tasks"] = [{"kpi": "orders", "at_least": 1_500.0}]
    sized = few.plan(asked(**sizing, new_channels=large))
    assert spend_of(sized)["tiktok"] == 0.0
    assert "counts for no task" in plain(sized.channels[-1].reason)
    tried = few.plan(asked(**sizing, new_channels=large, channels={"tiktok": {"min": 10_000.0}}))
    assert spend_of(tried)["tiktok"] == pytest.approx(10_000.0)
    assert tried.budget == pytest.approx(sized.budget + 10_000.0, rel=5e-3)


def test_rules_hold_for_new_channels_as_for_others() -> None:
    found = PLANNER.plan(
        asked(
            new_channels={"tiktok": TIKTOK, "podcast": PODCAST},
            channels={"tiktok": {"off_or_at_least": 10_000.0, "lead_time": 4, "fee": 0.1}},
            groups=[{"name": "brand", "role": "brand", "share": [0.3, 1.0]}],
            requires=[{"channel": "podcast", "upstream": ["tiktok"], "at_most_ratio": 0.5}],
            precedence=[{"channel": "tiktok", "after": {"tv": 50_000.0}}],
        )
    )
    spend = spend_of(found)
    assert found.status == "optimal"
    assert spend["podcast"] <= 0.5 * spend["tiktok"] * (1 + 1e-9)
    days = sorted({flight.date for flight in found.flighting})
    late = [flight.date for flight in found.flighting if flight.channel == "tiktok" and flight.spend > 0]
    assert min(late) == days[4]


def test_without_rules_it_stays_small_and_departments_apart_do_not_have_it() -> None:
    found = PLANNER.plan(asked(channels={"tiktok": {"max": 40_000.0}}))
    assert found.comparisons is not None
    assert found.comparisons.no_rules is not None
    assert found.certificate is not None
    assert found.comparisons.no_rules.mean == pytest.approx(found.certificate.value, rel=1e-3)
    old = PLANNER.plan(asked(new_channels={}))
    assert old.comparisons is not None
    assert old.comparisons.silos is not None
    assert found.comparisons.silos is not None
    assert found.comparisons.silos.mean == pytest.approx(old.comparisons.silos.mean, rel=1e-3)


def test_several_kpis_have_each_their_prior() -> None:
    priors = [
        {"spend": 4_000.0, "roas": [1.0, 4.0], "half_saturation": 20_000.0},
        {"kpi": "leads", "spend": 4_000.0, "cpa": [5.0, 20.0], "half_saturation": 15_000.0},
    ]
    new = {"podcast": {"role": "brand", "priors": priors}, "tiktok": TIKTOK}
    found = PLANNER.plan(asked(new_channels=new, values={"orders": 40.0, "leads": 8.0}))
    assert [outcome.kpi for outcome in found.outcomes] == ["orders", "leads"]
    assert all(outcome.assumed is not None and outcome.assumed.mean > 0 for outcome in found.outcomes)


@pytest.mark.parametrize("channel", [TIKTOK, PODCAST, {**PODCAST, "retention": 0.4, "brand_weight": 0.3, "fee": 0.1}])
def test_the_checker_makes_the_same_draws_by_its_own_formulas(channel: dict[str, object]) -> None:
    scenario = asked(new_channels={"one": channel})
    ours, theirs = extended(ARTIFACT, scenario), with_new_channels(scenario, ARTIFACT)
    assert ours.channels == theirs.channels
    one, other = ours.manifest.channels[-1], theirs.manifest.channels[-1]
    for field in ("role", "brand_weight", "stage", "scene", "department", "fee", "adstock", "saturation"):
        assert getattr(one, field) == getattr(other, field)
    for field in ("retention", "peak_delay", "half_saturation", "slope", "ceiling", "spend"):
        np.testing.assert_allclose(getattr(ours.draws, field), getattr(theirs.draws, field), rtol=1e-9)


def test_the_checker_finds_what_is_wrong_with_a_plan_that_assumes(plan: Plan) -> None:
    scenario = asked(new_channels={"tiktok": TIKTOK, "podcast": PODCAST})
    artifacts = {"orders": ARTIFACT}
    assert faults_of_plan(scenario, plan, artifacts) == ()
    (outcome,) = plan.outcomes
    assert outcome.assumed is not None
    less = outcome.assumed.model_copy(update={"mean": 0.9 * outcome.assumed.mean})
    quiet = plan.model_copy(update={"outcomes": (outcome.model_copy(update={"assumed": less}),)})
    assert any("assumed part of orders" in fault for fault in faults_of_plan(scenario, quiet, artifacts))
    unmarked = tuple(channel.model_copy(update={"evidence": None}) for channel in plan.channels)
    found = faults_of_plan(scenario, plan.model_copy(update={"channels": unmarked}), artifacts)
    assert any("tiktok is marked None" in fault for fault in found)
    narrower = asked(new_channels={"tiktok": {**TIKTOK, "at_most_share": 0.04}, "podcast": PODCAST})
    assert "tiktok small" in faults_of_plan(narrower, plan, artifacts)
    dearer = asked(new_channels={"tiktok": {**TIKTOK, "effect": 0.7}, "podcast": PODCAST})
    assert any("orders is said to be" in fault for fault in faults_of_plan(dearer, plan, artifacts))


def test_its_curve_is_marked_and_ends_at_twice_what_it_may_have() -> None:
    *known, tiktok = PLANNER.curves("orders", asked())
    assert not any(curve.is_assumed for curve in known)
    assert tiktok.is_assumed
    assert tiktok.curve.spend[-1] == pytest.approx(2 * 0.05 * BUDGET)
    assert tiktok.curve.mean[-1] > 0


def test_what_is_open_about_it_is_explained_with_its_mark() -> None:
    few = Planner({"orders": PlanningModel(make_artifact(draws=40, channels=CHANNELS[2:], value_per_unit=75.0))})
    _, explanation = few.explain(asked(budget=300_000.0))
    assert explanation is not None
    tiktok = explanation.channels[-1]
    assert tiktok.is_assumed
    assert tiktok.test is not None
    assert Desk(MODELS).question(asked(), None).kpi.assumed == {"tiktok"}


def test_names_that_do_not_fit_are_refused_with_what_to_do() -> None:
    said = refused(
        new_channels={
            "tv": TIKTOK,
            "tiktok": {"like": "socail"},
            "shorts": {"like": "tiktok"},
            "podcast": {"role": "brand", "priors": [{**PODCAST["priors"][0], "kpi": "leads"}]},
        },
        channels={"tiktok": {"max": 1_000.0}, "nobody": {"max": 1.0}},
    )
    assert "leave it out of new_channels" in said["new_channels.tv"]
    assert "did you mean 'social'?" in said["new_channels.tiktok.like"]
    assert "a channel that the model has measured, which no new one is" in said["new_channels.shorts.like"]
    assert "state one for orders, or like, a similar channel" in said["new_channels.podcast.priors"]
    assert "channels.tiktok" not in said
    assert "channels.nobody" in said


def test_a_return_without_a_value_and_a_kpi_that_nobody_knows_are_refused() -> None:
    assert (
        "cpa instead: leads has no value per unit"
        in refused(kpi="leads", new_channels={"p": PODCAST})["new_channels.p.priors"]
    )
    twice = {**PODCAST, "priors": [PODCAST["priors"][0], {**PODCAST["priors"][0], "kpi": "orders"}]}
    assert "one prior for each KPI" in refused(new_channels={"p": twice})["new_channels.p.priors[2].kpi"]
    strange = {**PODCAST, "priors": [PODCAST["priors"][0], {**PODCAST["priors"][0], "kpi": "visits"}]}
    assert "an outcome of the market" in refused(new_channels={"p": strange})["new_channels.p.priors[2].kpi"]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"role": "brand"}, "say where its curve comes from"),
        ({**PODCAST, "like": "tv"}, "say where its curve comes from"),
        ({**PODCAST, "effect": 2.0}, "effect goes with like"),
        ({**TIKTOK, "retention": 0.3}, "retention goes with priors"),
        ({"priors": PODCAST["priors"]}, 'say role = "brand" or "performance"'),
        (
            {"role": "brand", "priors": [{"spend": 1.0, "roas": [4.0, 1.0], "half_saturation": 1.0}]},
            "the low end 4.0 must be below the high end 1.0",
        ),
        ({"role": "brand", "priors": [{"spend": 1.0, "half_saturation": 1.0}]}, "give exactly one of roas, cpa"),
        ({"like": "tv", "uncertainty": 0.0}, "greater than or equal to 0.1"),
    ],
)
def test_what_does_not_say_enough_is_refused_in_words(channel: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        asked(new_channels={"new": channel})
    faults = faults_of(caught.value, Scenario, "a scenario")
    assert any(said in str(fault) and fault.field.startswith("new_channels.new") for fault in faults)
